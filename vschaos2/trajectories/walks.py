"""Random paths: in each dimension a process of its own in the cycles u = f t + φ.

A path depends on its seed and on t alone: sampled twice as densely, or only at its end, it passes
through the same points. Parameters and errors are those of every path of cycles (`cycles.py`);
`phase` is how far on the process is at t = 0. Memory grows with the last u.
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from vschaos2.trajectories.cycles import path_of_cycles
from vschaos2.trajectories.parameters import (
    STEPS,
    Array,
    checked_dims,
    generator,
    positive,
    whole_number,
)
from vschaos2.trajectories.path import Trajectory
from vschaos2.trajectories.waves import wave_triangle


def wiener(u: Array, knots: int, seed: int) -> Array:
    """Standard Brownian motion of each column: B(0) = 0, variance u after u cycles.

    B(k / K) = (n_1 + … + n_k) / √K with n_i ~ N(0, 1), straight in between, so that it is exact
    at K knots per cycle (Donsker's random walk).

    Args:
        u: cycles, ≥ 0, in any order.
        knots: K ≥ 1, per cycle.
        seed: an integer ≥ 0.

    Shape: [N, D] → [N, D].

    Source: Wiener (1923), "Differential space"; Donsker (1951), "An invariance principle for
    certain probability limit theorems".
    """
    dims = u.shape[1]
    before = np.floor(u * knots).astype(np.int64)
    # Row i is drawn before row i + 1, hence the first rows do not depend on how many follow.
    steps = generator(seed, STEPS).standard_normal((before.max(initial=0) + 1, dims))
    walk = np.concatenate([np.zeros((1, dims)), np.cumsum(steps, axis=0)]) / math.sqrt(knots)
    left = np.take_along_axis(walk, before, axis=0)
    right = np.take_along_axis(walk, before + 1, axis=0)
    return left + (u * knots - before) * (right - left)


def brownian(
    dims: int,
    *,
    knots: int = 64,
    frequency: ArrayLike = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a B(u), u = f t + φ: unbounded, in each dimension √u a away from o (RMS).

    It is straight between `knots` ≥ 1 points per cycle.

    Source: `wiener`.
    """
    count = whole_number("knots", knots, 1)
    return path_of_cycles(
        dims, lambda u: wiener(u, count, seed), frequency, amplitude, phase, origin, seed
    )


def random(
    dims: int,
    *,
    step: float = 1.0,
    knots: int = 64,
    frequency: ArrayLike = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a R(σ B(u)), u = f t + φ: a random walk from o that rebounds at o ± a.

    R(y) = 1 - 4 |(y/4 + ¼) mod 1 - ½| is y itself between -1 and 1 and mirrors whatever lies
    beyond until it lies between; folding the free walk so is reflecting it at every contact.

    σ = `step` > 0 is the free walk's standard deviation after one cycle, in amplitudes; it is
    straight between `knots` ≥ 1 points per cycle.

    Source: Harrison (1985), "Brownian motion and stochastic flow systems", ch. 1; the folding is
    the method of images, Feller (1971), vol. II, X.5.
    """
    count = whole_number("knots", knots, 1)
    sigma = positive("step", step)

    def folded(u: Array) -> Array:
        return wave_triangle(sigma * wiener(u, count, seed) / 4.0)

    return path_of_cycles(dims, folded, frequency, amplitude, phase, origin, seed)


def uniform(
    dims: int,
    *,
    frequency: ArrayLike = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a U_k, k = ⌊f t + φ⌋, U_k ~ U[-1, 1): drawn each cycle, held until the next."""
    count = checked_dims(dims)

    def held(u: Array) -> Array:
        current = np.floor(u).astype(np.int64)
        draws = generator(seed, STEPS).uniform(-1.0, 1.0, (current.max(initial=0) + 1, count))
        return np.take_along_axis(draws, current, axis=0)

    return path_of_cycles(dims, held, frequency, amplitude, phase, origin, seed)
