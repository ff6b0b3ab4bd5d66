"""What a checkpoint of hits holds beside its weights."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from vschaos2.families.foley.hit_model import HitModel


class Kept(NamedTuple):
    """What is known of the hits that a model was trained on.

    Attributes:
        components: of the training hits, [N, K].
        velocity: how their velocity was understood, in words.
    """

    components: Tensor
    velocity: str


def kept(checkpoint: Mapping[str, Any], model: HitModel) -> Kept:
    """What a checkpoint says of a model's hits.

    Raises:
        ValueError, TypeError, AttributeError, LookupError: for what no training leaves.
    """
    velocity = checkpoint["velocity"]
    if not isinstance(velocity, str):
        raise TypeError(f"velocity: is {velocity!r:.40}")
    components = checkpoint["components"].float().reshape(-1, model.noise_dims)
    return Kept(components, velocity)
