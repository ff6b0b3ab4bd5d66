"""The spectral VAE, as the engines see it."""

from omegaconf import DictConfig

from vschaos2.config import suggestion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.kept import kept
from vschaos2.families.vae.material import material
from vschaos2.families.vae.meanings import transfer
from vschaos2.families.vae.objective import objective
from vschaos2.families.vae.playable import playable
from vschaos2.families.vae.reports import VAEShow
from vschaos2.monitor.watching import Measure
from vschaos2.training.family import Family


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


VAE_FAMILY = Family(
    name="vae",
    build=build_model,
    material=material,
    objective=objective,
    playable=playable,
    methods=("forward", "encode", "decode"),
    show=show,
    best_by=Measure("validation/reconstruction/spectral_convergence", "SC", "spectral convergence"),
    kept=kept,
    transfer=transfer,
    keys=(
        *("inversion", "data.transform", "data.augment", "data.sequence"),
        *("training.losses", "training.divergence", "training.beta"),
    ),
    changeable=("inversion",),
)
