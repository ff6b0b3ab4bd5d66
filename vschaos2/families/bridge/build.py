"""A bridge from its configuration, and from nothing but registered parts."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from vschaos2.config import call
from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.vae.inner_vae import built_inner
from vschaos2.flows.paths import PATHS, STRAIGHT
from vschaos2.flows.sequence_net import SequenceNet
from vschaos2.flows.translator import Translator
from vschaos2.nets.build import limited, model_options

AUTO = "auto"
KEYS = ("vae", "instruments", "translator", "flow")
MOST_INSTRUMENTS = 64


def build_model(config: DictConfig) -> BridgeModel:
    """The untrained bridge that `config.model` describes, around the VAE that it describes.

    Raises:
        InputError: for what no model can be built of.
    """
    options = model_options(config, KEYS)
    return call(_bridge, "model", options)


def _bridge(
    vae: Mapping[str, Any],
    instruments: list[str],
    translator: Mapping[str, Any] | None,
    flow: Mapping[str, Any] | None,
) -> BridgeModel:
    if not all(isinstance(name, str) and name for name in instruments):
        raise InputError(f"model.instruments must be names, got {instruments!r:.60}")
    if not 2 <= len(instruments) <= MOST_INSTRUMENTS or len({*instruments}) < len(instruments):
        raise InputError(
            f"model.instruments must be 2 to {MOST_INSTRUMENTS} different names, got "
            f"{', '.join(instruments) or 'none'}"
        )
    inner = built_inner(vae)
    dims, count = inner.latent_dim, len(instruments)
    with limited():
        net = translator and call(
            Translator, "model.translator", translator, latent_dim=dims, n_domains=count
        )
        options = dict(flow or {})
        path = options.pop("path", STRAIGHT)
        if path not in PATHS:
            raise InputError(f"model.flow.path must be {' or '.join(PATHS)}, got {path!r}")
        slopes = flow and call(SequenceNet, "model.flow", options, latent_dim=dims, n_domains=count)
        return BridgeModel(inner, instruments, net or None, slopes or None, path)
