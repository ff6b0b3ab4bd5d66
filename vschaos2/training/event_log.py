"""TensorBoard's log of a training, which says in one line that a disk is full."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities.rank_zero import rank_zero_only


class EventLog(TensorBoardLogger):
    """Logs events of a run folder, and writes nothing beside them."""

    @rank_zero_only
    def save(self) -> None:
        """Let the events that wait reach their file."""
        if self._experiment is not None:
            self._experiment.flush()

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Close the file; after a failure, what cannot be written any more is let go."""
        try:
            super().finalize(status)
        except OSError:
            if status != "failed":
                raise
            with suppress(OSError):
                if self._experiment is not None:
                    self._experiment.close()


@contextmanager
def quiet_threads() -> Iterator[None]:
    """Keep failures to write in other threads off the terminal.

    Events are written by a thread, whose failure is raised here with the next event: once is
    enough.
    """
    before = threading.excepthook

    def hook(failure: threading.ExceptHookArgs) -> None:
        if not isinstance(failure.exc_value, OSError):
            before(failure)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
