"""One training at a time in a run folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vschaos2.errors import InputError
from vschaos2.files import cannot_write, open_own, try_lock, wait_for_lock

NAME = ".training.lock"
PATIENCE_S = 0.5  # `is_training` holds the lock for the moment in which it looks


@contextmanager
def training_in(folder: Path) -> Iterator[None]:
    """Hold a run folder for one training; the system lets go of it when the process dies.

    Raises:
        InputError: if another process trains there, or the folder cannot be written to. (Windows
            has no such lock: nothing is checked.)
    """
    try:
        file = open_own(folder / NAME, "ab")
    except OSError as error:
        raise cannot_write(folder / NAME, error) from error
    with file:
        if not wait_for_lock(file, PATIENCE_S):
            raise InputError(
                f"{folder}: is being trained by another process: stop that one (Ctrl-C), or wait "
                "for its end"
            )
        yield


def is_training(folder: Path) -> bool:
    """Whether some process trains in a run folder at this moment."""
    try:
        with open_own(folder / NAME) as file:
            return not try_lock(file, shared=True)
    except (OSError, InputError):  # none, or none of ours
        return False
