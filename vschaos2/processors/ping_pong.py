"""Echoes that go from one side to the other.

A sound enters line A, which hears line B, which hears line A: odd echoes leave the one, even echoes
the other. With E what a line does once, a delay of D samples and a one-pole F,

    odd = E / (1 - f² E²),   even = f E² / (1 - f² E²),   E = F z⁻ᴰ.

Their sum and their difference are one comb each, E / (1 - f E) and E / (1 + f E): so they are
played, and so they are written here. f < 1 is all that it takes for echoes to die away: E is
nowhere above 1.
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.processors.delay_lines import Comb, Crossfade, cubic
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.processor import per_block

LONGEST_MS = 1_000.0
ECHO = (
    Parameter("echo_db", "dB", -60, 6, -20, "db"),
    Parameter("echo_ms", "ms", 100, LONGEST_MS, 400, "log", pace=0.01),
    Parameter("echo_feedback", "", 0, 0.95, 0.4),
    Parameter("echo_low_pass_hz", "Hz", 200, 16_000, 6_000, "log"),
    Parameter("echo_odd_pan", "", -100, 100, -50),
    Parameter("echo_even_pan", "", -100, 100, 50),
)
MS, FEEDBACK, LOW_PASS = 1, 2, 3  # their places


class PingPong(nn.Module):
    """Odd and even echoes of a sound, before they have a level and a side.

    Args:
        sample_rate: in Hz.

    Attributes:
        state_size: numbers that are carried from block to block, M.
    """

    def __init__(self, sample_rate: float) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.highest = 0.45 * sample_rate
        self.per_ms = 0.001 * sample_rate
        self.crossfade = Crossfade(sample_rate)
        self.comb = Comb(LONGEST_MS * self.per_ms)
        self.sizes = [self.crossfade.state_size, 2, 2 * self.comb.length]
        self.state_size = sum(self.sizes)

    def forward(
        self, x: Tensor, values: Tensor, blocks: int, memory: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The echoes of a block, odd ones first; a time that moves is crossed to.

        Shape: x [B, T], values [B, ≥ 4, 1 or T] in the order of `ECHO`, memory [B, M] →
            [B, 2, T], memory; all float64.
        """
        ended = per_block(values)
        fading, last, line = torch.split(memory, self.sizes, 1)
        before, after, weight, fading = self.crossfade(ended[:, MS], blocks, fading)
        feedback = values[:, FEEDBACK]
        y, last, line = self.comb(
            twice(x),
            twice(before * self.per_ms),
            twice(after * self.per_ms),
            weight,
            twice(self.smoothing(ended[:, LOW_PASS])),
            torch.stack((feedback, -feedback), 1).flatten(0, 1),
            last.flatten(),
            line.reshape(-1, self.comb.length),
        )
        y, batch = y.reshape(x.shape[0], 2, -1), x.shape[0]
        echoes = torch.stack((y[:, 0] + y[:, 1], y[:, 0] - y[:, 1]), 1) * 0.5
        return echoes, torch.cat((fading, last.reshape(batch, 2), line.reshape(batch, -1)), 1)

    def smoothing(self, hz: Tensor) -> Tensor:
        """a of the one-pole y ← y + a (x - y): 1 - exp(-2π f/f_s)."""
        return -torch.expm1(-2.0 * math.pi / self.sample_rate * hz.clamp(max=self.highest))

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """What odd and even echoes are of a steady sine.

        Shape: [B, ≥ 4], [K] in Hz → complex128 [B, 2, K].
        """
        values = values.double()
        turn = (2.0 * math.pi / self.sample_rate) * frequencies.double()  # ω
        a = self.smoothing(values[:, LOW_PASS, None])
        time = values[:, MS, None] * self.per_ms
        whole = time.detach().floor()
        weights = cubic(time - whole)
        read = weights[0] * delayed(turn, whole - 1.0)
        for k in (1, 2, 3):
            read = read + weights[k] * delayed(turn, whole + k - 1.0)
        once = read * a / (1.0 - (1.0 - a) * delayed(turn, torch.ones_like(a)))
        feedback = values[:, FEEDBACK, None]
        odd = once / (1.0 - (feedback * once).square())
        return torch.stack((odd, feedback * once * odd), 1)


def twice(each: Tensor) -> Tensor:
    """The same for the sum of the echoes and for their difference: [B, N] → [2 B, N]."""
    return each[:, None].expand(-1, 2, -1).flatten(0, 1)


def delayed(turn: Tensor, samples: Tensor) -> Tensor:
    """z⁻ᵐ: ω in radians per sample [K], m [..., 1] → complex128 [..., K]."""
    angle = -turn * samples
    return torch.polar(torch.ones_like(angle), angle)
