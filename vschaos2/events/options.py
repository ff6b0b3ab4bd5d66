"""How onsets in sound are listened for."""

from dataclasses import dataclass

from vschaos2.ranges import check_number

THRESHOLD, LEAST_THRESHOLD, MOST_THRESHOLD = 0.05, 0.005, 1.0
LIKELIHOOD = 0.75  # that a net must be sure of
MIN_GAP_MS, LEAST_GAP_MS, MOST_GAP_MS = 40.0, 20.0, 2000.0


@dataclass(frozen=True)
class Listening:
    """How onsets are listened for.

    Args:
        threshold: how much must be new, or how likely an onset, `LEAST_THRESHOLD` to
            `MOST_THRESHOLD`.
        min_gap_ms: least time between two onsets.
        by_net: whether a small trained net listens, which hears notes, in place of the flux.

    Raises:
        InputError: for a number out of its range.
    """

    threshold: float = THRESHOLD
    min_gap_ms: float = MIN_GAP_MS
    by_net: bool = False

    def __post_init__(self) -> None:
        check_number("--threshold", self.threshold, LEAST_THRESHOLD, MOST_THRESHOLD)
        check_number("--min-gap", self.min_gap_ms, LEAST_GAP_MS, MOST_GAP_MS)


USUAL = Listening()
