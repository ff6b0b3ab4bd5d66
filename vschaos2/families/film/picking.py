"""Strikes from what a network says of each picture."""

import numpy as np
from numpy.typing import NDArray

from vschaos2.film.peaks import peaks

Values = NDArray[np.float64]


def alone(likely: Values) -> Values:
    """How likely each picture is the one that a strike is nearest to, its neighbours heard.

    A strike halfway between two pictures is seen in both, and is nearest to one: beside a likelier
    neighbour a picture is what that one leaves, p (1 - p of the neighbour).

    Shape: [F] → [F].

    Example:
        >>> alone(np.array([0.5, 0.0, 0.5, 0.8])).round(3).tolist()
        [0.5, 0.0, 0.1, 0.8]
    """
    around = np.pad(likely, 1)
    beside = np.maximum(around[:-2], around[2:])
    return np.where(beside > likely, likely * (1.0 - beside), likely)


def picked(
    likely: Values, offsets: Values, threshold: float, apart: float
) -> tuple[Values, Values]:
    """Where strikes are, in pictures, and how likely.

    Args:
        likely: of each picture, 0 to 1, [F].
        offsets: how much later than the picture, [F].
        threshold: that a strike's likelihood is above.
        apart: least distance of two, in pictures.

    Returns:
        Places [N], rising; likelihoods [N].
    """
    found = peaks(likely, threshold, apart)
    places = found + offsets[found]
    order = np.argsort(places, kind="stable")
    return places[order], likely[found][order]
