"""The spectral VAE, as the engines see it."""

from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.kept import kept
from vschaos2.families.vae.playable import playable
from vschaos2.runs.measure import Measure
from vschaos2.training.family import Family, later

LEARNING = "vschaos2.families.vae.learning"  # loads the trainer, which takes seconds


VAE_FAMILY = Family(
    name="vae",
    build=build_model,
    material=later(LEARNING, "material"),
    objective=later(LEARNING, "objective"),
    playable=playable,
    methods=("forward", "encode", "decode"),
    show=later(LEARNING, "show"),
    best_by=Measure("validation/reconstruction/spectral_convergence", "SC", "spectral convergence"),
    kept=kept,
    transfer=later(LEARNING, "transfer"),
    settle=later(LEARNING, "settle"),
    finish=later(LEARNING, "finish"),
    learn_prior=later(LEARNING, "learn_prior"),
    keys=(
        *("inversion", "texture", "data.transform", "data.augment", "data.sequence"),
        *("training.losses", "training.divergence", "training.beta", "training.pseudo_labels"),
        "training.prior_minutes",
    ),
    changeable=("inversion", "texture", "training.prior_minutes"),
    optional=("texture", "training.pseudo_labels", "training.prior_minutes"),
)
