"""Gabor analysis and synthesis: a waveform as a grid of complex numbers, and back.

With a window w of M samples, hop a and K = M/2 + 1 bins,

    analysis    c[f, k] = Σ_l  x[f·a + l] · w[l] · e^(-2πi k l / M)
    synthesis   x[t]    = Σ_f  g[t - f·a] · (1/M) Σ_k c[f, k] · e^(2πi k (t - f·a) / M)

and x comes back exactly wherever every frame that covers a sample is present, if g is the dual
window of w. All frames of a batch are transformed by one FFT.

Source: Gröchenig (2001), "Foundations of Time-Frequency Analysis".
"""

import torch
from torch import Tensor

from vschaos2.dsp.framing import frame, overlap_add


def analyse(waveform: Tensor, window: Tensor, hop: int) -> Tensor:
    """The Gabor coefficients of every complete frame.

    Args:
        waveform: real signal, at least as long as the window.
        window: analysis window, [n_fft].
        hop: hop in samples.

    Shape: [B, T] → complex [B, F, K], F = (T - n_fft) // hop + 1, K = n_fft/2 + 1.
    """
    return torch.fft.rfft(frame(waveform, window.shape[0], hop) * window)


def synthesise(coefficients: Tensor, dual: Tensor, hop: int) -> Tensor:
    """The waveform of Gabor coefficients, all frames overlap-added.

    The first and last n_fft - hop samples are covered by fewer frames than the others and fade.

    Args:
        coefficients: complex [B, F, K].
        dual: dual window, [n_fft].
        hop: hop in samples, a divisor of n_fft.

    Shape: complex [B, F, K] → [B, (F - 1)·hop + n_fft].
    """
    n_fft = dual.shape[0]
    return overlap_add(torch.fft.irfft(coefficients, n=n_fft) * dual, hop)
