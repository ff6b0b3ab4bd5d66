"""The run of a VAE that a bridge stands on, and the VAE in a bridge as a run of its own."""

from typing import Any

from omegaconf import OmegaConf

from vschaos2.errors import InputError
from vschaos2.families.vae import inner_vae
from vschaos2.families.vae.family import VAE_FAMILY
from vschaos2.families.vae.kept import Kept
from vschaos2.runs.folder import Run


def vae_run(path: Any) -> Run:
    """The trained VAE that `vae=…` names.

    Raises:
        InputError: if there is none there, or several are named.
    """
    if OmegaConf.is_list(path):
        raise InputError(
            f"vae={', '.join(map(str, path))}: the latents of VAEs that were trained apart have "
            "nothing in common, and noise between them would keep nothing of a melody: let one "
            "learn all instruments, with data.source=… data.target=… and no vae"
        )
    return inner_vae.vae_run(path)


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
