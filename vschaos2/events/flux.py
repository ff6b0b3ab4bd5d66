"""Spectral flux: how much louder the bands of a sound are than they were, all of them together.

A frame is the newest `WINDOW_S` of a sound under a window that falls steeply towards now, so that
what begins is heard within a few milliseconds. Its magnitudes are gathered in bands, 24 to the
octave, M. With R, how loud it was lately,

    flux = mean over bands of max(0, lg(1 + g M / R) - lg(1 + g M' / R)),

where M' are the bands `LAG` frames before, each as loud as the loudest of itself and its two
neighbours, so that a tone that glides into the next band is nothing new. As R is as loud as the
sound, the same played softer has the same flux; it is at most lg(1 + g), as the mean of M is R at
most.

Source: Böck & Widmer (2013), "Maximum filter vibrato suppression for onset detection", DAFx-13;
there R = 1, and the window is symmetric.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

HOP_S, WINDOW_S = 0.005, 0.04
RISE = 0.75  # part of the window that rises
LAG = 2  # frames
BANDS_PER_OCTAVE = 24
LOWEST_HZ, HIGHEST_HZ = 30.0, 16_000.0
GAIN = 20.0  # g


def hop_samples(sample_rate_hz: int) -> int:
    """Samples from frame to frame, the nearest to `HOP_S`."""
    return max(1, round(sample_rate_hz * HOP_S))


def window(sample_rate_hz: int) -> Tensor:
    """Half a Hann window that rises, and half a shorter one that falls: [W], sum 2.

    A sine of amplitude 1 has the magnitude 1 under it.
    """
    size = round(sample_rate_hz * WINDOW_S)
    rising = round(size * RISE)
    up = (torch.arange(rising, dtype=torch.float64) + 0.5) / rising
    down = (torch.arange(size - rising, dtype=torch.float64) + 0.5) / (size - rising)
    made = torch.cat((torch.sin(math.pi / 2 * up), torch.cos(math.pi / 2 * down))).square()
    return made * (2.0 / made.sum())


def fft_samples(sample_rate_hz: int) -> int:
    """Samples that are transformed, a window among zeros: the next power of two."""
    return int(2 ** math.ceil(math.log2(round(sample_rate_hz * WINDOW_S))))


def band_bins(sample_rate_hz: int) -> Tensor:
    """The bins at which bands rise from nothing, are highest, and end: each is its neighbours'."""
    of_bin_hz = sample_rate_hz / fft_samples(sample_rate_hz)
    most_hz = min(HIGHEST_HZ, sample_rate_hz / 2)
    count = math.floor(math.log2(most_hz / LOWEST_HZ) * BANDS_PER_OCTAVE)
    steps = torch.arange(count + 1, dtype=torch.float64)
    return (LOWEST_HZ * 2.0 ** (steps / BANDS_PER_OCTAVE) / of_bin_hz).round().unique()


def band_centres_hz(sample_rate_hz: int) -> Tensor:
    """Where bands are highest, in Hz, [N]."""
    return band_bins(sample_rate_hz)[1:-1] * (sample_rate_hz / fft_samples(sample_rate_hz))


def log_bands(sample_rate_hz: int) -> Tensor:
    """Weights of triangular bands, each of sum 1, [K, N].

    Bands are `BANDS_PER_OCTAVE` to the octave from `LOWEST_HZ` to `HIGHEST_HZ` or half the sample
    rate; where bins lie further apart than that, every bin is a band.
    """
    bins, centres = fft_samples(sample_rate_hz) // 2 + 1, band_bins(sample_rate_hz)
    bin_number = torch.arange(bins, dtype=torch.float64)
    low, centre, high = (each[:, None] for each in (centres[:-2], centres[1:-1], centres[2:]))
    rise, fall = (bin_number - low) / (centre - low), (high - bin_number) / (high - centre)
    weight = torch.minimum(rise, fall).clamp_min(0.0)
    return (weight / weight.sum(1, keepdim=True)).T.float().contiguous()


def magnitudes(frames: Tensor, of_window: Tensor, n_fft: int) -> Tensor:
    """Magnitudes of frames, those of channels as the root of their powers' sum.

    Shape: [R, C, W] → [R, K].
    """
    spectra = torch.fft.rfft(frames * of_window, n_fft)
    return spectra.abs().square().sum(1).sqrt()


def loudness(
    now: Tensor, before: Tensor, reference: Tensor, gain: float = GAIN
) -> tuple[Tensor, Tensor]:
    """How loud bands are, and how much louder than they were, by the logarithm.

    Args:
        now: magnitudes of bands, [R, N].
        before: those `LAG` frames before, [R, N].
        reference: how loud it was lately, > 0, [R].
        gain: g.

    Shape: → [R, N] each.
    """
    beside = F.pad(before, [1, 1])
    widest = torch.maximum(torch.maximum(beside[:, :-2], beside[:, 2:]), before)
    scale = gain / reference[:, None]
    loud = torch.log10(1.0 + now * scale)
    return loud, (loud - torch.log10(1.0 + widest * scale)).clamp_min(0.0)


def flux(now: Tensor, before: Tensor, reference: Tensor, gain: float = GAIN) -> Tensor:
    """How much louder all bands together are: what `loudness` takes → [R]."""
    return loudness(now, before, reference, gain)[1].mean(1)
