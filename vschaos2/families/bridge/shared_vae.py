"""The recordings of two instruments as one dataset."""

import os
import shutil
from pathlib import Path

from vschaos2.audio import find_audio_files
from vschaos2.dataset_paths import sound_folder
from vschaos2.errors import InputError
from vschaos2.files import reason

MARK = ".gathered"  # in a folder that is ours: sounds of others are not removed


def gathered(source: Path, target: Path, folder: Path) -> Path:
    """One dataset of two folders of recordings: folder/NAME/… for each, as links where it can be.

    The folder is the training's own: sounds in it that are of neither are removed.

    Raises:
        InputError: for a folder without recordings, two of one name, one in the other, no place to
            write, or one that holds sounds of somebody else.
    """
    inside, ends = folder.resolve(), (source.resolve(), target.resolve())
    if source.resolve().name == target.resolve().name:
        raise InputError(
            f"data.source and data.target are both called {source.resolve().name}: rename one, "
            "since an instrument is called by its folder"
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
        paths = find_audio_files(searched)
        if inside.is_relative_to(searched.resolve()):  # what was gathered before is none of them
            paths = [p for p in paths if not p.resolve().is_relative_to(inside)]
        if not paths:
            raise InputError(f"no sound file under {searched}: give a folder of recordings")
        wanted |= {folder / place.resolve().name / p.relative_to(searched): p for p in paths}
    there = find_audio_files(folder) if folder.is_dir() else []
    strays = [path for path in there if path not in wanted]  # of folders that were given before
    is_ours = not there or (folder / MARK).is_file()
    if strays and not is_ours:
        raise InputError(
            f"{folder}: would be this training's own, and holds {strays[0].relative_to(folder)}: "
            "choose another name or rundir"
        )
    for place, path in wanted.items():
        _link(path, place)
    try:
        if is_ours:
            (folder / MARK).touch()
        for path in strays:
            path.unlink()
    except OSError as error:
        raise _no_place(folder, error) from error
    return folder


def _link(path: Path, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            old, new = place.stat(), path.stat()
            if (old.st_size, old.st_mtime_ns) == (new.st_size, new.st_mtime_ns):
                return
            place.unlink()
        try:
            os.link(path, place)
        except OSError:  # another disk, or a system without such links
            shutil.copy2(path, place)
    except OSError as error:
        raise _no_place(place, error) from error


def _no_place(path: Path, error: OSError) -> InputError:
    return InputError(f"cannot write {path}: {reason(error)}: choose another rundir")
