"""What a checkpoint of a spectral VAE holds beside its weights."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from torch import Tensor

from vschaos2.families.vae.vae import VAE


class Kept(NamedTuple):
    """What is known of the material that a model was trained on.

    Attributes:
        latents: means of the posterior over training windows, [N, Z].
        classes: names of the classes of every label task; none for continuous tasks.
    """

    latents: Tensor
    classes: dict[str, list[str]]


def kept(checkpoint: Mapping[str, Any], model: VAE) -> Kept:
    """What a checkpoint says of a model's material.

    Raises:
        ValueError, TypeError, AttributeError, LookupError: for what no training leaves.
    """
    latents = checkpoint["latents"].float().reshape(-1, model.latent_dim)
    return Kept(latents, class_names(checkpoint["classes"], model))


def class_names(found: Any, model: VAE) -> dict[str, list[str]]:
    """The names of classes that a checkpoint holds, of the tasks that its model has.

    Raises:
        ValueError, TypeError, AttributeError: if they are none, or more than there are classes.
    """
    if not isinstance(found, dict):
        raise TypeError("classes are no mapping")
    names = {}
    for part in (model.conditioning, model.prediction):
        for name, task in part.tasks.items():
            given = found.get(name, [])
            if not all(isinstance(each, str) for each in given) or len(given) > task.dim:
                raise ValueError(f"classes of {name}: {task.dim} names wanted")
            names[name] = list(given)
    return names if found else {}
