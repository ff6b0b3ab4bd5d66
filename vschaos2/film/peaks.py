"""Where a curve is highest, between its points, too."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def peaks(curve: Values, threshold: float, apart: float) -> tuple[Values, Values]:
    """Places of peaks above a threshold, and their heights.

    A parabola through a peak and its neighbours says where between them it is. Of peaks that are
    nearer to each other than `apart`, the higher one stays.

    Args:
        curve: [N]; peaks may stand at its ends.
        threshold: that a peak is above.
        apart: least distance of two, in points.

    Returns:
        Places [M] in points, rising; heights [M] of the points.

    Example:
        >>> peaks(np.array([0.0, 1.0, 1.0, 0.0, 0.2]), 0.5, 1.0)
        (array([1.5]), array([1.]))
    """
    beside = np.pad(curve, 1, constant_values=-np.inf)
    left, right = beside[:-2], beside[2:]
    found = np.flatnonzero((curve > left) & (curve >= right) & (curve > threshold))
    kept: list[int] = []
    places: dict[int, float] = {}
    for index in sorted(found, key=lambda index: (-curve[index], index)):
        place = index + _within(curve, int(index))
        if all(abs(place - places[other]) >= apart for other in kept):
            kept.append(int(index))
            places[int(index)] = place
    order = sorted(kept)
    return np.array([places[index] for index in order]), curve[order]


def _within(curve: Values, index: int) -> float:
    """Where the parabola through three points is highest, -0.5 to 0.5; 0 at the ends."""
    if not 0 < index < len(curve) - 1:
        return 0.0
    before, here, after = curve[index - 1 : index + 2]
    bend = before - 2.0 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0.0 else 0.0
