"""Windows, frames and overlap-add.

Frame f of a signal covers the samples [f·hop, f·hop + n_fft). Nothing here is centred or padded
by itself: whoever frames a signal decides what stands before its first sample.
"""

import math

import torch
from torch import Tensor

# Gaussian windows are cut where they have fallen to 0.01: exp(-π (M/2)² / γ) = 0.01 with
# γ = C·M² gives C = π / (4 ln 100).
GAUSSIAN_CONSTANT = math.pi / (4.0 * math.log(100.0))


def gaussian_window(n_fft: int) -> Tensor:
    """The truncated Gaussian w[l] = exp(-π (l - M/2)² / γ), γ = C·M², with M = n_fft.

    Args:
        n_fft: window length in samples.

    Shape: [n_fft], float64, peak 1 at l = n_fft/2, about 0.01 at both edges.

    Source: Průša & Søndergaard (2016), "Real-time spectrogram inversion using phase gradient heap
    integration", DAFx-16; truncation at 1 % of the peak.
    """
    offset = torch.arange(n_fft, dtype=torch.float64) - n_fft / 2
    return torch.exp(-math.pi * offset**2 / (GAUSSIAN_CONSTANT * n_fft**2))


def dual_window(window: Tensor, hop: int) -> Tensor:
    """The canonical dual g of a window w: overlap-adding w·g over all frames gives 1 everywhere.

    For frames no longer than the FFT ("painless" case) the frame operator is diagonal, so
    g[l] = w[l] / Σ_m w[l + m·hop]², a closed form.

    Args:
        window: analysis window, [n_fft].
        hop: hop in samples, a divisor of n_fft.

    Shape: [n_fft] → [n_fft].

    Raises:
        ValueError: if hop does not divide the window's length.

    Source: Gröchenig (2001), "Foundations of Time-Frequency Analysis", ch. 6.
    """
    n_fft = window.shape[0]
    if hop < 1 or n_fft % hop != 0:
        raise ValueError(f"hop must divide n_fft={n_fft}, got hop={hop}: choose {n_fft // 4}")
    overlap = n_fft // hop
    energy = window.square().reshape(overlap, hop).sum(0)
    return window / energy.repeat(overlap)


def frame(waveform: Tensor, n_fft: int, hop: int) -> Tensor:
    """Every complete frame of a waveform, as a view.

    Shape: [B, T] → [B, F, n_fft] with F = (T - n_fft) // hop + 1.
    """
    return waveform.unfold(-1, n_fft, hop)


def overlap_add(frames: Tensor, hop: int) -> Tensor:
    """The sum of frames, each one `hop` samples after the one before.

    Where hop divides the frame length, R = n_fft / hop slices of every frame fall on the same
    grid of hops, so R additions of whole [B, F, hop] slabs replace a loop over frames.

    Shape: [B, F, n_fft] → [B, (F - 1)·hop + n_fft]; hop must divide n_fft.
    """
    batch, count, n_fft = frames.shape
    overlap = n_fft // hop
    slabs = frames.reshape(batch, count, overlap, hop)
    total = torch.zeros(batch, count + overlap - 1, hop, dtype=frames.dtype, device=frames.device)
    for r in range(overlap):
        total[:, r : r + count] += slabs[:, :, r]
    return total.reshape(batch, (count + overlap - 1) * hop)
