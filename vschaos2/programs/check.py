"""Check a folder of recordings and its labels, or of pairs, and say what there is to learn.

Exit code 0 when nothing needs mending, 1 when something does, 2 for wrong arguments.
"""

import logging
import sys
from pathlib import Path

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, run, say


def main() -> None:
    """Parse the arguments, inspect and report."""
    parser = ArgumentParser(prog=program_name("check"), description=__doc__)
    parser.add_argument(
        "dataset",
        type=Path,
        help="folder of recordings, of data/, metadata/, or of pairs in dry/, wet/",
    )
    parser.add_argument("--json", action="store_true", help="everything as one JSON object")
    parser.add_argument(
        "--config", default="dgt_mid", metavar="NAME", help="configuration (%(default)s)"
    )
    parser.add_argument(
        "--config-dir", type=Path, metavar="FOLDER", help="configurations of your own, beside ours"
    )
    parser.add_argument(
        "overrides",
        nargs="*",
        default=[],
        metavar="key=value",
        help="values to set in the configuration",
    )
    arguments = parser.parse_intermixed_args()

    from vschaos2.config import CONFIGS
    from vschaos2.data.pair_files import is_pair_folder
    from vschaos2.errors import InputError
    from vschaos2.families.vae.build import build_transform
    from vschaos2.inspection.dataset import hearing_of, inspect_dataset, use_of
    from vschaos2.inspection.findings import Report
    from vschaos2.inspection.pairs import PairReport, inspect_pairs
    from vschaos2.overrides import composed, explain, lenient_overrides
    from vschaos2.training.threads import leave_busy_cores

    def tell(report: Report | PairReport) -> None:
        say(report.to_json() if arguments.json else report.text())
        if report.errors:
            sys.exit(1)

    if is_pair_folder(arguments.dataset):
        leave_busy_cores()
        tell(inspect_pairs(arguments.dataset))
        return
    # The report names the unusable files: the cache need not.
    logging.getLogger("vschaos2.data.cache.skipped").setLevel(logging.ERROR)
    overrides = lenient_overrides(arguments.overrides)
    try:
        config = composed(CONFIGS, arguments.config, overrides, arguments.config_dir)
        use = use_of(config)
        # What a training would refuse is refused here, too.
        hearing = hearing_of(config, build_transform(config))
    except InputError:
        raise
    except Exception as error:  # Hydra fails in many ways
        named = ["--config-name", arguments.config]
        if arguments.config_dir:
            named += ["--config-dir", str(arguments.config_dir)]
        raise explain(error, CONFIGS, named) from error
    tell(inspect_dataset(arguments.dataset, use, hearing=hearing))


if __name__ == "__main__":
    run(main)
