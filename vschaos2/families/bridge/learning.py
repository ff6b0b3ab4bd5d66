"""What only a training of a bridge has use for: it loads the trainer, which takes seconds."""

from omegaconf import DictConfig, OmegaConf

from vschaos2.data.latent_module import LatentDataModule
from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.material import material, tell
from vschaos2.families.bridge.objective import BridgeObjective
from vschaos2.families.bridge.settle import settle
from vschaos2.ranges import check_count
from vschaos2.runs.folder import Run
from vschaos2.runs.meanings import Meaning, plain_meanings

__all__ = ["material", "objective", "settle", "tell", "transfer"]

LEARNT = ("translator.", "flow.")  # what may be taken from another bridge: its VAE is its own


def objective(config: DictConfig, model: BridgeModel) -> BridgeObjective:
    """What a configuration lets a bridge learn.

    Raises:
        InputError: if there is nothing to learn.
    """
    if model.translator is None and model.flow is None:
        raise InputError("model: give model.translator, model.flow or both: nothing else learns")
    frames = OmegaConf.select(config, "training.coupling")
    if frames is not None and model.flow is not None:
        check_count("training.coupling", frames, 1, config.data.loader.window_frames)
    return BridgeObjective(model, frames)


def transfer(
    model: BridgeModel, data: LatentDataModule, source: Run
) -> tuple[dict[str, Meaning], dict[str, Meaning]]:
    """Translator and flow of another bridge begin a training; nothing else of it does."""
    ours, theirs = (
        {name: of for name, of in plain_meanings(each).items() if name.startswith(LEARNT)}
        for each in (model, source.model)
    )
    return ours, theirs
