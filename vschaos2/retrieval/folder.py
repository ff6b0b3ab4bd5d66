"""A folder of pairs, one after the other: a run for each, and a line for each that is left out."""

import logging
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from omegaconf import DictConfig

from vschaos2.data.pair_files import TARGET, WET, Pair, find_pairs
from vschaos2.errors import InputError
from vschaos2.retrieval.retrieve import retrieve, said
from vschaos2.runs.folder import check_run_name, checkpoint_path
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)


def jobs_of(root: Path, rundir: Path) -> list[tuple[Pair, Path]]:
    """Every pair of a folder, and the run that it becomes, rundir/NAME.

    Raises:
        InputError: for a folder without pairs, or two that would have one name.
    """
    jobs: dict[Path, Pair] = {}
    for pair in find_pairs(root):
        name = PurePosixPath(pair.name).with_suffix("").as_posix().removeprefix(f"{WET}/")
        name = name.removesuffix(f".{TARGET}").replace("/", " ").replace("@", "-")
        check_run_name(name)
        if rundir / name in jobs:
            raise InputError(
                f"{root}: {pair.name} and {jobs[rundir / name].name} would both be the run {name}: "
                "rename one"
            )
        jobs[rundir / name] = pair
    return [(pair, out) for out, pair in jobs.items()]


def retrieve_all(
    jobs: list[tuple[Pair, Path]],
    config: DictConfig,
    repeat: int,
    seed: int,
    say: Callable[[str], None],
) -> list[Path]:
    """Retrieve every pair that has not as many runs yet as are wanted; → the new runs.

    So what was interrupted goes on where it was. A pair that cannot be retrieved is named, with
    its reason, and left out.

    Raises:
        InputError: if none of them could be.
    """
    made, complete, reasons = [], 0, []
    for number, (pair, out) in enumerate(jobs):
        done = sum(checkpoint_path(each) is not None for each in out.glob("version_*"))
        complete += min(done, repeat)
        for turn in range(done, repeat):
            try:
                folder = retrieve(pair, config.copy(), out, seed + turn)
            except InputError as error:
                logger.warning("left out: %s", error)
                reasons.append(str(error))
                break
            made.append(folder)
            say(f"{number + 1} of {len(jobs)}: {said(folder).splitlines()[0]}")
    if complete:
        logger.info("%d runs were there already", complete)
    if not made and not complete:
        raise InputError(f"none of {len(jobs)} pairs could be retrieved: {printable(reasons[0])}")
    return made
