"""Where a training stands: enough of it that another process goes on as if it were the same.

A training continues between two steps. There, its place is the epoch, the batch in it and the
step, from which the progress of Lightning's loops follows; its chance is the state of the
generators of random numbers.
"""

import random
from typing import Any, NamedTuple, cast

import numpy as np
import pytorch_lightning as pl
import torch
from torch import Tensor


class Position(NamedTuple):
    """The next batch of a training, all counted from 0.

    Attributes:
        epoch: number of the epoch.
        batch: number of the batch in its epoch.
        step: optimiser steps so far.
    """

    epoch: int
    batch: int
    step: int


def position_of(trainer: pl.Trainer) -> Position:
    """The position of a trainer that stands between two steps, or at the end.

    Lightning counts an epoch that was cut short (Ctrl-C, max_time, max_steps) as complete; here
    it is not: its remaining batches come next.
    """
    loop = trainer.fit_loop
    epochs: Any = loop.epoch_progress.current
    done = loop.epoch_loop.batch_progress.current.completed
    total = trainer.num_training_batches
    is_within = epochs.ready > epochs.processed
    epoch = epochs.processed if is_within else max(0, epochs.processed - 1)
    # Gradients that were being summed when a training was cut short are summed again.
    batch = done if done >= total else done - done % trainer.accumulate_grad_batches
    if done >= total:
        epoch, batch = epoch + 1, 0
    return Position(epoch, batch, trainer.global_step)


def loops_at(trainer: pl.Trainer, position: Position) -> dict[str, Any]:
    """The state of a trainer's fit loop that stands at a position, as a checkpoint holds it."""
    state: dict[str, Any] = trainer.fit_loop.state_dict()
    epoch, batch, step = position
    # An epoch in which some batches are done has begun; with none done, it begins anew.
    begun = epoch + 1 if batch > 0 else epoch
    epochs = {"ready": begun, "started": begun, "processed": epoch, "completed": epoch}
    state["epoch_progress"] = {"total": dict(epochs), "current": dict(epochs)}
    batches = dict.fromkeys(("ready", "started", "processed", "completed"), batch)
    state["epoch_loop.batch_progress"] = {
        "total": dict(batches),
        "current": dict(batches),
        "is_last_batch": False,
    }
    optimiser = state["epoch_loop.automatic_optimization.optim_progress"]["optimizer"]
    optimiser["step"]["total"] = {"ready": step, "completed": step}
    optimiser["zero_grad"]["total"] = {"ready": step, "started": step, "completed": step}
    state["epoch_loop.state_dict"]["_batches_that_stepped"] = step
    return state


def random_state(device: torch.device) -> Tensor:
    """The state of torch's, NumPy's and Python's generators in this process, as bytes [N]."""
    name, keys, place, has_gauss, gauss = cast(Any, np.random.get_state(legacy=True))
    version, words, python_gauss = random.getstate()
    assert (name, version, len(keys), len(words)) == ("MT19937", 3, 624, 625)
    numbers = [gauss, float("nan") if python_gauss is None else python_gauss]
    parts = [
        np.frombuffer(keys.astype("<u4").tobytes(), np.uint8),
        np.frombuffer(np.array([place, has_gauss, *words], "<u4").tobytes(), np.uint8),
        np.frombuffer(np.array(numbers, "<f8").tobytes(), np.uint8),
    ]
    own = [torch.from_numpy(part.copy()) for part in parts]
    if device.type == "cuda":
        own.append(torch.cuda.get_rng_state(device))
    return torch.cat([torch.get_rng_state(), *own])


def set_random_state(state: Tensor, device: torch.device) -> None:
    """Set the generators as `random_state` found them.

    The generator of a GPU is left alone if the state comes from a machine without one.
    """
    n_torch = torch.get_rng_state().numel()
    sizes = [n_torch, 4 * 624, 4 * 627, 8 * 2]
    own, keys, rest, numbers, cuda = state.cpu().split([*sizes, state.numel() - sum(sizes)])
    torch.set_rng_state(own.clone())  # torch reads words: a view may begin between two of them
    place, has_gauss, *words = np.frombuffer(rest.numpy().tobytes(), "<u4").tolist()
    gauss, python_gauss = np.frombuffer(numbers.numpy().tobytes(), "<f8").tolist()
    table = np.frombuffer(keys.numpy().tobytes(), "<u4")
    np.random.set_state(("MT19937", table, place, has_gauss, gauss))
    is_none = python_gauss != python_gauss
    random.setstate((3, tuple(words), None if is_none else python_gauss))
    if device.type == "cuda" and cuda.numel() > 0:
        torch.cuda.set_rng_state(cuda.clone(), device)
