"""Paths through given points: a point, a line, and interpolation.

Where no point is given it is drawn from `seed`, an integer ≥ 0. `origin` o (one number or D) is
added and `amplitude` a (one number or D) multiplies, both in latent units. u = frequency · t +
phase is the progress: 0 at the first point, 1 at the last, where the path stays.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from vschaos2.trajectories.cycles import path_of_cycles
from vschaos2.trajectories.parameters import (
    STEPS,
    Array,
    checked_dims,
    checked_frequency,
    checked_phase,
    finite_array,
    generator,
    per_dimension,
    random_direction,
    shown,
)
from vschaos2.trajectories.path import EASES, Trajectory


def point(
    dims: int, *, amplitude: ArrayLike = 0.0, origin: ArrayLike = 0.0, seed: int = 0
) -> Trajectory:
    """The path o + a n at all times, n ~ N(0, I): o itself, or with a = 1 a draw of the prior.

    Args:
        dims: D ≥ 1.
        amplitude: a, one number or D; 0 stays at o.
        origin: o, one number or D.
        seed: of n.

    Raises:
        ValueError: for values that are not such numbers.
    """
    a = per_dimension("amplitude", amplitude, dims)
    o = per_dimension("origin", origin, dims)
    place = o + a * generator(seed, STEPS).standard_normal(checked_dims(dims))
    return Trajectory(dims, lambda t: np.tile(place, (len(t), 1)))


def line(
    dims: int,
    *,
    start: ArrayLike | None = None,
    end: ArrayLike | None = None,
    frequency: ArrayLike = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: ArrayLike | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a (start + (end - start) u), u = f t + φ held within [0, 1].

    Args:
        dims: D ≥ 1.
        start: first point, one number or D; with `end`, or neither of them.
        end: last point; without both, start = -v and end = v for a unit vector v drawn uniformly.
        frequency: f ≥ 0, runs per unit of t, one number or D.
        amplitude: a, one number or D.
        phase: φ, how far on it starts, in runs, modulo 1; None draws it from `seed`.
        origin: o, one number or D.
        seed: of v.

    Raises:
        ValueError: if only one end is given, or for values that are not such numbers.
    """
    if (start is None) != (end is None):
        raise ValueError(f"line needs both ends, got {shown(start)} to {shown(end)}: give both")
    if start is None or end is None:
        last = random_direction(dims, seed)
        first = -last
    else:
        first, last = per_dimension("start", start, dims), per_dimension("end", end, dims)

    def run(u: Array) -> Array:
        progress = np.clip(u, 0.0, 1.0)
        # Rather than first + u (last - first), which may miss the last point by a rounding.
        return (1.0 - progress) * first + progress * last

    return path_of_cycles(dims, run, frequency, amplitude, phase, origin, seed)


def linear(before: Array, p: Array, q: Array, after: Array, s: Array) -> Array:
    """(1 - s) p + s q."""
    return (1.0 - s) * p + s * q


def cosine(before: Array, p: Array, q: Array, after: Array, s: Array) -> Array:
    """(1 - e) p + e q with e = (1 - cos πs) / 2: at rest in every point.

    Source: Bourke (1999), "Interpolation methods".
    """
    eased = EASES["cosine"](s)
    return (1.0 - eased) * p + eased * q


def cubic(before: Array, p: Array, q: Array, after: Array, s: Array) -> Array:
    """The cubic from p to q with tangents (q - before) / 2 and (after - p) / 2: no corners.

    Source: Catmull & Rom (1974), "A class of local interpolating splines", in Hermite's form.
    """
    return (
        (2 * s**3 - 3 * s**2 + 1) * p
        + (s**3 - 2 * s**2 + s) * (q - before) / 2
        + (3 * s**2 - 2 * s**3) * q
        + (s**3 - s**2) * (after - p) / 2
    )


def slerp(before: Array, p: Array, q: Array, after: Array, s: Array) -> Array:
    """Round the zero point at a constant angular speed: ‖·‖ (sin((1-s)ω) p̂ + sin(sω) q̂) / sin ω.

    p̂, q̂ are the directions, ω the angle between them; the distance from zero ‖·‖ goes linearly
    from ‖p‖ to ‖q‖. Samples of N(0, I) all lie about √D from zero: this keeps to that shell,
    where straight lines cut through the empty middle. For ω → 0 it is `linear`.

    Source: Shoemake (1985), "Animating rotation with quaternion curves"; for latents White (2016),
    "Sampling generative networks". Departure: they have all norms equal, or mix them by the sines.
    """
    p_norm, q_norm = (np.linalg.norm(x, axis=-1, keepdims=True) for x in (p, q))
    p_unit, q_unit = p / p_norm, q / q_norm
    # 2 atan2(‖p̂ - q̂‖, ‖p̂ + q̂‖) is exact for small angles, where arccos is not (Kahan).
    angle = 2.0 * np.arctan2(
        np.linalg.norm(p_unit - q_unit, axis=-1, keepdims=True),
        np.linalg.norm(p_unit + q_unit, axis=-1, keepdims=True),
    )
    near = angle < 1e-6  # where sin x = x to double precision, and the formula its limit
    sine = np.where(near, 1.0, np.sin(angle))
    p_weight = np.where(near, 1.0 - s, np.sin((1.0 - s) * angle) / sine)
    q_weight = np.where(near, s, np.sin(s * angle) / sine)
    return ((1.0 - s) * p_norm + s * q_norm) * (p_weight * p_unit + q_weight * q_unit)


# Each takes the points around the current stretch, the stretch's own p and q, all [N, D], and the
# progress s in [0, 1] from p to q, [N, 1].
METHODS: dict[str, Callable[[Array, Array, Array, Array, Array], Array]] = {
    "linear": linear,
    "cosine": cosine,
    "cubic": cubic,
    "slerp": slerp,
}


def check_slerp(stops: Array) -> None:
    """Nothing, if each stop has a direction and no two neighbours opposite ones.

    Shape: [P, D].

    Raises:
        ValueError: for a point at zero, or opposite neighbours: no way round is the shortest.
    """
    norms = np.linalg.norm(stops, axis=1, keepdims=True)
    if (norms == 0).any():
        raise ValueError(
            f"slerp needs points away from zero, got zeros in point {int(np.argmin(norms))}: "
            "move it, or use linear"
        )
    units = stops / norms
    opposite = np.linalg.norm(units[:-1] + units[1:], axis=1) < 1e-6
    if opposite.any():
        first = int(np.argmax(opposite))
        raise ValueError(
            f"slerp cannot choose a way between opposite points, got them at {first} and "
            f"{first + 1}: put one between"
        )


def interpolate(
    dims: int,
    *,
    points: ArrayLike,
    method: str = "linear",
    closed: bool = False,
    frequency: float = 1.0,
    amplitude: ArrayLike = 1.0,
    phase: float | None = 0.0,
    origin: ArrayLike = 0.0,
    seed: int = 0,
) -> Trajectory:
    """The path o + a I(u), u = f t + φ, with I through all points at equal intervals of u.

    Open, P points are P - 1 stretches, done at u = 1, where the path stays (for `cubic`, the ends'
    outer neighbours are their inner ones mirrored in them: 2 p_0 - p_1). Closed, a last stretch
    leads back to the first point at u = 1, again and again.

    Args:
        dims: D ≥ 1.
        points: P ≥ 2 points of D numbers, relative to o; `slerp` goes round their zero.
        method: "linear", "cosine", "cubic" or "slerp" (see the function of that name).
        closed: return to the first point and go on.
        frequency: f ≥ 0, runs through all points per unit of t, one number.
        amplitude: a, one number or D.
        phase: φ, in runs, modulo 1; None draws it from `seed`.
        origin: o, one number or D.
        seed: an integer ≥ 0.

    Shape: points [P, D].

    Raises:
        ValueError: if the points are fewer than 2 or not [P, D], or the method unknown, or (for
            slerp) a point is zero or two neighbours are opposite.
    """
    given = finite_array("points", points)
    if given.ndim != 2 or given.shape[0] < 2 or given.shape[1] != checked_dims(dims):
        raise ValueError(
            f"points must be at least 2 points of {dims} numbers, got shape {given.shape}: "
            f"give [P, {dims}]"
        )
    if method not in METHODS:
        raise ValueError(
            f"no interpolation is called {method!r}: choose one of {', '.join(METHODS)}"
        )
    between = METHODS[method]
    if closed:
        stops = np.concatenate([given, given[:1]])
        padded = np.concatenate([given[-1:], stops, given[1:2]])
    else:
        stops = given
        padded = np.concatenate([2 * given[:1] - given[1:2], given, 2 * given[-1:] - given[-2:-1]])
    if method == "slerp":
        check_slerp(stops)
    stretches = len(stops) - 1
    f = checked_frequency(frequency, 1)
    phi = checked_phase(phase, 1, seed)
    a = per_dimension("amplitude", amplitude, dims)
    o = per_dimension("origin", origin, dims)

    def position(t: Array) -> Array:
        u = f * t + phi
        progress = (np.mod(u, 1.0) if closed else np.clip(u, 0.0, 1.0)) * stretches
        left = np.minimum(progress.astype(np.int64), stretches - 1)
        s = (progress - left)[:, None]
        before, p, q, after = (padded[left + i] for i in range(4))
        return o + a * between(before, p, q, after, s)

    return Trajectory(dims, position)
