"""Where a curve is highest, between its points, too."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Indices = NDArray[np.int64]


def peaks(curve: Values, threshold: float, apart: float) -> Indices:
    """The points at which a curve has a peak above a threshold, rising: [N] → [M].

    Of peaks that are nearer to each other than `apart`, in points, the higher one stays. A peak
    may stand at an end; of a flat one the first point counts.

    Example:
        >>> peaks(np.array([0.0, 1.0, 1.0, 0.0, 0.2]), 0.5, 1.0)
        array([1])
    """
    beside = np.pad(curve, 1, constant_values=-np.inf)
    left, right = beside[:-2], beside[2:]
    found = np.flatnonzero((curve > left) & (curve >= right) & (curve > threshold))
    kept: list[int] = []
    for index in sorted(found.tolist(), key=lambda index: (-curve[index], index)):
        if all(abs(index - other) >= apart for other in kept):
            kept.append(index)
    return np.array(sorted(kept), np.int64)


def between_points(curve: Values, indices: Indices) -> Values:
    """Where peaks are by the parabola through each and its neighbours, in points: [M] → [M].

    Example:
        >>> between_points(np.array([0.0, 1.0, 1.0, 0.0]), np.array([1]))
        array([1.5])
    """
    places = indices.astype(np.float64)
    inner = (indices > 0) & (indices < len(curve) - 1)
    at = indices[inner]
    before, here, after = curve[at - 1], curve[at], curve[at + 1]
    bend = np.minimum(before - 2.0 * here + after, -1e-12)
    places[inner] += (0.5 * (before - after) / bend).clip(-0.5, 0.5)
    return places
