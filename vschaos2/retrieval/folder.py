"""A folder of pairs, one or several at a time: a run for each, and a line if one is left out."""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from omegaconf import DictConfig

from vschaos2.data.pair_files import TARGET, WET, Pair, pairs_and_others
from vschaos2.errors import InputError
from vschaos2.progress import Progress
from vschaos2.retrieval.processes import Outcome, outcomes
from vschaos2.retrieval.retrieve import retrieve, said
from vschaos2.runs.folder import check_run_name, checkpoint_path
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

NO_NAME = re.compile(r"[^\w .+-]")  # what a recording may be called, and no run


def jobs_of(root: Path, rundir: Path) -> list[tuple[Pair, Path]]:
    """Every pair of a folder, and the run that it becomes, rundir/NAME.

    What has no partner is named, and left out.

    Raises:
        InputError: for a folder without pairs, or two that would have one name.
    """
    jobs: dict[Path, Pair] = {}
    pairs, alone = pairs_and_others(root)
    for path in alone:
        lonely = printable(path.relative_to(root))
        logger.warning("left out: %s: has no partner of the same name", lonely)
    if not pairs:
        raise InputError(
            f"{root}: no recording has a partner: give dry and wet ones the same names"
        )
    for pair in pairs:
        name = PurePosixPath(pair.name).with_suffix("").as_posix().removeprefix(f"{WET}/")
        name = name.removesuffix(f".{TARGET}").replace("/", " ")
        name = NO_NAME.sub("-", name)
        check_run_name(name)
        if rundir / name in jobs:
            raise InputError(
                f"{root}: {pair.name} and {jobs[rundir / name].name} would both be the run {name}: "
                "rename one"
            )
        jobs[rundir / name] = pair
    return [(pair, out) for out, pair in jobs.items()]


class Task(NamedTuple):
    """One run that is to be made.

    Attributes:
        pair: of recordings.
        config: of the chain.
        out: rundir/name.
        seed: of the run.
        is_shown: whether its progress is.
    """

    pair: Pair
    config: DictConfig
    out: Path
    seed: int
    is_shown: bool


def retrieve_all(
    jobs: list[tuple[Pair, Path]],
    config: DictConfig,
    repeat: int,
    seed: int,
    say: Callable[[str], None],
    processes: int = 1,
) -> list[Path]:
    """Retrieve every pair that has not as many runs yet as are wanted; → the new runs.

    So what was interrupted goes on where it was. A pair that cannot be retrieved is named, with
    its reason, and left out.

    Args:
        jobs: pairs, and the run that each becomes.
        config: of the chain.
        repeat: runs of each.
        seed: of the first.
        say: prints a line.
        processes: at a time; of several, each computes with one thread.

    Raises:
        InputError: if none of them could be.
    """
    tasks, complete = wanted(jobs, config, repeat, seed, processes == 1)
    made: list[Path] = []
    reasons: dict[Path, str] = {}
    found = outcomes(_retrieved, tasks, processes) if processes > 1 else _in_turn(tasks, reasons)
    with Progress("retrieving", "run", len(tasks), processes > 1) as progress:
        for number, folder, reason in found:
            progress.update()
            task = tasks[number]
            if folder is None:
                if task.out not in reasons:  # what cannot be found once is told once
                    logger.warning("left out: %s: %s", task.pair.name, reason)
                reasons[task.out] = reason
                continue
            made.append(folder)
            say(f"{len(made)} of {len(tasks)}: {said(folder).splitlines()[0]}")
    if complete:
        logger.info("%d runs were there already", complete)
    if not made and not complete:
        reason = printable(next(iter(reasons.values())))
        raise InputError(f"none of {len(jobs)} pairs could be retrieved: {reason}")
    return made


def wanted(
    jobs: list[tuple[Pair, Path]],
    config: DictConfig,
    repeat: int,
    seed: int,
    is_shown: bool = False,
) -> tuple[list[Task], int]:
    """Runs that are to be made yet, and how many are there; arguments as of `retrieve_all`."""
    tasks, complete = [], 0
    for pair, out in jobs:
        done = sum(checkpoint_path(each) is not None for each in out.glob("version_*"))
        complete += min(done, repeat)
        for turn in range(done, repeat):
            tasks.append(Task(pair, config.copy(), out, seed + turn, is_shown))
    return tasks, complete


def _in_turn(tasks: list[Task], reasons: dict[Path, str]) -> Iterator[Outcome]:
    """One after the other, in this process; no pair a second time that was left out."""
    for number, task in enumerate(tasks):
        if task.out in reasons:
            continue
        try:
            yield Outcome(number, _retrieved(task), "")
        except InputError as error:
            yield Outcome(number, None, str(error))


def _retrieved(task: Task) -> Path:
    return retrieve(task.pair, task.config, task.out, task.seed, task.is_shown)
