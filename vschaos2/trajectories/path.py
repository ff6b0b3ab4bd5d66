"""A path is a function of time; paths add, scale, concatenate, loop, ease and rotate.

    sound = (circle(16) + 0.1 * random(16, seed=3)).ease("cosine", 2.0).loop(8.0, mirror=True)
    latents = sound(np.arange(512) / 86.1)              # [512, 16]

Nothing is sampled before the last line, so every composition is exact at any rate.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from vschaos2.trajectories.parameters import (
    Array,
    checked_dims,
    finite_array,
    per_dimension,
    plane_vectors,
    positive,
    shown,
)

# Curves e(s) from e(0) = 0 to e(1) = 1. Quadratic ones: Penner (2002), "Programming macromedia
# flash MX", ch. 7; smooth is Hermite's cubic; smoother: Perlin (2002), "Improving noise".
EASES: dict[str, Callable[[Array], Array]] = {
    "in": lambda s: s**2,
    "out": lambda s: 1.0 - (1.0 - s) ** 2,
    "cosine": lambda s: 0.5 - 0.5 * np.cos(math.pi * s),
    "smooth": lambda s: s**2 * (3.0 - 2.0 * s),
    "smoother": lambda s: s**3 * (s * (6.0 * s - 15.0) + 10.0),
}


class Trajectory:
    """A path x(t) in D dimensions, defined at every t ≥ 0.

    Args:
        dims: D, the number of latent dimensions, ≥ 1.
        position: x(t), pure: [N] times → [N, D] points, float64.
    """

    # numpy must leave `array + path` and `array * path` to the methods below.
    __array_ufunc__ = None

    def __init__(self, dims: int, position: Callable[[Array], Array]) -> None:
        self.dims = checked_dims(dims)
        self._position = position

    def __call__(self, t: ArrayLike) -> Array:
        """The points x(t).

        Args:
            t: times in the unit that the frequencies are counted in, each ≥ 0, in any order.

        Shape: [N] → [N, D], float64.

        Raises:
            ValueError: if the times are not a list of finite numbers ≥ 0.
        """
        times = finite_array("t", t)
        if times.ndim != 1:
            raise ValueError(f"t must be a list of times, got shape {times.shape}: give [N] times")
        if (times < 0).any():
            raise ValueError(f"t must be at least 0, got {times.min()}: start at 0")
        points = self._position(times)
        assert points.shape == (len(times), self.dims), points.shape
        return points

    def __add__(self, other: "Trajectory | ArrayLike") -> "Trajectory":
        """The path x(t) + y(t), or x(t) + v for one number or D of them."""
        added = self._operand(other, "add")
        return Trajectory(self.dims, lambda t: self(t) + added(t))

    __radd__ = __add__

    def __sub__(self, other: "Trajectory | ArrayLike") -> "Trajectory":
        """The path x(t) - y(t), or x(t) - v."""
        taken = self._operand(other, "subtract")
        return Trajectory(self.dims, lambda t: self(t) - taken(t))

    def __rsub__(self, other: ArrayLike) -> "Trajectory":
        """The path v - x(t)."""
        return -self + other

    def __neg__(self) -> "Trajectory":
        """The path -x(t)."""
        return self * -1.0

    def __mul__(self, factor: "Trajectory | ArrayLike") -> "Trajectory":
        """The path x(t) scaled about 0, in each dimension by a number, or by a path (an envelope).

        Both paths have D dimensions, or one of them has 1 that holds for all D.
        """
        if isinstance(factor, Trajectory) and 1 in (self.dims, factor.dims):
            dims, envelope = max(self.dims, factor.dims), factor
        else:
            dims, envelope = self.dims, self._operand(factor, "multiply by")
        return Trajectory(dims, lambda t: self(t) * envelope(t))

    __rmul__ = __mul__

    def loop(self, period: float, mirror: bool = False) -> Self:
        """The path x(t mod T): [0, T) again and again; or there and back, without a jump.

        There and back is x(T - |t mod 2T - T|).

        Args:
            period: T > 0, in units of time.
            mirror: go back the same way instead of jumping to the start.

        Raises:
            ValueError: if T is not above 0.
        """
        length = positive("period", period)
        if mirror:
            return self._at(lambda t: length - np.abs(np.mod(t, 2.0 * length) - length))
        return self._at(lambda t: np.mod(t, length))

    def ease(self, curve: str | Callable[[Array], Array], period: float) -> Self:
        """The path x(T (k + e(s))), t / T = k + s with k whole and 0 ≤ s < 1.

        The path's shape stays, and so do the times k T; between them it slows and hurries.

        Args:
            curve: e, a name in `EASES` or a function with e(0) = 0, e(1) = 1 and e(s) ≥ 0,
                [N] → [N].
            period: T > 0, in units of time.

        Raises:
            ValueError: for an unknown name, or ends that are not 0 and 1, or T not above 0.
        """
        length = positive("period", period)
        if isinstance(curve, str):
            if curve not in EASES:
                raise ValueError(f"no ease is called {curve!r}: choose one of {', '.join(EASES)}")
            eased = EASES[curve]
        else:
            eased = curve
            ends = eased(np.array([0.0, 1.0]))
            if not np.allclose(ends, [0.0, 1.0], rtol=0.0, atol=1e-9):
                raise ValueError(f"an ease must run from 0 to 1, got {ends}: rescale the curve")

        def warped(t: Array) -> Array:
            whole = np.floor(t / length)
            return length * (whole + eased(t / length - whole))

        return self._at(warped)

    def rotate(
        self, turns: float, plane: Any = (0, 1), centre: ArrayLike = 0.0, seed: int = 0
    ) -> "Trajectory":
        """The path c + R (x(t) - c), turned from p towards q in their plane, the rest unmoved.

        Of y = x - c only the coordinates a = y·p and b = y·q change, to a cos θ - b sin θ and
        a sin θ + b cos θ; so R = I + (cos θ - 1)(p pᵀ + q qᵀ) + sin θ (q pᵀ - p qᵀ).

        Args:
            turns: θ / 2π, in cycles.
            plane: two axes, two vectors [2, D], or None for a random plane (`plane_vectors`).
            centre: c, one number or D.
            seed: of a random plane.

        Raises:
            ValueError: if D < 2, or the plane is none.

        Source: Aguilera & Pérez-Aguilera (2004), "General n-dimensional rotations".
        """
        p, q = plane_vectors(self.dims, plane, seed)
        middle = per_dimension("centre", centre, self.dims)
        angle = 2.0 * math.pi * float(per_dimension("turns", turns, 1)[0])
        rotation = (
            np.eye(self.dims)
            + (math.cos(angle) - 1.0) * (np.outer(p, p) + np.outer(q, q))
            + math.sin(angle) * (np.outer(q, p) - np.outer(p, q))
        )
        return Trajectory(self.dims, lambda t: middle + (self(t) - middle) @ rotation.T)

    def _at(self, clock: Callable[[Array], Array]) -> Self:
        return type(self)(self.dims, lambda t: self(clock(t)))

    def _operand(self, other: "Trajectory | ArrayLike", verb: str) -> "Trajectory":
        if isinstance(other, Trajectory):
            if other.dims != self.dims:
                raise ValueError(
                    f"cannot {verb} a path of {other.dims} dimensions, "
                    f"this one has {self.dims}: make both alike"
                )
            return other
        constant = per_dimension(f"the number to {verb}", other, self.dims)
        return Trajectory(self.dims, lambda t: np.tile(constant, (len(t), 1)))


def concatenate(
    paths: Sequence[Trajectory], durations: ArrayLike, joined: bool = False
) -> Trajectory:
    """One path after the other: x_i(t - s_i) for s_i ≤ t < s_{i+1}, s_i the durations before i.

    Each starts at its own time 0. The last runs on after its duration.

    Args:
        paths: at least one, all of D dimensions.
        durations: one for each path, or one for all, in units of time, > 0.
        joined: move each path to where the one before it ended, so that nothing jumps.

    Raises:
        ValueError: if there is no path, the dimensions differ or a duration is not above 0.
    """
    if not paths:
        raise ValueError("concatenate needs at least one path, got none: give a list of paths")
    dims = paths[0].dims
    if any(path.dims != dims for path in paths):
        raise ValueError(
            f"paths to concatenate must have the same dims, got {[path.dims for path in paths]}: "
            "make all alike"
        )
    lengths = per_dimension("durations", durations, len(paths))
    if (lengths <= 0).any():
        raise ValueError(f"durations must be above 0, got {shown(durations)}: leave that path out")
    starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    shifts = np.zeros((len(paths), dims))
    if joined:
        for i in range(1, len(paths)):
            end = paths[i - 1](lengths[i - 1 : i])[0] + shifts[i - 1]
            shifts[i] = end - paths[i]([0.0])[0]

    def position(t: Array) -> Array:
        current = np.searchsorted(starts, t, side="right") - 1
        points = np.empty((len(t), dims))
        for i, path in enumerate(paths):
            here = current == i
            points[here] = path(t[here] - starts[i]) + shifts[i]
        return points

    return Trajectory(dims, position)
