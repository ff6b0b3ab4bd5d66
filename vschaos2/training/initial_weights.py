"""First weights from another run: what means the same is taken over, the rest begins at random.

Tensors are matched by name and shape. Where labels or latents stand side by side in one tensor,
its rows or columns are matched by what they mean: `decoder.layers.0.weight` has a column for each
latent and for each class of each task, and a model told of other labels keeps those it shares.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import torch
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor, nn

from vschaos2.data.material import Material
from vschaos2.errors import InputError
from vschaos2.runs.folder import Run
from vschaos2.runs.meanings import Axis, Meaning
from vschaos2.training.family import Family
from vschaos2.training.step import Training

logger = logging.getLogger(__name__)


class Taken(NamedTuple):
    """Names of the new model's tensors: taken over whole, in part, or not at all."""

    loaded: list[str]
    reshaped: list[str]
    left: list[str]


def begin_from(source: Run, training: Training, family: Family, data: Material) -> None:
    """Start a training from the weights of a run.

    Logs what was loaded, reshaped and left as it was.

    Args:
        source: the run.
        training: that begins.
        family: of its model.
        data: its material.

    Raises:
        InputError: if the run is of another family, or none of its weights fits.
    """
    if source.config.family != family.name:
        raise InputError(
            f"model.init_from: {source.folder} is of family {source.config.family!r}, not "
            f"{family.name!r}: use a run of the same family"
        )
    taken = take_weights(*family.transfer(training.model, data, source))
    if not _telling(training.model).intersection([*taken.loaded, *taken.reshaped]):
        raise InputError(
            f"model.init_from: no weight of {source.folder} fits this model: use the "
            "configuration it was trained with, or another run"
        )
    _tell(source.folder, taken)


def _telling(model: nn.Module) -> set[str]:
    """The weights that make two models alike: matrices, if there are any.

    Biases and gains have one shape in layers that share nothing else.
    """
    weights = dict(model.named_parameters())
    matrices = {name for name, weight in weights.items() if weight.ndim > 1}
    return matrices or set(weights)


@rank_zero_only
def _tell(folder: Path, taken: Taken) -> None:
    logger.info("from %s: loaded %s", folder, _layers(taken.loaded))
    logger.info("from %s: reshaped %s", folder, _layers(taken.reshaped))
    logger.info("as initialised: %s", _layers(taken.left))


@torch.no_grad()
def take_weights(to_fill: Mapping[str, Meaning], source: Mapping[str, Meaning]) -> Taken:
    """Copy into a model what means the same in another one.

    Args:
        to_fill: the tensors of the model, by name; filled in place.
        source: those of the other one.
    """
    by_key = {meaning.key: meaning for meaning in source.values()}
    taken = Taken([], [], [])
    for name, (key, value, axes) in to_fill.items():
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
