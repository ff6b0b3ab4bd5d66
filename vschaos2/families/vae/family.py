"""The spectral VAE, as the engines see it."""

from collections.abc import Callable
from typing import Any

from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.kept import kept
from vschaos2.families.vae.playable import playable
from vschaos2.runs.measure import Measure
from vschaos2.training.family import Family


def _of_learning(name: str) -> Callable[..., Any]:
    """A function of `learning`, which is loaded when the function is first called."""

    def later(*arguments: Any) -> Any:
        from vschaos2.families.vae import learning

        return getattr(learning, name)(*arguments)

    return later


VAE_FAMILY = Family(
    name="vae",
    build=build_model,
    material=_of_learning("material"),
    objective=_of_learning("objective"),
    playable=playable,
    methods=("forward", "encode", "decode"),
    show=_of_learning("show"),
    best_by=Measure("validation/reconstruction/spectral_convergence", "SC", "spectral convergence"),
    kept=kept,
    transfer=_of_learning("transfer"),
    settle=_of_learning("settle"),
    finish=_of_learning("finish"),
    learn_prior=_of_learning("learn_prior"),
    keys=(
        *("inversion", "texture", "data.transform", "data.augment", "data.sequence"),
        *("training.losses", "training.divergence", "training.beta", "training.pseudo_labels"),
        "training.prior_minutes",
    ),
    changeable=("inversion", "texture", "training.prior_minutes"),
    optional=("texture", "training.pseudo_labels", "training.prior_minutes"),
)
