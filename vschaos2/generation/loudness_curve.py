"""How loud something is over time, to be followed: a curve of a sound, or of motion in a film.

A curve counts from 0, silence, to 1, its own loudest moment; in between it is even in decibels: a
step of .1 is 5 dB. So soft guides lead as well as loud ones.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.audio import read_blocks
from vschaos2.errors import InputError
from vschaos2.events.film_motion import motion_curve
from vschaos2.film.frames import facts_of

RANGE_DB = 50.0  # from the loudest moment down to silence
POINTS_HZ = 100.0
READ_HZ = 16_000  # guides are heard at
SMOOTH_S = 0.02  # deviation of the window that evens a curve out
SILENCE = 1e-4  # of full scale: a guide whose loudest moment is softer leads nowhere

Values = npt.NDArray[np.float64]


class LoudnessCurve(NamedTuple):
    """A curve of loudness.

    Attributes:
        times_s: of its points, rising, [P].
        levels: in [0, 1], even in decibels, [P].
        duration_s: of the whole.
    """

    times_s: Values
    levels: Values
    duration_s: float

    def at(self, times_s: Values | Sequence[float]) -> Values:
        """Levels at other moments, straight lines between the points."""
        return np.asarray(np.interp(times_s, self.times_s, self.levels))


def curve_of_sound(path: Path) -> LoudnessCurve:
    """The curve of a recording: root mean squares of hundredths of a second, smoothed.

    Raises:
        InputError: if it cannot be read, or is silent all through.
    """
    hop = round(READ_HZ / POINTS_HZ)
    means, length = [], 0
    for block in read_blocks(path, READ_HZ, 512 * hop):
        length += len(block)
        whole = np.pad(block, (0, -len(block) % hop)).reshape(-1, hop)
        means.append(np.square(whole, dtype=np.float64).mean(1))
    power = np.concatenate(means) if means else np.zeros(0)
    if not len(power) or np.sqrt(power.max()) < SILENCE:
        raise InputError(f"{path}: is silent: give a sound whose loudness is to be followed")
    times = np.arange(len(power), dtype=np.float64) + 0.5
    return LoudnessCurve(times / POINTS_HZ, even_levels(smoothed(power)), length / READ_HZ)


def curve_of_film(film: Path) -> LoudnessCurve:
    """How loud what moves would be: in proportion to how much moves, the most being 1.

    Raises:
        InputError: if the film cannot be read, or nothing moves in it.
    """
    times_s, moving = motion_curve(film)
    if not moving.max(initial=0.0) > 0.0:
        raise InputError(f"{film}: nothing moves in it: give a film in which something does")
    duration_s = facts_of(film).duration_s or float(times_s[-1])
    return LoudnessCurve(times_s, even_levels(moving**2), duration_s)


def smoothed(power: Values) -> Values:
    """Means of powers under a Gaussian of 20 ms, [P] → [P]."""
    width = SMOOTH_S * POINTS_HZ
    reach = int(4 * width)
    window = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) / width))
    padded = np.pad(power, reach, mode="edge")
    return np.asarray(np.convolve(padded, window / window.sum(), mode="valid"), dtype=np.float64)


def even_levels(power: Values) -> Values:
    """Powers as levels from 0 to 1, the loudest being 1, [P] → [P]."""
    with np.errstate(divide="ignore"):
        below_db = 10.0 * np.log10(power / power.max())
    return np.asarray(np.clip(1.0 + below_db / RANGE_DB, 0.0, 1.0))


def gain_of(levels: Values) -> Values:
    """Factors of levels: 1 at 1, -50 dB near 0, and nothing at 0, [P] → [P]."""
    return np.where(levels > 0.0, 10.0 ** ((levels - 1.0) * RANGE_DB / 20.0), 0.0)
