"""From one level of noise to another along an ordinary differential equation.

Both rules take two slopes a step and are right to the second order: halving the step quarters what
they miss.
"""

from collections.abc import Callable

from torch import Tensor

METHODS = ("heun", "midpoint")
Slope = Callable[[Tensor, float], Tensor]


def stages(levels: list[float], method: str) -> list[float]:
    """The levels at which slopes are wanted on the way through `levels`, two a step.

    Raises:
        ValueError: for a method that there is not.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    found: list[float] = []
    for here, there in zip(levels[:-1], levels[1:], strict=True):
        found += [here, there if method == "heun" else 0.5 * (here + there)]
    return found


def travelled(slope: Slope, x: Tensor, levels: list[float], method: str = "heun") -> Tensor:
    """Where x at the first level comes to be at the last.

    Args:
        slope: dx/dlevel of what is at a level.
        x: anything that the slope takes.
        levels: rising or falling; neither end may be where the slope is not defined.
        method: one of `METHODS`: the mean of the slopes at both ends, or the one halfway.
    """
    wanted = stages(levels, method)
    for step, (here, there) in enumerate(zip(levels[:-1], levels[1:], strict=True)):
        first = slope(x, wanted[2 * step])
        if method == "heun":
            second = slope(x + (there - here) * first, wanted[2 * step + 1])
            x = x + 0.5 * (there - here) * (first + second)
        else:
            second = slope(x + 0.5 * (there - here) * first, wanted[2 * step + 1])
            x = x + (there - here) * second
    return x
