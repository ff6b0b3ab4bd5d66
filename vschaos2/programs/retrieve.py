"""Find the settings of a whole chain of effects from one dry and one wet recording, or many.

    vschaos2 retrieve DRY WET --out runs/vox

    vschaos2 retrieve PAIRS --out runs --jobs 4

    vschaos2 retrieve DRY WET --start CHAIN --out runs/vox

The third form begins at the chain that `vschaos2 analyse WET --dry DRY -o CHAIN` named: its own
pedals in its own order.

    vschaos2 retrieve DRY --like REFERENCE --prior OUT --out runs/vox

The last form has no wet recording of the take: it finds settings that give the dry one the sound
of another recording, and that are usual in a collection of chains. Words such as KEY=VALUE set
values of the configuration; data_dir=PAIRS log_dir=RUNS name folder and --out.
"""

import re
import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, run, say

PRIOR_WEIGHT = 0.1
OWN_WORDS = {"data_dir": [], "log_dir": ["--out"]}  # as users of DiffVox write them


def main() -> None:
    """Parse the arguments and retrieve."""
    parser = ArgumentParser(
        prog=program_name("retrieve"), description=__doc__,
        formatter_class=RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("dry", type=Path, help="dry recording, or a folder of pairs: dry/, wet/")
    parser.add_argument("wet", type=Path, nargs="?", help="wet recording of the same take")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="rundir/name; of a folder of pairs, rundir"
    )
    parser.add_argument(
        "--config-name", default="effect_chain", help="chain that is fitted (effect_chain)"
    )
    parser.add_argument("--repeat", type=int, default=1, help="runs of each pair (1)")
    parser.add_argument("--seed", type=int, default=0, help="of the first run (0)")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, of a folder (1)")
    parser.add_argument(
        "-m",
        "--multirun",
        action="store_true",
        help="runs of a folder as jobs of Hydra's launcher, such as that of cluster=slurm",
    )
    parser.add_argument(
        "--start", type=Path, metavar="CHAIN", help="folder of a chain that analyse named"
    )
    parser.add_argument("--like", type=Path, help="a recording that the dry one is to sound like")
    parser.add_argument(
        "--prior", type=Path, help="prior.npz of generate.py effect-map, or its folder"
    )
    parser.add_argument(
        "--prior-weight", type=float, default=PRIOR_WEIGHT,
        help=f"of the usual, beside the likeness ({PRIOR_WEIGHT:g})",
    )  # fmt: skip
    parser.add_argument(
        "--override", nargs="+", default=[], metavar="KEY=VALUE", help="of the configuration"
    )
    words, overrides = sorted_words(sys.argv[1:])
    arguments = parser.parse_args(words)
    arguments.override += overrides
    if arguments.like is None:
        _retrieve(arguments)
    else:
        _transfer(arguments)


def sorted_words(words: list[str]) -> tuple[list[str], list[str]]:
    """A command line's own words, and those that set values of the configuration.

    What follows --override stays where it is; what is the name of a file is none.
    """
    own: list[str] = []
    overrides: list[str] = []
    for word in words:
        key, equals, value = word.partition("=")
        is_setting = equals and re.fullmatch(r"\+*[A-Za-z_][\w./@]*", key)
        if not is_setting or Path(word).exists():
            own.append(word)
        elif key in OWN_WORDS:
            own += [*OWN_WORDS[key], value]
        else:
            overrides.append(word)
    return [word for word in own if word != "--override"], overrides


def _retrieve(arguments: Namespace) -> None:
    from vschaos2.api import compose
    from vschaos2.data.pair_files import single_pair
    from vschaos2.errors import InputError
    from vschaos2.folders import results_folder
    from vschaos2.ranges import check_count
    from vschaos2.retrieval.agreement import agreement_said
    from vschaos2.retrieval.folder import jobs_of, retrieve_all
    from vschaos2.retrieval.jobs import retrieve_by_launcher
    from vschaos2.retrieval.retrieve import retrieve, said
    from vschaos2.runs.folder import check_run_name
    from vschaos2.terminal import printable
    from vschaos2.training.threads import leave_busy_cores

    check_count("--repeat", arguments.repeat, 1, 1000)
    check_count("--seed", arguments.seed, 0, 2**31)
    check_count("--jobs", arguments.jobs, 1, 1000)
    for option, is_given in (
        ("--prior", arguments.prior is not None),
        ("--prior-weight", arguments.prior_weight != PRIOR_WEIGHT),
    ):
        if is_given:
            raise InputError(f"{option}: is of use beside --like REFERENCE only")
    if arguments.start is not None and arguments.wet is None:
        raise InputError("--start: begins at the chain of one recording: name a dry and a wet one")
    if arguments.start is not None and arguments.config_name != "effect_chain":
        raise InputError("--start: names the chain that is fitted: leave --config-name out")
    if arguments.wet is not None and arguments.jobs != 1:
        raise InputError("--jobs: is for a folder of pairs: leave it out for one pair")
    if arguments.multirun and (arguments.wet is not None or arguments.jobs != 1):
        raise InputError("--multirun: is for a folder of pairs, without --jobs: leave it out")
    if arguments.wet is None and arguments.dry.is_file():
        raise InputError(
            f"{arguments.dry}: is one recording: name the wet one behind it, or what it is to be "
            "--like; or give a folder of pairs"
        )
    leave_busy_cores()
    if arguments.wet is None:
        jobs = jobs_of(arguments.dry, arguments.out)
    else:
        keys = ("the dry recording", "the wet recording")
        (pair,) = single_pair(arguments.dry, arguments.wet, keys)
        check_run_name(arguments.out.name)
    if arguments.start is not None:
        from vschaos2.retrieval.named_chain import retrieve_named, start_of

        file = start_of(arguments.start)
        for turn in range(arguments.repeat):
            config = compose(file.stem, *arguments.override, folder=file.parent)
            seed = arguments.seed + turn
            say(said(retrieve_named(pair, file, config, arguments.out, seed)))
        return
    # Made before a minute of work.
    with results_folder(arguments.out):
        if arguments.multirun:
            made = retrieve_by_launcher(
                jobs, arguments.config_name, arguments.override, arguments.out.absolute(),
                arguments.repeat, arguments.seed,
            )  # fmt: skip
            say(f"{printable(arguments.out)}: {made} new runs")
            return
        config = compose(arguments.config_name, "data.dataset.root=.", *arguments.override)
        if arguments.wet is None:
            retrieve_all(jobs, config, arguments.repeat, arguments.seed, say, arguments.jobs)
            return
        folders = []
        for turn in range(arguments.repeat):
            folders.append(retrieve(pair, config.copy(), arguments.out, arguments.seed + turn))
            say(said(folders[-1]))
    for line in agreement_said(folders):
        say(line)


def _transfer(arguments: Namespace) -> None:
    from vschaos2.api import compose
    from vschaos2.errors import InputError
    from vschaos2.folders import results_folder
    from vschaos2.ranges import check_number
    from vschaos2.retrieval.transfer import transfer, transfer_said
    from vschaos2.runs.folder import check_run_name
    from vschaos2.training.threads import leave_busy_cores

    if arguments.wet is not None:
        raise InputError(f"--like: takes the dry recording alone: leave {arguments.wet} out")
    if arguments.prior is None:
        raise InputError("--like: needs --prior OUT, as generate.py effect-map writes it")
    for option, is_given in (
        ("--repeat", arguments.repeat != 1),
        ("--seed", arguments.seed != 0),
        ("--jobs", arguments.jobs != 1),
        ("--multirun", arguments.multirun),
        ("--start", arguments.start is not None),
    ):
        if is_given:
            raise InputError(f"{option}: --like makes one run, always the same: leave it out")
    check_number("--prior-weight", arguments.prior_weight, 0.0, 1e6)
    check_run_name(arguments.out.name)
    leave_busy_cores()
    config = compose(arguments.config_name, "data.dataset.root=.", *arguments.override)
    with results_folder(arguments.out):
        folder = transfer(
            arguments.dry, arguments.like, arguments.prior, arguments.prior_weight, config,
            arguments.out,
        )  # fmt: skip
    say(transfer_said(folder))


if __name__ == "__main__":
    run(main)
