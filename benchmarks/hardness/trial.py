"""One trial: a program in a process of its own, beside precious files that nobody may touch.

A child is forked from a process that has imported everything once, which makes hundreds of trials
affordable. It writes to a file instead of the terminal, may be limited in the size of files or
killed by a signal, and is given up after a while.
"""

import contextlib
import hashlib
import importlib
import os
import resource
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

SECRET = "sesame-4711"
SECRET_VARIABLE = "HARDNESS_SECRET"
PATIENCE_S = 90.0
ORDERLY = (0, 1, 2)  # done; an export that fails its own checks; a mistake, told in a line


class Outcome(NamedTuple):
    """How a program ended.

    Attributes:
        code: its exit code; negative: the signal that ended it; None if it was given up.
        text: all that it said.
    """

    code: int | None
    text: str

    def fault(self, orderly: tuple[int, ...] = ORDERLY) -> str | None:
        """What is wrong with this end, if anything."""
        if self.code is None:
            return "does not end"
        if "Traceback (most recent call last)" in self.text or "C++ exception" in self.text:
            return f"traceback: {self.text.strip().splitlines()[-1][:160]}"
        if self.code not in orderly:
            return f"exit code {self.code}: {self.text.strip()[-160:]}"
        return None


class Verdict(NamedTuple):
    """What came of a trial.

    Attributes:
        what: was tried.
        lost: work, files or patience that were lost; None if nothing was.
        escaped: what happened outside the folders that were named; None if nothing did.
    """

    what: str
    lost: str | None = None
    escaped: str | None = None


Limit = Callable[[], None]


def run(
    program: str,
    *arguments: str | Path,
    kill: tuple[int, Callable[[], bool]] | None = None,
    file_bytes: int | None = None,
) -> Outcome:
    """Run a root program with arguments.

    Args:
        program: "generate", "train_model" and so on.
        arguments: of its command line.
        kill: a signal, and what says that the moment for it has come.
        file_bytes: files may not become larger than that, as on a full disk.
    """
    log = Path(os.environ["HARDNESS_LOG"])
    log.write_bytes(b"")
    child = os.fork()
    if child == 0:
        _be(program, [str(argument) for argument in arguments], log, file_bytes)
    give_up_at = time.monotonic() + PATIENCE_S
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            break
        if kill is not None and kill[1]():
            os.kill(child, kill[0])
            kill = None
        if time.monotonic() > give_up_at:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return Outcome(None, log.read_text("utf-8", "replace"))
        time.sleep(0.002)
    return Outcome(code, log.read_text("utf-8", "replace"))


def _be(program: str, arguments: list[str], log: Path, file_bytes: int | None) -> None:
    """Become the program; never returns."""
    code = 70
    try:
        os.setsid()
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
        os.dup2(descriptor, 1)
        os.dup2(descriptor, 2)
        sys.argv = [f"{program}.py", *arguments]
        module = importlib.import_module(program)
        if file_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))
        module.run(module.main)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - what Python itself would print
        traceback.print_exc()
        code = 1
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


class Precious:
    """Files outside every folder that a program is given: any change to them is an escape."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "reports" / "step_0000001").mkdir(parents=True)
        self.file = folder / "thesis.txt"
        self.file.write_text("three years of work\n")
        (folder / "reports" / "step_0000001" / "sound.wav").write_bytes(bytes(64))
        self.mark = folder / "PWNED"
        self._before = self._state()

    def _state(self) -> dict[str, str]:
        return {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def disturbed(self) -> str | None:
        """What is not as it was; it is put right again for the next trial."""
        after = self._state()
        if after == self._before:
            return None
        changed = {path for path, _ in after.items() ^ self._before.items()}
        for path in changed:
            Path(path).unlink(missing_ok=True)
        self.file.write_text("three years of work\n")
        sound = self.folder / "reports" / "step_0000001" / "sound.wav"
        sound.parent.mkdir(parents=True, exist_ok=True)
        sound.write_bytes(bytes(64))
        return f"changed: {', '.join(sorted(Path(path).name for path in changed))}"


def told_secret(outcome: Outcome, folder: Path) -> str | None:
    """Whether a secret of the environment was printed or written."""
    if SECRET in outcome.text:
        return "printed a secret of the environment"
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink() and SECRET.encode() in path.read_bytes():
            return f"wrote a secret of the environment to {path.name}"
    return None


def litter(*folders: Path) -> str | None:
    """What is left of files in the making."""
    found = [path.name for folder in folders for path in folder.rglob(".*.tmp")]
    return f"left behind: {', '.join(sorted(found))}" if found else None


@contextlib.contextmanager
def fresh(folder: Path) -> Iterator[Path]:
    """An empty folder for one trial, gone afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
