"""When a training will be done, by its limits and by how fast its steps went so far."""

import math
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Timer

from vschaos2.training import plateau
from vschaos2.training.plateau import Plateau
from vschaos2.training.trainer_parts import callbacks_of

AWAITED_S = 30.0  # after which a first forecast no longer waits for the end of an epoch
LEAST_STEPS = 10  # that tell a speed
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def seconds_left(steps: float, seconds_per_step: float, seconds: float) -> float:
    """What a training still takes: what comes first of its last step and of its time."""
    return min(steps * seconds_per_step, seconds)


def in_words(seconds: float) -> str:
    """A duration, no more exact than a forecast can be."""
    if seconds < 1.5 * MINUTE:
        return f"about {max(1, round(seconds / 10)) * 10} seconds"
    if seconds < 1.5 * HOUR:
        return f"about {round(seconds / MINUTE)} minutes"
    if seconds < 2 * DAY:
        return f"about {seconds / HOUR:.1f} hours"
    return f"about {seconds / DAY:.0f} days"


def time_of_day(now: datetime, seconds: float) -> str:
    """The time in so many seconds: hours and minutes, and the day if it is another."""
    then = now + timedelta(seconds=seconds + 30)  # to the nearest minute
    if then.date() == now.date():
        return f"{then:%H:%M}"
    return f"{then:%A %H:%M}" if seconds < 6 * DAY else f"{then:%Y-%m-%d}"


class Forecast:
    """When a trainer's training will be done.

    Args:
        clock: seconds that only rise.
        today: the time of day.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        today: Callable[[], datetime] = datetime.now,
    ) -> None:
        self.clock, self.today = clock, today
        self.first_step, self.began_at = 0, clock()
        self.is_told = False

    def begin(self, trainer: pl.Trainer) -> None:
        """Start the clock at the steps that are done."""
        self.first_step, self.began_at = trainer.global_step, self.clock()
        self.is_told = False

    def left_s(self, trainer: pl.Trainer) -> float | None:
        """Seconds to go, infinite without a limit; None as long as nobody can tell."""
        steps = trainer.global_step - self.first_step
        if steps < 1:
            return None
        total = float(trainer.estimated_stepping_batches)
        if end := Plateau.end_for(trainer):
            total = min(total, end) if total > 0 else end
        remaining = [timer.time_remaining() for timer in callbacks_of(trainer, Timer)]
        return seconds_left(
            total - trainer.global_step if total > 0 else math.inf,
            (self.clock() - self.began_at) / steps,
            min((s for s in remaining if s is not None), default=math.inf),
        )

    def done_at(self, trainer: pl.Trainer) -> str | None:
        """The time at which it will be done; None if nobody can tell."""
        left = self.left_s(trainer)
        if left is None or math.isinf(left):
            return None
        return time_of_day(self.today(), left)

    def opening(self, trainer: pl.Trainer, is_epoch_over: bool) -> str | None:
        """What is said once, after the first epoch or half a minute; None if it is not yet time.

        Args:
            trainer: while it trains.
            is_epoch_over: whether an epoch was just completed.
        """
        waited = self.clock() - self.began_at >= AWAITED_S
        steps = trainer.global_step - self.first_step
        if self.is_told or not (is_epoch_over or (waited and steps >= LEAST_STEPS)):
            return None
        left = self.left_s(trainer)
        if left is None or left <= 0:
            return None
        self.is_told = True
        is_long = trainer.estimated_stepping_batches > plateau.LEAST_STEPS
        watched = is_long and any(c.patience for c in callbacks_of(trainer, Plateau))
        sooner = "if the held-out measure stops improving" if watched else ""
        if math.isinf(left):
            return f"no end is set: done {sooner or 'when you press Ctrl-C'}"
        told = f"{in_words(left)}: done at about {time_of_day(self.today(), left)}"
        return f"{told}, sooner {sooner}" if sooner else told
