"""A spectral VAE from its configuration, and from nothing but registered parts."""

from collections.abc import Callable
from typing import Any

from omegaconf import DictConfig, OmegaConf
from torch import nn

from vschaos2.config import call
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.families.vae.vae import VAE
from vschaos2.nets import decoders, encoders, harmonic  # noqa: F401 - parts register themselves
from vschaos2.nets.build import limited, model_options, plain_part
from vschaos2.parts import part, part_of

part("transform")(SpectralTransform)
part("model")(VAE)


def build_model(config: DictConfig) -> VAE:
    """The untrained model that `config.model`, `texture` and `data.transform` of it describe.

    Raises:
        InputError: if the configuration names a class that is no part of a model, an argument
            that the class does not have, or a value that it refuses; or if the model would be
            larger than memory and patience.
    """
    model, transform = model_options(config), plain_part(config, "data.transform")
    _, options = part_of("model", "model", {"_target_": "VAE", **model})
    with limited():
        return call(
            VAE,
            "model",
            options,
            transform=_transform(transform),
            encoder=_maker("encoder", options.pop("encoder", None)),
            decoder=_maker("decoder", options.pop("decoder", None)),
            texture=OmegaConf.select(config, "texture"),
        )


def build_transform(config: DictConfig) -> SpectralTransform:
    """The transform that `config.data.transform` describes.

    Raises:
        InputError: if it is none, or one that could not be.
    """
    return _transform(plain_part(config, "data.transform"))


def _transform(node: Any) -> SpectralTransform:
    """The transform that a node describes."""
    kind, options = part_of("transform", "data.transform", node)
    return call(kind, "data.transform", options)


def _maker(kind: str, node: Any) -> Callable[..., nn.Module]:
    """What makes the part that a node describes, once the model tells its sizes."""
    where = f"model.{kind}"
    made, options = part_of(kind, where, node)
    if options.pop("_partial_", True) is not True:  # version 0.1 wrote it
        raise InputError(f"{where}: must say _partial_: true, or nothing of it")
    return lambda **sizes: call(made, where, options, **sizes)
