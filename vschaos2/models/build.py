"""A model from its configuration, and from nothing but what this package defines.

A configuration names classes by `_target_`. A run folder may come from a stranger, so building
must not let its text choose any callable of the Python world: only the classes listed here exist
for it.
"""

import re
from typing import Any, cast

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vschaos2.errors import InputError
from vschaos2.models.vae import VAE

BUILDABLE = (
    "vschaos2.dsp.spectral.SpectralTransform",
    "vschaos2.models.decoders.ConvDecoder",
    "vschaos2.models.decoders.DenseDecoder",
    "vschaos2.models.encoders.ConvEncoder",
    "vschaos2.models.encoders.DenseEncoder",
    "vschaos2.models.vae.VAE",
)


def build_model(config: DictConfig) -> VAE:
    """The untrained model that `config.model` and `config.data.transform` describe.

    Raises:
        InputError: if the configuration names a class that is no part of a model, an argument
            that the class does not have, or a value that it refuses.
    """
    try:
        model: Any = OmegaConf.to_container(config.model, resolve=True)
        model["transform"] = OmegaConf.to_container(config.data.transform, resolve=True)
    except (AttributeError, KeyError, TypeError, ValueError, OmegaConfBaseException) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"model, data.transform: not a model's configuration ({reason})"
        ) from error
    model.pop("init_from", None)  # where its first weights came from: a note, no part of it
    for target in _targets(model):
        if target not in BUILDABLE:
            raise InputError(
                f"model: _target_ {target!r} is not a part of a model: use one of "
                f"{', '.join(BUILDABLE)}"
            )
    if model.get("_target_") != BUILDABLE[-1] or "_partial_" in model:
        raise InputError(f"model: its _target_ must be {BUILDABLE[-1]}, whole")
    try:
        return cast(VAE, instantiate(model, _convert_="all"))
    except InstantiationException as error:
        if isinstance(error.__cause__, InputError):  # it names its key itself
            raise error.__cause__ from error
        # Hydra's text: "Error in call to target 'X':", the cause, "full_key: encoder".
        key = re.search(r"full_key: (\S+)", str(error))
        cause = " ".join(str(error.__cause__ or error).split())
        part = re.match(r"(?:Dense|Conv)(En|De)coder", cause)
        where = f"model.{part[1].lower()}coder" if part else f"model.{key[1]}" if key else "model"
        raise InputError(f"{where}: {cause}") from error


def _targets(node: Any) -> list[str]:
    """Every `_target_` below a node of plain dicts and lists."""
    if isinstance(node, dict):
        own = [str(node["_target_"])] if "_target_" in node else []
        return own + [target for value in node.values() for target in _targets(value)]
    if isinstance(node, list):
        return [target for value in node for target in _targets(value)]
    return []
