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

from vschaos2.dsp.state import Stateful
from vschaos2.parts import part
from vschaos2.processors.fdn_reverb import INPUTS, REVERB, FdnReverb
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


@part("processor", "space")
class Space(Ramped, Stateful):
    """A side, echoes, and a room that hears both the sound and its echoes: stereo.

    Args:
        sample_rate: in Hz.
        channels: of the sound that enters, 1 or 2.
        panned: whether the direct sound has a side of its own.
        echo: whether there are echoes.
        reverb: whether there is a room.
        reverb_eq: whether the room has an equaliser of its own.
    """

    is_linear = True
    own_side: Tensor
    kept: dict[str, Tensor]

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
        beside = "echoes" if echo else "side"
        names = (beside, beside, beside, "room", "room")
        self.panels = [name for name, of in zip(names, groups, strict=True) for _ in of]
        self.eq, self.ping_pong, self.room = eq, ping_pong, room
        self.counts, self.sizes, self.block = [len(each) for each in groups], memory, BLOCK
        self.first_gain = INPUTS
        own_side = torch.eye(2, dtype=torch.float64)[:, :, None]
        self.register_buffer("own_side", own_side, persistent=False)
        self.forget()
        self.has_pan, self.has_echo, self.has_reverb, self.has_eq = panned, echo, reverb, reverb_eq

    @torch.jit.export
    def forget(self) -> None:
        """Forget what was kept: it follows from the values."""
        self.kept_values = torch.zeros(0, 0, 0)
        self.kept = {"gains": self.kept_values}

    def forward(self, x: Tensor, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See `Processor`."""
        y, after = self.in_parts(x, values, state)
        return y, torch.cat(after, 1)

    def in_parts(self, x: Tensor, values: Tensor, state: Tensor) -> tuple[Tensor, list[Tensor]]:
        """See `Processor`."""
        head, memory = self.parts(state)
        head, values = self.run(values, x.shape[2], head)
        echoing, ringing, filtering = torch.split(memory, self.sizes, 1)
        found = self.means(values)
        after = [head]
        sources = [x.double()]
        sent = sources[0].mean(1)
        if self.has_echo:
            blocks = x.shape[2] // self.block
            ms, feedback, a = found["echo_ms"], found["echo_feedback"], found["echo_a"]
            echoes, lines = self.ping_pong(sent, ms, feedback, a, blocks, echoing)
            sources.append(echoes)
            for each in lines:
                after.append(each)
            if self.has_reverb:
                sent = sent + found["cross"] * echoes.sum(1)
        if self.has_reverb:
            if self.has_eq:
                shaped, filtering = self.eq(sent[:, None], found["reverb_eq"], filtering)
                sent = shaped[:, 0]
            entering, gain, a = found["reverb_in"], found["reverb_gain"], found["reverb_a"]
            ringing_lines, lines = self.room(sent, entering, gain, a, ringing)
            sources.append(ringing_lines)
            for each in lines:
                after.append(each)
        after.append(filtering)
        whole, gains = torch.cat(sources, 1), found["gains"]
        if gains.shape[3] == 1:
            y = torch.matmul(gains[..., 0], whole)
        else:
            y = (gains * whole[:, None]).sum(2)
        return y.to(x.dtype), after

    def means(self, values: Tensor) -> dict[str, Tensor]:
        """What values mean to the parts; in TorchScript it is kept while they stand still.

        Shape: [B, P, 1 or T] → by name: "gains", of all that is heard, to both sides,
            [B, 2, sources, 1 or T]; of the others see `PingPong` and `FdnReverb`.
        """
        is_kept = torch.jit.is_scripting() and values.shape == self.kept_values.shape
        if is_kept and not bool((values != self.kept_values).any()):
            return self.kept
        pan, echo, cross, reverb, eq = torch.split(values, self.counts, 1)
        direct = values.new_ones(values.shape[0], 2, values.shape[2])
        if self.has_pan:
            direct = sides(pan[:, 0])
        gains = [direct[:, :, None]]
        if self.channels == 2:
            gains = [direct[:, :, None] * self.own_side]
        found: dict[str, Tensor] = {}
        if self.has_echo:
            level, ms, feedback, low_pass_hz, odd, even = echo.unbind(1)
            sided = torch.stack((sides(odd), sides(even)), 2)
            gains.append(amplitude(level)[:, None, None] * sided)
            found["echo_ms"] = per_block(ms)
            found["echo_feedback"] = torch.stack((feedback, -feedback), 1)
            found["echo_a"] = self.ping_pong.smoothing(per_block(low_pass_hz))
            if self.has_reverb:
                found["cross"] = amplitude(cross[:, 0])
        if self.has_reverb:
            entering, left, right = reverb[:, self.first_gain :].chunk(3, 1)
            gains.append(amplitude(reverb[:, :1, None]) * torch.stack((left, right), 1))
            found["reverb_in"] = entering
            found["reverb_gain"], _ = self.room.losses(reverb)
            _, found["reverb_a"] = self.room.losses(per_block(reverb))
            found["reverb_eq"] = per_block(eq)
        found["gains"] = torch.cat(gains, 2)
        if torch.jit.is_scripting() and values.shape[2] == 1:
            self.kept_values, self.kept = values, found
        return found

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
