"""What a configuration leaves to the recordings: model.latent_dim=auto becomes a number."""

import logging

import torch
from omegaconf import DictConfig, OmegaConf

from vschaos2.calling import typed
from vschaos2.config import section
from vschaos2.data.module import WindowDataModule
from vschaos2.data.stretches import Split
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.material import augment_of, material
from vschaos2.families.vae.objective import objective
from vschaos2.inspection.size import (
    Hearing,
    advised,
    components_of,
    in_words,
    linear_convergence,
)
from vschaos2.ranges import is_auto
from vschaos2.training.processes import is_first_process

logger = logging.getLogger(__name__)


def settle(config: DictConfig) -> None:
    """Write the number of latents that the recordings ask for where `auto` stands.

    Raises:
        InputError: for what no training takes, before a recording is opened; or for recordings
            that are silent or absurdly loud.
    """
    if not is_auto("model.latent_dim", section(config, "model").get("latent_dim")):
        return
    tried = config.copy()
    OmegaConf.update(tried, "model.latent_dim", 2)  # of harmonic models the least
    model = build_model(tried)
    objective(tried, model)  # refuses what a training would
    gain_db = augment_of(tried, model).gain_db
    convergence = convergence_of(material(tried, model), model.transform, gain_db)
    OmegaConf.update(config, "model.latent_dim", advised(convergence))
    if is_first_process():
        logger.info("%s", in_words(convergence))


@torch.no_grad()
def convergence_of(
    data: WindowDataModule, transform: SpectralTransform, gain_db: float
) -> dict[int, float]:
    """What linear models leave of a training's held-out windows, by their number of latents."""
    sides = Split(
        data.training_files, data.validation_files, data.training_stretches,
        data.validation_stretches,
    )  # fmt: skip
    hearing = Hearing(transform, gain_db, data.validation_windows)
    found = components_of(data.cache, sides, hearing)
    if found is None:
        raise InputError(
            f"{data.root}: its training files are silent or absurdly loud: look with "
            f"{typed('check')} {data.root}"
        )
    return linear_convergence(data.cache, sides, hearing, found)
