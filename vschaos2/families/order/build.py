"""An estimator from its configuration, and from nothing but registered parts."""

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from vschaos2.chains.features import RATE_HZ
from vschaos2.chains.pedals import pedals_of
from vschaos2.config import call
from vschaos2.errors import InputError
from vschaos2.families.order import decoders  # noqa: F401 - it registers
from vschaos2.families.order.estimator import Estimator
from vschaos2.nets.build import limited, model_options
from vschaos2.parts import parts
from vschaos2.ranges import check_count, check_number


def build_model(config: DictConfig) -> Estimator:
    """The untrained estimator that `config.model` describes.

    Raises:
        InputError: for a key that it does not have, a value that it refuses, or a rate that it
            does not hear.
    """
    if config.data.dataset.sample_rate_hz != RATE_HZ:
        raise InputError(
            f"data.dataset.sample_rate_hz must be {RATE_HZ}, what chains are heard at, got "
            f"{config.data.dataset.sample_rate_hz!r}"
        )
    return call(_estimator, "model", model_options(config))


def _estimator(
    longest: int,
    decoder: str,
    hears_dry: bool,
    channels: list[Any],
    hidden_dims: int,
    dropout: float,
    effects: Mapping[str, Any],
) -> Estimator:
    """An estimator of so many sizes."""
    known = parts("chain_decoder")
    if decoder not in known:
        raise InputError(f"model.decoder must be {' or '.join(known)}, got {decoder!r}")
    if len(channels) > 6:
        raise InputError(f"model.channels must be a list of up to six numbers, got {channels!r}")
    for count in channels:
        check_count("model.channels", count, 1, 4096)
    check_count("model.hidden_dims", hidden_dims, 1, 4096)
    check_number("model.dropout", dropout, 0.0, 0.9)
    if decoder == "autoregressive" and (hidden_dims % 2 or not channels):
        raise InputError(
            f"model.decoder={decoder} hears moments: give model.channels, and even hidden_dims"
        )
    with limited():
        return Estimator(
            pedals_of("model.effects", effects),
            longest, known[decoder], hears_dry, channels, hidden_dims, dropout,
        )  # fmt: skip
