"""Folders that are made where they are wanted, and nowhere that a link leads to."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from vschaos2.errors import InputError
from vschaos2.files import not_own, reason


def made_folder(path: Path, is_own: bool = False) -> Path:
    """A folder to write to, made if it is missing, with the folders above it.

    Args:
        path: the folder.
        is_own: it is part of somebody's folder, as a run's, and must be no link.

    Raises:
        InputError: if it cannot be made, or is a link that it must not be.
    """
    try:
        if is_own:
            own_folder(path)
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = no_folder(path) if isinstance(error, FileExistsError) else reason(error)
        raise InputError(
            f"{path}: this folder cannot be made: {why}: choose another folder"
        ) from error
    return path


@contextmanager
def results_folder(path: Path, is_own: bool = False) -> Iterator[Path]:
    """`made_folder` around the work whose results go there: what fails leaves no empty folder.

    A folder that cannot be written to is found before the work and not behind it.

    Raises:
        InputError: as `made_folder`.
    """
    with results_folders([path], is_own):
        yield path


@contextmanager
def results_folders(paths: Iterable[Path], is_own: bool = False) -> Iterator[None]:
    """`results_folder` of several folders, some of which may be made and others fail.

    Raises:
        InputError: as `made_folder`.
    """
    wanted = list(dict.fromkeys(paths))
    above = {each for path in wanted for each in (path, *path.parents)}
    missing = [each for each in above if not each.exists()]
    try:
        for path in wanted:
            made_folder(path, is_own)
        yield
    except BaseException:
        for each in sorted(missing, key=lambda path: -len(path.parts)):  # innermost first
            with suppress(OSError):  # something lies there
                each.rmdir()
        raise


def no_folder(path: Path) -> str:
    """What a path is that is no folder, for a message."""
    there = os.path.exists(path)  # noqa: PTH110 - a name that is too long is not there, either
    return "is a file, no folder" if there else "no such folder"


def own_folder(path: Path) -> Path:
    """A folder that is no link, made if it is missing, with the folders above it.

    Raises:
        InputError: if it is a link, or no folder.
        OSError: if it cannot be made.
    """
    if path.is_symlink():
        raise not_own(path, "a link")
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is no folder: remove it, or choose another place")
    path.mkdir(parents=True, exist_ok=True)
    return path


def own_folders(root: Path, path: Path) -> Path:
    """A folder somewhere below `root`, made if it is missing; no folder on the way is a link.

    Raises:
        InputError: if one is a link, or no folder.
        OSError: if one cannot be made.
    """
    for part in reversed(path.relative_to(root).parents[:-1]):
        own_folder(root / part)
    return own_folder(path)


def check_own_tree(folder: Path) -> None:
    """Look at everything in a folder before a program changes what is there in its place.

    Raises:
        InputError: for a link, a file of several names, or what is neither file nor folder.
    """
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent, name)
            status = path.lstat()
            if stat.S_ISLNK(status.st_mode):
                raise not_own(path, "a link")
            if stat.S_ISREG(status.st_mode) and status.st_nlink > 1:
                raise not_own(path, "a file of several names")
            if not stat.S_ISREG(status.st_mode) and not stat.S_ISDIR(status.st_mode):
                raise not_own(path, "no plain file")
