"""Where the streams of an effect come from, and what its recordings settle of a configuration."""

import logging
from typing import Any

from omegaconf import DictConfig, OmegaConf

from vschaos2.families.effect.build import AUTO

logger = logging.getLogger(__name__)

WARM_UP_MS = 20.0  # of what remembers without end: what it takes to come to rest


def settle(config: DictConfig) -> None:
    """Write what the recordings say where `auto` stands: their rate, their channels, their knobs.

    Raises:
        InputError: for a folder without pairs, or pairs that disagree.
    """
    dataset, model = config.data.dataset, config.model
    waiting = [dataset.sample_rate_hz, model.channels_in, model.channels_out, model.knobs]
    if AUTO not in waiting:
        return
    folder = pairs_of(config)
    found: dict[str, Any] = {
        "data.dataset.sample_rate_hz": folder.sample_rate_hz,
        "model.channels_in": folder.channels_in,
        "model.channels_out": folder.channels_out,
        "model.knobs": {
            knob.name: {"lowest": knob.lowest, "highest": knob.highest, "value": knob.middle}
            for knob in folder.knobs
        },
    }
    for key, value in found.items():
        if OmegaConf.select(config, key) == AUTO:
            OmegaConf.update(config, key, value, merge=False)
