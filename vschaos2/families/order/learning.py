"""What only a training of an estimator has use for: it loads the trainer, which takes seconds."""

from omegaconf import DictConfig

from vschaos2.families.order.estimator import Estimator
from vschaos2.families.order.material import material, tell
from vschaos2.families.order.objective import ChainObjective
from vschaos2.families.order.reports import ChainShow

__all__ = ["material", "objective", "show", "tell"]


def objective(config: DictConfig, model: Estimator) -> ChainObjective:
    """What a configuration lets an estimator learn.

    Raises:
        InputError: for a weight that cannot be.
    """
    return ChainObjective(model, config.training.settings_weight)


def show(config: DictConfig) -> ChainShow:
    """The reports of an estimator."""
    return ChainShow()
