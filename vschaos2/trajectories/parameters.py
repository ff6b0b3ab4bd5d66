"""Checked parameters of a path: numbers per dimension, seeded draws, planes.

Every message is one line with the name, the value received and the remedy.
"""

import operator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

# One independent random stream for each thing that is drawn, so that giving one of them
# (a plane, say) leaves the draws of the others as they were.
DIRECTION, PHASE, STEPS = 0, 1, 2


def shown(value: object) -> str:
    """The value as an error message quotes it: on one line, its first 60 characters."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def whole_number(name: str, value: int, least: int) -> int:
    """The value as an int that is at least `least`.

    Raises:
        ValueError: for anything else, floats included.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(f"{name} must be an integer ≥ {least}, got {shown(value)}: give {least}")
    return number


def checked_dims(dims: int) -> int:
    """The number of latent dimensions D as an int ≥ 1; ValueError for anything else."""
    return whole_number("dims", dims, 1)


def checked_seed(seed: int) -> int:
    """The seed as an int ≥ 0; ValueError for anything else."""
    return whole_number("seed", seed, 0)


def finite_array(name: str, value: ArrayLike) -> Array:
    """The value as a float64 array of any shape, every element finite.

    Raises:
        ValueError: if it is no numbers, or infinite, or NaN.
    """
    try:
        array = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be numbers, got {shown(value)}: give numbers") from None
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {shown(value)}: give finite numbers")
    return array


def per_dimension(name: str, value: ArrayLike, dims: int) -> Array:
    """One number for each dimension: a single one is repeated.

    Shape: [] or [1] or [D] → [D], float64.

    Raises:
        ValueError: if the value is not finite numbers, 1 or D of them.
    """
    count = checked_dims(dims)
    array = finite_array(name, value)
    if array.shape not in ((), (1,), (count,)):
        wanted = "1 number" if count == 1 else f"1 or {count} numbers"
        raise ValueError(
            f"{name} must be {wanted}, got shape {array.shape}: give one for all or one for each"
        )
    return np.array(np.broadcast_to(array, (count,)))


def checked_frequency(frequency: ArrayLike, dims: int) -> Array:
    """Frequencies in cycles per unit of time, each ≥ 0.

    Shape: [] or [D] → [D].

    Raises:
        ValueError: if one is negative, infinite or NaN.
    """
    array = per_dimension("frequency", frequency, dims)
    if (array < 0).any():
        raise ValueError(f"frequency must be at least 0, got {shown(frequency)}: use its size")
    return array


def checked_phase(phase: ArrayLike | None, dims: int, seed: int) -> Array:
    """Phases in cycles, modulo 1; where None is given, drawn from U[0, 1) for each dimension.

    Shape: None or [] or [D] → [D].

    Raises:
        ValueError: if one is infinite or NaN, or the seed is not an integer ≥ 0.
    """
    random = generator(seed, PHASE)
    if phase is None:
        return random.random(checked_dims(dims))
    return np.mod(per_dimension("phase", phase, dims), 1.0)


def positive(name: str, value: float) -> float:
    """The value as a float > 0.

    Raises:
        ValueError: if it is not one finite number above 0.
    """
    array = finite_array(name, value)
    if array.ndim != 0 or array <= 0:
        raise ValueError(f"{name} must be one number above 0, got {shown(value)}: give 1")
    return float(array)


def generator(seed: int, stream: int) -> np.random.Generator:
    """The random generator of one of the streams DIRECTION, PHASE, STEPS.

    The same seed gives the same numbers on every machine, under one version of NumPy (NEP 19).

    Raises:
        ValueError: if the seed is not an integer ≥ 0.
    """
    return np.random.default_rng([checked_seed(seed), stream])


def random_direction(dims: int, seed: int) -> Array:
    """A unit vector drawn uniformly from the sphere: n / ‖n‖ with n ~ N(0, I).

    Shape: [D].

    Source: Muller (1959), "A note on a method for generating points uniformly on n-dimensional
    spheres".
    """
    draw = generator(seed, DIRECTION).standard_normal(checked_dims(dims))
    return draw / np.linalg.norm(draw)


def plane_vectors(dims: int, plane: Any, seed: int) -> Array:
    """Two orthonormal vectors p, q that span a plane, as rows.

    Of two vectors v, w: p = v / ‖v‖ and q = (w - (w·p) p) / ‖w - (w·p) p‖ (Gram–Schmidt), so
    that p keeps the first vector's direction.

    Args:
        dims: D ≥ 2.
        plane: two axes such as (0, 1), counted from 0; or two vectors, [2, D], which need not be
            orthogonal; or None for a plane drawn uniformly (two draws from N(0, I)).
        seed: of that draw, an integer ≥ 0.

    Shape: [2, D].

    Raises:
        ValueError: if D < 2, if an axis is missing or named twice, if the vectors are parallel.
    """
    count = checked_dims(dims)
    if count < 2:
        raise ValueError(f"a plane needs at least 2 dimensions, got dims={dims}: use line or sin")
    remedy = f"give two axes in 0…{count - 1}, or two vectors of {count} numbers"
    if plane is None:
        vectors = generator(seed, DIRECTION).standard_normal((2, count))
    else:
        vectors = finite_array("plane", plane)
        if vectors.shape == (2,):
            if vectors[0] == vectors[1] or not np.isin(vectors, np.arange(count)).all():
                raise ValueError(f"plane must be two different axes, got {shown(plane)}: {remedy}")
            vectors = np.eye(count)[vectors.astype(int)]
    if vectors.shape != (2, count):
        raise ValueError(f"plane must be two vectors, got shape {vectors.shape}: {remedy}")
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if (lengths == 0).any():
        raise ValueError(f"plane must not hold a zero vector, got {shown(plane)}: {remedy}")
    p, w = vectors / lengths
    q = w - (w @ p) * p
    if np.linalg.norm(q) < 1e-8:
        raise ValueError(f"plane must not be two parallel vectors, got {shown(plane)}: {remedy}")
    return np.stack([p, q / np.linalg.norm(q)])
