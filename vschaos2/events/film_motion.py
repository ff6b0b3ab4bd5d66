"""Onsets of a film from how it moves: where something is suddenly stopped, or thrown back."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vschaos2.events.onsets import Onsets, onsets_of
from vschaos2.film.motion import FAINT, RATE_HZ, motion_of
from vschaos2.film.peaks import between_points, peaks
from vschaos2.film.usual import FILM_GAP_S, FILM_THRESHOLD
from vschaos2.ranges import check_number

Values = NDArray[np.float64]

# What counts as 1: a stop as strong as the third strongest of the film, so that a single odd one
# does not dwarf all others; and no less than this, so that noise comes to nothing.
STRONGEST = 3
LEAST_STOP = 0.0015
FULL_SHARE = 0.99  # of a film's moments with less motion than what counts as 1
LEAST_MOVING = 0.002


def film_onsets(
    path: Path, threshold: float = FILM_THRESHOLD, min_gap_s: float = FILM_GAP_S
) -> Onsets:
    """When something seems to be struck in a film, by its motion alone; nothing is trained.

    Args:
        path: a film.
        threshold: of strength, 0 to 1, where 1 is that of the film's strongest stops.
        min_gap_s: between two onsets, at least; of nearer ones the stronger stays.

    Raises:
        UnreadableFilm: if it cannot be read.
        InputError: for a value out of range.
    """
    check_number("threshold", threshold, 0.0, 1.0)
    check_number("min_gap_s", min_gap_s, 0.0, 60.0)
    strengths = stop_strengths(motion_of(path).stopping)
    found = peaks(strengths, threshold, min_gap_s * RATE_HZ)
    return onsets_of(between_points(strengths, found).clip(min=0.0) / RATE_HZ, strengths[found])


def stop_strengths(stopping: Values) -> Values:
    """How strong the stops of a film are, about 0 to 1. Shape: [N] → [N]."""
    ranked = np.sort(stopping[peaks(stopping, 0.0, FILM_GAP_S * RATE_HZ)])[-STRONGEST:]
    return stopping / max(LEAST_STOP, float(ranked[0]) if len(ranked) else 0.0)


def motion_curve(path: Path) -> tuple[Values, Values]:
    """How much moves in a film over time: a guide for the loudness of what sounds on.

    Returns:
        Times in seconds [N], even, from 0 on; values [N], 0 (nothing) to 1 (the most, but for the
        liveliest hundredth part of the film, which is 1, too).

    Raises:
        UnreadableFilm: if the film cannot be read.
    """
    motion = motion_of(path)
    above = np.maximum(0.0, motion.moving - FAINT)
    full = max(LEAST_MOVING, float(np.quantile(above, FULL_SHARE)))
    return motion.times_s, (above / full).clip(0.0, 1.0)
