"""Collect the settings of many retrieved runs: info.json and raw_params.npy, in one order."""

import argparse
import logging
import math
from pathlib import Path

from vschaos2.calling import program_name
from vschaos2.command_line import ArgumentParser, run, say

logger = logging.getLogger("presets")


def main() -> None:
    """Parse the arguments and collect."""
    parser = ArgumentParser(prog=program_name("presets"), description=__doc__)
    add_collection(parser)
    collect_presets(parser.parse_args())


def add_collection(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The arguments of a collection, as users of DiffVox' get_params.py know them."""
    parser.add_argument("runs", type=Path, help="folder of retrieved runs, of any depth")
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument(
        "start_date", nargs="?", metavar="START", help="the same as --start, as DiffVox has it"
    )
    parser.add_argument(
        "--loss-thresh", type=float, default=4.0, help="least loss that a run may have (4)"
    )
    parser.add_argument(
        "--fluc-thresh",
        type=float,
        default=math.inf,
        help="median of its |differences| from step to step that it may have, such as 0.2 (any)",
    )
    parser.add_argument(
        "--left-thresh",
        type=float,
        default=math.inf,
        help="part of the dry sound's distance that it may have left, such as 0.1 (any)",
    )
    parser.add_argument(
        "--start",
        metavar="DATE",
        help="only runs that began from 2024-09-17, or 2024-09-17:15, on (any)",
    )
    parser.add_argument("--end", "--end_date", metavar="DATE", help="and until then (any)")
    parser.add_argument(
        "--latest", action="store_true",
        help="of several runs of a track take the latest, as DiffVox does, not the nearest",
    )  # fmt: skip
    return parser


def collect_presets(arguments: argparse.Namespace) -> None:
    """Collect what the arguments of `add_collection` ask for."""
    from vschaos2.errors import InputError
    from vschaos2.folders import made_folder
    from vschaos2.ranges import check_number
    from vschaos2.retrieval.preset_folder import write_presets
    from vschaos2.retrieval.presets import collect
    from vschaos2.retrieval.tries import Limits, read_date
    from vschaos2.training.threads import leave_busy_cores

    if arguments.start is not None and arguments.start_date is not None:
        raise InputError(f"START {arguments.start_date} and --start {arguments.start}: give one")
    for name in ("loss_thresh", "fluc_thresh", "left_thresh"):
        check_number(f"--{name.replace('_', '-')}", getattr(arguments, name), 0.0, math.inf)
    start, end = arguments.start or arguments.start_date, arguments.end
    limits = Limits(
        arguments.loss_thresh,
        arguments.fluc_thresh,
        arguments.left_thresh,
        read_date("--start", start) if start else None,
        read_date("--end", end) if end else None,
    )
    leave_busy_cores()
    presets = collect(arguments.runs, limits, arguments.latest)
    write_presets(made_folder(arguments.out), presets)
    count, left_out = len(presets.tracks), len(presets.info["left_out"])
    say(f"{arguments.out}: {count} presets of {len(presets.names)} settings; {left_out} left out")


def add_map(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """The arguments of `effect-map`."""
    parser.add_argument("presets", type=Path, help="folder that presets wrote, or one of DiffVox'")
    parser.add_argument("--out", type=Path, help="folder to write to (that of the presets)")
    return parser


def map_presets(arguments: argparse.Namespace) -> None:
    """Tell how presets lie, in tables, pictures and a Gaussian."""
    from vschaos2.files import check_place
    from vschaos2.folders import made_folder
    from vschaos2.retrieval.effect_map import map_effects, table, write_map
    from vschaos2.retrieval.effect_map_pictures import draw_pictures
    from vschaos2.retrieval.preset_folder import read_presets
    from vschaos2.retrieval.prior import PRIOR
    from vschaos2.training.threads import leave_busy_cores

    leave_busy_cores()
    found = map_effects(read_presets(arguments.presets))
    folder = arguments.presets if arguments.out is None else made_folder(arguments.out)
    check_place(folder / PRIOR)
    written = write_map(folder, found) + draw_pictures(found, folder)
    say(table(found))
    logger.info("wrote %d files to %s", len(written), folder)


if __name__ == "__main__":
    run(main)
