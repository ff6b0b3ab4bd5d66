"""A family of models, as the engines see it: what it is built of, learns from, shows and plays.

Training, watching, run folders and export take a `Family` and know none by name. One is a file, or
a folder of them, that ends with

    FAMILY = register(Family("mine", …))

What names a family need not train: no import here loads the trainer, which takes seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from omegaconf import DictConfig
from torch import nn

from vschaos2.runs.folder import Run
from vschaos2.runs.meanings import Meaning, plain_meanings
from vschaos2.runs.measure import Measure

if TYPE_CHECKING:
    from vschaos2.data.material import Material
    from vschaos2.export.playable import Playable
    from vschaos2.monitor.show import Show
    from vschaos2.training.objective import Objective

Meanings = Mapping[str, Meaning]


def _by_place(model: nn.Module, data: Material, source: Run) -> tuple[Meanings, Meanings]:
    """Tensors of one name and shape mean the same."""
    return plain_meanings(model), plain_meanings(source.model)


def _nothing_more(config: DictConfig) -> Show:
    from vschaos2.monitor.show import Show

    return Show()


def _tell_of_windows(data: Any) -> None:
    from vschaos2.inspection.dataset import tell_of

    tell_of(data)


def later(module: str, name: str) -> Callable[..., Any]:
    """A function of a module that is loaded when the function is first called.

    Args:
        module: in full, such as "vschaos2.families.vae.learning".
        name: of the function.
    """

    def call(*arguments: Any) -> Any:
        return getattr(import_module(module), name)(*arguments)

    return call


class Family(NamedTuple):
    """A family of models.

    Attributes:
        name: `family:` in a configuration.
        build: a configuration → the untrained model. Raises InputError.
        material: a configuration and its model → where batches come from. Raises InputError.
        objective: a configuration and its model → what is minimised. Raises InputError.
        playable: a run and the wishes of who exports it, by name → what a host plays (see
            `export.playable`); None where there is no real-time form.
        methods: what its playable can be called for.
        show: a configuration → what is shown while it trains, besides the learning curves.
        best_by: what makes a checkpoint the best one.
        stores_samples: whether its material keeps decoded samples beside the recordings.
        tell: logs what its material holds, and what is wrong with it.
        kept: a checkpoint and its model → what the objective kept beside the weights. Raises
            ValueError, TypeError, LookupError for what it never keeps.
        transfer: a model, its material and a run → what each number of the model's weights and of
            the run's is about (see `runs.meanings`): the run's are taken where that is the same.
        settle: writes what the configuration of a new training leaves to its recordings into it.
            Raises InputError.
        finish: what follows a training, of the run that it left: nothing of that is lost if this
            fails. Raises InputError.
        learn_prior: lets a trained run learn how its latents move, in seconds at most → the file in
            its folder that knows; None where nothing moves. Raises InputError.
        keys: dotted keys that its configurations have besides those of every family.
        instead_of_root: the one that may name recordings where no folder is named; empty for none.
        changeable: those of them that may differ when a training goes on.
        optional: those of them that may be null or absent.
    """

    name: str
    build: Callable[[DictConfig], nn.Module]
    material: Callable[[DictConfig, Any], Material]
    objective: Callable[[DictConfig, Any], Objective]
    playable: Callable[[Run, Mapping[str, Any]], Playable] | None = None
    methods: tuple[str, ...] = ("forward",)
    show: Callable[[DictConfig], Show] = _nothing_more
    best_by: Measure = Measure()
    stores_samples: bool = True
    tell: Callable[[Any], None] = _tell_of_windows
    kept: Callable[[Mapping[str, Any], Any], Any] = lambda checkpoint, model: None
    transfer: Callable[[Any, Material, Run], tuple[Meanings, Meanings]] = _by_place
    settle: Callable[[DictConfig], None] = lambda config: None
    finish: Callable[[Run], None] = lambda run: None
    learn_prior: Callable[[Run, float], Path] | None = None
    keys: tuple[str, ...] = ()
    instead_of_root: str = ""
    changeable: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
