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

from vschaos2.processors.closed_forms import echo, turns
from vschaos2.processors.delay_lines import Combs, Crossfade, cubic
from vschaos2.processors.parameter import Parameter

LONGEST_MS = 1_000.0
ECHO = (
    Parameter("echo_db", "dB", -60, 6, -20, "db"),
    Parameter("echo_ms", "ms", 100, LONGEST_MS, 400, "log", pace=0.01),
    Parameter("echo_feedback", "", 0, 0.95, 0.4),
    Parameter("echo_low_pass_hz", "Hz", 200, 16_000, 6_000, "log"),
    Parameter("echo_odd_pan", "", -100, 100, -50),
    Parameter("echo_even_pan", "", -100, 100, 50),
)


class PingPong(nn.Module):
    """Odd and even echoes of a sound, before they have a level and a side.

    Args:
        sample_rate: in Hz.
        lines: 1 for those who have use for the sum of both only.

    Attributes:
        state_size: numbers that are carried from block to block, M.
    """

    def __init__(self, sample_rate: float, lines: int = 2) -> None:
        super().__init__()
        self.sample_rate = sample_rate
        self.per_ms = 0.001 * sample_rate
        self.crossfade = Crossfade(sample_rate)
        self.combs = Combs(lines, LONGEST_MS * self.per_ms)
        self.sizes = [self.crossfade.state_size, lines, lines * self.combs.length]
        self.state_size = sum(self.sizes)

    def forward(
        self,
        x: Tensor,
        ms: Tensor,
        feedback: Tensor,
        a: Tensor,
        blocks: int,
        memory: Tensor,
    ) -> tuple[Tensor, list[Tensor]]:
        """The echoes of a block, odd ones first; a time that moves is crossed to.

        Args:
            x: what is sent to it.
            ms: its time, of all samples, or of each sub-block.
            feedback: f and -f, of the sum of the echoes and of their difference.
            a: of the one-pole (see `smoothing`), of all samples, or of each sub-block.
            blocks: how many sub-blocks.
            memory: as the block before left it.

        Shape: x [B, T], ms [B, N], feedback [B, 2, 1 or T], a [B, N], memory [B, M] → [B, 2, T],
            and the memory in parts that are to be joined; all float64.
        """
        y, kept = self.repeats(x, ms, feedback, a, blocks, memory)
        odd, even = y[:, 0] + y[:, 1], y[:, 0] - y[:, 1]
        return torch.stack((odd, even), 1) * 0.5, kept

    def repeats(
        self,
        x: Tensor,
        ms: Tensor,
        feedback: Tensor,
        a: Tensor,
        blocks: int,
        memory: Tensor,
    ) -> tuple[Tensor, list[Tensor]]:
        """What each comb says: the sum of the echoes, and their difference; see `forward`."""
        fading, last, line = torch.split(memory, self.sizes, 1)
        before, after, weight, fading = self.crossfade(ms, blocks, fading)
        y, last, lines = self.combs(
            x, before * self.per_ms, after * self.per_ms, weight, a, feedback, last, line
        )
        kept = [fading, last]
        for each in lines:
            kept.append(each)
        return y, kept

    def smoothing(self, hz: Tensor) -> Tensor:
        """The a of a one-pole y ← y + a (x - y): 1 - exp(-2π f/f_s)."""
        return -torch.expm1(-2.0 * math.pi / self.sample_rate * hz)

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """What odd and even echoes are of a steady sine.

        Shape: [B, ≥ 4], [K] in Hz → complex128 [B, 2, K].
        """
        _, ms, feedback, low_pass_hz = values.double()[:, :4, None].unbind(1)
        a, time = self.smoothing(low_pass_hz)[:, 0], ms[:, 0] * self.per_ms
        whole = time.detach().floor()
        first = tuple(round(each) - 1 for each in whole.tolist())
        turned = turns(frequencies, self.sample_rate, (1, *first))
        return echo(a, feedback[:, 0], torch.stack(cubic(time - whole), 1), turned)
