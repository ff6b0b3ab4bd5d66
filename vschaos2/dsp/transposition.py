"""Spectra moved along frequency: a transposition that waits for nothing.

Phases are recovered behind it, so that magnitudes are all there is to move: bin k of what is moved
by the ratio r is bin k / r of what is there. Formants move along, and partials become r times as
wide.
"""

import torch
from torch import Tensor


def transposed(magnitude: Tensor, semitones: float) -> Tensor:
    """Magnitudes of frames so many semitones higher: [..., K] → [..., K].

    What comes from beyond the last bin is silence.
    """
    if semitones == 0.0:
        return magnitude
    bins = magnitude.shape[-1]
    place = torch.arange(bins, device=magnitude.device) / 2.0 ** (semitones / 12.0)
    lower = place.floor().long().clamp(0, bins - 1)
    part = (place - lower).to(magnitude.dtype)
    low = magnitude.index_select(-1, lower)
    high = magnitude.index_select(-1, (lower + 1).clamp(0, bins - 1))
    inside = (place <= bins - 1).to(magnitude.dtype)
    return (low + part * (high - low)) * inside
