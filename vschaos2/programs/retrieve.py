"""Find the settings of a whole chain of effects from one dry and one wet recording, or many."""

from pathlib import Path

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, run, say


def main() -> None:
    """Parse the arguments and retrieve."""
    parser = ArgumentParser(prog=program_name("retrieve"), description=__doc__)
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
    parser.add_argument(
        "--override", nargs="+", default=[], metavar="KEY=VALUE", help="of the configuration"
    )
    arguments = parser.parse_args()

    from vschaos2.api import compose
    from vschaos2.data.pair_files import single_pair
    from vschaos2.folders import results_folder
    from vschaos2.ranges import check_count
    from vschaos2.retrieval.folder import jobs_of, retrieve_all
    from vschaos2.retrieval.retrieve import retrieve, said
    from vschaos2.training.threads import leave_busy_cores

    check_count("--repeat", arguments.repeat, 1, 1000)
    check_count("--seed", arguments.seed, 0, 2**31)
    leave_busy_cores()
    # Made before a minute of work.
    with results_folder(arguments.out.parent if arguments.wet else arguments.out):
        config = compose(arguments.config_name, "data.dataset.root=.", *arguments.override)
        if arguments.wet is None:
            jobs = jobs_of(arguments.dry, arguments.out)
            retrieve_all(jobs, config, arguments.repeat, arguments.seed, say)
            return
        (pair,) = single_pair(arguments.dry, arguments.wet)
        for turn in range(arguments.repeat):
            folder = retrieve(pair, config.copy(), arguments.out, arguments.seed + turn)
            say(said(folder))


if __name__ == "__main__":
    run(main)
