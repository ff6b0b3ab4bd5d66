"""How things move in a film, and how suddenly they are stopped or thrown back: without training.

Where brightness rises or falls in time, an edge has moved along its own gradient: the normal flow,
-∂I/∂t · ∇I / |∇I|. Its mean over a part of the picture says which way that part moves, and how
much of it. What strikes something moves one way and then does not, or moves back; what swings
freely slows down before it turns. So the motion of the tenth of a second before a moment is held
against that of the tenth after it:

    stop = Σ over parts  max(0, |before| - before · after / |before|)

0 where a motion goes on or begins, |before| where it ends, twice that where it is thrown back.
(Strikes as decelerations of flow: Davis and Agrawala, "Visual Rhythm and Beat", SIGGRAPH 2018,
whose flow is a dense one, and whose deceleration is one of each direction for itself.)

Pictures may come at any distances: what moves is added up at their time stamps, and read off that
sum at even ones.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d, gaussian_filter

from vschaos2.film.frames import CHUNK_FRAMES, timed_frames

Values = NDArray[np.float64]

RATE_HZ = 30.0  # of curves
SIZE = 64  # of the pictures in which motion is looked for
PARTS = 8  # of a picture along a side
OVERLAP = (0.25, 0.5, 0.25)  # of one part with its neighbours
BLUR = 2.0  # points; what moves much further between two pictures is hardly seen to move
BESIDE_S = 0.1  # of motion that is held against each other
FAINT = 0.001  # of motion, that of noise
LEAST_GRADIENT = 0.002
# A cut, or a flash: more of the picture than this changes by more than that.
CUT_SHARE, CUT_CHANGE = 0.5, 0.1


class Motion(NamedTuple):
    """What moves in a film.

    Attributes:
        times_s: [N], even, from 0 on.
        moving: [N], how much moves, at least 0.
        stopping: [N], how much of that is suddenly stopped or thrown back, at least 0.
    """

    times_s: Values
    moving: Values
    stopping: Values


def motion_of(path: Path) -> Motion:
    """The motion of a film, in memory that hardly grows with it.

    Raises:
        UnreadableFilm: if it cannot be read.
    """
    beside = round(BESIDE_S * RATE_HZ)
    moving: list[Values] = []
    stopping: list[Values] = []
    held = np.zeros((beside, PARTS, PARTS, 2))  # before the film nothing moves
    for flow in _even_flow(path):
        moving.append(np.hypot(flow[..., 0], flow[..., 1]).mean((1, 2)))
        held = np.concatenate((held, flow))
        stopping.append(_stops(held, beside))
        held = held[len(stopping[-1]) :]
    stopping.append(_stops(np.concatenate((held, np.zeros((beside, PARTS, PARTS, 2)))), beside))
    along = np.concatenate(moving)
    stops = np.concatenate(stopping)[: len(along)]
    # Flow lies between two moments of the grid, and a stop at one: flow number n ends at n + 1.
    return Motion(np.arange(len(along)) / RATE_HZ, along, stops)


def _stops(flow: Values, beside: int) -> Values:
    """How much is stopped at each moment with so many flows on both sides. Shape: [N, …] → [M]."""
    count = len(flow) - 2 * beside + 1
    if count < 1:
        return np.zeros(0)
    total = np.concatenate((np.zeros((1, *flow.shape[1:])), np.cumsum(flow, 0)))
    means = (total[beside:] - total[:-beside]) / beside
    before, after = means[:count], means[beside : beside + count]
    size = np.hypot(before[..., 0], before[..., 1])
    kept = (before * after).sum(-1) / np.maximum(size, 1e-9)
    return np.where(size > FAINT, np.maximum(0.0, size - FAINT - kept), 0.0).mean((1, 2))


def _even_flow(path: Path) -> Iterator[Values]:
    """Flow between k / `RATE_HZ` and the next moment, k from 0 on. Shape: [N, P, P, 2] each."""
    number = 0
    known_s, summed = np.zeros(1), np.zeros((1, PARTS, PARTS, 2))
    for times_s, flow in _flow(path):
        known_s = np.concatenate((known_s, times_s))
        summed = np.concatenate((summed, summed[-1] + np.cumsum(flow, 0)))
        end = int(known_s[-1] * RATE_HZ + 1e-6)
        if end > number:
            yield np.diff(_read(known_s, summed, np.arange(number, end + 1) / RATE_HZ), axis=0)
            number = end
        keep = max(0, int(np.searchsorted(known_s, number / RATE_HZ, "right")) - 1)
        known_s, summed = known_s[keep:], summed[keep:] - summed[keep]
    rest = _read(known_s, summed, np.array([number, number + 1]) / RATE_HZ)
    yield np.diff(rest, axis=0)


def _read(known_s: Values, summed: Values, wanted_s: Values) -> Values:
    """A sum between and behind the moments at which it is known."""
    place = np.searchsorted(known_s, wanted_s, "right").clip(1, max(1, len(known_s) - 1))
    if len(known_s) == 1:
        return np.repeat(summed, len(wanted_s), 0)
    before_s, after_s = known_s[place - 1], known_s[place]
    share = ((wanted_s - before_s) / np.maximum(after_s - before_s, 1e-9)).clip(0.0, 1.0)
    return summed[place - 1] + share[:, None, None, None] * (summed[place] - summed[place - 1])


def _flow(path: Path) -> Iterator[tuple[Values, Values]]:
    """Times of pictures, and how parts of them moved since the one before: [N], [N, P, P, 2]."""
    before: NDArray[np.float32] | None = None
    for times_s, pictures in _chunks(path):
        now = pictures.astype(np.float32) / 255.0
        joined = np.concatenate((now[:1] if before is None else before, now))
        yield times_s, part_flow(joined)
        before = now[-1:]


def _chunks(path: Path) -> Iterator[tuple[Values, NDArray[np.uint8]]]:
    times_s: list[float] = []
    held: list[NDArray[np.uint8]] = []
    for time_s, picture in timed_frames(path, SIZE):
        times_s.append(time_s)
        held.append(picture)
        if len(held) == CHUNK_FRAMES:
            yield np.array(times_s), np.stack(held)
            times_s, held = [], []
    if held:
        yield np.array(times_s), np.stack(held)


def part_flow(pictures: NDArray[np.float32]) -> Values:
    """The normal flow of parts of pictures, that of all of them taken off (a camera moves).

    Args:
        pictures: 0 (black) to 1 (white).

    Shape: [N + 1, S, S] → [N, P, P, 2], right and down, brightness times edge a step.
    """
    blurred = gaussian_filter(pictures, (0.0, BLUR, BLUR))
    change = np.diff(blurred, axis=0)
    down, right = np.gradient(0.5 * (blurred[1:] + blurred[:-1]), axis=(1, 2))
    steep = np.hypot(down, right) + LEAST_GRADIENT
    flow = np.stack((-change * right / steep, -change * down / steep), -1)
    size = pictures.shape[1] // PARTS
    parts = flow.reshape(len(flow), PARTS, size, PARTS, size, 2).mean((2, 4), dtype=np.float64)
    for axis in (1, 2):  # so that what moves on from one part into the next is not stopped
        parts = convolve1d(parts, OVERLAP, axis, mode="nearest")
    is_cut = (np.abs(np.diff(pictures, axis=0)) > CUT_CHANGE).mean((1, 2)) > CUT_SHARE
    parts[is_cut] = 0.0
    return np.asarray(parts - np.median(parts, axis=(1, 2), keepdims=True))
