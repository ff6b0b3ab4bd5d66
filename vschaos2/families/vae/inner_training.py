"""A VAE that is trained first, since another family's model is built around it."""

import logging
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vschaos2.config import CONFIGS, check_keys, section
from vschaos2.errors import InputError
from vschaos2.families.vae.family import VAE_FAMILY
from vschaos2.overrides import composed, lenient_overrides
from vschaos2.training import session

logger = logging.getLogger(__name__)

KEYS = ("config", "max_epochs", "overrides")


def train_vae(config: DictConfig, root: Path, told: str) -> Path:
    """Train a VAE for another model; → its run folder, rundir/NAME_vae/version_N.

    Args:
        config: of that model, with `vae_training`.
        root: the recordings.
        told: what the log says of it.

    Raises:
        InputError: for what is wrong with the recordings, or the configuration.
    """
    check_keys(section(config, "vae_training"), "vae_training", KEYS)
    options, where = config.vae_training, "vae_training.overrides"
    words = OmegaConf.to_container(options.overrides)
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise InputError(f"{where} must be a list of key=value, got {words!r}")
    GlobalHydra.instance().clear()
    try:
        inner = composed(CONFIGS, str(options.config), lenient_overrides(words))
    except (HydraException, OmegaConfBaseException) as error:
        why = " ".join(str(error).split())
        raise InputError(f"vae_training: no such configuration or key ({why:.200})") from error
    if "latent_dim" not in inner.model:
        raise InputError(
            f"vae_training.config={options.config} is no configuration of a VAE: try dgt_mid"
        )
    inner.name, inner.rundir, inner.seed = f"{config.name}_vae", str(config.rundir), config.seed
    inner.data.dataset.root = str(root)
    inner.trainer.max_epochs = options.max_epochs
    inner.training.prior_minutes = None
    logger.info("%s: %s_vae", told, config.name)
    return session.train(inner, VAE_FAMILY)
