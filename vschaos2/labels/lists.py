"""The list of a label task: which recording has which value, or which track.

data/…/file.wav<TAB>value
data/…/file.wav<TAB>tracks/file.txt  (or file.txt)
"""

import os
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from vschaos2.dataset_paths import spellings
from vschaos2.errors import InputError
from vschaos2.labels.tracks import Track, constant_track, read_track
from vschaos2.labels.words import (
    UNKNOWN,
    Line,
    OnError,
    ValueReader,
    columns_after_value,
    read_lines,
)

LONGEST_PATH = 4096  # characters; no system takes more


class LabelList(NamedTuple):
    """What a list says.

    Attributes:
        tracks: segments of each recording in use, by its path relative to the dataset folder.
        left_aside: numbers of lines about recordings that are not in use, by path.
        largest: of the labels that were read; -1 if none is known.
    """

    tracks: dict[str, Track]
    left_aside: dict[str, int]
    largest: float


def read_list(
    path: Path,
    tracks_in: str,
    files: Sequence[str],
    reader: ValueReader,
    only_tracks: bool | None,
    on_error: OnError,
) -> LabelList:
    """The labels that a list names.

    Args:
        path: the list, in the folder of its task.
        tracks_in: the folder of its tracks, beside it.
        files: paths of the recordings in use, relative to the dataset folder.
        reader: of its values.
        only_tracks: whether all values are tracks, or none; None: both are recognised.
        on_error: receives an InputError for every bad line; the others still count.

    Raises:
        InputError: if the list cannot be read, and whatever on_error raises.
    """
    folder = path.parent / tracks_in
    spelling = {unicodedata.normalize("NFC", name): name for name in files}
    in_use = frozenset(files)
    read: dict[Path, Track] = {}
    tracks: dict[str, Track] = {}
    left_aside: dict[str, int] = {}
    seen: dict[str, tuple[int, str]] = {}
    largest = -1.0
    for line in read_lines(path):
        try:
            name, value = _columns(line, spelling)
            first, said = seen.setdefault(name, (line.number, value))
            if said != value:
                raise line.error(f"line {first} says otherwise: keep one of them")
            if line.number != first:
                continue
            if not _is_track(value, folder, reader, only_tracks):
                label = reader(value)
                largest = max(largest, label)  # NaN is never larger
                track = constant_track(label)
            elif name in in_use:
                track_path = _track_path(line, folder)
                if track_path not in read:
                    read[track_path] = read_track(track_path, reader, on_error)
                track = read[track_path]
                largest = max([largest, *track[:, 2].tolist()])
        except InputError as error:
            on_error(error)
            continue
        except ValueError as error:
            on_error(line.error(str(error)))
            continue
        if name in in_use:
            tracks[name] = track
        else:
            left_aside[name] = line.number
    return LabelList(tracks, left_aside, largest)


def _columns(line: Line, spelling: Mapping[str, str]) -> tuple[str, str]:
    """A line's recording, spelled as the cache does if it is in use, and its value."""
    name, *rest = line.columns
    if not rest or not rest[0]:
        raise line.error("no value: write path, one tab, and a value or none")
    columns_after_value(line, rest[1:])
    candidates = []
    if len(name) <= LONGEST_PATH:  # to order endless accents takes endless time
        name = unicodedata.normalize("NFC", name)  # systems disagree on how to write é
        if name in spelling:
            return spelling[name], rest[0]
        candidates = spellings(name)
    if not candidates:
        raise line.error("not a path inside the dataset folder: write one such as data/file.wav")
    known = [spelling[candidate] for candidate in candidates if candidate in spelling]
    return (known or candidates)[0], rest[0]


def _is_track(value: str, folder: Path, reader: ValueReader, only_tracks: bool | None) -> bool:
    if only_tracks is not None:
        return only_tracks and value not in UNKNOWN
    if reader.is_value(value):
        return False
    return value.endswith(".txt") or bool(_tracks_named(value, folder))


def _tracks_named(value: str, folder: Path) -> list[Path]:
    """The track file that a value names, if there is one: in the folder, prefix or not."""
    paths = [f"{folder}/{name.removeprefix(f'{folder.name}/')}" for name in spellings(value)]
    return [Path(path) for path in paths if os.path.isfile(path)]  # noqa: PTH113 - odd names: False


def _track_path(line: Line, folder: Path) -> Path:
    """The track file that a line names, proved to lie in the task's folder, links resolved."""
    value = line.columns[1]
    paths = _tracks_named(value, folder)
    if not paths:
        raise line.error(f"no such track file in {folder}: add it, or write none for unknown")
    if not paths[0].resolve().is_relative_to(folder.parent.resolve()):
        raise line.error("the track file is a link out of the dataset: copy it there instead")
    return paths[0]
