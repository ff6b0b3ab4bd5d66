"""One training at a time in a run folder."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from vschaos2.errors import InputError

if sys.platform != "win32":
    import fcntl

NAME = ".training.lock"
PATIENCE_S = 0.5  # `is_training` holds the lock for the moment in which it looks


@contextmanager
def training_in(folder: Path) -> Iterator[None]:
    """Hold a run folder for one training; the system lets go of it when the process dies.

    Raises:
        InputError: if another process trains there. (Windows has no such lock: nothing is checked.)
    """
    with (folder / NAME).open("ab") as file:
        if sys.platform != "win32":
            give_up_at = time.monotonic() + PATIENCE_S
            while not _is_locked(file, fcntl.LOCK_EX):
                if time.monotonic() > give_up_at:
                    raise InputError(
                        f"{folder}: is being trained by another process: stop that one (Ctrl-C), "
                        "or wait for its end"
                    )
                time.sleep(0.02)
        yield


def is_training(folder: Path) -> bool:
    """Whether some process trains in a run folder at this moment."""
    if sys.platform == "win32" or not (folder / NAME).is_file():
        return False
    with (folder / NAME).open("rb") as file:
        return not _is_locked(file, fcntl.LOCK_SH)


def _is_locked(file: IO[bytes], kind: int) -> bool:
    """Lock an open file, if it can be had at once, and say whether it was."""
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
