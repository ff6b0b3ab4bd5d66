"""Hits, as the engines see them."""

from vschaos2.families.foley.build import build_model
from vschaos2.families.foley.kept import kept
from vschaos2.families.foley.playable import playable
from vschaos2.runs.measure import Measure
from vschaos2.training.family import Family, later

LEARNING = "vschaos2.families.foley.learning"  # loads the trainer, which takes seconds


FOLEY_FAMILY = Family(
    name="foley",
    build=build_model,
    material=later(LEARNING, "material"),
    objective=later(LEARNING, "objective"),
    tell=later(LEARNING, "tell"),
    playable=playable,
    methods=("hit",),
    transfer=later(LEARNING, "transfer"),
    settle=later(LEARNING, "settle"),
    best_by=Measure("validation/loss", "loss", "what is missed of held-out hits"),
    kept=kept,
    keys=("vae", "vae_training", "task", "training.jitter", "data.dataset.sample_rate_hz"),
)
