"""From one level of noise to another along an ordinary differential equation.

Both rules take two slopes a step and are right to the second order: halving the step quarters what
they miss. Heun's takes the mean of those at both ends of a step, midpoint the one halfway, to
where it goes by the one at its beginning.
"""

from itertools import pairwise

METHODS = ("heun", "midpoint")


def stages(levels: list[float], method: str) -> list[float]:
    """The levels at which slopes are wanted on the way through `levels`, two a step.

    Raises:
        ValueError: for a method that there is not.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    found: list[float] = []
    for here, there in pairwise(levels):
        found += [here, there if method == "heun" else 0.5 * (here + there)]
    return found
