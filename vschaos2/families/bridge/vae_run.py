"""The run of a VAE that a bridge stands on, and the VAE in a bridge as a run of its own."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from vschaos2.errors import InputError
from vschaos2.families.vae.family import VAE_FAMILY
from vschaos2.families.vae.kept import Kept
from vschaos2.runs.folder import Run
from vschaos2.runs.loading import read_run
from vschaos2.training.family import Family


def vae_run(path: Any) -> Run:
    """The trained VAE that `vae=…` names.

    Raises:
        InputError: if there is none there.
    """
    if OmegaConf.is_list(path):
        raise InputError(
            f"vae={', '.join(map(str, path))}: the latents of VAEs that were trained apart have "
            "nothing in common, and noise between them would keep nothing of a melody: let one "
            "learn all instruments, with data.source=… data.target=… and no vae"
        )
    if not isinstance(path, str) or not path:
        raise InputError(f"vae must be a run of a VAE, rundir/name, got {path!r}: write vae=…")
    try:
        return read_run(Path(path), None, _vae_alone)
    except InputError as error:
        raise InputError(f"vae={path}: {error}") from error


def _vae_alone(config: DictConfig) -> Family:
    if config.family != VAE_FAMILY.name:
        raise InputError(
            f"is a run of family {config.family!r}: give one of family {VAE_FAMILY.name!r}"
        )
    return VAE_FAMILY


def described(run: Run) -> dict[str, Any]:
    """What a bridge's configuration says of its VAE: all that it is built of."""
    model: Any = OmegaConf.to_container(run.config.model, resolve=True)
    model.pop("init_from", None)
    transform: Any = OmegaConf.to_container(run.config.data.transform, resolve=True)
    texture = OmegaConf.select(run.config, "texture")
    return {"model": model, "transform": transform, "texture": texture}


def inner_run(run: Run) -> Run:
    """The VAE of a bridge as a run: what plays and measures latents takes it as any other."""
    config = OmegaConf.create(
        {
            "family": VAE_FAMILY.name,
            "model": run.config.model.vae.model,
            "texture": run.config.model.vae.texture,
            "inversion": run.config.inversion,
            "data": {
                "transform": run.config.model.vae.transform,
                "dataset": run.config.data.dataset,
            },
        }
    )
    return run._replace(config=config, model=run.model.vae, kept=Kept(run.kept.latents, {}))
