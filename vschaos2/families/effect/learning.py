"""What only a training of an effect has use for: it loads the trainer, which takes seconds."""

from omegaconf import DictConfig

from vschaos2.config import plain
from vschaos2.errors import InputError
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
    losses, samples = plain(config, "training.losses"), config.data.loader.window_samples
    if isinstance(samples, int) and samples % model.net.block:
        raise InputError(
            f"data.loader.window_samples must be a multiple of {model.net.block}, got {samples}"
        )
    return EffectObjective(model, losses, samples)


def show(config: DictConfig) -> EffectShow:
    """The reports of an effect."""
    return EffectShow()
