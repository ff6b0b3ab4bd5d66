"""Figures in a plane of the latent space: o + X(t) p + Y(t) q, with p and q orthonormal.

The plane is given, by two axes or two vectors, or drawn uniformly from all planes. Parameters:

    plane       (0, 1): two axes; or two vectors [2, D]; or None: drawn from `seed`
    frequency   f ≥ 0, one number, cycles per unit of t
    amplitude   one radius, or one each along p and q, latent units
    phase       φ, cycles, modulo 1; None draws it from `seed`
    origin      o, the figure's middle, one number or D, latent units
    seed        an integer ≥ 0

All need D ≥ 2 and raise ValueError for less, or for parameters that are not such numbers.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vschaos2.trajectories.parameters import (
    Array,
    checked_frequency,
    checked_phase,
    per_dimension,
    plane_vectors,
    positive,
    shown,
)
from vschaos2.trajectories.path import Trajectory
from vschaos2.trajectories.waves import wave_sin


def draw_in_plane(
    dims: int, figure: Callable[[Array], Array], plane: Any, origin: ArrayLike, seed: int
) -> Trajectory:
    """The path o + X(t) p + Y(t) q, with `figure` the coordinates X and Y: [N] times → [N, 2]."""
    vectors = plane_vectors(dims, plane, seed)
    o = per_dimension("origin", origin, dims)
    return Trajectory(dims, lambda t: o + figure(t) @ vectors)


def cosine_and_sine(u: Array) -> Array:
    """The unit circle, cos 2πu and sin 2πu; u in cycles, [N] → [N, 2]."""
    return np.stack([wave_sin(u + 0.25), wave_sin(u)], axis=1)


def ellipse(
    dims: int,
    *,
    plane: Any = None,
    frequency: float = 1.0,
    amplitude: ArrayLike = (1.0, 0.5),
    phase: float | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a cos(2πu) p + b sin(2πu) q, u = f t + φ, with half-axes (a, b) = amplitude."""
    f = checked_frequency(frequency, 1)
    half_axes = per_dimension("amplitude", amplitude, 2)
    phi = checked_phase(phase, 1, seed)
    return draw_in_plane(
        dims, lambda t: half_axes * cosine_and_sine(f * t + phi), plane, origin, seed
    )


def circle(
    dims: int,
    *,
    plane: Any = None,
    frequency: float = 1.0,
    amplitude: float = 1.0,
    phase: float | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + r (cos(2πu) p + sin(2πu) q), u = f t + φ, with one radius r = amplitude."""
    radius = per_dimension("amplitude", amplitude, 1)
    return ellipse(
        dims,
        plane=plane,
        frequency=frequency,
        amplitude=radius,
        phase=phase,
        origin=origin,
        seed=seed,
    )


def spiral(
    dims: int,
    *,
    turns: float = 4.0,
    plane: Any = None,
    frequency: float = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: float | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + ρ (a cos(2πu) p + b sin(2πu) q), u = f t + φ, ρ = min(f t / turns, 1).

    From o outwards, by the same distance each turn; after `turns` > 0 cycles it has reached the
    amplitude and goes on round.

    Source: Archimedes, "On spirals", definition 1: radius proportional to angle.
    """
    f = checked_frequency(frequency, 1)
    half_axes = per_dimension("amplitude", amplitude, 2)
    phi = checked_phase(phase, 1, seed)
    span = positive("turns", turns)

    def figure(t: Array) -> Array:
        growth = np.minimum(f * t / span, 1.0)
        return half_axes * growth[:, None] * cosine_and_sine(f * t + phi)

    return draw_in_plane(dims, figure, plane, origin, seed)


def lissajous(
    dims: int,
    *,
    ratio: ArrayLike = (3.0, 2.0),
    plane: Any = None,
    frequency: float = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = (0.25, 0.0),
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a sin(2π (m f t + φ)) p + b sin(2π (n f t + ψ)) q.

    (m, n) = ratio, each ≥ 0; (φ, ψ) = phase; (a, b) = amplitude. Whole m and n without common
    factor close after 1/f. `sin` with D frequencies does the same along all D axes.

    Source: Bowditch (1815), "On the motion of a pendulum suspended from two points"; Lissajous
    (1857), "Mémoire sur l'étude optique des mouvements vibratoires".
    """
    speeds = checked_frequency(frequency, 1) * per_dimension("ratio", ratio, 2)
    if (speeds < 0).any():
        raise ValueError(f"ratio must be at least 0, got {shown(ratio)}: use its size")
    half_axes = per_dimension("amplitude", amplitude, 2)
    phi = checked_phase(phase, 2, seed)
    return draw_in_plane(
        dims, lambda t: half_axes * wave_sin(t[:, None] * speeds + phi), plane, origin, seed
    )
