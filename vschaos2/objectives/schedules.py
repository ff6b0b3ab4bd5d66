"""How the weight of the divergence grows during training."""

from vschaos2.errors import InputError
from vschaos2.ranges import check_count, check_number

UNITS = ("step", "epoch")


class BetaSchedule:
    """β rises in a straight line from `start` to `target` over the warm-up, then stays.

    Starting low lets the decoder learn to use the latent before the prior pulls on it.

    Args:
        target: β after the warm-up, from 0 to 1000.
        warmup: length of the rise in units, 0 or more; 0 means `target` at once.
        unit: "step" or "epoch".
        start: β at the very first step, from 0 to 1000.

    Raises:
        InputError: for a number out of its range or an unknown unit.

    Source: Bowman et al. (2016), "Generating sentences from a continuous space", sec. 3.1; β of
    Higgins et al. (2017), "β-VAE".
    """

    def __init__(
        self, target: float = 1.0, warmup: int = 0, unit: str = "epoch", start: float = 0.0
    ) -> None:
        check_number("training.beta.target", target, 0.0, 1000.0)
        check_number("training.beta.start", start, 0.0, 1000.0)
        check_count("training.beta.warmup", warmup, 0, 10**9)
        if unit not in UNITS:
            raise InputError(f"training.beta.unit must be step or epoch, got {unit!r}")
        self.target = target
        self.warmup = warmup
        self.unit = unit
        self.start = start

    def __call__(self, step: int, epoch: int) -> float:
        """The value of β at a step and epoch, both counted from 0 over the whole training."""
        position = step if self.unit == "step" else epoch
        if position >= self.warmup:
            return self.target
        return self.start + (self.target - self.start) * position / self.warmup
