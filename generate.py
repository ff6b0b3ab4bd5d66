#!/usr/bin/env python3
"""Sound files from a trained run."""

import logging
from pathlib import Path

from vschaos2.command_line import ArgumentParser, run


def main() -> None:
    """Parse the arguments and generate."""
    parser = ArgumentParser(prog="generate.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, parser_class=ArgumentParser)
    reconstruct = commands.add_parser("reconstruct", help="pass sound files through the model")
    reconstruct.add_argument("run", type=Path, help="rundir/name or rundir/name/version_N")
    reconstruct.add_argument("--files", type=Path, nargs="+", required=True, help="or folders")
    reconstruct.add_argument("--sr", type=int, help="sample rate of the results (the model's)")
    reconstruct.add_argument("--out", type=Path, default=Path(), help="folder to write to")
    reconstruct.add_argument("-v", "--version", type=int, help="version of the run (newest)")
    reconstruct.add_argument(
        "--inversion",
        default="keep_input",
        help="keep_input, random, eco, live, balanced, hq or offline (%(default)s)",
    )
    reconstruct.add_argument(
        "--meta",
        nargs="+",
        action="extend",
        default=[],
        metavar="TASK VALUE",
        help="labels for all files, such as pitch C# octave 4 (guessed)",
    )
    reconstruct.add_argument(
        "--dataset", type=Path, help="take the files' labels from its metadata"
    )
    arguments = parser.parse_args()

    from vschaos2 import generation
    from vschaos2.file_labels import labels_for
    from vschaos2.runs import load_run

    trained = load_run(arguments.run, arguments.version)
    labels = labels_for(trained, arguments.meta, arguments.dataset)
    written = generation.reconstruct(
        trained.model, arguments.files, arguments.out, arguments.sr, arguments.inversion, labels
    )
    logging.getLogger("generate").info(
        "wrote %d files to %s", len(written), arguments.out / "reconstructions"
    )


if __name__ == "__main__":
    run(main)
