"""What makes one moment of a training better than another."""

from typing import NamedTuple


class Measure(NamedTuple):
    """What makes one moment of a training better than another: the less, the better.

    Attributes:
        key: its name in metrics.csv, as in "validation/reconstruction/spectral_convergence".
        short: the same in a word, as in "SC".
        name: the same in full, for pictures.
    """

    key: str = "validation/loss"
    short: str = "loss"
    name: str = "loss"
