"""Effects, as the engines see them."""

from collections.abc import Mapping
from typing import Any

from vschaos2.families.effect.build import build_model
from vschaos2.families.effect.playable import playable
from vschaos2.runs.measure import Measure
from vschaos2.training.family import Family, later

LEARNING = "vschaos2.families.effect.learning"  # loads the trainer, which takes seconds


def kept(checkpoint: Mapping[str, Any], model: Any) -> dict[str, Any]:
    """What a checkpoint says of the recordings: plain numbers and texts by name.

    Raises:
        TypeError: for anything else.
    """
    found = checkpoint.get("pairs", {})
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, str | int | float):
            raise TypeError(f"pairs: {name!r:.40} is {value!r:.40}")
    return dict(found)


EFFECT_FAMILY = Family(
    name="effect",
    build=build_model,
    material=later(LEARNING, "material"),
    objective=later(LEARNING, "objective"),
    stores_samples=False,
    tell=later(LEARNING, "tell"),
    playable=playable,
    methods=("forward",),
    show=later(LEARNING, "show"),
    best_by=Measure("validation/esr", "ESR", "error-to-signal ratio"),
    kept=kept,
    settle=later(LEARNING, "settle"),
    keys=("data.dry", "data.wet", "data.dataset.sample_rate_hz", "training.losses"),
    instead_of_root="data.dry",
    optional=("data.dry", "data.wet"),
)
