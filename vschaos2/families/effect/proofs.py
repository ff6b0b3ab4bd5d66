"""What an exported effect must prove beyond the contract: that it is right at every host's rate."""

import torch

from vschaos2.export.checks import TOLERANCE, check_delays
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.export.playable import Playable
from vschaos2.export.trial import ExportError, opened, played

SAMPLES, SHORT = 3072, 37


def rate_delays(content: bytes) -> dict[str, int]:
    """Samples from input to output at each rate of a host, of that rate."""
    loaded, delays = opened(content), {}
    for rate_hz in loaded.host_rates_hz:
        set_attribute(loaded, "sample_rate", rate_hz)
        delays[str(rate_hz)] = int(get_attribute(loaded, "delay")[0])
    return delays


def check_rates(content: bytes, playable: Playable) -> None:
    """Prove what is true of a file at the rate that it begins with at the others, too.

    In blocks it gives what it gives whole, and an impulse is as late as `delay` says.

    Raises:
        ExportError: if not, naming method and rate.
    """
    loaded = opened(content)
    generator = torch.Generator().manual_seed(0)
    short = SHORT if playable.block_samples == 1 else 3 * playable.block_samples
    others = [hz for hz in loaded.host_rates_hz if hz != playable.sample_rate_hz]
    for rate_hz in others:
        for name in playable.methods:
            block = playable.example(name, SAMPLES, generator)
            with torch.inference_mode():
                set_attribute(loaded, "sample_rate", rate_hz)
                due = played(loaded, name, block)
                set_attribute(loaded, "reset", True)
                pieces = [played(loaded, name, piece) for piece in block.split(short, -1)]
            error = float((torch.cat(pieces, -1) - due).abs().max())
            if not error <= TOLERANCE * max(float(due.abs().max()), 1e-3):
                raise ExportError(f"{name} at {rate_hz} Hz: blocks deviate by {error:.1e}")
    check_delays(content, playable, [{"sample_rate": rate_hz} for rate_hz in others])
