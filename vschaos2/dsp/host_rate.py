"""A model of frames at a host's sample rate, where that is another: spectra are warped.

Bin k of a window of N samples at h Hz stands for k·h/N Hz. So a model that was trained at m Hz with
windows of M samples hears, in windows of N = d·M samples at h Hz, its bin j at the host's bin

    ρ j,   ρ = (m / M) / (h / N) = d m / h

and what it plays in its bin k/ρ is played in the host's bin k. The window is as long as the model
wants it but for 1/ρ, which is why h lies within a tenth of d·m.

What is heard is complex, and a frame of N samples has all of its spectrum in N bins. Between them
it is estimated (`between`): noise under the window w, its phases counted from the window's centre,
has coefficients x bins apart whose correlation is

    r(x) = Σ_l w[l]² cos(2π x l / N) / Σ_l w[l]²,

so the best linear estimate from neighbours at distances x_i has the weights c that solve
Σ_i r(x_i - x_n) c_i = r(x_n) (Wiener 1949). What is played has no phase yet: it is interpolated by
cubics under ln(1 + S/s), where the lobe of a partial, a Gaussian, is a parabola, which a cubic is.

Power in a band of Hz is kept: noise of a power density D has |S|² = D/2 · rate · Σw², so magnitudes
are multiplied by sqrt(ρ)/d where they are heard, and divided by it where they are played.
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.dsp.framing import gaussian_window

HOST_RATES_HZ = (44100, 48000, 88200, 96000)
FACTORS = (1, 2, 4)  # of the window, in samples
NEAR = 0.1  # h / (d·m) is 1 to this
NEIGHBOURS = 8  # that an estimate between bins is made of
POINTS = 256  # of the window: its correlation over bins is the same with any more
LEAST_LEVEL = 1e-4  # s, relative to the peak of a full-scale sine


def window_factors(model_rate_hz: int) -> dict[int, int]:
    """Rates of hosts that a model can play at, in Hz → d; its own first."""
    factors = {model_rate_hz: 1}
    for rate_hz in HOST_RATES_HZ:
        for factor in FACTORS:
            if rate_hz not in factors and abs(rate_hz / (factor * model_rate_hz) - 1.0) <= NEAR:
                factors[rate_hz] = factor
    return factors


def between(fraction: Tensor) -> Tensor:
    """Weights of the `NEIGHBOURS` nearest coefficients, phases counted from the window's centre.

    Args:
        fraction: of a bin, from the nearest bin below to the place wanted, 0 to 1, [P], float64.

    Shape: [P] → [P, NEIGHBOURS], for the bins from NEIGHBOURS/2 - 1 below that bin on.
    """
    power = gaussian_window(POINTS).square()
    power = power / power.sum()
    angle = 2.0 * math.pi / POINTS * (torch.arange(POINTS, dtype=torch.float64) - POINTS / 2)

    def correlation(distance: Tensor) -> Tensor:
        return torch.cos(distance[:, None] * angle) @ power

    bins = torch.arange(NEIGHBOURS, dtype=torch.float64) - (NEIGHBOURS // 2 - 1)
    among = torch.stack([correlation(bins - each) for each in bins])
    with_place = torch.stack([correlation(each - fraction) for each in bins])
    return torch.linalg.solve(among, with_place).T


def cubic(fraction: Tensor) -> Tensor:
    """Lagrange's weights of the values at -1, 0, 1 and 2 for one between 0 and 1: [P] → [P, 4]."""
    x = fraction
    return torch.stack(
        (
            -x * (x - 1.0) * (x - 2.0) / 6.0,
            (x + 1.0) * (x - 1.0) * (x - 2.0) / 2.0,
            -(x + 1.0) * x * (x - 2.0) / 2.0,
            (x + 1.0) * x * (x - 1.0) / 6.0,
        ),
        1,
    )


def places(count: int, step: float, bins: int) -> tuple[Tensor, Tensor, Tensor]:
    """Where `count` places, each a step of bins from the last, lie: below, beyond it, and within.

    Returns:
        the bin below each [P]; the fraction of a bin from there [P]; 1 up to the last bin, 0 above.
    """
    place = torch.arange(count, dtype=torch.float64) * step
    below = place.floor()
    return below.long(), place - below, (place <= bins - 1).double()


def mirrored(index: Tensor, bins: int) -> Tensor:
    """Numbers of bins, those below 0 and above the last one as their mirror images."""
    index = index.abs()
    return torch.where(index < bins, index, 2 * (bins - 1) - index).clamp(0, bins - 1)


class HostRate(nn.Module):
    """Spectra between a host's rate and a model's own.

    Args:
        model_rate_hz: what the model was trained at.
        n_fft: its window, in samples.
        rate_hz: of the host at first; its own if None.

    Attributes:
        factor: d, of window and hop.
        rates_hz: what the rate can be set to: those of the same factor.
        rate_hz: the host's.
        is_warped: false at the model's own rate and window, where nothing is to be done.

    Raises:
        ValueError: for a rate that the model cannot play at.
    """

    heard_index: Tensor  # [R, M/2+1, NEIGHBOURS]
    heard_weight: Tensor  # [R, M/2+1, NEIGHBOURS, 2], for real and imaginary parts
    played_index: Tensor  # [R, N/2+1, 4]
    played_weight: Tensor  # [R, N/2+1, 4]
    rates_hz: list[int]
    scales: list[float]

    def __init__(self, model_rate_hz: int, n_fft: int, rate_hz: int | None = None) -> None:
        super().__init__()
        rate_hz = model_rate_hz if rate_hz is None else rate_hz
        factors = window_factors(model_rate_hz)
        if rate_hz not in factors:
            known = ", ".join(map(str, sorted(factors)))
            raise ValueError(
                f"rate must be one of {known} for a model of {model_rate_hz} Hz, got {rate_hz}"
            )
        self.factor = factors[rate_hz]
        self.rates_hz = sorted(rate for rate, of in factors.items() if of == self.factor)
        self.own_rate_hz = model_rate_hz
        self.bins, self.host_bins = n_fft // 2 + 1, self.factor * n_fft // 2 + 1
        self.least = LEAST_LEVEL * float(gaussian_window(n_fft).sum()) / 2
        tables = [self._tables(rate) for rate in self.rates_hz]
        names = ("heard_index", "heard_weight", "played_index", "played_weight")
        for name, of in zip(names, zip(*tables, strict=True), strict=True):
            self.register_buffer(name, torch.stack(of), persistent=False)
        self.scales = [math.sqrt(self._step(rate)) / self.factor for rate in self.rates_hz]
        self.rate_hz, self.row, self.is_warped = 0, 0, False
        self.set_rate(rate_hz)

    def _step(self, rate_hz: int) -> float:
        """ρ, the host's bins to one of the model's."""
        return self.factor * self.own_rate_hz / rate_hz

    def _tables(self, rate_hz: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What is read where, with which weights, at one rate."""
        step = self._step(rate_hz)
        below, fraction, is_within = places(self.bins, step, self.host_bins)
        index = below[:, None] + torch.arange(NEIGHBOURS) - (NEIGHBOURS // 2 - 1)
        weight = between(fraction) * is_within[:, None]
        weight = weight * (1.0 - 2.0 * (index % 2))  # phases from the window's centre
        is_mirrored = (index < 0) | (index >= self.host_bins)
        conjugate = torch.where(is_mirrored, -1.0, 1.0)
        heard = torch.stack((weight, weight * conjugate), -1).float()
        heard_index = mirrored(index, self.host_bins)
        below, fraction, is_within = places(self.host_bins, 1.0 / step, self.bins)
        played_index = mirrored(below[:, None] + torch.arange(4) - 1, self.bins)
        played = (cubic(fraction) * is_within[:, None]).float()
        return heard_index, heard, played_index, played

    @torch.jit.export
    def set_rate(self, rate_hz: int) -> None:
        """The host's rate from the next block on; one that is not in `rates_hz` changes nothing."""
        for row, known_hz in enumerate(self.rates_hz):
            if known_hz == rate_hz:
                self.rate_hz, self.row = rate_hz, row
                self.is_warped = self.factor != 1 or rate_hz != self.own_rate_hz

    @torch.jit.export
    def heard(self, coefficients: Tensor) -> Tensor:
        """What a model hears in a host's frames: complex [B, F, N/2+1] → ≥ 0 [B, F, M/2+1]."""
        if not self.is_warped:
            return coefficients.abs()
        index, shape = self.heard_index[self.row], coefficients.shape
        near = torch.index_select(coefficients, 2, index.reshape(-1))
        near = torch.view_as_real(near).reshape(shape[0], shape[1], index.shape[0], -1, 2)
        parts = (near * self.heard_weight[self.row]).sum(3)
        return parts.square().sum(3).sqrt() * self.scales[self.row]

    @torch.jit.export
    def played(self, magnitude: Tensor) -> Tensor:
        """A model's magnitudes as a host's frames have them: [B, F, M/2+1] → [B, F, N/2+1], ≥ 0."""
        if not self.is_warped:
            return magnitude
        logarithm = self.spread(torch.log1p(magnitude / self.least))
        return torch.expm1(logarithm).clamp_min(0.0) * (self.least / self.scales[self.row])

    @torch.jit.export
    def spread(self, values: Tensor) -> Tensor:
        """What a model says of its bins for a host's, 0 above: [B, F, M/2+1] → [B, F, N/2+1]."""
        if not self.is_warped:
            return values
        index, shape = self.played_index[self.row], values.shape
        near = torch.index_select(values, 2, index.reshape(-1))
        near = near.reshape(shape[0], shape[1], index.shape[0], index.shape[1])
        return (near * self.played_weight[self.row]).sum(3)

    def forward(self, coefficients: Tensor) -> Tensor:
        """`heard`."""
        return self.heard(coefficients)
