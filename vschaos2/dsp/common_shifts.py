"""Recordings of one device put in line together: what begins within one sample is shifted alike."""

import math
from collections.abc import Sequence
from statistics import median

from vschaos2.dsp.alignment import ONSET_TOLERANCE, Alignment

WITHIN = 1.0  # samples: onsets that are no further apart begin together


def common_shifts(alignments: Sequence[Alignment], has_no_delay: bool = False) -> list[int]:
    """Whole samples to take off each of several recordings of one device.

    What begins within the same sample is shifted alike, whichever side of a whole sample it lies
    on: a device whose knob moves its onset by a fraction of a sample is not one that waits for a
    whole one at some positions.

    Args:
        alignments: of each recording.
        has_no_delay: the strongest taps shall lie at 0, not the onsets.

    Example:
        >>> late = Alignment(0.6, -0.9, -1, 1, 1.0, 100.0, 0.0)
        >>> common_shifts([late, late._replace(delay_samples=0.2, onset_samples=-1.2, shift=-2)])
        [-2, -2]
    """
    places = [of.delay_samples if has_no_delay else of.onset_samples for of in alignments]
    shifts = [0] * len(places)
    group: list[int] = []
    for number in [*sorted(range(len(places)), key=places.__getitem__), -1]:
        if group and (number < 0 or places[number] > places[group[0]] + WITHIN):
            of = [places[member] for member in group]
            common = round(median(of)) if has_no_delay else math.floor(of[0] + ONSET_TOLERANCE)
            for member in group:
                shifts[member] = common
            group = []
        group.append(number)
    return shifts
