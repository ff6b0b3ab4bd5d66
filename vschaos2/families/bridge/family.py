"""Bridges, as the engines see them."""

from collections.abc import Mapping
from typing import Any

from vschaos2.families.bridge.build import build_model
from vschaos2.runs.measure import Measure
from vschaos2.training.family import Family, later

LEARNING = "vschaos2.families.bridge.learning"  # loads the trainer, which takes seconds


def kept(checkpoint: Mapping[str, Any], model: Any) -> dict[str, float]:
    """The part of each instrument that found a match in each other, by "SOURCE to TARGET".

    Raises:
        TypeError: for anything else.
    """
    found = checkpoint.get("matched", {})
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, float):
            raise TypeError(f"matched: {name!r:.40} is {value!r:.40}")
    return dict(found)


BRIDGE_FAMILY = Family(
    name="bridge",
    build=build_model,
    material=later(LEARNING, "material"),
    objective=later(LEARNING, "objective"),
    tell=later(LEARNING, "tell"),
    settle=later(LEARNING, "settle"),
    best_by=Measure("validation/loss", "loss", "what is missed of the paired latents"),
    kept=kept,
    keys=(
        *("vae", "vae_training", "task", "inversion", "data.source", "data.target"),
        "data.dataset.sample_rate_hz",
    ),
    changeable=("inversion",),
    optional=("data.source", "data.target"),
)
