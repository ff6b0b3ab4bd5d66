"""Gabor coefficients of a white noise that is known at every moment.

A sample depends on its place alone, so frames are the same however a sound is cut into blocks, and
nothing is remembered. Frames that overlap share their samples: their coefficients fit together as
those of a sound do, which random numbers in every bin would not.
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.dsp.framing import gaussian_window

# Hop h reads a table from entry A·h² + B·h modulo the number of entries to start from, a prime.
# A square sets hops at ever new distances: no stretch of noise follows another twice. The
# sequence repeats after so many hops, six minutes at 44.1 kHz and a hop of 512.
STARTS = 32749
SQUARE, STEP = 7919, 12553
SEED = 1


class WhiteNoise(nn.Module):
    """Frames of white noise through a Gaussian window, as coefficients of mean magnitude 1.

    A coefficient of noise of variance σ² is complex Gaussian of variance σ²·Σw², so its magnitude
    is Rayleigh distributed, with the mean sqrt(π/4 · Σw²)·σ.

    Args:
        n_fft: window and FFT length in samples.
        hop: in samples, a divisor of n_fft.

    Shape: the first frame's number f and a count F → complex [F, K]; frame f covers the samples
    from f·hop to f·hop + n_fft.
    """

    table: Tensor  # [STARTS + hop - 1]
    window: Tensor  # [n_fft]

    def __init__(self, n_fft: int, hop: int) -> None:
        super().__init__()
        self.hop = hop
        self.n_fft = n_fft
        self.overlap = n_fft // hop
        self.starts, self.square, self.step = STARTS, SQUARE, STEP
        generator = torch.Generator().manual_seed(SEED)
        table = torch.randn(STARTS + hop - 1, generator=generator)
        window = gaussian_window(n_fft)
        scale = math.sqrt(math.pi / 4.0) * float(window.norm())
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("window", (window / scale).float(), persistent=False)

    def samples(self, first: int, count: int) -> Tensor:
        """The noise of hops first … first + count - 1: [count · hop], deviation 1."""
        hops = torch.arange(first, first + count, device=self.table.device)
        hops = torch.remainder(hops, self.starts)
        starts = torch.remainder((hops * self.square + self.step) * hops, self.starts)
        return self.table.unfold(0, self.hop, 1).index_select(0, starts).reshape(-1)

    def forward(self, first: int, count: int) -> Tensor:
        """Coefficients of frames first … first + count - 1."""
        samples = self.samples(first, count + self.overlap - 1)
        return torch.fft.rfft(samples.unfold(0, self.n_fft, self.hop) * self.window)
