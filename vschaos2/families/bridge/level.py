"""Spectra as loud as others: what a translation forgets of dynamics is taken from the source."""

import torch
from torch import Tensor

MOST_GAIN = 4.0  # where a target has nothing to play, nothing is blown up
LEAST_LEVEL = 1e-6


def as_loud(
    magnitude: Tensor,
    wanted: Tensor,
    part: Tensor,
    most_gain: float = MOST_GAIN,
    least_level: float = LEAST_LEVEL,
) -> Tensor:
    """Magnitudes with the power of others, frame by frame.

    Args:
        magnitude: of what is played.
        wanted: of what is as loud as it shall be.
        part: of the difference in dB, 0 (as they are, bit for bit) to 1 (as loud), [F].
        most_gain: factor on magnitudes at most.
        least_level: root of the summed squares of a frame that counts as nothing.

    Shape: [B, F, K], [B, F, K'] → [B, F, K].
    """
    made = magnitude.square().sum(-1, keepdim=True).clamp_min(least_level * least_level)
    power = wanted.square().sum(-1, keepdim=True)
    gain = (power / made).clamp_max(most_gain * most_gain)
    return magnitude * torch.pow(gain, 0.5 * part[None, :, None])
