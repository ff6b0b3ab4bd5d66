"""What only a training of a bridge has use for: it loads the trainer, which takes seconds."""

from omegaconf import DictConfig

from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.material import material, tell
from vschaos2.families.bridge.objective import BridgeObjective
from vschaos2.families.bridge.settle import settle

__all__ = ["material", "objective", "settle", "tell"]


def objective(config: DictConfig, model: BridgeModel) -> BridgeObjective:
    """What a configuration lets a bridge learn.

    Raises:
        InputError: if there is nothing to learn.
    """
    if model.translator is None and model.flow is None:
        raise InputError("model: give model.translator, model.flow or both: nothing else learns")
    return BridgeObjective(model)
