"""A model of frames at a host's sample rate, where that is another: spectra are warped.

Bin k of a window of N samples at h Hz stands for k·h/N Hz. A model that was trained at m Hz with
windows of M samples is played by windows of N = d·M samples, d such that h is near d·m. Its bin j
lies at the host's bin

    ρ j,   ρ = (m / M) / (h / N) = d m / h.

What it hears, it hears with its own window, as long in seconds, L = M h/m samples: networks hear a
window that is another by a tenth, and make other sounds of it. The frame is transformed among
zeros, P samples in all, and read at the places of the model's bins. Between bins it is estimated
from the nearest (`between`): noise under the window w, its phases counted from the window's centre,
has coefficients x bins apart whose correlation is

    r(x) = Σ_l w[l]² cos(2π x l / P) / Σ_l w[l]²,

so the best linear estimate from neighbours at distances x_i has the weights c that solve
Σ_i r(x_i - x_n) c_i = r(x_n) (Wiener 1949). Sums over the window are h/m times the model's, and
what is heard is multiplied by m/h: tones and noise of a given density keep their levels.

What it plays has no phase: it is interpolated by cubics under ln(1 + S/s), where the lobe of a
partial, a Gaussian, is a parabola, which a cubic is. Its lobes are then ρ times as wide as those of
the host's window, whose power is exp(-x²/2V) at x bins, V = `LOBE`: the power is smoothed by three
bins whose variance is what is missing, V (1 - ρ²), and multiplied by d²/ρ: power in a band of Hz is
kept.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.dsp.framing import GAUSSIAN_CONSTANT, gaussian_window
from vschaos2.dsp.state import State, Stateful
from vschaos2.dsp.streaming import INPUT_LIMIT

HOST_RATES_HZ = (44100, 48000, 88200, 96000)
FACTORS = (1, 2, 4)  # of the window, in samples
NEAR = 0.1  # h / (d·m) is 1 to this
NEIGHBOURS = 8  # that an estimate between bins is made of
POINTS = 256  # of the window: its correlation over bins is the same with any more
# The amplitude of a partial is exp(-π C x²), see `texture.py`: its square has the variance 1/4πC.
LOBE = 1.0 / (4.0 * math.pi * GAUSSIAN_CONSTANT)  # bins²
LEAST_LEVEL = 1e-4  # s, relative to the peak of a full-scale sine


def window_factors(model_rate_hz: int) -> dict[int, int]:
    """Rates of hosts that a model can play at, in Hz → d; its own first."""
    factors = {model_rate_hz: 1}
    for rate_hz in HOST_RATES_HZ:
        for factor in FACTORS:
            if rate_hz not in factors and abs(rate_hz / (factor * model_rate_hz) - 1.0) <= NEAR:
                factors[rate_hz] = factor
    return factors


def between(fraction: Tensor, part: float) -> Tensor:
    """Weights of the `NEIGHBOURS` nearest coefficients, phases counted from the window's centre.

    Args:
        fraction: of a bin, from the nearest bin below to the place wanted, 0 to 1, [P], float64.
        part: of the samples that are transformed, how many the window covers, 0 to 1.

    Shape: [P] → [P, NEIGHBOURS], for the bins from NEIGHBOURS/2 - 1 below that bin on.
    """
    power = gaussian_window(POINTS).square()
    power = power / power.sum()
    angle = torch.arange(POINTS, dtype=torch.float64) - POINTS / 2
    angle = angle * (2.0 * math.pi * part / POINTS)

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

    windows: Tensor  # [R, the longest L], zeros before those that are shorter
    heard_index: Tensor  # [R, M/2+1, NEIGHBOURS]
    heard_weight: Tensor  # [R, M/2+1, NEIGHBOURS, 2], for real and imaginary parts
    played_index: Tensor  # [R, N/2+1, 4]
    played_weight: Tensor  # [R, N/2+1, 4]
    rates_hz: list[int]
    lengths: list[int]
    scales: list[float]
    missing: list[float]

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
        self.n_padded = 2 * self.factor * n_fft
        exact = [n_fft * rate / model_rate_hz for rate in self.rates_hz]
        self.lengths = [2 * round(samples / 2) for samples in exact]
        self.longest = max(self.lengths)
        tables = [
            self._tables(rate, length) for rate, length in zip(self.rates_hz, exact, strict=True)
        ]
        names = ("windows", "heard_index", "heard_weight", "played_index", "played_weight")
        for name, of in zip(names, zip(*tables, strict=True), strict=True):
            self.register_buffer(name, torch.stack(of), persistent=False)
        self.scales = [self.factor / math.sqrt(self._step(rate)) for rate in self.rates_hz]
        self.missing = [LOBE * (1.0 - self._step(rate) ** 2) for rate in self.rates_hz]
        self.rate_hz, self.row, self.is_warped = 0, 0, False
        self.set_rate(rate_hz)

    def _step(self, rate_hz: int) -> float:
        """ρ, the host's bins to one of the model's."""
        return self.factor * self.own_rate_hz / rate_hz

    def _tables(
        self, rate_hz: int, samples: float
    ) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """The window of so many samples, and what is read where, with which weights."""
        length, step = 2 * round(samples / 2), self._step(rate_hz)
        offset = torch.arange(self.longest, dtype=torch.float64) - self.longest + length / 2
        window = torch.exp(-math.pi * offset.square() / (GAUSSIAN_CONSTANT * samples**2))
        window = torch.where(offset < -length / 2, 0.0, window) * (self.own_rate_hz / rate_hz)
        padded_bins = self.n_padded // 2 + 1
        padded_step = step * self.n_padded / (2 * (self.host_bins - 1))
        below, fraction, is_within = places(self.bins, padded_step, padded_bins)
        index = below[:, None] + torch.arange(NEIGHBOURS) - (NEIGHBOURS // 2 - 1)
        weight = between(fraction, samples / self.n_padded) * is_within[:, None]
        weight = weight * (1.0 - 2.0 * (index % 2))  # phases from the window's centre
        is_mirrored = (index < 0) | (index >= padded_bins)
        conjugate = torch.where(is_mirrored, -1.0, 1.0)
        heard = torch.stack((weight, weight * conjugate), -1).float()
        heard_index = mirrored(index, padded_bins)
        below, fraction, is_within = places(self.host_bins, 1.0 / step, self.bins)
        played_index = mirrored(below[:, None] + torch.arange(4) - 1, self.bins)
        played = (cubic(fraction) * is_within[:, None]).float()
        return window.float(), heard_index, heard, played_index, played

    @torch.jit.export
    def set_rate(self, rate_hz: int) -> None:
        """The host's rate from the next block on; one that is not in `rates_hz` changes nothing."""
        for row, known_hz in enumerate(self.rates_hz):
            if known_hz == rate_hz:
                self.rate_hz, self.row = rate_hz, row
                self.is_warped = self.factor != 1 or rate_hz != self.own_rate_hz

    @torch.jit.export
    def heard(self, sound: Tensor, hop: int) -> Tensor:
        """What a model hears in the frames that end with each hop.

        Args:
            sound: of the host, from longest - hop samples before the first hop on, [B, T].
            hop: in samples.

        Shape: → ≥ 0, [B, F, M/2+1].
        """
        length = self.lengths[self.row]
        window = self.windows[self.row, self.longest - length :]
        frames = sound[:, self.longest - length :].unfold(1, length, hop) * window
        side = (self.n_padded - length) // 2
        spectra = torch.fft.rfft(F.pad(frames, [side, side]))
        index = self.heard_index[self.row]
        near = torch.index_select(spectra, 2, index.reshape(-1))
        shape = [spectra.shape[0], spectra.shape[1], index.shape[0], index.shape[1], 2]
        parts = (torch.view_as_real(near).reshape(shape) * self.heard_weight[self.row]).sum(3)
        return parts.square().sum(3).sqrt()

    @torch.jit.export
    def played(self, magnitude: Tensor) -> Tensor:
        """A model's magnitudes as a host's frames have them: [B, F, M/2+1] → [B, F, N/2+1], ≥ 0."""
        if not self.is_warped:
            return magnitude
        made = torch.expm1(self.spread(torch.log1p(magnitude / self.least)))
        power = (made.clamp_min(0.0) * (self.least * self.scales[self.row])).square()
        sides = F.pad(power, [1, 1], mode="reflect")
        bent = sides[:, :, 2:] - 2.0 * power + sides[:, :, :-2]
        return (power + self.missing[self.row] / 2.0 * bent).clamp_min(0.0).sqrt()

    @torch.jit.export
    def spread(self, values: Tensor) -> Tensor:
        """What a model says of its bins for a host's, 0 above: [B, F, M/2+1] → [B, F, N/2+1]."""
        if not self.is_warped:
            return values
        index, shape = self.played_index[self.row], values.shape
        near = torch.index_select(values, 2, index.reshape(-1))
        near = near.reshape(shape[0], shape[1], index.shape[0], index.shape[1])
        return (near * self.played_weight[self.row]).sum(3)

    def forward(self, magnitude: Tensor) -> Tensor:
        """`played`."""
        return self.played(magnitude)


class RecentSound(Stateful):
    """Blocks joined to the samples before them; what is no number counts as silence.

    Args:
        size: samples before.

    Shape: [B, T] → [B, size + T].
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.input_limit = INPUT_LIMIT
        self.history = State(size)

    def forward(self, block: Tensor) -> Tensor:
        """The block behind what came before it."""
        clean = torch.nan_to_num(block, 0.0, 0.0, 0.0).clamp(-self.input_limit, self.input_limit)
        joined = torch.cat((self.history.recall(block.shape[0]), clean), -1)
        self.history.keep(joined[:, block.shape[1] :].clone())
        return joined
