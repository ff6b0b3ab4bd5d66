"""One step of any training: an objective's loss goes down, and a running average follows."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from vschaos2.data.material import Material
from vschaos2.errors import InputError
from vschaos2.ranges import check_count, check_number
from vschaos2.training.objective import Losses, Moment, Objective
from vschaos2.training.optimisation import (
    AVERAGE_EVERY,
    adamw,
    clip_apart,
    move_average,
    rate_factor,
    training_progress,
)
from vschaos2.training.position import random_state, set_random_state
from vschaos2.training.resumable import ResumableTraining
from vschaos2.training.trainer_parts import data_of, log_interval


class Training(ResumableTraining):
    """A model, what it is to learn, and how its weights move.

    The weights that are validated, stored and played are a running average of those that are
    optimised: it lies nearer the middle of the valley that stochastic steps circle in (Polyak &
    Juditsky 1992; Izmailov et al. 2018, "Averaging weights leads to wider optima").

    Args:
        model: the model to train.
        objective: what it learns.
        learning_rate: of AdamW, after the warm-up, up to 1.
        weight_decay: of AdamW, on matrices only, up to 10.
        warmup_steps: steps over which the learning rate rises.
        cooldown: last part of the training, 0 to 1, over which it falls to 0.
        average_decay: memory of the running average, per step, below 1: at 1 it would never move.
    """

    def __init__(
        self,
        model: nn.Module,
        objective: Objective,
        learning_rate: float = 2e-3,
        weight_decay: float = 1e-2,
        warmup_steps: int = 100,
        cooldown: float = 0.4,
        average_decay: float = 0.999,
    ) -> None:
        super().__init__()
        where = "training.optimiser"
        check_number(f"{where}.learning_rate", learning_rate, 0.0, 1.0)
        check_number(f"{where}.weight_decay", weight_decay, 0.0, 10.0)
        check_count(f"{where}.warmup_steps", warmup_steps, 0, 10**9)
        check_number(f"{where}.cooldown", cooldown, 0.0, 1.0)
        check_number(f"{where}.average_decay", average_decay, 0.0, 0.99999)
        self.model = model
        average: Any = partial(move_average, decay=average_decay)
        self.average = AveragedModel(model, multi_avg_fn=average).requires_grad_(False)
        self.objective = objective
        objective.averaged_model = self.averaged_model()
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warmup_steps = warmup_steps
        self.cooldown = cooldown
        self.scores = torch.zeros(0, 2)

    @property
    def data(self) -> Material:
        """Where batches come from."""
        return data_of(self.trainer)

    def averaged_model(self) -> Any:
        """The model whose weights are the running average."""
        return self.average.module

    def start_average(self) -> None:
        """Let the average begin with the weights as they are."""
        self.averaged_model().load_state_dict(self.model.state_dict())

    def training_step(self, batch: dict[str, Any], index: int) -> Tensor:
        """The loss of one batch."""
        found = self.objective.loss(batch, Moment(self.global_step, self.current_epoch))
        if (self.global_step + 1) % log_interval(self.trainer) == 0:
            self._log("train", found, _size(batch))
        return found.total

    def validation_step(self, batch: dict[str, Any], index: int) -> None:
        """Losses of the averaged model on fixed material.

        Raises:
            InputError: if its scores are not one for each name of the objective's.
        """
        found = self.objective.held_out(self.averaged_model(), batch)
        self._log("validation", found, _size(batch))
        if found.scores is not None:
            if found.scores.shape != self.scores.shape:
                raise InputError(
                    f"{type(self.objective).__name__}.held_out: its scores have the shape "
                    f"{list(found.scores.shape)}, where {list(self.scores.shape)} is due, a sum "
                    "and a count for each name in `scores`"
                )
            self.scores = self.scores + found.scores

    def on_validation_epoch_start(self) -> None:
        """Calibrate the averaged model, and begin to sum scores."""
        self.objective.calibrate(self.averaged_model(), self.data)
        self.scores = torch.zeros(len(self.objective.scores), 2, device=self.device)

    def on_validation_epoch_end(self) -> None:
        """The mean of every score, over all processes."""
        scores = self.scores
        shared = self.trainer.world_size > 1
        if self.objective.scores and shared:
            summed: Any = self.trainer.strategy.reduce(scores, reduce_op="sum")
            scores = summed
        for name, (total, count) in zip(self.objective.scores, scores.tolist(), strict=True):
            if count > 0:
                # Summed over all processes above: their mean is this very number.
                self.log(f"validation/{name}", total / count, sync_dist=shared)

    def configure_gradient_clipping(
        self,
        optimizer: Any,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Limit the norm of the gradient, that of some weights apart from the rest's."""
        if gradient_clip_val and gradient_clip_algorithm in (None, "norm"):
            beside = self.objective.apart(self.model)
            clip_apart(self.model, beside, float(gradient_clip_val))
        else:
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)

    def _log(self, stage: str, found: Losses, size: int) -> None:
        shared = stage == "validation" and self.trainer.world_size > 1
        terms = {f"{stage}/{name}": value for name, value in found.terms.items()}
        self.log_dict(terms, sync_dist=shared, batch_size=size)
        self.log(f"{stage}/loss", found.total, prog_bar=True, sync_dist=shared, batch_size=size)
        self.log_dict(dict(found.rates), sync_dist=shared, batch_size=size)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """AdamW; biases and gains are not decayed."""
        # A fused step undoes the scaling of mixed precision itself, too late for clipping.
        fused = "mixed" not in str(self.trainer.precision)
        return adamw(self.model, self.learning_rate, self.weight_decay, fused)

    def on_train_batch_start(self, batch: dict[str, Any], index: int) -> None:
        """Set the learning rate: a linear rise, a plateau, a linear fall."""
        self.take_up_chance()
        factor = rate_factor(self.global_step, self.progress(), self.warmup_steps, self.cooldown)
        for group in self.trainer.optimizers[0].param_groups:
            group["lr"] = self.learning_rate * factor

    def on_train_batch_end(self, outputs: Any, batch: dict[str, Any], index: int) -> None:
        """Move the average."""
        if self.global_step % AVERAGE_EVERY == 0:
            self.average.update_parameters(self.model)

    def progress(self) -> float:
        """How much of the training is over, 0 to 1."""
        return training_progress(self.trainer)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what the objective keeps beside the weights.

        Raises:
            InputError: if it is called as what every checkpoint has.
        """
        super().on_save_checkpoint(checkpoint)
        chance = random_state(self.device)
        kept = self.objective.kept(self.averaged_model(), self.data)
        if taken := sorted(kept.keys() & checkpoint.keys()):
            raise InputError(
                f"{type(self.objective).__name__}.kept: every checkpoint has {', '.join(taken)} "
                "already: call it otherwise"
            )
        checkpoint |= kept
        if self.objective.carried is not None:
            checkpoint["carried"] = self.objective.carried.cpu()
        set_random_state(chance, self.device)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Give the objective what the model remembered, in the process that stored it."""
        super().on_load_checkpoint(checkpoint)
        self.objective.carried = checkpoint.get("carried") if self.global_rank == 0 else None


def _size(batch: Mapping[str, Any]) -> int:
    """Items of a batch: those of its first tensor."""
    return next(len(value) for value in batch.values() if isinstance(value, Tensor))


def watched(module: pl.LightningModule) -> Training:
    """A trainer's module as the training that it is."""
    assert isinstance(module, Training)
    return module
