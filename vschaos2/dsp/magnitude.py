"""Contrast: magnitudes as a network sees them, and back.

A magnitude spectrum spans five decades. A contrast compresses it, after dividing by a scale S0
that belongs to the dataset, so that a quiet recording and a loud one look the same to the model:

    log1p    y = ln(1 + S / S0)          linear below S0, logarithmic above
    log      y = ln(max(S / S0, ε))      logarithmic down to the floor ε
    linear   y = S / S0

Each has a closed inverse. `Mel` merges bins into bands of equal width in mel,
`InverseMel` leads back.
"""

import math

import torch
from torch import Tensor, nn

CONTRASTS = ("log1p", "log", "linear")
LOG_FLOOR = 1e-5  # ε of the log contrast: 100 dB below the scale
EXPONENT_LIMIT = 20.0  # e^20 is 174 dB above the scale: past it a decoder has gone astray


def compress(magnitude: Tensor, scale: Tensor, contrast: str, floor: float = LOG_FLOOR) -> Tensor:
    """Magnitudes ≥ 0 in the chosen contrast; any shape.

    Args:
        magnitude: linear magnitudes, ≥ 0.
        scale: S0 > 0, a scalar in the unit of the magnitudes.
        contrast: one of `CONTRASTS`.
        floor: ε of the log contrast, relative to the scale.
    """
    relative = magnitude / scale
    if contrast == "log1p":
        return torch.log1p(relative)
    if contrast == "log":
        return torch.log(relative.clamp_min(floor))
    return relative


def expand(frames: Tensor, scale: Tensor, contrast: str, limit: float = EXPONENT_LIMIT) -> Tensor:
    """The inverse of `compress`: linear magnitudes, never negative; any shape.

    Logarithmic contrasts are clamped at `limit` before the exponential.
    """
    if contrast == "log1p":
        relative = torch.expm1(frames.clamp_max(limit))
    elif contrast == "log":
        relative = torch.exp(frames.clamp_max(limit))
    else:
        relative = frames
    return relative.clamp_min(0.0) * scale


def hz_to_mel(frequency_hz: float) -> float:
    """The mel scale, m = 2595 log10(1 + f / 700). Source: O'Shaughnessy (1987)."""
    return 2595.0 * math.log10(1.0 + frequency_hz / 700.0)


def mel_to_hz(mel: Tensor) -> Tensor:
    """The inverse of `hz_to_mel`, for any shape."""
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


def mel_filterbank(n_mels: int, n_fft: int, sample_rate_hz: int) -> Tensor:
    """Overlapping triangles from 0 Hz to Nyquist, each band's weights summing to 1.

    Centres stand at equal distances in mel, but never closer than one bin, so that the lowest
    bands, narrower than a bin in mel, stay distinct and the bank keeps full rank.

    Args:
        n_mels: number of bands, 2 ≤ n_mels ≤ n_fft/2 + 1.
        n_fft: transform length in samples.
        sample_rate_hz: sample rate in Hz.

    Shape: [n_mels, n_fft/2 + 1], float64.

    Raises:
        ValueError: if there are more bands than bins, or fewer than two.
    """
    n_bins = n_fft // 2 + 1
    if not 2 <= n_mels <= n_bins:
        raise ValueError(f"n_mels must lie between 2 and n_fft/2+1={n_bins}, got {n_mels}")
    mels = torch.linspace(0.0, hz_to_mel(sample_rate_hz / 2), n_mels, dtype=torch.float64)
    centres = mel_to_hz(mels) * n_fft / sample_rate_hz
    step = torch.arange(n_mels, dtype=torch.float64)
    # At least one bin from centre to centre: from below the ramp `step`, and from above the ramp
    # that leaves one bin for each band still to come.
    centres = torch.minimum(torch.maximum(centres, step), n_bins - n_mels + step)
    edges = torch.cat((centres[:1] - 1.0, centres, centres[-1:] + 1.0))
    bins = torch.arange(n_bins, dtype=torch.float64)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    triangles = torch.minimum(rising, falling).clamp_min(0.0)
    return triangles / triangles.sum(1, keepdim=True)


class Mel(nn.Module):
    """Bins to mel bands: magnitudes [..., K] → band values [..., n_mels]."""

    bank: Tensor

    def __init__(self, n_mels: int, n_fft: int, sample_rate_hz: int) -> None:
        super().__init__()
        bank = mel_filterbank(n_mels, n_fft, sample_rate_hz)
        self.register_buffer("bank", bank.T.float().contiguous(), persistent=False)

    def forward(self, magnitude: Tensor) -> Tensor:
        """Band values [..., n_mels] of magnitudes [..., K]."""
        return torch.matmul(magnitude, self.bank)


class InverseMel(nn.Module):
    """Mel bands to bins: band values [..., n_mels] → magnitudes [..., K].

    It is the Moore–Penrose pseudo-inverse of `Mel`, the magnitudes of least energy that have these
    band values: analysing them again gives the same bands, before negative magnitudes are set to
    zero. Detail inside a band is lost.
    """

    bank: Tensor

    def __init__(self, n_mels: int, n_fft: int, sample_rate_hz: int) -> None:
        super().__init__()
        bank = torch.linalg.pinv(mel_filterbank(n_mels, n_fft, sample_rate_hz))
        self.register_buffer("bank", bank.T.float().contiguous(), persistent=False)

    def forward(self, bands: Tensor) -> Tensor:
        """Magnitudes [..., K] ≥ 0 of band values [..., n_mels]."""
        return torch.matmul(bands, self.bank).clamp_min(0.0)
