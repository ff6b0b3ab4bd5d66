"""Oscillators: in each dimension a wave of period 1 in the cycles u = f t + φ.

Parameters and errors are those of every path of cycles (`cycles.py`).
"""

import math

import numpy as np
from numpy.typing import ArrayLike

from vschaos2.trajectories.cycles import path_of_cycles
from vschaos2.trajectories.parameters import Array, finite_array, shown
from vschaos2.trajectories.path import Trajectory


def wave_sin(u: Array) -> Array:
    """Sin 2πu, from 0 upwards, of the fractional part of u: exact after any number of cycles."""
    return np.sin(2.0 * math.pi * np.mod(u, 1.0))


def wave_triangle(u: Array) -> Array:
    """1 - 4 |(u + ¼) mod 1 - ½|, in phase with the sine: 0, 1, 0, -1 at the quarters."""
    return 1.0 - 4.0 * np.abs(np.mod(u + 0.25, 1.0) - 0.5)


def wave_saw(u: Array) -> Array:
    """2 (u mod 1) - 1: rises from -1 to 1, then jumps back."""
    return 2.0 * np.mod(u, 1.0) - 1.0


def sin(
    dims: int,
    *,
    frequency: ArrayLike = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a sin 2πu in each dimension, u = f t + φ."""
    return path_of_cycles(dims, wave_sin, frequency, amplitude, phase, origin, seed)


def square(
    dims: int,
    *,
    duty: float = 0.5,
    frequency: ArrayLike = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path that is o + a while u mod 1 < duty and o - a otherwise, u = f t + φ.

    `duty`, one number in [0, 1], is the part of each cycle spent at o + a.

    Source: the convention of scipy.signal.square.
    """
    high = finite_array("duty", duty)
    if high.ndim != 0 or not 0 <= high <= 1:
        raise ValueError(
            f"duty must be one number in [0, 1], got {shown(duty)}: give for instance 0.5"
        )

    def wave(u: Array) -> Array:
        return np.where(np.mod(u, 1.0) < high, 1.0, -1.0)

    return path_of_cycles(dims, wave, frequency, amplitude, phase, origin, seed)


def triangle(
    dims: int,
    *,
    frequency: ArrayLike = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a (2/π) arcsin(sin 2πu), u = f t + φ: straight lines, in phase with `sin`."""
    return path_of_cycles(dims, wave_triangle, frequency, amplitude, phase, origin, seed)


def saw(
    dims: int,
    *,
    frequency: ArrayLike = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a (2 (u mod 1) - 1), u = f t + φ: rises from o - a to o + a, then jumps back.

    Source: the convention of scipy.signal.sawtooth.
    """
    return path_of_cycles(dims, wave_saw, frequency, amplitude, phase, origin, seed)
