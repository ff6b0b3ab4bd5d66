"""The sound files of a folder."""

import logging
import os
from pathlib import Path

from vschaos2.errors import InputError

logger = logging.getLogger(__name__)

AUDIO_EXTENSIONS = frozenset(
    f".{name}"
    for family in ("wav wave w64 rf64 caf", "flac ogg oga opus mp3", "aif aiff aifc au snd")
    for name in family.split()
)


def find_audio_files(root: Path) -> list[Path]:
    """Every sound file under a folder, sorted by path.

    Hidden files and folders are skipped. Links to files count when they stay inside the folder;
    links to folders are never followed, as their files are found where they really are. A link
    that leaves the folder is named in a warning.

    Args:
        root: folder to search, all levels deep, for `AUDIO_EXTENSIONS` in upper or lower case.

    Raises:
        InputError: if root is no folder.
    """
    if not root.is_dir():
        raise InputError(f"no such folder: {root}: give a folder that holds sound files")
    inside = root.resolve()
    found = []
    for folder, subfolders, names in os.walk(root, onerror=_warn_of_folder):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        sounds = [
            name
            for name in names
            if not name.startswith(".") and Path(name).suffix.lower() in AUDIO_EXTENSIONS
        ]
        for name in subfolders + sounds:
            if (here / name).is_symlink() and _leaves(here / name, inside):
                logger.warning("link not followed, it leads out of %s: %s", root, here / name)
            elif name in sounds and (here / name).is_file():
                found.append(here / name)
    return sorted(found, key=lambda path: path.as_posix())


def _leaves(link: Path, inside: Path) -> bool:
    try:
        return not link.resolve(strict=True).is_relative_to(inside)
    except (OSError, RuntimeError):  # it leads nowhere, or back to itself
        return True


def _warn_of_folder(error: OSError) -> None:
    logger.warning("folder not searched: %s: %s", error.filename, error.strerror)
