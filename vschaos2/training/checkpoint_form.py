"""What `last.ckpt` must hold so that a training can go on from it, looked at before it does.

The file may be damaged, edited, or a stranger's. Whatever Lightning and the optimiser would
stumble over after half a minute, or never mention, is one line here.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.monitor.budget import Budget
from vschaos2.runs.checkpoints import LARGEST, MISFITS, check_finite, number
from vschaos2.runs.upgrade import upgraded_checkpoint
from vschaos2.training.family import Family
from vschaos2.training.optimisation import adamw
from vschaos2.training.position import Position, random_state, set_random_state
from vschaos2.training.resume import Resumed
from vschaos2.training.step import Training

MOST_STEPS = 2**40
FLAGS = ("amsgrad", "capturable", "differentiable", "foreach", "fused", "maximize")


def take_weights(training: Training, family: Family, resumed: Resumed) -> None:
    """Load the weights of a training that goes on, once all of its checkpoint is seen to be sound.

    Lightning loads it again, without these words. Without a checkpoint there is nothing to do.

    Args:
        training: that takes them.
        family: of its model.
        resumed: the training that goes on.

    Raises:
        InputError: if it does not fit the training, or is not what a training leaves behind.
    """
    checkpoint, path = resumed.checkpoint, resumed.last
    if checkpoint is None or path is None:
        return
    try:
        training.load_state_dict(checkpoint["state_dict"])
    except MISFITS as error:
        raise InputError(
            f"{resumed.folder}: last.ckpt does not fit config.yaml: was one of them edited?"
        ) from error
    check_finite(path, training.state_dict(), "state_dict")
    checks = {
        f"its {key}": partial(check, checkpoint.get(key), training) for key, check in CHECKS.items()
    }
    kept = partial(family.kept, upgraded_checkpoint(checkpoint), training.model)
    check_finite(path, checkpoint.get("latents"), "latents")
    check_finite(path, checkpoint.get("carried"), "carried")
    for key, check in {**checks, f"what the family {family.name} keeps": kept}.items():
        try:
            check()
        except MISFITS as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise InputError(
                f"{path}: {key} is not what a training leaves ({reason:.120}): start a new one "
                f"from its weights, with model.init_from={resumed.folder}"
            ) from error
    check_finite(path, checkpoint["optimizer_states"], "optimizer_states", LARGEST)


def _position(found: Any, training: Training) -> None:
    counts = Position(**found)._asdict()
    _check_steps(counts, tuple(counts))


def _check_steps(found: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in names:
        count = found[name]
        if type(count) is not int or not 0 <= count < MOST_STEPS:
            raise ValueError(f"{name} is {count!r:.40}")


def _random_state(found: Any, training: Training) -> None:
    """One state for each process, that the generators take."""
    wanted = random_state(torch.device("cpu"))
    if found.dtype != torch.uint8 or found.ndim != 2 or found.shape[1] < len(wanted):
        raise ValueError(f"{found.dtype}, {list(found.shape)}")
    try:
        for state in found[:4096]:
            set_random_state(state, torch.device("cpu"))
    finally:
        set_random_state(wanted, torch.device("cpu"))


def _seconds(found: Any, training: Training) -> None:
    number(found, 0.0)


def _summary(found: Any, training: Training) -> None:
    for key, value in found.items():
        if not isinstance(key, str):
            raise TypeError(f"{key!r:.40} is no name")
        number(value)


def _callbacks(found: Any, training: Training) -> None:
    if not all(isinstance(state, dict) for state in found.values()):
        raise TypeError("no mappings")
    if "best" in found and math.isnan(number(found["best"]["score"])):
        raise ValueError("no score would ever be better than nan")
    if "plateau" in found:
        state = found["plateau"]
        if math.isnan(number(state["best"])):
            raise ValueError("no score would ever be better than nan")
        _check_steps(state, ("best_step", "end"))
    if "Monitor" in found:
        account = Budget(0.0, 0.0)
        account.restore(found["Monitor"])
        for value in (account.spent, *account.costs.values(), *account.times.values()):
            number(value, 0.0)


def _recordings(found: Any, training: Training) -> None:
    if found is not None and not isinstance(found["recordings"], str):
        raise TypeError("no text")


def _carried(found: Any, training: Training) -> None:
    if found is not None and (not isinstance(found, Tensor) or found.ndim != 2):
        raise TypeError("no states of streams")


def _version(found: Any, training: Training) -> None:
    if not re.fullmatch(r"[2-9]\.[0-9]{1,4}\.[0-9]{1,4}((\.dev|rc|\.post)[0-9]{1,10})?", found):
        raise ValueError(f"{found!r:.40}")


def _schedulers(found: Any, training: Training) -> None:
    if found != []:
        raise ValueError(f"{found!r:.40}, wanted []")


def _optimiser(found: Any, training: Training) -> None:
    """The state of one AdamW, of a shape with the weights that it moves."""
    (state,) = found
    moved = adamw(training.model, training.learning_rate, training.weight_decay, fused=False)
    groups = moved.state_dict()["param_groups"]
    for group, saved in zip(groups, state["param_groups"], strict=True):
        if group["params"] != saved["params"]:
            raise ValueError("other weights")
        for name, value in saved.items():
            is_flag = name in FLAGS and (value is None or type(value) is bool)
            if not is_flag and not _is_alike(value, group.get(name, value)):
                raise ValueError(f"{name} is {value!r:.40}")
    weights = [weight for group in moved.param_groups for weight in group["params"]]
    for index, moments in state["state"].items():
        shape = weights[index].shape
        for name in ("exp_avg", "exp_avg_sq"):
            _check_tensor(name, moments[name], shape)
        _check_tensor("step", moments["step"], torch.Size(()))
        if bool(moments["exp_avg_sq"].lt(0).any()) or not float(moments["step"]) >= 0:
            raise ValueError("negative")
    if state["state"] and len(state["state"]) != len(weights):
        raise ValueError(f"of {len(state['state'])} weights, not {len(weights)}")


def _check_tensor(name: str, value: Any, shape: torch.Size) -> None:
    if not isinstance(value, Tensor) or value.shape != shape or not value.is_floating_point():
        raise TypeError(f"{name} does not fit its weight")


def _is_alike(value: Any, like: Any) -> bool:
    """Whether a plain value is of the type of another one, and finite."""
    if isinstance(like, tuple | list):
        return (
            isinstance(value, tuple | list)
            and len(value) == len(like)
            and all(_is_alike(a, b) for a, b in zip(value, like, strict=True))
        )
    if type(like) in (int, float):  # a rate of 1 becomes .025
        return type(value) in (int, float) and math.isfinite(value)
    return type(value) is type(like)


CHECKS: dict[str, Callable[[Any, Training], None]] = {
    "position": _position,
    "random_state": _random_state,
    "seconds": _seconds,
    "summary": _summary,
    "callbacks": _callbacks,
    "optimizer_states": _optimiser,
    "lr_schedulers": _schedulers,
    "pytorch-lightning_version": _version,
    "WindowDataModule": _recordings,
    "PairDataModule": _recordings,
    "LatentDataModule": _recordings,
    "carried": _carried,
}
