"""A training that learns no more comes to its end by itself.

    steps  0 ──────── best ──────── begun ──────────────── end
                        └ patience · begun ┘└ cooldown · end ┘

Once the last part of its steps, `patience`, has brought no better validation, the learning rate
falls as it does before any other end, and the training is over. Counted in steps, not in seconds:
a training that was killed and resumed ends where one that never was does.
"""

import logging
import math
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from vschaos2.runs.measure import Measure
from vschaos2.training.trainer_parts import callbacks_of

logger = logging.getLogger(__name__)

LEAST_STEPS = 5000  # before which no training comes to its end
LEAST_GAIN = 0.005  # of the best: less is no better


def is_better(score: float, best: float) -> bool:
    """Whether a measure, of which less is better, is lower than the best by more than a trifle."""
    return score < best if math.isinf(best) else score < best - LEAST_GAIN * abs(best)


def is_plateau(step: int, best_step: int, patience: float) -> bool:
    """Whether the last of so many steps brought nothing better for `patience` of them all."""
    return step >= LEAST_STEPS and step - best_step >= patience * step


def end_of(step: int, cooldown: float, every: int) -> int:
    """The step at which a training ends whose learning rate begins to fall after `step`.

    Args:
        step: steps done.
        cooldown: last part of all steps over which it falls, in [0, 1).
        every: steps from one validation to the next, the last of which is at the end.
    """
    return math.ceil(step / (1.0 - cooldown) / every) * every


class Plateau(Callback):
    """Watches the validations, and ends a training of which no more is to be hoped for.

    Args:
        best_by: the measure.
        patience: part of the steps; None to watch, and never to end.

    Attributes:
        best: its least value so far, trifles left aside.
        best_step: steps after which it was found.
        end: the step at which the training ends; 0 as long as it has none.
    """

    state_key = "plateau"

    def __init__(self, best_by: Measure, patience: float | None) -> None:
        self.best_by = best_by
        self.patience = patience
        self.best = math.inf
        self.best_step = 0
        self.end = 0

    @staticmethod
    def end_for(trainer: pl.Trainer) -> int:
        """The step at which a trainer's training ends by itself; 0 if it has none."""
        return max((c.end for c in callbacks_of(trainer, Plateau) if c.patience), default=0)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: Any) -> None:
        """Compare, and begin or make an end.

        A training whose learning rate falls already is left to its own end.
        """
        step = trainer.global_step
        score = float(trainer.callback_metrics.get(self.best_by.key, math.nan))
        if is_better(score, self.best):
            self.best, self.best_step = score, step
        if self.patience is None or math.isnan(score):
            return
        cooldown: float = pl_module.cooldown
        is_falling = pl_module.progress() >= 1.0 - cooldown
        if not self.end and not is_falling and is_plateau(step, self.best_step, self.patience):
            self.end = end_of(step, cooldown, _validation_steps(trainer))
            if trainer.is_global_zero:
                logger.info(
                    "held-out %s has not improved since step %d of %d: the learning rate falls, "
                    "and the training ends at step %d", self.best_by.short, self.best_step, step,
                    self.end,
                )  # fmt: skip
        if self.end and step >= self.end:
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """The best so far, and the end."""
        return {"best": self.best, "best_step": self.best_step, "end": self.end}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Go on from there."""
        self.best = float(state_dict["best"])
        self.best_step, self.end = int(state_dict["best_step"]), int(state_dict["end"])


def _validation_steps(trainer: pl.Trainer) -> int:
    """Optimiser steps from one validation to the next."""
    batches = int(trainer.num_training_batches) * (trainer.check_val_every_n_epoch or 1)
    return max(1, batches // trainer.accumulate_grad_batches)
