"""The files of a dataset folder: what they may be called, and that none leads out of the folder.

A dataset may come from a stranger. A link in it could show the lines of any file of the user's in
a message, or take them for labels.
"""

import os
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

from vschaos2.errors import InputError

PLAIN_PATH = re.compile(r"[^./\\:\0][^/\\:\0]*(?:/[^./\\:\0][^/\\:\0]*)*")


def sound_folder(root: Path) -> Path:
    """Where the recordings of a dataset are: root/data if there is that folder, else root.

    Raises:
        InputError: if root/data is a link out of the dataset.
    """
    folder = root / "data"
    if not folder.is_dir():
        return root
    check_inside(folder, root)
    return folder


def check_inside(path: Path, root: Path) -> None:
    """Raise InputError for a part of a dataset that leads out of it, links resolved."""
    try:
        if path.resolve().is_relative_to(root.resolve()):
            return
    except (OSError, RuntimeError):  # a link to itself
        pass
    raise InputError(f"{path}: a link leads out of the dataset: put what it leads to in its place")


def file_of(folder: Path, name: str) -> Path | None:
    """A file of a task's folder, metadata/<task>; None if there is none.

    Raises:
        InputError: if it leads out of the dataset.
    """
    path = folder / name
    if not os.path.lexists(path):
        return None
    check_inside(path, folder.parent.parent)
    return path


def spellings(path: str) -> list[str]:
    """How a path relative to a folder may be meant; none if it could leave the folder anywhere."""
    if PLAIN_PATH.fullmatch(path):  # the only way to write it, nearly always
        return [path]
    windows = PureWindowsPath(path)  # it divides at / and \, and knows drives
    if not path or windows.anchor or ".." in windows.parts or "\0" in path:
        return []
    return [PurePosixPath(text).as_posix() for text in (path, path.replace("\\", "/"))]
