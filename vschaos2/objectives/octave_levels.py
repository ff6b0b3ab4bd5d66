"""How loud a sound is in each octave, beside another one: what a model makes softer or louder.

A distance of spectra does not tell: a reconstruction whose treble is 10 dB too soft, where there is
little of it, is nearly as near. A composer hears it at once.
"""

import math

import torch
from torch import Tensor

from vschaos2.objectives.measures import Waveform, as_waveform, magnitudes_of

OCTAVES = 9  # below half of the sample rate: down to 43 Hz at 44.1 kHz
LEVEL_FFT = 2048  # n_fft in samples
QUIET_DB = -70.0  # under the whole: an octave so soft does not count, nor do faults of 16 bits


def octave_powers(waveform: Waveform) -> Tensor:
    """The power in each octave below half of the sample rate, the highest first.

    Octave n holds the frequencies above 2^(-n-2) and up to 2^(-n-1) of the sample rate: at
    44.1 kHz they begin at 11025, 5512, 2756, 1378, 689, 345, 172, 86 and 43 Hz.

    Shape: [T] → [9], in squares of Hann-windowed magnitudes, float64.
    """
    power = torch.zeros(LEVEL_FFT // 2 + 1, dtype=torch.float64)
    for block in magnitudes_of(as_waveform(waveform), LEVEL_FFT):
        power += block.square().sum(0)
    lowest = [LEVEL_FFT >> n for n in range(2, OCTAVES + 2)]
    return torch.stack([power[low + 1 : 2 * low + 1].sum() for low in lowest])


def octave_levels_db(reference: Waveform, estimate: Waveform) -> list[float]:
    """How much louder each octave of the estimate is than the reference's, in dB.

    Args:
        reference: sound, [T], more than 1024 samples.
        estimate: sound, [T].

    Shape: [T], [T] → 9 numbers, the highest octave first; NaN where the reference's octave is 70 dB
    softer than the whole of it.
    """
    due, found = octave_powers(reference), octave_powers(estimate)
    counts = due > due.sum() * 10.0 ** (QUIET_DB / 10.0)
    levels_db = 10.0 * (found.clamp_min(1e-30) / due.clamp_min(1e-30)).log10()
    return levels_db.where(counts, math.nan).tolist()
