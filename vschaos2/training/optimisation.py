"""How weights move: the optimiser, its pace, and the running average of what it finds."""

import math
from collections.abc import Sequence

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Timer
from torch import Tensor, nn

from vschaos2.training.plateau import Plateau
from vschaos2.training.trainer_parts import callbacks_of

AVERAGE_EVERY = 4  # steps between updates of the average: a quarter of its cost, same memory


def adamw(
    model: nn.Module, learning_rate: float, weight_decay: float, fused: bool
) -> torch.optim.Optimizer:
    """AdamW of all weights; biases and gains are not decayed."""
    parameters = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.99), fused=fused)


def clip_apart(model: nn.Module, beside: Sequence[nn.Parameter], norm: float) -> None:
    """Limit the norm of the gradient of some weights and that of the rest, each to `norm`.

    What learns beside a model does not slow it down then, however unsure it is.
    """
    own = {id(parameter) for parameter in beside}
    rest = [parameter for parameter in model.parameters() if id(parameter) not in own]
    for parameters in (rest, beside):
        torch.nn.utils.clip_grad_norm_(parameters, norm)


def rate_factor(step: int, progress: float, warmup_steps: int, cooldown: float) -> float:
    """Of the learning rate, 0 to 1: a linear rise, a plateau, a linear fall.

    Args:
        step: steps done.
        progress: how much of the training is over, 0 to 1.
        warmup_steps: steps of the rise.
        cooldown: part of the training, 0 to 1, over which it falls to 0.
    """
    rise = min(1.0, (step + 1) / max(1, warmup_steps))
    fall = min(1.0, (1.0 - progress) / cooldown) if cooldown > 0 else 1.0
    return rise * fall


def training_progress(trainer: pl.Trainer) -> float:
    """How much of a training is over, 0 to 1: the furthest of its steps and its time.

    Its last step is the one that its configuration says, or that `Plateau` has found.
    """
    total = trainer.estimated_stepping_batches
    done = trainer.global_step / total if math.isfinite(total) and total > 0 else 0.0
    if end := Plateau.end_for(trainer):
        done = max(done, trainer.global_step / end)
    for timer in callbacks_of(trainer, Timer):
        if (remaining := timer.time_remaining()) is not None:
            elapsed = timer.time_elapsed()
            done = max(done, elapsed / max(1e-9, elapsed + remaining))
    return min(1.0, done)


def move_average(
    averaged: list[Tensor], current: list[Tensor], count: Tensor | int, decay: float
) -> None:
    """Move averages towards the current values, in place.

    Args:
        averaged: of each parameter, as it is every `AVERAGE_EVERY` steps.
        current: the parameters.
        count: updates so far, n. Early on the memory grows with it, as (n + 1)/(n + 10): the
            first, random weights are soon forgotten.
        decay: memory per step.
    """
    early = (float(count) + 1.0) / (float(count) + 10.0)
    torch._foreach_lerp_(averaged, current, 1.0 - min(decay**AVERAGE_EVERY, early))
