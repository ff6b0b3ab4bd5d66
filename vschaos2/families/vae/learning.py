"""What only a training of a spectral VAE has use for: it loads the trainer, which takes seconds."""

from omegaconf import DictConfig

from vschaos2.config import suggestion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.errors import InputError
from vschaos2.families.vae.material import material
from vschaos2.families.vae.meanings import transfer
from vschaos2.families.vae.objective import objective
from vschaos2.families.vae.prior_finish import finish, learn_prior
from vschaos2.families.vae.reports import VAEShow
from vschaos2.families.vae.settle import settle

__all__ = ["finish", "learn_prior", "material", "objective", "settle", "show", "transfer"]


def show(config: DictConfig) -> VAEShow:
    """The reports of a configuration.

    Raises:
        InputError: for an inversion that there is not.
    """
    if config.inversion not in MODES:
        hint = suggestion(str(config.inversion), list(MODES))
        raise InputError(
            f"inversion must be one of {', '.join(MODES)}, got {config.inversion!r}{hint}"
        )
    return VAEShow(config.inversion)
