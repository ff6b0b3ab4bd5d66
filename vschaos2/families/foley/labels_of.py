"""What is known of hits: which label tells what of each, and how hard it was struck."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.events.onsets import STRENGTH, TIME_COLUMNS
from vschaos2.labels.metadata import load_metadata, task_folders
from vschaos2.labels.told_by_names import folders_of, name_of

logger = logging.getLogger(__name__)

AUTO = "auto"
MATERIAL = "material"  # what folders, or names of files, tell of
VELOCITY = "velocity"  # the label of how hard a hit is struck
DRAW = "draw"  # the column of a table of events that says which hit it is
COLUMNS = (*TIME_COLUMNS, STRENGTH, VELOCITY, DRAW)  # that mean something else there than a label
MIDI_MOST = 127.0
FEWEST = 4  # hits of one name, from which on names of files may tell

Values = npt.NDArray[np.float64]


class Labels(NamedTuple):
    """What is known of hits.

    Attributes:
        classes: names of the classes of each label, by its name.
        numbers: of the class of each hit, -1 where nobody knows, [N, labels].
        velocity: of each hit as it is told, 0 to 1, NaN where nobody knows, [N].
    """

    classes: dict[str, list[str]]
    numbers: npt.NDArray[np.int64]
    velocity: Values


def labels_of(
    root: Path,
    files: Sequence[str],
    file_of: npt.NDArray[np.int64],
    seconds: Values,
    task: str | Sequence[str] | None,
) -> Labels:
    """The labels of hits.

    With `auto` they are those of metadata, where there are any; else the folder that a recording
    lies in is its material, where there are several; else its name up to the first number, where
    each stands for a few hits: wood of wood1.wav.

    Args:
        root: dataset folder.
        files: paths relative to it.
        file_of: number of the recording that each hit is of, [N].
        seconds: when it is struck, [N].
        task: name of a label, a list of them, "auto", or None for none.

    Raises:
        InputError: for a label that there is not, whose values are no classes, or whose name
            tables of events need.
    """
    there = [folder.name for folder in task_folders(root)]
    velocity = _velocity(root, files, file_of, seconds, VELOCITY in there)
    others = [name for name in there if name != VELOCITY]
    if task is None:
        wanted: list[str] = []
    elif task == AUTO:
        wanted = others
        if not others:
            return _by_names(files, file_of, velocity)
    else:
        wanted = [task] if isinstance(task, str) else [str(name) for name in task]
    for name in wanted:
        if name not in others:
            raise InputError(
                f"task={name}: {root} has no metadata/{name}{suggestion(name, others)}: write it, "
                "or let folders or names of files tell, with task=auto"
            )
    _check_columns(root, wanted)
    if not wanted:
        return Labels({}, np.zeros((len(file_of), 0), np.int64), velocity)
    metadata = load_metadata(root, files, tasks=wanted)
    found = metadata.at(file_of, seconds)
    classes, columns = {}, []
    for name in wanted:
        count = metadata.n_classes[name]
        if not count:
            raise InputError(
                f"task={name}: its values are no classes: name those that are, with task=[…]"
            )
        names = metadata.class_names[name] or [str(number) for number in range(count)]
        values = np.nan_to_num(found[name], nan=-1.0).astype(np.int64)
        there_are = sorted({*values.tolist()} - {-1})
        renumbered = {old: new for new, old in enumerate(there_are)}
        if there_are:
            classes[name] = [names[old] for old in there_are]
            columns.append(np.array([renumbered.get(value, -1) for value in values.tolist()]))
    numbers = np.stack(columns, 1) if columns else np.zeros((len(file_of), 0), np.int64)
    return Labels(classes, numbers, velocity)


def _check_columns(root: Path, wanted: Sequence[str]) -> None:
    """See that a table of events can have a column for each label: names in small letters."""
    small = [name.lower() for name in wanted]
    for name in wanted:
        if name.lower() in COLUMNS:
            raise InputError(
                f"task={name}: {root}/metadata/{name} would be a label, and tables of events have "
                f"a column {name.lower()} that means something else: give the folder another name, "
                "or choose others with task=[…]"
            )
        if small.count(name.lower()) > 1:
            raise InputError(
                f"task={name}: another label differs in capitals only, and tables of events know "
                "none: give one folder another name"
            )


def _by_names(files: Sequence[str], file_of: npt.NDArray[np.int64], velocity: Values) -> Labels:
    names = folders_of(files)
    if len({*names}) < 2:
        names = [name_of(file) for file in files]
        counts = {name: sum(names[i] == name for i in file_of.tolist()) for name in {*names}}
        if len(counts) < 2 or min(counts.values()) < FEWEST:
            return Labels({}, np.zeros((len(file_of), 0), np.int64), velocity)
    names = [name or "other" for name in names]
    classes = sorted({names[i] for i in file_of.tolist()})
    numbers = np.array([classes.index(names[i]) for i in file_of.tolist()])
    if len(classes) < 2:
        return Labels({}, np.zeros((len(file_of), 0), np.int64), velocity)
    return Labels({MATERIAL: classes}, numbers[:, None].astype(np.int64), velocity)


def _velocity(
    root: Path,
    files: Sequence[str],
    file_of: npt.NDArray[np.int64],
    seconds: Values,
    is_there: bool,
) -> Values:
    """Velocities as metadata tell them, from 0 to 1 or of MIDI."""
    if not is_there:
        return np.full(len(file_of), np.nan)
    callbacks = {VELOCITY: {"type": "float"}}
    found = load_metadata(root, files, callbacks, tasks=[VELOCITY]).at(file_of, seconds)[VELOCITY]
    known = found[~np.isnan(found)]
    most = float(known.max(initial=0.0))
    if float(known.min(initial=0.0)) < 0.0 or most > MIDI_MOST:
        raise InputError(
            f"{root / 'metadata' / VELOCITY}: velocities must be 0 to 1, or 0 to 127 as in MIDI, "
            f"got {float(known.min(initial=0.0)):g} to {most:g}"
        )
    scale = MIDI_MOST if most > 1.0 else 1.0
    return found.astype(np.float64) / scale
