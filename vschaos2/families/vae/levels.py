"""Levels that a model's losses leave too soft, measured while it trains and made good.

A loss of logarithms, or of absolute differences, is least at a median. What is uncertain, as noise
is, comes out at the median of its magnitudes, below the root of their mean power, which is heard.
So each bin is multiplied by the root of wanted over given power. Neighbouring bins share their
powers: the gain belongs to a region of the spectrum, not to a bin that happens to hold a partial.
"""

import math

import torch
from torch import Tensor

OCTAVE_PART = 1.0 / 6.0  # to either side: whose powers a bin shares
GREATEST_DB = 12.0  # gain, either way


def level_gain(target: Tensor, made: Tensor) -> Tensor:
    """What gives made magnitudes the power of the target's, region by region.

    g_k² = Σ S² / Σ Ŝ² over all frames and the bins from k 2^(-1/6) to k 2^(1/6), within ±12 dB.

    Shape: [N, K], [N, K] → [K].
    """
    powers = torch.stack([x.double().square().mean(0) for x in (target, made)])
    bins = torch.arange(powers.shape[1])
    ratio = 2.0**OCTAVE_PART
    first, last = (bins / ratio).long(), (bins * ratio).ceil().long().clamp_max(len(bins) - 1)
    sums = torch.cat((powers.new_zeros(2, 1), powers.cumsum(1)), 1)
    wanted, given = sums[:, last + 1] - sums[:, first]
    limit = GREATEST_DB * math.log(10.0) / 20.0
    nepers = 0.5 * (wanted.clamp_min(1e-30).log() - given.clamp_min(1e-30).log())
    return nepers.clamp(-limit, limit).exp().float()
