"""A piece of work for a process of its own, which imports nothing large."""

import os
import signal

from vschaos2.errors import InputError


def worked(task: str) -> str:
    """The task in capitals; "bad" is refused, and "dies" is killed."""
    if task == "bad":
        raise InputError("bad one")
    if task == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    return task.upper()
