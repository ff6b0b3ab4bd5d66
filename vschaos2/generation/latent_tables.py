"""Tables of frames: one row each, with the moment, the labels and the latents, as .csv.

    seconds    centre of the frame, which lies outside of the sound at its ends
    level_db   largest magnitude of the frame, 0 for a full-scale sine
    audible    1, or 0 where the frame is held to be silent
    TASK …     a column for each label: a class by its name, a number, or nothing where unknown
    pca_1 …    coordinates on the axes of a projection, which the name tells; `axis_1 …` are those
               of whatever projection they are read with
    axes       or else the projection alone, where the coordinates stand in a .npy

What else a table has, such as the file names and components of a map's, is for other readers.
"""

import csv
import io
import math
import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError
from vschaos2.families.vae.projection import PROJECTIONS
from vschaos2.files import open_plain
from vschaos2.labels.inlets import LABEL_LIMIT, LabelTexts
from vschaos2.labels.tasks import LabelTask
from vschaos2.terminal import printable

MOST_VALUES = 2**26  # of latents: half a gigabyte, hours of sound
FARTHEST = 1e6  # coordinate that is read; beyond `LATENT_LIMIT`, all sound alike
LATEST_S = 1e9
LONGEST_LINE = 2**16  # characters: some thousand columns
ANY_AXES = "axis"
AXIS = re.compile(rf"({'|'.join((*PROJECTIONS, ANY_AXES))})_([1-9][0-9]{{0,3}})")
RESERVED = ("file", "seconds", "level_db", "audible", "axes", "pc_1", "pc_2")


class LatentFrames(NamedTuple):
    """Frames of a sound, or points of a path.

    Attributes:
        coordinates: on the player's axes, [F, Z].
        seconds: centre of each frame, [F]; None if nobody says.
        audible: 0 where a frame is silent, else 1, [F].
        labels: of every task that the model is told, NaN where unknown, [F, n].
    """

    coordinates: npt.NDArray[np.float64]
    seconds: npt.NDArray[np.float64] | None
    audible: npt.NDArray[np.float64]
    labels: npt.NDArray[np.float32]


class TaskColumns:
    """Labels as columns of a table.

    Args:
        tasks: by name.
        classes: names of their classes, by task.
    """

    def __init__(
        self, tasks: Mapping[str, LabelTask], classes: Mapping[str, Sequence[str]]
    ) -> None:
        self.heads = [column_of(task) for task in tasks]
        self.has_classes = [task.has_classes for task in tasks.values()]
        names = [[printable(name) for name in classes.get(task, ())] for task in tasks]
        self.texts = LabelTexts([task.dim for task in tasks.values()], names)

    def cells(self, task: int, values: npt.NDArray[np.floating]) -> list[str]:
        """What a task's column says of its labels, [F]."""
        known = {value: self._cell(task, value) for value in np.unique(values).tolist()}
        return [known.get(value, "") for value in values.tolist()]

    def value(self, task: int, cell: str) -> float:
        """The label that a cell means.

        Raises:
            ValueError: if it means none.
        """
        value = self.texts(task, cell) if self.has_classes[task] else float(cell)
        if not abs(value) <= LABEL_LIMIT:
            raise ValueError(cell)
        return value

    def _cell(self, task: int, value: float) -> str:
        if math.isnan(value):
            return ""
        return self.texts.text(task, value) if self.has_classes[task] else f"{value:.9g}"


def column_of(task: str) -> str:
    """The name of a label's column: that of the task, if nothing else has it."""
    name = printable(task)
    return f"label_{name}" if name in RESERVED or AXIS.fullmatch(name) else name


def axis_columns(projection: str, dims: int) -> list[str]:
    """The names of the columns of coordinates."""
    return [f"{projection}_{axis + 1}" for axis in range(dims)]


def latent_table(columns: Mapping[str, Sequence[str]], with_head: bool = True) -> str:
    """Columns of cells as the text of a table, or of its further rows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if with_head:
        writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return text.getvalue()


def read_latent_table(
    path: Path, projection: str, tasks: TaskColumns, dims: int | None
) -> LatentFrames:
    """The frames of a table, in its order.

    Args:
        path: a .csv file; it may be a stranger's.
        projection: name of the axes that they are to be on.
        tasks: whose labels are wanted.
        dims: how many axes the run has, Z; None for a table without coordinates (Z = 0).

    Raises:
        InputError: if it cannot be read, holds frames of other axes or none, or a cell means
            nothing.
    """
    rows = _rows(path)
    _, head = next(rows, (0, []))
    axes = [] if dims is None else _axes(path, head, projection, dims)
    numbers = {name: head.index(name) for name in (*axes, "seconds", "audible") if name in head}
    limits = {"seconds": LATEST_S, "audible": 1.0}
    where = {task: head.index(name) for task, name in enumerate(tasks.heads) if name in head}
    values, labels = array("d"), array("f")
    named = head.index("axes") if "axes" in head else None
    most_rows = MOST_VALUES // (len(numbers) + len(tasks.heads) + 1)
    count = 0
    for line, row in rows:
        if len(row) != len(head):
            raise InputError(f"{path}: line {line} has {len(row)} cells, not {len(head)}: mend it")
        count += 1
        if count > most_rows:
            raise InputError(f"{path}: has more than {most_rows} rows: cut it in parts")
        if named is not None and row[named] != projection:
            _refuse_axes(path, row[named], projection)
        for name, column in numbers.items():
            values.append(_number(path, line, name, row[column], limits.get(name, FARTHEST)))
        for task, column in where.items():
            labels.append(_label(path, line, tasks, task, row[column]))
    if count == 0:
        raise InputError(f"{path}: has no frame in it: give a table with rows")
    table = np.array(values).reshape(count, len(numbers))
    found = dict(zip(numbers, table.T, strict=True))
    known = np.full((count, len(tasks.heads)), np.nan, dtype=np.float32)
    known[:, list(where)] = np.array(labels, dtype=np.float32).reshape(count, len(where))
    audible = found.get("audible", np.ones(count))
    return LatentFrames(table[:, : len(axes)], found.get("seconds"), audible, known)


def _axes(path: Path, head: Sequence[str], projection: str, dims: int) -> list[str]:
    """The columns of coordinates, or InputError if they are of other axes, or of another run."""
    there: dict[str, int] = {}
    for match in filter(None, map(AXIS.fullmatch, head)):
        there[match[1]] = there.get(match[1], 0) + 1
    kind = next((kind for kind in (projection, ANY_AXES) if kind in there), None)
    if kind is None and there:
        _refuse_axes(path, next(iter(there)), projection)
    names = axis_columns(kind or projection, dims)
    if kind is None or there[kind] != dims or not set(names) <= set(head):
        found = f"{there[kind]} columns {kind}_…" if kind else "none of them"
        raise InputError(
            f"{path}: line 1 must name {names[0]} … {names[-1]}, and has {found}: give a table of "
            "this run, by generate.py encode or map"
        )
    return names


def _refuse_axes(path: Path, found: str, projection: str) -> NoReturn:
    remedy = (
        f"--projection {found}" if found in PROJECTIONS else f"one of --projection {projection}"
    )
    raise InputError(
        f"{path}: counts on the axes {printable(found)[:40]!r}, not {projection!r}: give {remedy}"
    )


def _number(path: Path, line: int, name: str, cell: str, limit: float) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not abs(value) <= limit or (name == "audible" and value < 0.0):
        wanted = "from 0 to 1" if name == "audible" else f"within ±{limit:g}"
        raise InputError(
            f"{path}: line {line}: {name} must be a number {wanted}, got {printable(cell)[:40]!r}: "
            "mend this cell"
        )
    return value


def _label(path: Path, line: int, tasks: TaskColumns, task: int, cell: str) -> float:
    try:
        return tasks.value(task, cell) if cell else math.nan
    except ValueError as error:
        raise InputError(
            f"{path}: line {line}: {tasks.heads[task]} {printable(cell)[:40]!r} is no class or "
            "value that the model has: mend this cell, or leave it empty to have it guessed"
        ) from error


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Number of the line and cells of every row that is not empty, the head first."""

    def lines() -> Iterator[str]:
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise csv.Error(f"a line of {LONGEST_LINE} characters or more")
            yield line

    try:
        with open_plain(path) as file, io.TextIOWrapper(file, "utf-8-sig", newline="") as text:
            reader = csv.reader(lines())
            for row in reader:
                if row:
                    yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = getattr(error, "strerror", None) or error
        raise InputError(f"{path}: cannot be read as a table ({why}): give another file") from error
