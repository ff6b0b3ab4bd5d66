"""How well onsets were found: precision and recall within a tolerance, counts, average precision.

A found onset and a true one are a pair if they are no further apart than a tolerance; each is in
one pair at most, and there are as many pairs as can be (both are ordered, so that walking along
them finds that many).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Values = NDArray[np.float64]


class Agreement(NamedTuple):
    """Of found onsets with the true ones.

    Attributes:
        paired: how many of them are pairs.
        found, true: how many there are.
        errors_s: [paired], found - true.
    """

    paired: int
    found: int
    true: int
    errors_s: Values

    @property
    def precision(self) -> float:
        """Of what was found, how much is true; 1 where nothing was found."""
        return self.paired / self.found if self.found else 1.0

    @property
    def recall(self) -> float:
        """Of what is true, how much was found; 1 where nothing was to be found."""
        return self.paired / self.true if self.true else 1.0

    @property
    def f_measure(self) -> float:
        """Harmonic mean of both, in [0, 1]; 1 where there was nothing and nothing was found."""
        total = self.found + self.true
        return 2.0 * self.paired / total if total else 1.0


def agreement(found_s: ArrayLike, true_s: ArrayLike, tolerance_s: float) -> Agreement:
    """How many of the found onsets are true ones.

    Args:
        found_s: [N], seconds.
        true_s: [M], seconds.
        tolerance_s: how far apart two of a pair may be, inclusive.

    Example:
        >>> agreement([0.1, 0.52, 0.9], [0.1, 0.5], 0.05).f_measure
        0.8
    """
    found = np.sort(np.asarray(found_s, dtype=np.float64))
    true = np.sort(np.asarray(true_s, dtype=np.float64))
    errors, n, m = [], 0, 0
    while n < len(found) and m < len(true):
        error = found[n] - true[m]
        if abs(error) <= tolerance_s + 1e-9:
            errors.append(error)
            n, m = n + 1, m + 1
        elif error < 0:
            n += 1
        else:
            m += 1
    return Agreement(len(errors), len(found), len(true), np.asarray(errors))


def pooled(parts: list[Agreement]) -> Agreement:
    """That of several recordings together."""
    return Agreement(
        sum(part.paired for part in parts),
        sum(part.found for part in parts),
        sum(part.true for part in parts),
        np.concatenate([part.errors_s for part in parts]) if parts else np.zeros(0),
    )


def average_precision(scores: ArrayLike, is_true: ArrayLike) -> float:
    """Mean, over all that is true, of the precision among what scores as high or higher.

    Of all frames, never of a balanced choice of them: scores without meaning come out at the rate
    of what is true, .07 where one frame in fourteen is. Equal scores count together.

    Args:
        scores: any shape.
        is_true: the same shape, 0 or 1.

    Raises:
        ValueError: if nothing is true.

    Example:
        >>> average_precision([0.9, 0.8, 0.1], [1, 0, 1])
        0.8333333333333333
    """
    values = np.asarray(scores, dtype=np.float64).ravel()
    truth = np.asarray(is_true, dtype=np.float64).ravel() > 0.5
    if not truth.any():
        raise ValueError("nothing is true: there is no precision to average")
    order = np.argsort(-values, kind="stable")
    values, truth = values[order], truth[order]
    last = np.append(np.flatnonzero(np.diff(values)), len(values) - 1)
    hits = np.cumsum(truth)[last]
    gained = np.diff(hits, prepend=0)
    return float((hits / (last + 1) * gained).sum() / truth.sum())
