"""How far the spectra of one sound lie from another's, as a whole: a Fréchet distance.

Frames of two sounds are two clouds of points: levels in bands, and how they move. Each cloud is
taken for a Gaussian of its mean μ and covariance Σ, and the distance of two Gaussians is

    d² = |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁^½ Σ₂ Σ₁^½)^½)

It asks whether the sounds are of one kind, whichever moment comes when: an error that ESR hears as
large, such as a phase that turned, it does not hear at all. Sounds of one kind are apart by what
they are too short to tell: two draws of white noise by 1.1 dB in 2 s, 0.4 dB in 16 s.

The features are plain levels: no network learnt them, so nothing need be downloaded. Distances of
other features, such as those that are called FAD, are no such numbers.

Source: Dowson & Landau (1982), "The Fréchet distance between multivariate normal distributions".
"""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

BANDS, LOWEST_HZ, HIGHEST_HZ = 24, 50.0, 16_000.0
FRAME_MS, HOP_MS = 46.0, 12.0
MOVE_HOPS = 4  # between the two levels whose difference is a movement
FLOOR_DB = -80.0  # of the loudest band of what was wanted: below it is silence
FEWEST = 8  # frames that a cloud needs

Matrix = npt.NDArray[np.float64]


def frechet_db(y: Tensor, t: Tensor, rate_hz: int) -> float:
    """The distance of two sounds, in dB a band: d / √bands; a gain of 6 dB is 6 dB away.

    Args:
        y: what was made, [B, T, C].
        t: what was wanted, the same.
        rate_hz: of both.

    Returns:
        0 for equals; NaN for sounds too short to tell.
    """
    ours, theirs = (band_powers(x, rate_hz) for x in (y, t))
    if ours.shape[1] < FEWEST:
        return math.nan
    floor = float(theirs.max()) * 10.0 ** (FLOOR_DB / 10.0)
    clouds = [features(10.0 * np.log10(np.maximum(of, floor or 1e-20))) for of in (ours, theirs)]
    (mean, covariance), (other_mean, other) = (
        (cloud.mean(0), np.cov(cloud, rowvar=False, bias=True)) for cloud in clouds
    )
    squared = frechet_squared(mean, covariance, other_mean, other)
    return math.sqrt(squared / ours.shape[2])


def frechet_squared(mean: Matrix, covariance: Matrix, other_mean: Matrix, other: Matrix) -> float:
    """d² of two Gaussians, means [D] and covariances [D, D]; at least 0."""
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(values.clip(min=0.0))) @ vectors.T
    shared = np.sqrt(np.linalg.eigvalsh(root @ other @ root).clip(min=0.0)).sum()
    apart = np.square(mean - other_mean).sum()
    return max(0.0, float(apart + np.trace(covariance) + np.trace(other) - 2.0 * shared))


def features(levels_db: Matrix) -> Matrix:
    """Levels and their movements over 4 hops, of all rows: [B, F, K] → [N, 2 K]."""
    now, before = levels_db[:, MOVE_HOPS:], levels_db[:, :-MOVE_HOPS]
    return np.concatenate((now, now - before), 2).reshape(-1, 2 * levels_db.shape[2])


def band_powers(x: Tensor, rate_hz: int) -> Matrix:
    """Powers in triangular bands, even on the mel scale: [B, T, C] → [B · C, F, K]."""
    size, hop = (round(ms * rate_hz / 1000.0) for ms in (FRAME_MS, HOP_MS))
    rows = x.transpose(1, 2).reshape(-1, x.shape[1]).double()
    if rows.shape[1] < size:
        return np.zeros((len(rows), 0, BANDS))
    window = torch.hann_window(size, dtype=torch.float64, device=rows.device)
    spectra = torch.stft(rows, size, hop, window=window, center=False, return_complex=True)
    power = spectra.abs().square().transpose(1, 2).cpu().numpy()
    bands: Matrix = power @ mel_bands(size, rate_hz)
    return bands


def mel_bands(size: int, rate_hz: int) -> Matrix:
    """How much of each bin of a transform of `size` each band hears, [size // 2 + 1, K]."""
    return hz_bands(size, rate_hz, BANDS, LOWEST_HZ, min(HIGHEST_HZ, 0.5 * rate_hz))


def hz_bands(size: int, rate_hz: int, bands: int, lowest_hz: float, highest_hz: float) -> Matrix:
    """Triangular bands, even on the mel scale: [size // 2 + 1, bands].

    Source: O'Shaughnessy (1987), m = 2595 log₁₀(1 + f / 700).
    """
    lower, upper = (2595.0 * math.log10(1.0 + end / 700.0) for end in (lowest_hz, highest_hz))
    corners = 700.0 * (10.0 ** (np.linspace(lower, upper, bands + 2) / 2595.0) - 1.0)
    hz = np.arange(size // 2 + 1)[:, None] * rate_hz / size
    rise = (hz - corners[:-2]) / (corners[1:-1] - corners[:-2])
    fall = (corners[2:] - hz) / (corners[2:] - corners[1:-1])
    return np.clip(np.minimum(rise, fall), 0.0, None)
