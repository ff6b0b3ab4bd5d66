"""The least of a sum of weighted squares of few numbers, by Levenberg's and Marquardt's steps.

Near a solution, where gradients fall asleep, the slopes of all residuals say where it is:

    (JᵀWJ + λ diag(JᵀWJ) + λ ε) δ = -JᵀW r

A step that does not lower the cost is taken back, and the next one is shorter (λ grows). Slopes are
differences: a column is one evaluation, as a chain has some sixty numbers and no cheap Jacobian.

Weights follow the residuals (iteratively reweighted squares), by which costs other than squares,
such as mean distances of logarithms, are lowered as well.

Sources: D. W. Marquardt, "An algorithm for least-squares estimation of nonlinear parameters"
(1963); P. W. Holland, R. E. Welsch, "Robust regression using iteratively reweighted
least-squares" (1977).
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

NUDGE = 0.02  # of a number, for its slope
LONGEST = 1.0  # step of a number
FIRST_DAMPING, LEAST_DAMPING, MOST_DAMPING = 0.03, 1e-4, 1e4
TRIES = 4  # of a step, each shorter than the one before
CHORDS = 4  # steps by the same slopes, which are dear: they hold for a while
LEAST_GAIN = 0.03  # of the cost, below which slopes are spent
ABSOLUTE = 1e-3  # ε, of the mean of the diagonal: numbers of which nothing is told stay


class Residuals(NamedTuple):
    """What is to be lowered, at one place.

    Attributes:
        values: r, [N].
        weights: W, [N].
        cost: what is lowered, as it is.
    """

    values: Tensor
    weights: Tensor
    cost: float


class Found(NamedTuple):
    """Where least squares ended.

    Attributes:
        numbers: [P], float64.
        cost: there.
    """

    numbers: Tensor
    cost: float


def least_squares(
    evaluate: Callable[[Tensor], Residuals],
    start: Tensor,
    steps: int,
) -> Found:
    """Where the cost is lower than at the start.

    Args:
        evaluate: residuals of numbers, always of the same length.
        start: numbers, of a scale at which a step of 1 is a long one, [P].
        steps: at most: how often slopes are found anew.
    """
    theta, damping = start.double(), FIRST_DAMPING
    now = evaluate(theta)
    for _ in range(steps):
        slopes = _slopes(evaluate, theta, now)
        before = now.cost
        for _chord in range(CHORDS):
            last = now.cost
            theta, now, damping = _lower(evaluate, theta, now, slopes, damping)
            if now.cost > (1.0 - LEAST_GAIN) * last:
                break
        if now.cost > (1.0 - LEAST_GAIN) * before:
            break
    return Found(theta, now.cost)


def _lower(
    evaluate: Callable[[Tensor], Residuals],
    theta: Tensor,
    now: Residuals,
    slopes: Tensor,
    damping: float,
) -> tuple[Tensor, Residuals, float]:
    """A step that lowers the cost, if one is found; and the damping for the next one."""
    weighted = slopes * now.weights
    normal = (weighted @ slopes.T).double()
    slope = (weighted @ now.values).double()
    diagonal = normal.diagonal()
    floor = ABSOLUTE * diagonal.mean() + 1e-12
    for _ in range(TRIES):
        damped = normal + torch.diag(damping * (diagonal + floor))
        move = -torch.linalg.solve(damped, slope).clamp(-LONGEST, LONGEST)
        tried = evaluate(theta + move)
        if tried.cost < now.cost:
            return theta + move, tried, max(damping / 5.0, LEAST_DAMPING)
        damping = min(damping * 6.0, MOST_DAMPING)
    return theta, now, damping


def _slopes(evaluate: Callable[[Tensor], Residuals], theta: Tensor, now: Residuals) -> Tensor:
    """J, transposed: [P, N]."""
    slopes = now.values.new_empty(len(theta), len(now.values))
    for n in range(len(theta)):
        nudged = theta.clone()
        nudged[n] += NUDGE
        slopes[n] = (evaluate(nudged).values - now.values) / NUDGE
    return slopes
