"""The recordings of two instruments as one dataset, and a VAE that is trained on it on the way."""

import logging
import os
import shutil
from pathlib import Path

from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vschaos2.audio import find_audio_files
from vschaos2.config import CONFIGS, check_keys, section
from vschaos2.dataset_paths import sound_folder
from vschaos2.errors import InputError
from vschaos2.families.vae.family import VAE_FAMILY
from vschaos2.files import reason
from vschaos2.overrides import composed, lenient_overrides
from vschaos2.training import session

logger = logging.getLogger(__name__)

KEYS = ("config", "max_epochs", "overrides")


def train_vae(config: DictConfig) -> Path:
    """Train a VAE on the recordings of a bridge; → its run folder, rundir/NAME_vae/version_N.

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
    inner.data.dataset.root = str(config.data.dataset.root)
    inner.trainer.max_epochs = options.max_epochs
    inner.training.prior_minutes = None
    logger.info("training the VAE that both instruments share: %s_vae", config.name)
    return session.train(inner, VAE_FAMILY)


def gathered(source: Path, target: Path, folder: Path) -> Path:
    """One dataset of two folders of recordings: folder/NAME/… for each, as links where it can be.

    The folder is the training's own: sounds in it that are of neither are removed.

    Raises:
        InputError: for a folder without recordings, two of one name, or no place to write.
    """
    if source.resolve().name == target.resolve().name:
        raise InputError(
            f"data.source and data.target are both called {source.resolve().name}: rename one, "
            "since an instrument is called by its folder"
        )
    wanted: dict[Path, Path] = {}
    for place in (source, target):
        if not place.is_dir():
            raise InputError(f"{place}: no such folder: give one of recordings")
        searched = sound_folder(place)
        paths = find_audio_files(searched)
        if not paths:
            raise InputError(f"no sound file under {searched}: give a folder of recordings")
        wanted |= {folder / place.resolve().name / p.relative_to(searched): p for p in paths}
    for place, path in wanted.items():
        _link(path, place)
    for path in find_audio_files(folder):  # of folders that were given before
        if path not in wanted:
            path.unlink()
    return folder


def _link(path: Path, place: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            if place.stat().st_size == path.stat().st_size:
                return
            place.unlink()
        try:
            os.link(path, place)
        except OSError:  # another disk, or a system without such links
            shutil.copy2(path, place)
    except OSError as error:
        raise InputError(f"cannot write {place}: {reason(error)}: choose another rundir") from error
