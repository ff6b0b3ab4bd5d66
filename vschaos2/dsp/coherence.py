"""Coherence: how steadily the phases of Gabor coefficients turn, which tells tone from noise.

Between three coefficients of a bin, at equal distances in time, the phase of a tone turns twice by
the same angle. So the second difference, the angle of

    p[k] = c_{n+1}[k] · c_{n-1}[k] · conj(c_n[k])²,

is 0 for a sine, and for a glide of constant rate the same in all bins of its lobe; for a click,
too, as its phase is -ω(t - t_n). Of noise it is any angle. Coherence is how well neighbouring bins
agree, and bins count by the geometric mean of their magnitudes a = |p|^(1/4):

    |Σ a·p/|p|| / Σ a    over 5 bins.

Between frames a quarter of a window apart those of noise are correlated by exp(-π/(32 C)) = 0.56 (C
as in `framing`), and neighbouring bins of one frame as well: its coherence is 0.49 in the mean.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.dsp.gabor import analyse

RADIUS = 2  # bins on either side
DISTANCE = 4  # frames of a window's length
FRAMES = 3


def coherence_samples(n_fft: int) -> int:
    """Samples that three frames cover, each a quarter of a window after the one before."""
    return n_fft + (FRAMES - 1) * (n_fft // DISTANCE)


def coherence(waveform: Tensor, window: Tensor) -> tuple[Tensor, Tensor]:
    """The coherence around the middle frame of three, and that frame's magnitudes.

    Args:
        waveform: [B, T], T at least `coherence_samples`.
        window: `gaussian_window`, [n_fft].

    Shape: → coherence [B, K], in [0, 1], 0 in digital silence; magnitudes [B, K].
    """
    n_fft = len(window)
    frames = analyse(waveform[:, : coherence_samples(n_fft)], window, n_fft // DISTANCE)
    before, middle, after = frames.unbind(1)
    # In float32 products of four magnitudes leave its range; those of unit numbers do not.
    turned = before.sgn() * after.sgn() * middle.sgn().conj().square()
    size = (before.abs() * after.abs()).sqrt().mul(middle.abs()).sqrt()
    agreed = torch.complex(_sums(turned.real * size), _sums(turned.imag * size)).abs()
    return agreed / _sums(size).clamp_min(1e-20), middle.abs()


def _sums(values: Tensor) -> Tensor:
    """Sums over neighbouring bins, fewer at the ends: [B, K] → [B, K]."""
    padded = F.pad(values, [RADIUS, RADIUS])
    return padded.unfold(-1, 2 * RADIUS + 1, 1).sum(-1)
