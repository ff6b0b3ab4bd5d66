"""Learning curves, read from a run's metrics.csv."""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.tables import read_table

MOST_POINTS = 600  # of a curve; longer ones show the means of neighbours


class Curve(NamedTuple):
    """A value over the steps of a training, both [N], N ≥ 0."""

    name: str
    steps: npt.NDArray[np.float64]
    values: npt.NDArray[np.float64]


def read_curves(path: Path, columns: dict[str, str]) -> list[Curve]:
    """Curves of a CSV table; a column that is missing, or has no finite value, is an empty curve.

    Args:
        path: a table with a column `step`; none yet means no values yet.
        columns: column → name of the curve.

    Raises:
        InputError: if it is no table.
    """
    points: dict[str, list[tuple[float, float]]] = {column: [] for column in columns}
    for row in read_table(path):
        for column, found in points.items():
            value, step = _number(row.get(column)), _number(row.get("step"))
            if math.isfinite(value) and math.isfinite(step):
                found.append((step, value))
    return [_curve(name, points[column]) for column, name in columns.items()]


def _curve(name: str, points: list[tuple[float, float]]) -> Curve:
    table = np.array(points, dtype=np.float64).reshape(-1, 2)
    group = -(-len(table) // MOST_POINTS) if len(table) else 1
    whole = len(table) // group * group
    steps, values = table[:whole].reshape(-1, group, 2).mean(1).T
    return Curve(name, steps, values)


def _number(text: str | None) -> float:
    """A number, or NaN for an empty field (or one that was being written)."""
    try:
        return float(text) if text else math.nan
    except ValueError:
        return math.nan
