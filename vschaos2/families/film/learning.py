"""What only a training on films has use for: it loads the trainer, which takes seconds."""

from omegaconf import DictConfig

from vschaos2.config import call, plain
from vschaos2.families.film.augment import Variety
from vschaos2.families.film.material import material, tell
from vschaos2.families.film.net import FilmNet
from vschaos2.families.film.objective import StrikeObjective
from vschaos2.families.film.reports import FilmShow

__all__ = ["material", "objective", "show", "tell"]


def objective(config: DictConfig, model: FilmNet) -> StrikeObjective:
    """What a configuration lets a network learn.

    Raises:
        InputError: for a value that cannot be.
    """
    variety = call(Variety, "training.variety", plain(config, "training.variety"))
    training = config.training
    return StrikeObjective(model, training.strike_weight, training.offset_weight, variety)


def show(config: DictConfig) -> FilmShow:
    """The reports of a network."""
    return FilmShow()
