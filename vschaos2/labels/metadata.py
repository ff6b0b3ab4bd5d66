"""What is known about the recordings of a dataset folder, for every moment of them.

    metadata/<task>/metadata.txt    data/…/file.wav<TAB>value
                                    data/…/file.wav<TAB>tracks/file.txt  (or file.txt)
    metadata/<task>/classes.txt     index<TAB>name; may be missing
    metadata/<task>/tracks/file.txt onset,offset<TAB>value, in seconds

Values are whole numbers, numbers, `none`, or names that classes.txt lists (see `labels`); how
the segments of a track share time is said in `tracks`. A recording that no line names is
unlabelled; a line about a recording that is not in use is read and then left aside.
"""

import logging
import os
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from vschaos2.dataset_paths import check_inside, file_of, spellings
from vschaos2.errors import InputError
from vschaos2.labels.tracks import SegmentTable, Track, constant_track, read_track
from vschaos2.labels.words import (
    UNKNOWN,
    Kind,
    Line,
    OnError,
    ValueReader,
    columns_after_value,
    raise_error,
    read_classes,
    read_lines,
)

logger = logging.getLogger(__name__)

LONGEST_PATH = 4096  # characters; no system takes more
CALLBACKS = ("read_single_metadata", "read_multi_metadata")


@dataclass(frozen=True)
class TaskLabels:
    """One task as its files tell it.

    tracks: segments of each recording in use, by its path relative to the dataset folder.
    left_aside: numbers of lines about recordings that are not in use, by path.
    class_names: names by index, None without classes.txt and for continuous tasks.
    n_classes: one more than the largest index that classes.txt lists or, without one, that was
        read; None for continuous tasks.
    """

    name: str
    kind: Kind
    class_names: list[str] | None
    n_classes: int | None
    tracks: dict[str, Track]
    left_aside: dict[str, int]


class Metadata:
    """Labels of every task over time: a `LabelSource` of the recordings it was made for.

    Args:
        labels: the tasks.
        files: paths relative to the dataset folder, in the order of the cache.
    """

    def __init__(self, labels: Sequence[TaskLabels], files: Sequence[str]) -> None:
        number = {path: index for index, path in enumerate(files)}
        self.tasks = [task.name for task in labels]
        self.kinds: dict[str, Kind] = {task.name: task.kind for task in labels}
        self.class_names = {task.name: task.class_names for task in labels}
        self.n_classes = {task.name: task.n_classes for task in labels}
        self.tables = {
            task.name: SegmentTable({number[path]: track for path, track in task.tracks.items()})
            for task in labels
        }

    def at(
        self, file_index: npt.NDArray[np.int64], seconds: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Labels of every task at moments of recordings, NaN where unknown.

        Args:
            file_index: which of the recordings, in their order.
            seconds: moments, from the start of each recording.

        Shape: file_index [B], seconds [B] → [B] float32 for every task.
        """
        return {task: table.at(file_index, seconds) for task, table in self.tables.items()}


def load_metadata(
    root: Path,
    files: Sequence[str],
    callbacks: Mapping[str, Mapping[str, str]] | None = None,
    tasks: Sequence[str] | None = None,
) -> Metadata:
    """The labels of a dataset folder, from root/metadata.

    Args:
        root: dataset folder.
        files: paths of the recordings in use, relative to root, in the order of the cache.
        callbacks: for any task {name, type}. name: read_single_metadata (every value is that of
            the whole recording) or read_multi_metadata (every value is a track file); without it
            both are recognised. type: int (default) or float.
        tasks: read these tasks only; None for all that have a folder in root/metadata.

    Raises:
        InputError: for a line that cannot be read, a task that is not there, or an option of
            callbacks that does not exist.
    """
    names = list(files)
    folders = {folder.name: folder for folder in task_folders(root)}
    for task in [*(callbacks or {}), *(tasks or [])]:
        if task not in folders:
            there = ", ".join(folders) or "none"
            raise InputError(
                f"no metadata for task {task!r} in {root / 'metadata'} (there are: {there}): "
                f"add metadata/{task}/metadata.txt or remove the task from the configuration"
            )
    chosen = list(folders) if tasks is None else list(tasks)
    labels = [read_task(folders[task], names, (callbacks or {}).get(task, {})) for task in chosen]
    for task_labels in labels:
        if not task_labels.tracks:
            logger.warning(
                "%s names none of the %d recordings in use: its lines begin with their paths "
                "relative to %s, such as %s",
                folders[task_labels.name] / "metadata.txt", len(names), root,
                names[0] if names else "data/file.wav",
            )  # fmt: skip
    return Metadata(labels, names)


def task_folders(root: Path) -> list[Path]:
    """The folders of the tasks in root/metadata, sorted by name; hidden ones do not count.

    Raises:
        InputError: if root/metadata cannot be read, or is a link out of the dataset.
    """
    folder = root / "metadata"
    try:
        if not folder.is_dir():
            return []
        check_inside(folder, root)
        return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    except OSError as error:
        raise InputError(
            f"cannot read {error.filename}: {error.strerror}: restore its permissions"
        ) from error


def read_task(
    folder: Path,
    files: Sequence[str],
    options: Mapping[str, str],
    on_error: OnError = raise_error,
) -> TaskLabels:
    """The labels of one task.

    Args:
        folder: root/metadata/<task>.
        files: paths of the recordings in use, relative to root.
        options: {name, type} as in `load_metadata`.
        on_error: receives an InputError for every bad line; the others still count.

    Raises:
        InputError: if metadata.txt is missing, if it or classes.txt cannot be read or leads out of
            the dataset, or if an option does not exist; and whatever on_error raises.
    """
    callback, kind = _options(folder.name, options)
    path = file_of(folder, "metadata.txt")
    if path is None:
        path = folder / "metadata.txt"
        raise InputError(f"{path} is missing: write it, or remove the folder {folder}")
    classes_path = file_of(folder, "classes.txt")
    classes = read_classes(classes_path, on_error) if classes_path else None
    reader = ValueReader(folder.name, kind, classes)
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
            if not _is_track(value, folder, reader, callback):
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
    if kind == "float":
        return TaskLabels(folder.name, kind, None, None, tracks, left_aside)
    if classes is None:
        return TaskLabels(folder.name, kind, None, int(largest) + 1, tracks, left_aside)
    by_index = {index: name for name, index in classes.items()}
    class_names = [by_index.get(i, str(i)) for i in range(max(by_index, default=-1) + 1)]
    return TaskLabels(folder.name, kind, class_names, len(class_names), tracks, left_aside)


def check_callbacks(callbacks: Mapping[str, Mapping[str, str]] | None) -> None:
    """Raise InputError for an option that `load_metadata` would refuse, of any task."""
    for task, options in (callbacks or {}).items():
        _options(str(task), options)


def _options(task: str, options: Mapping[str, str]) -> tuple[str | None, Kind]:
    where = f"data.dataset.metadata_callbacks.{task}"
    if not isinstance(options, Mapping):
        raise InputError(f"{where} is {options!r}: write {{name: {CALLBACKS[0]}, type: int}}")
    allowed = {"name": CALLBACKS, "type": get_args(Kind)}
    for key, value in options.items():
        if key not in allowed:
            raise InputError(f"{where} has no key {key!r} (its keys: name, type)")
        if value not in allowed[key]:
            raise InputError(f"{where}.{key} is {value!r}: choose {' or '.join(allowed[key])}")
    kind: Kind = "float" if options.get("type") == "float" else "int"
    return options.get("name"), kind


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


def _is_track(value: str, folder: Path, reader: ValueReader, callback: str | None) -> bool:
    if callback is not None:
        return callback == "read_multi_metadata" and value not in UNKNOWN
    if reader.is_value(value):
        return False
    return value.endswith(".txt") or bool(_tracks_named(value, folder))


def _tracks_named(value: str, folder: Path) -> list[Path]:
    """The track file that a value names, if there is one: in folder/tracks, prefix or not."""
    paths = [f"{folder}/tracks/{name.removeprefix('tracks/')}" for name in spellings(value)]
    return [Path(path) for path in paths if os.path.isfile(path)]  # noqa: PTH113 - odd names: False


def _track_path(line: Line, folder: Path) -> Path:
    """The track file that a line names, proved to lie in the task's folder, links resolved."""
    value = line.columns[1]
    paths = _tracks_named(value, folder)
    if not paths:
        raise line.error(
            f"no such track file in {folder / 'tracks'}: add it, or write none for unknown"
        )
    if not paths[0].resolve().is_relative_to(folder.resolve()):
        raise line.error("the track file is a link out of the dataset: copy it there instead")
    return paths[0]
