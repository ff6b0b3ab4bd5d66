"""What only a training of hits has use for: it loads the trainer, which takes seconds."""

from omegaconf import DictConfig

from vschaos2.families.foley.hit_model import HitModel
from vschaos2.families.foley.material import HitDataModule, material, tell
from vschaos2.families.foley.objective import HitObjective
from vschaos2.families.foley.settle import settle
from vschaos2.runs.folder import Run
from vschaos2.runs.meanings import Meaning, plain_meanings

__all__ = ["material", "objective", "settle", "tell", "transfer"]


def objective(config: DictConfig, model: HitModel) -> HitObjective:
    """What a configuration lets a model of hits learn."""
    return HitObjective(model, config.training.jitter)


def transfer(
    model: HitModel, data: HitDataModule, source: Run
) -> tuple[dict[str, Meaning], dict[str, Meaning]]:
    """The flow of another model of hits begins a training; its VAE and its components do not."""
    ours, theirs = (
        {name: of for name, of in plain_meanings(each).items() if name.startswith("flow.")}
        for each in (model, source.model)
    )
    return ours, theirs
