"""First weights from another run: what means the same is taken over, the rest begins at random.

Tensors are matched by name and shape. Where labels or latents stand side by side in one tensor,
its rows or columns are matched by what they mean: `decoder.layers.0.weight` has a column for each
latent and for each class of each task, and a model told of other labels keeps those it shares.
"""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.families.vae.meanings import Axis, meanings
from vschaos2.families.vae.vae import VAE
from vschaos2.runs.folder import Run, load_run
from vschaos2.training.step import VAETraining

logger = logging.getLogger(__name__)


class Taken(NamedTuple):
    """Names of the new model's tensors: taken over whole, in part, or not at all."""

    loaded: list[str]
    reshaped: list[str]
    left: list[str]


def first_weights(run: Any) -> Run | None:
    """The run that `model.init_from` names, loaded; None for null.

    Raises:
        InputError: if it names none, or none that can be loaded.
    """
    if run is None:
        return None
    if not isinstance(run, str) or not run:
        raise InputError(f"model.init_from must be a run, rundir/name, or null, got {run!r}")
    try:
        return load_run(Path(run))
    except InputError as error:
        raise InputError(f"model.init_from={run}: {error}") from error


def begin_from(source: Run | None, step: VAETraining) -> None:
    """Start a training, and its running average, from the weights of a run; None: do nothing.

    Logs what was loaded, reshaped and left as it was.

    Raises:
        InputError: if none of its weights fits.
    """
    if source is None:
        return
    taken = take_weights(step.model, source.model, step.classes, source.classes)
    weights = {name for name, weight in step.model.named_parameters() if weight.ndim > 1}
    if not weights.intersection([*taken.loaded, *taken.reshaped]):
        raise InputError(
            f"model.init_from: no weight of {source.folder} fits this model: use the "
            "configuration it was trained with, or another run"
        )
    step.averaged_model().load_state_dict(step.model.state_dict())
    _tell(source.folder, taken)


@rank_zero_only
def _tell(folder: Path, taken: Taken) -> None:
    logger.info("from %s: loaded %s", folder, _layers(taken.loaded))
    logger.info("from %s: reshaped %s", folder, _layers(taken.reshaped))
    logger.info("as initialised: %s", _layers(taken.left))


@torch.no_grad()
def take_weights(
    model: VAE,
    source: VAE,
    classes: dict[str, list[str]],
    source_classes: dict[str, list[str]],
) -> Taken:
    """Copy into a model what means the same in another one.

    The level of the transform and the scale of continuous labels come along: weights are right
    only for frames as they were trained on. They do not where the transform was another.

    Args:
        model: the model to fill.
        source: the model to copy from.
        classes: names of the classes of each task of `model`, where they are known.
        source_classes: those of `source`; classes are matched by name where both are known.
    """
    shared = [task for task in classes if classes[task] and source_classes.get(task)]
    known = meanings(source, {task: source_classes[task] for task in shared})
    by_key = {meaning.key: meaning for meaning in known.values()}
    taken = Taken([], [], [])
    for name, (key, value, axes) in meanings(model, {t: classes[t] for t in shared}).items():
        other = by_key.get(key)
        matches = _matches(axes, other.axes) if other else None
        if other is None or matches is None:
            taken.left.append(name)
            continue
        to, of = matches
        if to:
            grid = torch.meshgrid(*of, indexing="ij")
            value[torch.meshgrid(*to, indexing="ij")] = other.value[grid]
        else:
            value.copy_(other.value)
        is_whole = all(len(index) == len(axis) for index, axis in zip(to, axes, strict=True))
        (taken.loaded if is_whole else taken.reshaped).append(name)
    return taken


def _matches(axes: list[Axis], others: list[Axis]) -> tuple[list[Tensor], list[Tensor]] | None:
    """Indices along each axis that mean the same in both; None if an axis has none."""
    if len(axes) != len(others):
        return None
    to, of = [], []
    for axis, other in zip(axes, others, strict=True):
        place = {meaning: index for index, meaning in enumerate(other)}
        shared = [(i, place[meaning]) for i, meaning in enumerate(axis) if meaning in place]
        if not shared:
            return None
        to.append(torch.tensor([i for i, _ in shared]))
        of.append(torch.tensor([i for _, i in shared]))
    return to, of


def _layers(names: list[str]) -> str:
    """The layers that tensors belong to, each once."""
    layers = dict.fromkeys(n.removesuffix(".weight").removesuffix(".bias") for n in names)
    return ", ".join(layers) or "nothing"
