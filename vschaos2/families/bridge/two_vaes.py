"""Two VAEs that were trained apart, each of one instrument: what a bridge can do with them.

Their latent spaces have nothing in common, so that nothing goes up in the one and down in the
other. But a net can learn what one instrument becomes from what it is heard as, whoever hears it:
the VAE of the instrument that is played hears both, and decodes what it knows.
"""

from omegaconf import DictConfig

from vschaos2.errors import InputError
from vschaos2.families.bridge.build import AUTO
from vschaos2.families.vae.inner_vae import vae_run


def settle_two(config: DictConfig) -> None:
    """Let a configuration that names two VAEs name the second, and the recordings of both.

    Raises:
        InputError: for another number of them, or where a flow is to go from one to the other.
    """
    paths = [str(path) for path in config.vae]
    told = f"vae=[{','.join(paths)}]"
    if len(paths) != 2:
        raise InputError(f"{told}: give one VAE of all instruments, or two, source and target")
    if config.model.flow is not None or config.model.translator is None:
        raise InputError(
            f"{told}: the latents of VAEs that were trained apart have nothing in common, and "
            "noise between them would keep nothing of a melody: learn a translator alone, with "
            "model.flow=null, or one VAE of both, with data.source=… data.target=… and no vae"
        )
    runs = [vae_run(path) for path in paths]
    if config.data.source is None and config.data.dataset.root == AUTO:
        config.data.source, config.data.target = (str(run.config.data.dataset.root) for run in runs)
    config.vae = paths[1]
