"""What is known about the recordings of a dataset folder, for every moment of them.

    metadata/<task>/metadata.txt    data/…/file.wav<TAB>value
                                    data/…/file.wav<TAB>tracks/file.txt  (or file.txt)
    metadata/<task>/classes.txt     index<TAB>name; may be missing
    metadata/<task>/tracks/file.txt onset,offset<TAB>value, in seconds
    metadata/<task>/heard.txt       as metadata.txt, but tracks lie in heard/; may be missing

Values are whole numbers, numbers, `none`, or names that classes.txt lists (see `labels`); how
the segments of a track share time is said in `tracks`. A recording that no line names is
unlabelled; a line about a recording that is not in use is read and then left aside. What is
unknown after all of metadata.txt is as heard.txt says, which extract_pitch.py --fill writes.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from vschaos2.dataset_paths import check_inside, file_of
from vschaos2.errors import InputError
from vschaos2.labels.lists import LabelList, read_list
from vschaos2.labels.tracks import NOTHING, SegmentTable, Track, agreement_s, completed
from vschaos2.labels.words import (
    Kind,
    OnError,
    ValueReader,
    raise_error,
    read_classes,
)

logger = logging.getLogger(__name__)

CALLBACKS = ("read_single_metadata", "read_multi_metadata")


@dataclass(frozen=True)
class TaskLabels:
    """One task as its files tell it.

    tracks: segments of each recording in use, by its path relative to the dataset folder.
    left_aside: numbers of lines about recordings that are not in use, by path.
    class_names: names by index, None without classes.txt and for continuous tasks.
    n_classes: one more than the largest index that classes.txt lists or, without one, that was
        read; None for continuous tasks.
    agreed: of the time that metadata.txt and heard.txt both tell of, the part in which they say the
        same, 0 to 1; None if there is no such time.
    """

    name: str
    kind: Kind
    class_names: list[str] | None
    n_classes: int | None
    tracks: dict[str, Track]
    left_aside: dict[str, int]
    agreed: float | None = None


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
    is_track = None if callback is None else callback == "read_multi_metadata"
    tracks, left_aside, largest = read_list(path, "tracks", files, reader, is_track, on_error)
    heard_path = file_of(folder, "heard.txt")
    heard: dict[str, Track] = {}
    if heard_path is not None:
        heard, _, largest_heard = _read_heard(heard_path, files, reader, on_error)
        largest = max(largest, largest_heard)
    agreed_s = both_s = 0.0
    for name, track in heard.items():
        same_s, together_s = agreement_s(tracks.get(name, NOTHING), track)
        agreed_s, both_s = agreed_s + same_s, both_s + together_s
        tracks[name] = completed(tracks.get(name, NOTHING), track)
    class_names, n_classes = None, int(largest) + 1 if kind == "int" else None
    if kind == "int" and classes is not None:
        by_index = {index: name for name, index in classes.items()}
        class_names = [by_index.get(i, str(i)) for i in range(max(by_index, default=-1) + 1)]
        n_classes = len(class_names)
    agreed = agreed_s / both_s if both_s > 0 else None
    return TaskLabels(folder.name, kind, class_names, n_classes, tracks, left_aside, agreed)


def _read_heard(
    path: Path, files: Sequence[str], reader: ValueReader, on_error: OnError
) -> LabelList:
    """As `read_list`; bad lines need not be mended by hand, as no hand wrote them."""

    def tell(error: InputError) -> None:
        anew = f"or remove {path.name}: extract_pitch.py --fill writes it anew"
        on_error(InputError(f"{error}, {anew}"))

    return read_list(path, "heard", files, reader, None, tell)


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
