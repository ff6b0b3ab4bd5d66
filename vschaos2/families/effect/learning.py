"""What only a training of an effect has use for: it loads the trainer, which takes seconds."""

from omegaconf import DictConfig

from vschaos2.config import plain
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.material import material, settle, tell
from vschaos2.families.effect.objective import EffectObjective
from vschaos2.families.effect.reports import EffectShow

__all__ = ["material", "objective", "settle", "show", "tell"]


def objective(config: DictConfig, model: EffectModel) -> EffectObjective:
    """What a configuration lets an effect learn.

    Raises:
        InputError: for a loss or a weight that cannot be.
    """
    losses = plain(config, "training.losses")
    return EffectObjective(model, losses, config.data.loader.window_samples)


def show(config: DictConfig) -> EffectShow:
    """The reports of an effect."""
    return EffectShow()
