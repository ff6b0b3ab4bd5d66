"""Pedals that repeat a sound or put it into a room, each channel by itself: mono stays mono.

`ping_pong` and `fdn_reverb` make stereo. What stands in the middle of a chain is mono more often
than not, and what comes behind it need not be computed twice.
"""

import torch
from torch import Tensor

from vschaos2.dsp.state import Stateful
from vschaos2.parts import part
from vschaos2.processors.fdn_reverb import EVEN, LINES, REVERB, SIGNS, FdnReverb
from vschaos2.processors.gain import amplitude
from vschaos2.processors.ping_pong import ECHO, PingPong
from vschaos2.processors.processor import Ramped, per_block
from vschaos2.processors.recursion import BLOCK
from vschaos2.ranges import check_number


def for_each(values: Tensor, channels: int) -> Tensor:
    """Values of sounds as those of each of their channels: [B, …] → [B · C, …]."""
    return torch.stack([values] * channels, 1).flatten(0, 1)


@part("processor", "echo")
class Echo(Ramped, Stateful):
    """Echoes beside the sound, each darker and softer than the one before: a tape delay."""

    is_linear = True

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        line = PingPong(float(sample_rate), lines=1)
        super().__init__(sample_rate, channels, ECHO[:4], channels * line.state_size)
        self.line, self.block = line, BLOCK

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        batch, channels, count = x.shape
        level, ms, feedback, low_pass_hz = values.unbind(1)
        a = self.line.smoothing(per_block(low_pass_hz))
        rows = x.double().reshape(batch * channels, count)
        each = self.line.repeats(
            rows,
            for_each(per_block(ms), channels),
            for_each(feedback[:, None], channels),
            for_each(a, channels),
            count // self.block,
            memory.reshape(batch * channels, -1),
        )
        repeats, after = each[0].reshape(x.shape), torch.cat(each[1], 1)
        y = x.double() + amplitude(level)[:, None] * repeats
        return y.to(x.dtype), after.reshape(batch, -1)

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """Its response. Shape: [B, 4], [K] in Hz → complex128 [B, K]."""
        repeats = self.line.response(values, frequencies).sum(1)
        return 1.0 + amplitude(values[:, :1].double()) * repeats


@part("processor", "room")
class Room(Ramped, Stateful):
    """A room of six delay lines beside the sound, with a decay that depends on frequency.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C.
        size: of the room, .4 to 2; its first echo comes after 23 ms at 1.

    Raises:
        InputError: for another size.
    """

    is_linear = True
    leaving: Tensor

    def __init__(self, sample_rate: float, channels: int = 1, size: float = 1.0) -> None:
        check_number("size of a room", size, 0.4, 2.0)
        room = FdnReverb(float(sample_rate), size)
        decay = [each._replace(name=each.name.replace("reverb", "room")) for each in REVERB[:3]]
        super().__init__(sample_rate, channels, tuple(decay), channels * room.state_size)
        self.room, self.lines, self.first_gain = room, LINES, EVEN
        leaving = EVEN * torch.tensor(SIGNS[0], dtype=torch.float64)
        self.register_buffer("leaving", leaving, persistent=False)

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        batch, channels, count = x.shape
        gain, _ = self.room.losses(values)
        _, a = self.room.losses(per_block(values))
        entering = torch.full_like(gain[:, :, :1], self.first_gain)
        rows = x.double().reshape(batch * channels, count)
        lines, after = self.room(
            rows,
            for_each(entering, channels),
            for_each(gain, channels),
            for_each(a, channels),
            memory.reshape(batch * channels, -1),
        )
        late = torch.matmul(self.leaving, lines).reshape(x.shape)
        y = x.double() + amplitude(values[:, :1]) * late
        return y.to(x.dtype), torch.cat(after, 1).reshape(batch, -1)

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """Its response. Shape: [B, 3], [K] in Hz → complex128 [B, K]."""
        values = values.double()
        gains = torch.full((len(values), LINES), EVEN, dtype=torch.float64)
        leaving = self.leaving.expand(len(values), 2, -1).flatten(1)
        late = self.room.response(torch.cat((values, gains, leaving), 1), frequencies)[:, 0]
        return 1.0 + amplitude(values[:, :1]) * late
