"""What a checkpoint of a bridge holds beside its weights."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from vschaos2.families.bridge.bridge_model import BridgeModel


class Kept(NamedTuple):
    """What is known of the recordings that a bridge was trained on.

    Attributes:
        latents: some of all instruments, [N, Z].
        matched: the part of each instrument that found a match in each other, by
            "SOURCE to TARGET".
    """

    latents: Tensor
    matched: dict[str, float]


def kept(checkpoint: Mapping[str, Any], model: BridgeModel) -> Kept:
    """What a checkpoint says of a bridge's recordings.

    Raises:
        ValueError, TypeError, AttributeError, LookupError: for what no training leaves.
    """
    found = checkpoint.get("matched", {})
    for name, value in found.items():
        if not isinstance(name, str) or not isinstance(value, float):
            raise TypeError(f"matched: {name!r:.40} is {value!r:.40}")
    latents = checkpoint["latents"].float().reshape(-1, model.latent_dim)
    return Kept(latents, dict(found))
