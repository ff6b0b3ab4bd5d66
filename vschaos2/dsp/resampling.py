"""Sound between the sample rate of a host and a model's own, in blocks of any length.

Sample j at rate b lies at time t = j M/L of the samples at rate a, M/L = a/b in lowest terms. It is
the sum over the 2H samples around it,

    y[j] = Σ_i x[⌊t⌋ + i] k(⌊t⌋ + i - t),   i = 1 - H … H,   k(d) = c sinc(c d) w(d / H),

c = min(1, b/a), so that little above the lower of the two Nyquist frequencies is left, and w
Kaiser's window (Kaiser 1974). t has L fractions: there are L kernels, each made to sum to 1, in a
table (Crochiere and Rabiner 1983, polyphase filters).

What a block of a host needs of samples to come it is given late: see `HostBridge`.
"""

import math

import torch
from torch import Tensor, nn

ZEROS = 38  # of the kernel on each side, at the lower rate: 20.2 kHz of 44.1 kHz passes
BETA = 10.06  # of Kaiser's window: what is stopped is 100 dB below
MOST_KERNELS = 1000  # in a table
HOST_RATES_HZ = (44100, 48000, 88200, 96000)


def bridged_rates(model_rate_hz: int) -> list[int]:
    """Rates of hosts between which and a model's there is a bridge, without its own, in Hz."""
    return [
        rate_hz
        for rate_hz in HOST_RATES_HZ
        if rate_hz != model_rate_hz
        and max(rate_hz, model_rate_hz) // math.gcd(rate_hz, model_rate_hz) <= MOST_KERNELS
    ]


def kernels(from_hz: int, to_hz: int) -> Tensor:
    """The kernel of every fraction of a sample, for the samples from 1 - H to H, [L, 2H]."""
    common = math.gcd(from_hz, to_hz)
    count = to_hz // common
    cutoff = min(1.0, to_hz / from_hz)
    half = math.ceil(ZEROS / cutoff)
    fraction = torch.arange(count, dtype=torch.float64)[:, None] / count
    distance = torch.arange(1 - half, half + 1, dtype=torch.float64) - fraction
    inside = (1.0 - (distance / half).square()).clamp_min(0.0).sqrt()
    made = torch.sinc(cutoff * distance) * torch.special.i0(BETA * inside)
    return (made / made.sum(1, keepdim=True)).float()


class Resampling(nn.Module):
    """Samples at one rate read at the times of another: a pure function.

    Args:
        from_hz: of what is read.
        to_hz: of what is returned.

    Attributes:
        ahead: H, samples that are read after ⌊t⌋.
    """

    table: Tensor

    def __init__(self, from_hz: int, to_hz: int) -> None:
        super().__init__()
        common = math.gcd(from_hz, to_hz)
        self.up, self.down = to_hz // common, from_hz // common
        self.register_buffer("table", kernels(from_hz, to_hz), persistent=False)
        self.ahead = self.table.shape[1] // 2

    def places(self, first: int, count: int) -> tuple[Tensor, Tensor]:
        """⌊t⌋, and the number of the fraction behind it, of samples from `first` on, [count]."""
        t = torch.arange(first, first + count, device=self.table.device) * self.down
        return torch.div(t, self.up, rounding_mode="floor"), torch.remainder(t, self.up)

    def forward(self, x: Tensor, origin: int, first: int, count: int) -> Tensor:
        """Samples from `first` on.

        Args:
            x: samples from number `origin` on; all that is read must be among them.
            origin: may be negative, as `first` may: time 0 is only where counting begins.
            first: of those wanted.
            count: of them.

        Shape: [B, T, C] → [B, count, C].
        """
        below, fraction = self.places(first, count)
        frames = x.unfold(1, 2 * self.ahead, 1)
        frames = torch.index_select(frames, 1, below + (1 - self.ahead - origin))
        return (frames * torch.index_select(self.table, 0, fraction)[None, :, None]).sum(3)

    @torch.jit.export
    def between(self, x: Tensor, origin: int, first: int, count: int) -> Tensor:
        """The same on straight lines from sample to sample: knobs overshoot nothing."""
        below, fraction = self.places(first, count)
        left = torch.index_select(x, 1, below - origin)
        right = torch.index_select(x, 1, below + (1 - origin))
        return left + (right - left) * (fraction.to(x.dtype) / self.up)[None, :, None]


class HostBridge(nn.Module):
    """To a model's rate and back, with the arithmetic of what can be known when.

    After n samples of the host, the model's samples j are due whose kernels have all they read:
    ⌊j M/L⌋ + H < n, in whole blocks of the model. The host's sample k is read back at its time
    k - D, and D, the least that never waits, is

        D = ⌈H - 1 + (H' + B) M/L⌉

    for the kernel of 2H' samples behind the model, and its block B.

    Args:
        host_rate_hz: of the host.
        model_rate_hz: of the model.
        block: the model computes multiples of so many samples.

    Attributes:
        delay_samples: D, from a sound to itself, in the host's samples.
        heard_size: samples of the host that must be kept.
        made_size: samples of the model that must be kept.
    """

    def __init__(self, host_rate_hz: int, model_rate_hz: int, block: int = 1) -> None:
        super().__init__()
        self.rate_hz, self.block = host_rate_hz, block
        self.inward = Resampling(host_rate_hz, model_rate_hz)
        self.outward = Resampling(model_rate_hz, host_rate_hz)
        ahead, behind = self.inward.ahead, self.outward.ahead
        up, down = self.inward.up, self.inward.down
        self.delay_samples = ahead - 1 - -(behind + block) * down // up
        self.heard_size = max(2 * ahead - -block * down // up, self.delay_samples)
        self.made_size = behind - -self.delay_samples * up // down

    @torch.jit.export
    def due(self, heard: int) -> int:
        """The model's samples that are due after so many of the host's."""
        ready = max(heard - self.inward.ahead, 0) * self.inward.up
        count = (ready + self.inward.down - 1) // self.inward.down
        return count - count % self.block

    def forward(self, heard: int) -> int:
        """`due`."""
        return self.due(heard)
