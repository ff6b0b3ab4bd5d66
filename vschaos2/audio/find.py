"""The sound files of a folder."""

import logging
import os
from collections.abc import Collection
from pathlib import Path

from vschaos2.errors import InputError
from vschaos2.folders import no_folder

logger = logging.getLogger(__name__)

AUDIO_EXTENSIONS = frozenset(
    f".{name}"
    for family in ("wav wave w64 rf64 caf", "flac ogg oga opus mp3", "aif aiff aifc au snd")
    for name in family.split()
)


def find_audio_files(root: Path) -> list[Path]:
    """Every sound file under a folder, sorted by path; see `find_files`.

    Args:
        root: folder to search, all levels deep, for `AUDIO_EXTENSIONS` in upper or lower case.

    Raises:
        InputError: if root is no folder.
    """
    return find_files(root, AUDIO_EXTENSIONS, "sound files")


def find_files(root: Path, extensions: Collection[str], what: str) -> list[Path]:
    """Every file of a kind under a folder, sorted by path.

    Hidden files and folders are skipped. Links to files count when they stay inside the folder;
    links to folders are never followed, as their files are found where they really are. A warning
    names links that leave the folder, what has the name of such a file and is no file (pipes,
    devices), and names with a line end in them, as lists of files hold one name a line.

    Args:
        root: folder to search, all levels deep.
        extensions: how their names end, in lower case; upper case counts, too.
        what: what they are, for messages.

    Raises:
        InputError: if root is no folder.
    """
    if not os.path.isdir(root):  # noqa: PTH112 - a name that is too long is no folder, either
        raise InputError(f"{root}: {no_folder(root)}: give a folder that holds {what}")
    inside = root.resolve()
    found, links = [], 0
    for folder, subfolders, names in os.walk(root, onerror=_warn_of_folder):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if _is_meant(here / name)]
        meant = [
            name
            for name in names
            if Path(name).suffix.lower() in extensions and _is_meant(here / name)
        ]
        for name in subfolders + meant:
            if (here / name).is_symlink() and _leaves(here / name, inside):
                logger.warning("link not followed, it leads out of %s: %s", root, here / name)
                links += 1
            elif name in meant and (here / name).is_file():
                found.append(here / name)
            elif name in meant:
                logger.warning("skipped, it is no file but a pipe or device: %s", here / name)
    if links:
        logger.warning(
            "to use what these links lead to, copy it into the folder (cp -rL FROM TO makes a "
            "folder of files out of one of links; cp -rlL the same without taking space)"
        )
    return sorted(found, key=lambda path: path.as_posix())


def _is_meant(path: Path) -> bool:
    """Whether a file or folder is to be looked at by its name."""
    if path.name.startswith("."):
        return False
    if "\n" in path.name or "\r" in path.name:
        logger.warning("skipped, its name holds a line end: %r: rename it", str(path))
        return False
    return True


def _leaves(link: Path, inside: Path) -> bool:
    try:
        return not link.resolve(strict=True).is_relative_to(inside)
    except (OSError, RuntimeError):  # it leads nowhere, or back to itself
        return True


def _warn_of_folder(error: OSError) -> None:
    logger.warning("folder not searched: %s: %s", error.filename, error.strerror)
