"""What becomes of noise: measures of one waveform [T] that distances of magnitudes do not hear.

A model learns the mean of noise's magnitudes, which is smooth, and phases that are recovered from
smooth magnitudes agree with each other. What was noise then sounds like a buzz at the frame rate.
Two numbers tell: how rough a spectrum is from bin to bin, and how much of its envelope moves at the
frame rate. Neither needs a reference; noise has values of its own, given below.

Frequencies are parts of the sample rate: cycles per sample.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.objectives.measures import Waveform, as_waveform, magnitudes_of

ROUGH_FFT = 2048  # n_fft in samples
ROUGH_BINS = 11  # neighbours whose magnitudes are compared
ROUGH_BAND = (0.046, 0.224)  # 2 to 10 kHz at 44.1 kHz
QUIET_PART = 0.3  # the quietest part of the groups does not count: faults of 16 bits, silence

ENVELOPE_BAND = (0.045, 0.18)  # 2 to 8 kHz at 44.1 kHz
SEGMENT_HOPS = 32  # a segment of so many hops has the frame rate exactly at this bin
NEIGHBOURS = (4, 12)  # bins away from it that tell what the envelope does anyway
SLOW_BINS = 3.0  # deviation of the Gaussian that smooths the level, in bins of a segment
FLOOR = 1e-4  # of the envelope's mean: 80 dB below it a moment is silence
BLOCK_SEGMENTS = 16


def roughness(waveform: Waveform) -> float:
    """The spread of magnitudes over 11 neighbouring bins: deviation over mean, the median.

    Of white noise 0.45: magnitudes of independent bins are Rayleigh distributed and spread by
    sqrt(4/π - 1) = 0.52, but a Hann window ties each bin to two on either side, and the median is
    below the mean. Of a click 0, since its spectrum is flat.

    The spectra are Hann-windowed, 2048 samples, hop 512. Groups of 11 bins between 0.046 and 0.224
    of the sample rate count, but for the quietest 30 %.

    Shape: [T] → a number; NaN for silence, and for less than 1025 samples.
    """
    sound = as_waveform(waveform)
    if len(sound) <= ROUGH_FFT // 2:
        return math.nan
    first, last = (math.ceil(edge * ROUGH_FFT) for edge in ROUGH_BAND)
    spreads, means = [], []
    for block in magnitudes_of(sound, ROUGH_FFT):
        groups = block[:, first:last].unfold(1, ROUGH_BINS, ROUGH_BINS)
        mean = groups.mean(-1)
        spreads.append((groups.std(-1, correction=0) / mean.clamp_min(1e-30)).flatten().numpy())
        means.append(mean.flatten().numpy())
    level = np.concatenate(means)
    counts = (level > np.quantile(level, QUIET_PART)) & (level > 0.0)
    return float(np.median(np.concatenate(spreads)[counts])) if counts.any() else math.nan


def hop_tone_db(waveform: Waveform, hop: int) -> float:
    """How far the envelope's spectrum stands out at the frame rate, in dB: 0 for any noise.

    The envelope is that of the band from 0.045 to 0.18 of the sample rate, over its own slow
    level, so that quiet moments count as loud ones do. Its power at one cycle per hop is compared
    with the median of bins around. Noise n(t)·(1 + m sin(2πt/hop)) has

        10 log10(1 + m² L / (6 S)),    L = 32·hop,  S ≈ 0.26/0.135,

    for a tone of amplitude m under a Hann window has the power m²L²/16, and each bin 3L/8 times
    the density S of the envelope's own fluctuations: those of noise of bandwidth B have, over
    their mean, the autocovariance ρ²/4 + ρ⁴/64 + …, thus the density (1/4 + 1/96)/B.

    Args:
        waveform: sound, [T].
        hop: of the frames that it was made of, in samples.

    Shape: [T] → a number; NaN for silence, and for less than 32 hops.

    Source of the envelope's statistics: Rice (1945), "Mathematical analysis of random noise".
    """
    sound = as_waveform(waveform)
    length = SEGMENT_HOPS * hop
    if len(sound) < length:
        return math.nan
    segments = sound.unfold(0, length, length // 4).split(BLOCK_SEGMENTS)
    scale = sum(float(_envelope(part).sum()) for part in segments)
    if scale == 0.0:
        return math.nan
    floor = FLOOR * scale / (length * sum(len(part) for part in segments))
    window = torch.hann_window(length, dtype=torch.float64)
    power = torch.zeros(length // 2 + 1, dtype=torch.float64)
    for part in segments:
        envelope = _envelope(part)
        level = envelope / (_slow(envelope) + floor)
        level = level - level.mean(-1, keepdim=True)
        power += torch.fft.rfft(level * window).abs().square().sum(0)
    nearest, farthest = NEIGHBOURS
    below = power[SEGMENT_HOPS - farthest : SEGMENT_HOPS - nearest + 1]
    above = power[SEGMENT_HOPS + nearest : SEGMENT_HOPS + farthest + 1]
    around = float(torch.cat((below, above)).quantile(0.5))
    return 10.0 * math.log10(float(power[SEGMENT_HOPS]) / around) if around > 0.0 else math.nan


def _envelope(segments: Tensor) -> Tensor:
    """|analytic signal| of the band, [N, L] → [N, L], float64.

    Half of the spectrum, doubled, gives a signal without negative frequencies, whose modulus is
    the envelope.
    """
    length = segments.shape[-1]
    spectrum = torch.fft.rfft(segments.double())
    low, high = (round(edge * length) for edge in ENVELOPE_BAND)
    band = torch.zeros_like(spectrum)
    band[:, low:high] = 2.0 * spectrum[:, low:high]
    return torch.fft.ifft(F.pad(band, (0, length - band.shape[-1]))).abs()


def _slow(envelope: Tensor) -> Tensor:
    """The envelope under a Gaussian, which keeps what is positive so: [N, L] → [N, L]."""
    bins = torch.arange(envelope.shape[-1] // 2 + 1, dtype=torch.float64)
    response = torch.exp(-0.5 * (bins / SLOW_BINS).square())
    return torch.fft.irfft(torch.fft.rfft(envelope) * response, n=envelope.shape[-1])
