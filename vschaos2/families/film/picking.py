"""Strikes from what a network says of each picture."""

import numpy as np
from numpy.typing import NDArray

from vschaos2.film.peaks import peaks

Values = NDArray[np.float64]


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
