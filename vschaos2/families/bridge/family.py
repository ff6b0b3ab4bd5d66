"""Bridges, as the engines see them."""

from vschaos2.families.bridge.build import build_model
from vschaos2.families.bridge.kept import kept
from vschaos2.families.bridge.playable import playable
from vschaos2.runs.measure import Measure
from vschaos2.training.family import Family, later

LEARNING = "vschaos2.families.bridge.learning"  # loads the trainer, which takes seconds


BRIDGE_FAMILY = Family(
    name="bridge",
    build=build_model,
    material=later(LEARNING, "material"),
    objective=later(LEARNING, "objective"),
    tell=later(LEARNING, "tell"),
    playable=playable,
    methods=("forward", "encode", "decode", "translate"),
    transfer=later(LEARNING, "transfer"),
    settle=later(LEARNING, "settle"),
    best_by=Measure("validation/loss", "loss", "what is missed of the paired latents"),
    kept=kept,
    keys=(
        *("vae", "vae_training", "task", "inversion", "data.source", "data.target"),
        *("data.dataset.sample_rate_hz", "data.augment", "training.coupling"),
    ),
    changeable=("inversion",),
    optional=("data.source", "data.target", "data.augment", "training.coupling"),
)
