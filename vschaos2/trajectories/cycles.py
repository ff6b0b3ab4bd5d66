"""Paths that count cycles: in each dimension d a curve c of its own, x_d(t) = o_d + a_d c_d(u_d).

u_d = f_d t + φ_d is the number of cycles done, so 0.25 is a quarter of one. All such paths take
the same parameters, each one number or D of them:

    frequency   f ≥ 0, cycles per unit of t (Hz where t is in seconds)
    amplitude   a, latent units
    phase       φ, cycles, modulo 1; None draws one for every dimension
    origin      o, latent units
    seed        one integer ≥ 0: of whatever is drawn

and raise ValueError for values that are not such numbers.
"""

from collections.abc import Callable

from numpy.typing import ArrayLike

from vschaos2.trajectories.parameters import (
    Array,
    checked_frequency,
    checked_phase,
    per_dimension,
)
from vschaos2.trajectories.path import Trajectory


def path_of_cycles(
    dims: int,
    curve: Callable[[Array], Array],
    frequency: ArrayLike,
    amplitude: ArrayLike,
    phase: ArrayLike | None,
    origin: ArrayLike,
    seed: int,
) -> Trajectory:
    """The path o + a c(f t + φ) in each dimension.

    Args:
        dims: D ≥ 1.
        curve: c, cycles [N, D] → [N, D].
        frequency: f, 1 or D numbers ≥ 0.
        amplitude: a, 1 or D numbers.
        phase: φ, 1 or D numbers, or None.
        origin: o, 1 or D numbers.
        seed: an integer ≥ 0.

    Raises:
        ValueError: for values that are not such numbers.
    """
    f = checked_frequency(frequency, dims)
    a = per_dimension("amplitude", amplitude, dims)
    phi = checked_phase(phase, dims, seed)
    o = per_dimension("origin", origin, dims)
    return Trajectory(dims, lambda t: o + a * curve(t[:, None] * f + phi))
