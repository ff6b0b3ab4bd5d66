"""An effect from its configuration, and from nothing but registered parts."""

from typing import Any

from omegaconf import DictConfig

from vschaos2.config import call
from vschaos2.families.effect import grey  # noqa: F401 - it registers
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.knobs import knobs_of
from vschaos2.nets import (  # noqa: F401 - they register
    audio_conv,
    audio_recurrent,
    state_space,
    wavenet,
)
from vschaos2.nets.audio_rate import AudioNet
from vschaos2.nets.build import limited, model_options
from vschaos2.parts import part_of

KEYS = ("net", "knobs", "channels_in", "channels_out")


def build_model(config: DictConfig) -> EffectModel:
    """The untrained effect that `config.model` describes, at the rate of its dataset.

    Raises:
        InputError: if the configuration names a class that is no network, an argument that the
            class does not have, or a value that it refuses; or if the model would be larger than
            memory and patience.
    """
    options = model_options(config, KEYS)
    return call(_effect, "model", options, rate_hz=config.data.dataset.sample_rate_hz)


def _effect(
    net: dict[str, Any], channels_in: int, channels_out: int, knobs: Any, rate_hz: int
) -> EffectModel:
    """An effect of a network and so many channels."""
    told = knobs_of(knobs)
    kind, found = part_of("effect_net", "model.net", net)
    arguments = {name: value for name, value in found.items() if value is not None}
    with limited():
        made: AudioNet = call(
            kind,
            "model.net",
            arguments,
            n_channels=channels_in,
            n_knobs=len(told),
            n_outputs=channels_out,
            rate_hz=rate_hz,
        )
        return EffectModel(made, told, rate_hz)
