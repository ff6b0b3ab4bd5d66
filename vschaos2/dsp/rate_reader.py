"""Sounds that are known before they are heard, read at another rate: without any delay.

Sample k at rate b lies at time k M/L of the samples at rate a, as in `resampling`, and is the same
sum over the 2H samples around it. A sound that a model makes ahead of its time has those to come:
each is read from its own first sample on, before which there was silence, so that it begins with
what it begins with, at any sample of the host.

After M samples the fractions come again. So Q periods at once are a matrix: Q·M - 1 + 2H samples by
Q·L, which is the kernels, each shifted to its place.
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.dsp.resampling import kernels

LEAST_STRIDE = 128  # samples that a product moves on by: fewer would be many small products


class RateReader(nn.Module):
    """Samples at one rate read at the times of another, a part after another: a pure function.

    Args:
        from_hz: of what is read.
        to_hz: of what is returned.

    Attributes:
        rate_hz: of what is returned.
        waiting: samples before a sound's first, which are silence: what a sound begins with.
        rest: zeros behind a sound's last sample, after which all of it was returned.
    """

    matrix: Tensor

    def __init__(self, from_hz: int, to_hz: int) -> None:
        super().__init__()
        common = math.gcd(from_hz, to_hz)
        up, down = to_hz // common, from_hz // common
        periods = -(-LEAST_STRIDE // down)
        self.rate_hz, self.stride, self.made = to_hz, periods * down, periods * up
        table = kernels(from_hz, to_hz)
        ahead = table.shape[1] // 2
        self.width = self.stride - 1 + 2 * ahead
        self.waiting, self.rest = ahead - 1, self.width
        number = torch.arange(self.made)
        below, fraction = number * down // up, number * down % up
        matrix = torch.zeros(self.made, self.width)
        places = below[:, None] + torch.arange(2 * ahead)
        matrix.scatter_(1, places, table[fraction])
        self.register_buffer("matrix", matrix.T.contiguous(), persistent=False)

    @torch.jit.export
    def due(self, waiting: int, samples: int) -> int:
        """How many samples are returned for so many, when so many waited."""
        count = (waiting + samples - self.width) // self.stride + 1
        return max(0, count) * self.made

    @torch.jit.export
    def least(self, samples: int) -> int:
        """How many are returned for so many at least, but for the first."""
        return samples // self.stride * self.made

    @torch.jit.export
    def most(self, samples: int) -> int:
        """How many are returned for so many at most, and the rest of zeros."""
        return self.due(self.width, samples + self.rest)

    @torch.jit.export
    def begin(self) -> Tensor:
        """What waits before a sound's first sample: [T]."""
        return torch.zeros(self.waiting, device=self.matrix.device)

    def forward(self, waiting: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """The samples that are due, and what waits for those to come.

        Args:
            waiting: of `begin`, or the part before, [T].
            x: the next samples, [N].
        """
        both = torch.cat((waiting, x))
        count = self.due(waiting.shape[0], x.shape[0]) // self.made
        if count == 0:
            return both[:0], both
        frames = both.unfold(0, self.width, self.stride)[:count]
        return torch.matmul(frames, self.matrix).flatten(), both[count * self.stride :]
