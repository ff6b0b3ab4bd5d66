"""A run folder that appears whole: what is killed on the way leaves no half of one.

It grows under a hidden name beside its place, with a file in it that its process holds locked, and
takes its name, version_N, in one rename. What a dead process left there, the next one removes.
"""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from vschaos2.errors import InputError
from vschaos2.files import open_own, reason, try_lock
from vschaos2.folders import made_folder
from vschaos2.runs.folder import check_run_name

PREFIX, HELD = ".retrieving-", ".held"


def write_run(out: Path, fill: Callable[[Path], None]) -> Path:
    """A new run, out/version_N, N one above the highest there is.

    Args:
        out: rundir/name.
        fill: is told a folder, and fills it.

    Raises:
        InputError: if the name is none for a folder, or it cannot be made.
    """
    check_run_name(out.name)
    made_folder(out)
    remove_left(out)
    try:
        growing = Path(tempfile.mkdtemp(prefix=PREFIX, dir=out))
        growing.chmod(0o755)
        try:
            with open_own(growing / HELD, "x+b") as file:
                try_lock(file)
                (growing / "checkpoints").mkdir()
                fill(growing)
            return _named(growing, out)
        except BaseException:
            shutil.rmtree(growing, ignore_errors=True)
            raise
    except OSError as error:
        raise InputError(f"{out}: the run cannot be written: {reason(error)}") from error


def remove_left(out: Path) -> None:
    """Remove what dead processes left of runs that they did not finish."""
    if sys.platform == "win32":  # whose locks tell nothing
        return
    for left in out.glob(f"{PREFIX}*"):
        if left.is_symlink() or not left.is_dir():
            continue
        try:
            with open_own(left / HELD, "r+b") as file:
                is_dead = try_lock(file)
        except (InputError, OSError):
            continue
        if is_dead:
            shutil.rmtree(left, ignore_errors=True)


def _named(growing: Path, out: Path) -> Path:
    """The folder under its own name; another process may take a number meanwhile."""
    (growing / HELD).unlink()
    while True:
        taken = [each.name.removeprefix("version_") for each in out.glob("version_*")]
        folder = out / f"version_{max((int(n) for n in taken if n.isdigit()), default=-1) + 1}"
        try:
            return growing.rename(folder)
        except OSError:
            if not folder.exists():
                raise
