"""The VAE in a bridge as a run of its own."""

from omegaconf import OmegaConf

from vschaos2.families.vae.family import VAE_FAMILY
from vschaos2.families.vae.kept import Kept
from vschaos2.runs.folder import Run


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
