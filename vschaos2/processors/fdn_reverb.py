"""A room: six delay lines that feed each other, with a decay that depends on frequency.

A line of m samples, heard once round, is d = g F z⁻ᵐ: after its time T a sound is 60 dB down if
g = 10^(-3 m / (f_s T)). The one-pole F goes from 1 at 0 Hz to r at half the sample rate, where the
time T' is shorter: r = 10^(-3 m / f_s (1/T' - 1/T)) and a = 2 r / (1 + r). r is kept above
`LEAST`, or for a T' much shorter than a line nothing but the constant would be heard.

With input gains b, output gains c and the matrix I - k 1 1ᵀ, k = 2/L, the lines say

    s = (D⁻¹ - I + k 1 1ᵀ)⁻¹ b = e b - e k Σ e b / (1 + k Σ e),   e = d / (1 - d),

by the formula of Sherman and Morrison: sums over lines, and no matrix is inverted.
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.processors.closed_forms import room, turns
from vschaos2.processors.delay_network import Network
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.recursion import BLOCK

LINES_S = tuple(m / 44_100 for m in (997, 1153, 1327, 1559, 1801, 2099))
LINES = len(LINES_S)
SIDES = ("left", "right")
SIGNS = ((1, -1, 1, -1, 1, 1), (1, 1, -1, -1, -1, 1))
EVEN = LINES**-0.5
REVERB = (
    Parameter("reverb_db", "dB", -60, 6, -20, "db"),
    Parameter("reverb_low_s", "s", 0.1, 10, 1.5, "log"),
    Parameter("reverb_high_ratio", "", 0.05, 1, 0.5, "log"),
    *(Parameter(f"reverb_in{n + 1}", "", -1, 1, EVEN, shown=False) for n in range(LINES)),
    *(
        Parameter(f"reverb_{side}{n + 1}", "", -1, 1, sign * EVEN, shown=False)
        for side, signs in zip(SIDES, SIGNS, strict=True)
        for n, sign in enumerate(signs)
    ),
)
LEAST = 1e-3  # what is left after a round of a line, at half the sample rate
LOW, HIGH, INPUTS, OUTPUTS = 1, 2, 3, 3 + LINES  # their places


class FdnReverb(nn.Module):
    """The lines of a room, before they have a level and a side.

    Args:
        sample_rate: in Hz.
        size: of the room, by which the length of every line is multiplied.

    Attributes:
        state_size: numbers that are carried from block to block, M.
    """

    seconds: Tensor

    def __init__(self, sample_rate: float, size: float = 1.0) -> None:
        super().__init__()
        self.lines = LINES
        lengths = [max(BLOCK, round(size * each * sample_rate)) for each in LINES_S]
        seconds = torch.tensor(lengths, dtype=torch.float64) / sample_rate
        self.register_buffer("seconds", seconds[:, None], persistent=False)
        self.sample_rate = sample_rate
        self.network = Network(lengths)
        self.sizes = [LINES, LINES * self.network.length]
        self.state_size = sum(self.sizes)
        self.low, self.high, self.least = LOW, HIGH, LEAST

    def losses(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """Of each line the gain g, and the a of its one-pole: what its decay asks for.

        Shape: [B, ≥ 3, N] → [B, L, N] twice.
        """
        low = values[:, self.low, None]
        high = low * values[:, self.high, None]
        fall = -3.0 * math.log(10.0) * self.seconds
        rest = torch.exp(fall * (1.0 / high - 1.0 / low))
        rest = self.least + (1.0 - self.least) * rest
        return torch.exp(fall / low), 2.0 * rest / (1.0 + rest)

    def forward(
        self, x: Tensor, entering: Tensor, gain: Tensor, a: Tensor, memory: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """What leaves each line.

        Args:
            x: what is sent to it.
            entering: b, gain into each line.
            gain: g of each line (see `losses`).
            a: of each line's one-pole, of all samples, or of each sub-block.
            memory: as the block before left it.

        Shape: x [B, T], entering and gain [B, L, 1 or T], a [B, L, N], memory [B, M] →
            [B, L, T], and the memory in parts that are to be joined; all float64.
        """
        last, line = torch.split(memory, self.sizes, 1)
        s, last, lines = self.network(entering * x[:, None], gain, a, last, line)
        kept = [last]
        for each in lines:
            kept.append(each)
        return s, kept

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """What both sides are of a steady sine, before they have a level.

        Shape: [B, 21], [K] in Hz → complex128 [B, 2, K].
        """
        values = values.double()
        samples = (1, *(round(each) for each in (self.seconds * self.sample_rate)[:, 0].tolist()))
        gain, a = self.losses(values[:, :, None])
        leaving = values[:, OUTPUTS:].reshape(len(values), -1, self.lines)
        turned = turns(frequencies, self.sample_rate, samples)
        return room(gain[..., 0], a[..., 0], values[:, INPUTS:OUTPUTS], leaving, turned)
