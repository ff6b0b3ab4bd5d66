"""What a VAE and recordings settle of a bridge's configuration."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from vschaos2.config import check_keys
from vschaos2.errors import InputError
from vschaos2.families.bridge.build import AUTO
from vschaos2.families.bridge.instruments import instruments_of
from vschaos2.families.bridge.shared_vae import gathered
from vschaos2.families.bridge.takes import cache_of
from vschaos2.families.bridge.two_vaes import settle_two
from vschaos2.families.vae.inner_training import train_vae
from vschaos2.families.vae.inner_vae import described, settle_rate, vae_run

OPTIONS = ("root", "n_files", "sample_rate_hz", "validation_fraction")


def settle(config: DictConfig) -> None:
    """Write what a VAE and the recordings say where `auto` stands; train the VAE if there is none.

    Raises:
        InputError: for recordings or a VAE that no bridge can stand on.
    """
    check_keys(config.data.dataset, "data.dataset", OPTIONS)
    dataset = config.data.dataset
    if OmegaConf.is_list(config.vae):
        settle_two(config)
    folders = config.data.source, config.data.target
    if (folders[0] is None) != (folders[1] is None):
        raise InputError("data.source and data.target: give both, or neither")
    if folders[0] is not None:
        if dataset.root != AUTO:
            raise InputError("data.dataset.root does not go with data.source and data.target")
        place = Path(str(config.rundir)) / f"{config.name}_recordings"
        source, target = (Path(str(folder)).expanduser() for folder in folders)
        dataset.root = str(gathered(source, target, place))
    if config.vae is None:
        if dataset.root == AUTO:
            raise InputError(
                "vae is missing: give the run of a VAE of all instruments, vae=runs/…, or their "
                "recordings, data.source=… data.target=… or data.dataset.root=…"
            )
        if config.check:
            raise InputError("check=true needs a VAE that is there: vae=runs/…")
        told = "training the VAE that both instruments share"
        config.vae = str(train_vae(config, Path(str(dataset.root)), told))
    run = vae_run(config.vae)
    if dataset.root == AUTO:
        dataset.root = str(run.config.data.dataset.root)
    settle_rate(config, run)
    OmegaConf.update(config, "model.vae", described(run), merge=False)
    if config.inversion is None:
        config.inversion = OmegaConf.select(run.config, "inversion") or "balanced"
    if config.model.instruments == AUTO:
        cache = cache_of(config)
        found = instruments_of(Path(dataset.root), [f.path for f in cache.files], config.task)
        config.model.instruments = sorted({*found} - {""})
