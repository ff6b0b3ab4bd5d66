"""Measures between a reference waveform and an estimate of it, both [T].

All spectra are magnitudes of a Hann-windowed STFT with hop n_fft / 4, centred, the ends mirrored.
They are taken in blocks of frames in float64, so memory stays bounded for long files.

A silent reference has no scale to measure against: distances are then 0 if the estimate is silent
too, and infinite otherwise. For spectra already at hand see `losses.spectral_convergence`.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.errors import InputError

Waveform = Tensor | np.ndarray

RESOLUTIONS = (2048, 1024, 512)  # n_fft in samples
FLOOR_DB = -80.0  # of the log-spectral distance, relative to the reference's maximum
FLOOR_RATIO = 1e-5  # of the multi-resolution distance, -100 dB
BLOCK_FRAMES = 256


class Distances(NamedTuple):
    """Three distances at one resolution.

    Attributes:
        convergence: ‖|R| - |E|‖_F / ‖|R|‖_F, no unit.
        log_spectral_db: mean over frames of the rms level difference over bins, dB.
        log_l1: mean absolute difference of log-magnitudes, nats.
    """

    convergence: float
    log_spectral_db: float
    log_l1: float


def spectral_convergence(reference: Waveform, estimate: Waveform, n_fft: int = 2048) -> float:
    """The relative error of the magnitudes, ‖|R| - |E|‖_F / ‖|R|‖_F: 0 equal, 1 for silence.

    Raises:
        InputError: see `measure`.

    Source: Sturmel & Daudet (2011), "Signal reconstruction from STFT magnitude", DAFx-11.
    """
    return _distances(*_pair(reference, estimate), n_fft).convergence


def log_spectral_distance_db(reference: Waveform, estimate: Waveform, n_fft: int = 2048) -> float:
    """The log-spectral distance in dB.

    The mean over frames of sqrt(mean over bins of (20 log10 |R| - 20 log10 |E|)²), both magnitudes
    clamped from below at 80 dB under the maximum of |R|.

    Raises:
        InputError: see `measure`.

    Source: Gray & Markel (1976), "Distance measures for speech processing".
    """
    return _distances(*_pair(reference, estimate), n_fft).log_spectral_db


def multi_resolution_stft(reference: Waveform, estimate: Waveform) -> float:
    """The mean over n_fft 2048, 1024, 512 of convergence + mean |ln |R| - ln |E||.

    Both magnitudes are clamped from below at 1e-5 of the maximum of |R| at that resolution, for
    the logarithms only.

    Raises:
        InputError: see `measure`.

    Source: Yamamoto, Song & Kim (2020), "Parallel WaveGAN", with other resolutions.
    """
    pair = _pair(reference, estimate)
    return _multi_resolution([_distances(*pair, n_fft) for n_fft in RESOLUTIONS])


def snr_db(reference: Waveform, estimate: Waveform) -> float:
    """The signal-to-noise ratio 10 log10(Σ r² / Σ (r - e)²) in dB; inf where both are equal.

    Means something only where the estimate keeps the reference's phase.
    """
    first, second = _pair(reference, estimate)
    return -_ratio_db(_norm(first - second), _norm(first))


def gain_db(reference: Waveform, estimate: Waveform) -> float:
    """The level of the estimate over the reference, 20 log10(rms(e) / rms(r)) in dB.

    -inf for a silent estimate, inf for a silent reference, 0 if both are silent.
    """
    first, second = _pair(reference, estimate)
    norms = _norm(second), _norm(first)
    return 0.0 if norms == (0.0, 0.0) else _ratio_db(*norms)


def measure(reference: Waveform, estimate: Waveform) -> dict[str, float]:
    """Every measure of this module by name, each spectrum taken once.

    Args:
        reference: waveform [T], more than 1024 samples.
        estimate: waveform [T], aligned with it.

    Raises:
        InputError: if they are not floats of one axis and one length, or are too short.
    """
    pair = _pair(reference, estimate)
    distances = [_distances(*pair, n_fft) for n_fft in RESOLUTIONS]
    return {
        "spectral_convergence": distances[0].convergence,
        "log_spectral_distance_db": distances[0].log_spectral_db,
        "multi_resolution_stft": _multi_resolution(distances),
        "snr_db": snr_db(*pair),
        "gain_db": gain_db(*pair),
    }


def _pair(reference: Waveform, estimate: Waveform) -> tuple[Tensor, Tensor]:
    first, second = as_waveform(reference), as_waveform(estimate)
    shapes = f"got {list(first.shape)} and {list(second.shape)}"
    if first.ndim != 1 or second.ndim != 1:
        raise InputError(f"reference and estimate must have one axis [T], {shapes}: mix to mono")
    if first.shape != second.shape:
        raise InputError(f"reference and estimate differ in length, {shapes}: align and cut them")
    if len(first) <= RESOLUTIONS[0] // 2:
        raise InputError(f"waveforms must exceed {RESOLUTIONS[0] // 2} samples, {shapes}: pad them")
    return first, second


def as_waveform(waveform: Waveform) -> Tensor:
    """A waveform as a tensor on the CPU, without a gradient.

    Raises:
        InputError: if it is not of floats.
    """
    # A copy of an array, since it may be a read-only memory map.
    tensor = waveform if isinstance(waveform, Tensor) else torch.from_numpy(np.array(waveform))
    if not tensor.is_floating_point():
        raise InputError(f"waveforms must be floats in [-1, 1], got {tensor.dtype}: convert them")
    return tensor.detach().cpu()


def magnitudes_of(waveform: Tensor, n_fft: int) -> Iterator[Tensor]:
    """Blocks of magnitudes [at most BLOCK_FRAMES, K], float64; frame f is centred at f·n_fft/4."""
    window = torch.hann_window(n_fft, dtype=torch.float64)
    padded = F.pad(waveform[None], (n_fft // 2, n_fft // 2), mode="reflect")[0]
    for block in padded.unfold(0, n_fft, n_fft // 4).split(BLOCK_FRAMES):
        yield torch.fft.rfft(block.double() * window).abs()


def _distances(reference: Tensor, estimate: Tensor, n_fft: int) -> Distances:
    maximum = max(float(block.max()) for block in magnitudes_of(reference, n_fft))
    if maximum == 0.0:
        distance = math.inf if estimate.any() else 0.0
        return Distances(distance, distance, distance)
    floor, lowest = maximum * 10.0 ** (FLOOR_DB / 20.0), maximum * FLOOR_RATIO
    error = energy = level_db = nats = 0.0
    frames = 0
    for r, e in zip(magnitudes_of(reference, n_fft), magnitudes_of(estimate, n_fft), strict=True):
        error += float((r - e).square().sum())
        energy += float(r.square().sum())
        difference_db = 20.0 * (r.clamp_min(floor).log10() - e.clamp_min(floor).log10())
        level_db += float(difference_db.square().mean(1).sqrt().sum())
        nats += float((r.clamp_min(lowest).log() - e.clamp_min(lowest).log()).abs().mean(1).sum())
        frames += len(r)
    return Distances(math.sqrt(error / energy), level_db / frames, nats / frames)


def _multi_resolution(distances: list[Distances]) -> float:
    return sum(d.convergence + d.log_l1 for d in distances) / len(distances)


def _norm(waveform: Tensor) -> float:
    return float(torch.linalg.vector_norm(waveform, dtype=torch.float64))


def _ratio_db(numerator: float, denominator: float) -> float:
    """20 log10 of a quotient of two numbers ≥ 0, infinite where one of them is 0."""
    if numerator == 0.0:
        return -math.inf
    if denominator == 0.0:
        return math.inf
    return 20.0 * math.log10(numerator / denominator)
