"""How far a long piece of work is: a bar on a terminal, a line a minute in a log file."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sized
from types import TracebackType
from typing import Self, TypeVar

from tqdm import tqdm

from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

T = TypeVar("T")
LINE_EVERY_S = 60.0


class Progress:
    """How many of so many pieces are done.

    Args:
        title: what is being done, in a word.
        unit: what is counted.
        total: how many there are.
        is_shown: false to say nothing.
        leave: whether the bar stays on the terminal when it is full.
    """

    def __init__(
        self, title: str, unit: str, total: int, is_shown: bool = True, leave: bool = True
    ) -> None:
        self.title, self.unit, self.total = title, unit, total
        self.done = 0
        is_bar = is_shown and sys.stderr.isatty()
        self.bar = tqdm(total=total, desc=title, unit=unit, leave=leave, disable=not is_bar)
        self.is_logged = is_shown and not is_bar
        self.told_at = time.monotonic()

    def update(self) -> None:
        """One more is done."""
        self.done += 1
        self.bar.update()
        self._tell("")

    def say(self, text: str) -> None:
        """What is being done at this moment."""
        self.bar.set_postfix_str(printable(text))
        self._tell(f", {text}")

    def _tell(self, text: str) -> None:
        if self.is_logged and time.monotonic() - self.told_at >= LINE_EVERY_S:
            self.told_at = time.monotonic()
            logger.info("%s: %d of %d %ss%s", self.title, self.done, self.total, self.unit, text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bar.close()


def follow(
    items: Iterable[T], title: str, unit: str, total: int | None = None, leave: bool = True
) -> Iterator[T]:
    """The items one by one, while their progress is shown.

    Args:
        items: what is worked on.
        title: what is being done, in a word.
        unit: what is counted.
        total: how many there are, where they cannot be counted beforehand.
        leave: whether the bar stays on the terminal when it is full.
    """
    if total is None:
        assert isinstance(items, Sized)
        total = len(items)
    with Progress(title, unit, total, leave=leave) as progress:
        for item in items:
            yield item
            progress.update()
