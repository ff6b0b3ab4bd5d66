"""Where a sound is heard: its side, its echoes, its room; mono or stereo in, stereo out.

    direct ──────────────────────────────────────── pan ─┐
       ├── echoes, odd and even, each with its pan ──────┤ + → left, right
       │      └ echo_to_reverb_db ┐                      │
       └────────────────────────── + ── own EQ ── room ──┘

Echoes and room hear both sides of a stereo sound alike, its direct sound keeps its image. Pans are
of constant power: at angle θ from 0 (left) to π/2, √2 cos θ and √2 sin θ, which is 1 and 1 in the
middle. Each part may be left out.
"""

import math

import torch
from torch import Tensor

from vschaos2.parts import part
from vschaos2.processors.fdn_reverb import REVERB, FdnReverb
from vschaos2.processors.filters import Filter, channel_bands
from vschaos2.processors.gain import amplitude
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.ping_pong import ECHO, PingPong
from vschaos2.processors.processor import Ramped, per_block
from vschaos2.processors.recursion import BLOCK

PAN = (Parameter("pan", "", -100, 100, 0),)
CROSS = (Parameter("echo_to_reverb_db", "dB", -60, 6, -30, "db"),)


def sides(pan: Tensor) -> Tensor:
    """Gains to the left and to the right of a pan from -100 to 100: [B, N] → [B, 2, N]."""
    angle = (pan + 100.0) * (math.pi / 400.0)
    return torch.stack((torch.cos(angle), torch.sin(angle)), 1) * 2.0**0.5


class Space(Ramped):
    """Direct sound, echoes and a room.

    Args:
        sample_rate: in Hz.
        channels: of the sound that enters, 1 or 2.
        panned: whether the direct sound has a side of its own.
        echo: whether there are echoes.
        reverb: whether there is a room.
        reverb_eq: whether the room has an equaliser of its own.
    """

    is_linear = True

    def __init__(
        self,
        sample_rate: float,
        channels: int = 1,
        panned: bool = True,
        echo: bool = True,
        reverb: bool = True,
        reverb_eq: bool = True,
    ) -> None:
        reverb_eq = reverb_eq and reverb
        eq = Filter(sample_rate, 1, tuple(channel_bands("reverb_").values()))
        ping_pong, room = PingPong(float(sample_rate)), FdnReverb(float(sample_rate))
        groups = (
            PAN if panned else (),
            ECHO if echo else (),
            CROSS if echo and reverb else (),
            REVERB if reverb else (),
            eq.physical if reverb_eq else (),
        )
        memory = [
            ping_pong.state_size if echo else 0,
            room.state_size if reverb else 0,
            eq.state_size if reverb_eq else 0,
        ]
        super().__init__(
            sample_rate, channels, tuple(each for some in groups for each in some), sum(memory)
        )
        self.outputs = 2
        self.eq, self.ping_pong, self.room = eq, ping_pong, room
        self.counts, self.sizes, self.block = [len(each) for each in groups], memory, BLOCK
        self.has_pan, self.has_echo, self.has_reverb, self.has_eq = panned, echo, reverb, reverb_eq

    def forward(self, x: Tensor, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See `Processor`."""
        head, memory = self.parts(state)
        head, values = self.run(values, x.shape[2], head)
        pan, echo, cross, reverb, eq = torch.split(values, self.counts, 1)
        echoing, ringing, filtering = torch.split(memory, self.sizes, 1)
        kept = [head]  # joined once: lines are long
        sound = x.double()
        y = sound * sides(pan[:, 0]) if self.has_pan else sound.expand(-1, 2, -1)
        sent = sound.mean(1)
        heard = sent  # by the room
        if self.has_echo:
            echoes, lines = self.ping_pong(sent, echo, x.shape[2] // self.block, echoing)
            for each in lines:
                kept.append(each)
            level = amplitude(echo[:, :1])
            y = y + level * (sides(echo[:, 4]) * echoes[:, :1] + sides(echo[:, 5]) * echoes[:, 1:])
            if self.has_reverb:
                heard = heard + amplitude(cross[:, 0]) * echoes.sum(1)
        if self.has_reverb:
            if self.has_eq:
                shaped, filtering = self.eq(heard[:, None], per_block(eq), filtering)
                heard = shaped[:, 0]
            late, lines = self.room(heard, reverb, ringing)
            for each in lines:
                kept.append(each)
            y = y + amplitude(reverb[:, :1]) * late
        kept.append(filtering)
        return y.to(x.dtype), torch.cat(kept, 1)

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """Its response to a sound that is the same in all channels.

        Shape: [B, P], [K] in Hz → complex128 [B, 2, K], left and right.
        """
        found = self.responses(values, frequencies)
        whole = found["direct"].expand(-1, -1, len(frequencies))
        for name in ("echo", "reverb"):
            if name in found:
                whole = whole + found[name]
        return whole

    def responses(self, values: Tensor, frequencies: Tensor) -> dict[str, Tensor]:
        """What each part adds to `response`: "direct" [B, 2, 1], "echo" and "reverb" [B, 2, K]."""
        values = values.double()
        pan, echo, cross, reverb, eq = torch.split(values, self.counts, 1)
        one = torch.ones(len(values), 2, 1, dtype=torch.complex128, device=values.device)
        found = {"direct": one * sides(pan)} if self.has_pan else {"direct": one}
        sent = one[:, :1]
        if self.has_echo:
            echoes = self.ping_pong.response(echo, frequencies)
            sided = sides(echo[:, 4:5]) * echoes[:, :1] + sides(echo[:, 5:6]) * echoes[:, 1:]
            found["echo"] = amplitude(echo[:, :1, None]) * sided
            if self.has_reverb:
                sent = sent + amplitude(cross[:, :, None]) * echoes.sum(1, keepdim=True)
        if self.has_reverb:
            if self.has_eq:
                sent = sent * self.eq.response(eq, frequencies)[:, None]
            room = self.room.response(reverb, frequencies)
            found["reverb"] = amplitude(reverb[:, :1, None]) * sent * room
        return found


@part("processor", "pan")
def pan(sample_rate: float, channels: int = 1) -> Space:
    """A side, by constant power: mono becomes stereo."""
    return Space(sample_rate, channels, echo=False, reverb=False)


@part("processor", "ping_pong")
def ping_pong(sample_rate: float, channels: int = 1) -> Space:
    """Echoes that go from side to side, beside the sound: stereo."""
    return Space(sample_rate, channels, panned=False, reverb=False)


@part("processor", "fdn_reverb")
def fdn_reverb(sample_rate: float, channels: int = 1) -> Space:
    """A room of six delay lines, beside the sound: stereo."""
    return Space(sample_rate, channels, panned=False, echo=False)


@part("processor", "space")
def space(
    sample_rate: float,
    channels: int = 1,
    panned: bool = True,
    echo: bool = True,
    reverb: bool = True,
    reverb_eq: bool = True,
) -> Space:
    """A side, echoes, and a room that hears both the sound and its echoes: stereo."""
    return Space(sample_rate, channels, panned, echo, reverb, reverb_eq)
