"""A training that goes on where it stood: its clock, its chance and its place."""

import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Timer
from torch import Tensor

from vschaos2.training.position import (
    Position,
    loops_at,
    position_of,
    random_state,
    set_random_state,
)
from vschaos2.training.trainer_parts import callbacks_of


class ResumableTraining(pl.LightningModule):
    """What a checkpoint holds besides weights, so that a resumed training equals one never stopped.

    Validations draw from chance, too, and are left as if they had not: training draws the same
    noise, however often it is looked at.

    Attributes:
        held_out: what validations found last, by name.
    """

    def __init__(self) -> None:
        super().__init__()
        self.held_out: dict[str, float] = {}
        self._seconds_before = 0.0
        self._started_at = time.monotonic()
        self._chance: Tensor | None = None
        self._chance_of_training: Tensor | None = None
        self._is_resumed = False

    def seconds(self) -> float:
        """Seconds of training so far, over all resumptions."""
        return self._seconds_before + time.monotonic() - self._started_at

    def take_up_chance(self) -> None:
        """Go on drawing where the checkpoint was; before the first step of a resumed training."""
        if not self._is_resumed:
            return
        if self._chance is not None:
            set_random_state(self._chance, self.device)
        # Lightning may count a step where it finds that a validation is already done.
        self.trainer.fit_loop.epoch_loop._batches_that_stepped = self.global_step
        self._is_resumed = False

    def on_train_start(self) -> None:
        """Start the clock."""
        self._started_at = time.monotonic()

    def on_validation_start(self) -> None:
        """Remember the state of chance."""
        self._chance_of_training = random_state(self.device)

    def on_validation_end(self) -> None:
        """Remember what was found, and forget what was drawn."""
        self.held_out = self._held_out()
        if self._chance_of_training is not None:
            set_random_state(self._chance_of_training, self.device)

    def _held_out(self) -> dict[str, float]:
        found = self.trainer.callback_metrics
        return {
            **self.held_out,
            **{k: float(v) for k, v in found.items() if k.startswith("validation/")},
        }

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what this checkpoint is, and where it stands."""
        self.take_up_chance()  # saved again before its first step
        chance: Any = random_state(self.device)
        everyone: Any = self.all_gather(chance)
        checkpoint["random_state"] = everyone.reshape(-1, len(chance)).cpu()
        checkpoint["position"] = position_of(self.trainer)._asdict()
        checkpoint["seconds"] = self.seconds()
        checkpoint["summary"] = {
            "step": float(self.global_step),
            "epoch": float(self.current_epoch),
            "seconds": self.seconds(),
            **self._held_out(),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Take the time already spent, the position and the state of chance."""
        self._seconds_before = float(checkpoint["seconds"])
        self.held_out = {k: v for k, v in checkpoint["summary"].items() if "/" in k}
        position = Position(**checkpoint["position"])
        checkpoint["loops"] = {"fit_loop": loops_at(self.trainer, position)}
        self._is_resumed = True
        states = checkpoint["random_state"]
        if len(states) == self.trainer.world_size:
            self._chance = states[self.trainer.global_rank]
        # trainer.max_time counts what was used, also by a training that had no such limit.
        spent = {"time_elapsed": {"train": self._seconds_before}}
        known = {k: v for k, v in checkpoint["callbacks"].items() if k != "Timer"}
        is_timed = bool(callbacks_of(self.trainer, Timer))
        checkpoint["callbacks"] = {**known, "Timer": spent} if is_timed else known
