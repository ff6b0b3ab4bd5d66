"""The fundamental of a frame, and frames over the numbers of its harmonics.

A note in another key has the same harmonics at other places. Where a frame's frequencies are
counted in units of its fundamental, they are at the same places in every key:

    y[j] = x(h_j f)        h the numbers of harmonics, f the fundamental, both in bins

So what is learnt of one key holds for all. The numbers h are evenly spaced up to a knee, finely
enough for the lobe of a partial of a high note, and evenly in their logarithm above it.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LOWEST = 2.5  # bins from partial to partial; nearer ones are one to the window
HIGHEST = 110.0  # bins
PER_OCTAVE = 60  # fundamentals that are tried: between them lies a parabola
HARMONICS = 12  # that speak for a fundamental, the nth with weight 1/√n
HEARD_BINS = 512  # the lowest, where harmonics are told from noise
LOBE = 0.15  # exp(-0.15 d²), d in bins: a partial under a logarithmic contrast
DETAIL_BINS = 9  # what stands out of so many neighbours is detail
CLEAR = 0.33  # least part of the detail that is harmonic; noise has up to 0.3
LEAST_LEVEL = 0.1  # root mean square of a frame that is no silence

STEP = 0.05  # from number to number, up to the knee
KNEE = 20.0
RATIO = 1.01  # of one number to the one before, above it


def fundamentals(n_bins: int) -> Tensor:
    """Logarithms to base 2 of the fundamentals, in bins, that are looked for among n_bins: [P]."""
    low, high = math.log2(LOWEST), math.log2(min(HIGHEST, (n_bins - 1) / 4))
    return torch.linspace(low, high, round((high - low) * PER_OCTAVE) + 1)


def combs(n_bins: int) -> Tensor:
    """Kernels of length 1, one for each of `fundamentals`: peaks at its harmonics, dips between.

    Shape: [n_bins, P].

    Source: after Camacho & Harris (2008), "A sawtooth waveform inspired pitch estimator for speech
    and music"; lobes of the window's width stand in the place of their cosines.
    """
    bins = torch.arange(n_bins, dtype=torch.float64)
    fundamental = torch.exp2(fundamentals(n_bins).double())[:, None]
    number = bins / fundamental
    nearest = number.round()
    peak = torch.exp(-LOBE * (bins - nearest * fundamental).square())
    dip = torch.exp(-LOBE * (bins - (number.floor() + 0.5) * fundamental).square())
    among = (number > 0.25) & (number < HARMONICS + 0.75)
    kernels = (peak - dip) * among / nearest.clamp_min(1.0).sqrt()
    return F.normalize(kernels, dim=1).T.float().contiguous()


class Fundamental(nn.Module):
    """Hears the fundamental of every frame, by itself.

    Args:
        n_bins: bins of a frame, K, from 65.

    Attributes:
        centre: the logarithm said of a frame in which none is clear, the middle of all.

    Shape: frames [B, K] → logarithms to base 2 of fundamentals in bins [B].
    """

    kernels: Tensor
    candidates: Tensor

    def __init__(self, n_bins: int) -> None:
        super().__init__()
        if n_bins < 65:
            raise ValueError(
                f"a fundamental is heard among 65 bins or more, got {n_bins}: set "
                "data.transform.n_fft to 128 or more"
            )
        candidates = fundamentals(n_bins)
        self.n_heard = min(HEARD_BINS, n_bins)
        self.lowest, self.highest = float(candidates[0]), float(candidates[-1])
        self.centre = (self.lowest + self.highest) / 2
        self.step = float(candidates[1] - candidates[0])
        self.clear, self.least_power = CLEAR, LEAST_LEVEL**2
        self.around = DETAIL_BINS
        kernels = combs(n_bins)[: self.n_heard].contiguous()
        self.register_buffer("kernels", kernels, persistent=False)

    def forward(self, frames: Tensor) -> Tensor:
        """The fundamental of each frame: [B, K] → [B]."""
        heard = frames[:, : self.n_heard]
        scores = torch.matmul(heard, self.kernels)
        index = scores.max(1, keepdim=True)[1].clamp(1, scores.shape[1] - 2)
        before, best = scores.gather(1, index - 1)[:, 0], scores.gather(1, index)[:, 0]
        after = scores.gather(1, index + 1)[:, 0]
        # The summit of the parabola through three neighbours; at an end there may be none.
        curvature = (before - 2.0 * best + after).clamp_max(-1e-6)
        summit = index[:, 0] + (0.5 * (before - after) / curvature).clamp(-1.0, 1.0)
        side = self.around // 2
        padded = F.pad(heard.unsqueeze(1), (side, side), mode="replicate").squeeze(1)
        detail = (heard - padded.unfold(1, self.around, 1).mean(2)).square().sum(1).sqrt()
        clear = (best > self.clear * detail) & (frames.square().mean(1) > self.least_power)
        logarithm = self.lowest + summit * self.step
        return torch.where(clear, logarithm, torch.full_like(logarithm, self.centre))


class HarmonicNumbers(nn.Module):
    """Takes frames from bins to numbers of harmonics, and back, by linear interpolation.

    Args:
        n_bins: bins of a frame, K.

    Attributes:
        size: numbers, G: as many as reach the last bin above the lowest fundamental.
    """

    numbers: Tensor
    bins: Tensor

    def __init__(self, n_bins: int) -> None:
        super().__init__()
        self.step, self.knee = STEP, KNEE
        self.log_ratio, self.log_two = math.log(RATIO), math.log(2.0)
        self.n_even = round(KNEE / STEP)
        top = (n_bins - 1) / LOWEST
        self.size = self.n_even + math.ceil(math.log(max(top / KNEE, 1.0)) / self.log_ratio) + 2
        place = torch.arange(self.size, dtype=torch.float64)
        above = KNEE * RATIO ** (place - self.n_even)
        numbers = torch.where(place < self.n_even, place * STEP, above)
        self.register_buffer("numbers", numbers.float(), persistent=False)
        self.register_buffer("bins", torch.arange(n_bins).float(), persistent=False)

    def forward(self, frames: Tensor, log_fundamental: Tensor) -> Tensor:
        """Frames over numbers of harmonics, 0 above the last bin: [B, K], [B] → [B, G]."""
        place = self.numbers * torch.exp(log_fundamental * self.log_two)[:, None]
        return _read(frames, place) * (place <= frames.shape[1] - 1)

    def back(self, harmonics: Tensor, log_fundamental: Tensor) -> Tensor:
        """Frames over bins: [B, G], [B] → [B, K]."""
        number = self.bins * torch.exp(-log_fundamental * self.log_two)[:, None]
        above = self.n_even + torch.log(number.clamp_min(self.knee) / self.knee) / self.log_ratio
        return _read(harmonics, torch.where(number < self.knee, number / self.step, above))


def _read(values: Tensor, place: Tensor) -> Tensor:
    """Values [B, N] at places between 0 and N - 1, on straight lines: [B, M] → [B, M]."""
    index = place.long().clamp(0, values.shape[1] - 2)
    weight = (place - index).clamp(0.0, 1.0)
    return torch.lerp(values.gather(1, index), values.gather(1, index + 1), weight)
