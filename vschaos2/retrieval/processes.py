"""Pieces of work in processes of their own, several at a time.

Each piece has one: what kills it spoils no other. A process whose parent is gone ends at once: it
would leave a run that nobody waits for, beside the one that is made anew.
"""

import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple, TypeVar

from vschaos2.errors import InputError
from vschaos2.terminal import TerminalFormatter

Task = TypeVar("Task")


class Outcome(NamedTuple):
    """How a piece of work ended.

    Attributes:
        number: of the piece.
        made: what it gave; None if it could not be done.
        reason: why it could not.
    """

    number: int
    made: Any
    reason: str


def outcomes(work: Callable[[Task], Any], tasks: Sequence[Task], count: int) -> Iterator[Outcome]:
    """What each piece gave, in the order in which they end.

    Args:
        work: a function of a module; what it and its tasks are made of can be pickled.
        tasks: what it is told.
        count: how many at a time.
    """
    context = multiprocessing.get_context("spawn")
    waiting = list(enumerate(tasks))
    running: dict[Connection, tuple[int, Any]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < count:
                number, task = waiting.pop(0)
                ours, theirs = context.Pipe(duplex=False)
                process = context.Process(target=_alone, args=(theirs, work, task), daemon=True)
                process.start()
                theirs.close()  # so that the end of the process is the end of the pipe
                running[ours] = (number, process)
            ready = wait(list(running))
            for pipe in [each for each in running if each in ready]:
                number, process = running.pop(pipe)
                made, reason = None, ""
                try:
                    made, reason = pipe.recv()
                except EOFError:
                    process.join()
                    reason = f"its process ended with code {process.exitcode}"
                process.join()
                yield Outcome(number, made, reason)
    finally:
        for _, process in running.values():
            process.terminate()


def _alone(pipe: Connection, work: Callable[[Any], Any], task: Any) -> None:
    """One piece in this process, with one thread: others have their own."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    if "torch" in sys.modules:  # which a piece that computes has brought with it
        sys.modules["torch"].set_num_threads(1)
    try:
        pipe.send((work(task), ""))
    except InputError as error:
        pipe.send((None, str(error)))


def _end_with_parent() -> None:
    """Wait until the program that started this process is gone, and end it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)  # whatever the piece is at: files appear whole or not at all
