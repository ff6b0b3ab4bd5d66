"""The recordings of two instruments as one dataset."""

import os
import re
import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path

from vschaos2.audio import find_audio_files
from vschaos2.dataset_paths import sound_folder
from vschaos2.errors import InputError
from vschaos2.files import reason


def gathered(source: Path, target: Path, folder: Path) -> Path:
    """One dataset of two folders of recordings: a folder for each, links in it where it can be.

    What was gathered of others, or of these before they changed, stays where it is, since a run
    was trained with it: then the dataset is in folder_2, folder_3 …

    Returns:
        The folder of the dataset.

    Raises:
        InputError: for a folder without recordings, two of one name, one in the other, or no place
            to write.
    """
    ends = source.resolve(), target.resolve()
    if ends[0].name == ends[1].name:
        raise InputError(
            f"data.source and data.target are both called {ends[0].name}: rename one, since an "
            "instrument is called by its folder"
        )
    if ends[0].is_relative_to(ends[1]) or ends[1].is_relative_to(ends[0]):
        raise InputError(
            f"data.source={source} and data.target={target}: one lies in the other, and its sounds "
            "would be of both: put them beside each other"
        )
    wanted: dict[Path, Path] = {}
    for place in (source, target):
        if not place.is_dir():
            raise InputError(f"{place}: no such folder: give one of recordings")
        searched = sound_folder(place)
        paths = [path for path in find_audio_files(searched) if not _is_gathered(path, folder)]
        if not paths:
            raise InputError(f"no sound file under {searched}: give a folder of recordings")
        wanted |= {Path(place.resolve().name, p.relative_to(searched)): p for p in paths}
    for number in count(1):
        place = folder if number == 1 else folder.with_name(f"{folder.name}_{number}")
        there = find_audio_files(place) if place.is_dir() else []
        if _is_same(wanted, there, place):
            return place
        if not there:
            break
    for name, path in wanted.items():
        _link(path, place / name)
    return place


def _is_gathered(path: Path, folder: Path) -> bool:
    """Whether a file lies in a folder that something was gathered in before."""
    whole, beside = path.resolve(), folder.resolve().parent
    if not whole.is_relative_to(beside):
        return False
    first = whole.relative_to(beside).parts[0]
    return re.fullmatch(rf"{re.escape(folder.name)}(_\d+)?", first) is not None


def _is_same(wanted: Mapping[Path, Path], there: list[Path], place: Path) -> bool:
    """Whether a folder holds these recordings as they are now, and no others."""
    if {path.relative_to(place) for path in there} != wanted.keys():
        return False
    states = [(path.stat(), (place / name).stat()) for name, path in wanted.items()]
    return all(
        (new.st_size, new.st_mtime_ns) == (old.st_size, old.st_mtime_ns) for new, old in states
    )


def _link(path: Path, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, place)
        except OSError:  # another disk, or a system without such links
            shutil.copy2(path, place)
    except OSError as error:
        raise InputError(f"cannot write {place}: {reason(error)}: choose another rundir") from error
