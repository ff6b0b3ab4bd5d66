"""Filters that may move: from one fixed filter to the next, by a raised cosine of 20 ms.

A filter whose coefficients change as it runs clicks (block-wise biquads at -27 dB where a peak
moves by octaves); two that are fixed, crossed, do not (-86 dB). Time is cut into hops of 20 ms.
Where one begins, the values that stand there make a filter, which takes over the integrators of the
one before, settles unheard for a hop, is crossed to over the next, and crossed from over the one
after that. So three filters run while values move, and one where they do not.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.dsp.state import Stateful
from vschaos2.errors import InputError
from vschaos2.parts import part
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.processor import Processor
from vschaos2.processors.recursion import BLOCK, block_matrices, cascade, cascade_blocks
from vschaos2.processors.svf import HIGHEST, section, sections_response

FADE_S = 0.02
GAIN_DB = 18.0
FLAT_Q = 0.5**0.5  # of a low pass without a resonance, and of a shelf without an overshoot


class Band(NamedTuple):
    """One filter of several.

    Attributes:
        shape: one of `svf.SHAPES`.
        name: that its parameters begin with.
        least_hz: its lowest frequency.
        most_hz: its highest.
        first_hz: where it begins.
        least_q: its broadest; it begins at `FLAT_Q`.
        most_q: its narrowest; a band for which both are `FLAT_Q` has none to set.
    """

    shape: str
    name: str
    least_hz: float
    most_hz: float
    first_hz: float
    least_q: float = 0.1
    most_q: float = 10.0

    @property
    def has_gain(self) -> bool:
        """Whether it has a gain."""
        return self.shape not in ("low_pass", "high_pass")

    @property
    def has_q(self) -> bool:
        """Whether it has a Q to set."""
        return self.least_q < self.most_q

    def parameters(self, sample_rate: float) -> tuple[Parameter, ...]:
        """What it is set by."""
        most = min(self.most_hz, HIGHEST * sample_rate)
        least = min(self.least_hz, most / 2)
        first = min(max(self.first_hz, least), most)
        found = [Parameter(f"{self.name}_hz", "Hz", least, most, first, "log")]
        if self.has_gain:
            found.append(Parameter(f"{self.name}_gain_db", "dB", -GAIN_DB, GAIN_DB, 0.0, "db"))
        if self.has_q:
            q = (self.least_q, self.most_q, FLAT_Q)
            found.append(Parameter(f"{self.name}_q", "", *q, "log"))
        return tuple(found)


class Filter(Processor, Stateful):
    """Sections of second order in series.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C.
        bands: what `Band` is made of, of each.
    """

    is_linear = True
    fade: Tensor
    kept_values: list[Tensor]
    kept_matrices: list[list[Tensor]]

    def __init__(
        self,
        sample_rate: float,
        channels: int,
        bands: tuple[tuple[str, str, float, float, float] | Band, ...],
    ) -> None:
        made = [Band(*band) for band in bands]
        physical = [each for band in made for each in band.parameters(sample_rate)]
        super().__init__(sample_rate, channels, tuple(physical))
        self.shapes = [band.shape for band in made]
        self.gained, self.resonant = [b.has_gain for b in made], [b.has_q for b in made]
        self.flat_q = FLAT_Q
        self.n_states = channels * 2 * len(bands)
        self.state_size = 2 + 3 * (self.n_values + self.n_states)
        self.block = BLOCK
        self.hop = max(1, round(FADE_S * sample_rate / BLOCK))  # in sub-blocks
        time = torch.arange(self.hop * BLOCK, dtype=torch.float64) / (self.hop * BLOCK)
        self.register_buffer("fade", 0.5 - 0.5 * torch.cos(math.pi * time), persistent=False)
        self.forget()

    @torch.jit.export
    def forget(self) -> None:
        """Forget the matrices that were kept: they follow from the values."""
        self.kept_values = [torch.zeros(0, 0), torch.zeros(0, 0), torch.zeros(0, 0)]
        self.kept_matrices = [[torch.zeros(0)], [torch.zeros(0)], [torch.zeros(0)]]

    def sections(self, values: Tensor) -> Tensor:
        """The recursions of its bands. Shape: [B, P] → [B, M, 9], float64."""
        found: list[Tensor] = []
        at = 0
        for n, shape in enumerate(self.shapes):
            hz = values[:, at]
            gain_db, q = torch.zeros_like(hz), torch.full_like(hz, self.flat_q)
            at += 1
            if self.gained[n]:
                gain_db = values[:, at]
                at += 1
            if self.resonant[n]:
                q = values[:, at]
                at += 1
            found.append(section(shape, hz, gain_db, q, self.sample_rate))
        return torch.stack(found, 1)

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """Its response. Shape: [B, P], [K] in Hz → complex [B, K]."""
        return sections_response(self.sections(values), frequencies, self.sample_rate)

    def forward(self, x: Tensor, values: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See `Processor`."""
        batch, blocks, size = x.shape[0], x.shape[2] // self.block, self.n_values
        state, values, sound = state.double(), values.double(), x.double()
        place = 0  # sub-blocks since a hop began
        heard = values[:, None, :, 0].expand(-1, 3, -1)
        if float(state[0, 0]) > 0.0:
            place = int(state[0, 1])
            heard = state[:, 2 : 2 + 3 * size].reshape(batch, 3, size)
        kept = state[:, 2 + 3 * size :].reshape(batch, 3, self.channels, -1)
        if bool((values[:, None] != heard[..., None]).any()):
            y, heard, s, place = self._moving(sound, values, heard, kept, place)
        else:
            y, after = self._run(sound, values[:, :, 0], kept[:, 1], 1)
            s = [after, after, after]
            place = (place + blocks) % self.hop
        head = torch.tensor([[1.0, float(place)]], dtype=torch.float64).to(state).expand(batch, 2)
        whole = [head, heard.reshape(batch, -1)] + [each.flatten(1) for each in s]
        return y.to(x.dtype), torch.cat(whole, 1)

    def _moving(
        self, x: Tensor, values: Tensor, heard: Tensor, state: Tensor, place: int
    ) -> tuple[Tensor, Tensor, list[Tensor], int]:
        """Three filters at a time: crossed from, crossed to, and one that settles."""
        blocks = x.shape[2] // self.block
        first = (self.hop - place) % self.hop
        begins = first + self.hop * torch.arange(max(0, (blocks - first - 1) // self.hop + 1))
        begins = begins.clamp(max=values.shape[2] - 1).to(values.device)
        # The values of every filter that runs; three of them from the h-th on.
        of = torch.cat((heard, values[:, :, begins].transpose(1, 2)), 1)
        sections = of
        if not torch.jit.is_scripting():
            made = self.sections(of.flatten(0, 1))
            sections = made.reshape(of.shape[0], -1, len(self.shapes), 9)
        s = [state[:, 0], state[:, 1], state[:, 2]]
        out: list[Tensor] = []
        n, h = 0, 0
        while n < blocks:
            if place == 0:
                h += 1
                s = [s[1], s[2], s[2]]
                self.kept_values = self.kept_values[1:] + self.kept_values[:1]
                self.kept_matrices = self.kept_matrices[1:] + self.kept_matrices[:1]
            count = min(self.hop - place, blocks - n)
            now = x[:, :, n * self.block : (n + count) * self.block]
            if not torch.jit.is_scripting():
                three = sections[:, h : h + 3].transpose(0, 1).flatten(0, 1)
                y, after = cascade(torch.cat((now, now, now)), three, torch.cat(s))
                before, later, _ = y.chunk(3)
                s = list(after.chunk(3))
            else:
                before, s0 = self._run(now, of[:, h], s[0], 0)
                later, s1 = self._run(now, of[:, h + 1], s[1], 1)
                _, s2 = self._run(now, of[:, h + 2], s[2], 2)
                s = [s0, s1, s2]
            weight = self.fade[place * self.block : (place + count) * self.block]
            out.append(before + weight * (later - before))
            n += count
            place = (place + count) % self.hop
        return torch.cat(out, 2), of[:, h : h + 3], s, place

    def _run(self, x: Tensor, values: Tensor, state: Tensor, slot: int) -> tuple[Tensor, Tensor]:
        """One fixed filter; its matrices are kept where it is one of the three that run."""
        if not torch.jit.is_scripting():
            return cascade(x, self.sections(values), state)
        known = self.kept_values[slot]
        if known.shape != values.shape or bool((known != values).any()):
            self.kept_values[slot] = values
            self.kept_matrices[slot] = block_matrices(self.sections(values))
        return cascade_blocks(x, self.kept_matrices[slot], state)


@part("processor", "low_pass")
def low_pass(sample_rate: float, channels: int = 1) -> Filter:
    """A low pass of 12 dB per octave."""
    return Filter(sample_rate, channels, (("low_pass", "low_pass", 200, 20_000, 12_000),))


@part("processor", "high_pass")
def high_pass(sample_rate: float, channels: int = 1) -> Filter:
    """A high pass of 12 dB per octave."""
    return Filter(sample_rate, channels, (("high_pass", "high_pass", 16, 5_000, 30),))


@part("processor", "peak")
def peak(sample_rate: float, channels: int = 1) -> Filter:
    """A peak or a dip."""
    return Filter(sample_rate, channels, (("peak", "peak", 20, 18_000, 1_000),))


@part("processor", "low_shelf")
def low_shelf(sample_rate: float, channels: int = 1) -> Filter:
    """A shelf below a frequency."""
    return Filter(sample_rate, channels, (("low_shelf", "low_shelf", 20, 4_000, 200),))


@part("processor", "high_shelf")
def high_shelf(sample_rate: float, channels: int = 1) -> Filter:
    """A shelf above a frequency."""
    return Filter(sample_rate, channels, (("high_shelf", "high_shelf", 500, 16_000, 4_000),))


@part("processor", "parametric_eq")
def parametric_eq(sample_rate: float, channels: int = 1) -> Filter:
    """Two shelves and three peaks between them: 15 values."""
    bands = (
        ("low_shelf", "low_shelf", 20.0, 2_000.0, 100.0),
        ("peak", "peak1", 20.0, 400.0, 100.0),
        ("peak", "peak2", 200.0, 4_000.0, 800.0),
        ("peak", "peak3", 2_000.0, 16_000.0, 5_000.0),
        ("high_shelf", "high_shelf", 2_000.0, 16_000.0, 8_000.0),
    )
    return Filter(sample_rate, channels, bands)


@part("processor", "shelving_eq")
def shelving_eq(sample_rate: float, channels: int = 1) -> Filter:
    """A high pass, two shelves and a low pass: 10 values."""
    bands = (
        ("high_pass", "high_pass", 16.0, 2_000.0, 30.0),
        ("low_shelf", "low_shelf", 20.0, 4_000.0, 200.0),
        ("high_shelf", "high_shelf", 500.0, 16_000.0, 4_000.0),
        ("low_pass", "low_pass", 1_000.0, 20_000.0, 16_000.0),
    )
    return Filter(sample_rate, channels, bands)


def channel_bands(names: str = "") -> dict[str, Band]:
    """Two peaks and two shelves by name, with the ranges of a channel strip for voices.

    Ranges: C.-Y. Yu et al., "DiffVox: a differentiable model for capturing and analysing vocal
    effects distributions" (2025).
    """
    bands = (
        Band("peak", "peak1", 33, 5_400, 800, 0.2, 20),
        Band("peak", "peak2", 200, 17_500, 4_000, 0.2, 20),
        Band("low_shelf", "low_shelf", 30, 200, 115, FLAT_Q, FLAT_Q),
        Band("high_shelf", "high_shelf", 750, 8_300, 5_000, FLAT_Q, FLAT_Q),
    )
    return {band.name: band._replace(name=names + band.name) for band in bands}


@part("processor", "channel_eq")
def channel_eq(sample_rate: float, channels: int = 1, bands: list[str] | None = None) -> Filter:
    """The filters of a channel strip: two peaks, two shelves, a low and a high pass.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C.
        bands: which of them; all if None.

    Raises:
        InputError: for a band that it does not have, or none.
    """
    known = channel_bands() | {
        "low_pass": Band("low_pass", "low_pass", 200, 18_000, 17_000, 0.5, 10),
        "high_pass": Band("high_pass", "high_pass", 16, 5_300, 40, 0.5, 10),
    }
    chosen = list(known) if bands is None else bands
    if not isinstance(chosen, list) or not chosen or not set(map(str, chosen)) <= set(known):
        raise InputError(
            f"bands of a channel_eq must be a list of some of {', '.join(known)}, got {bands!r}"
        )
    return Filter(sample_rate, channels, tuple(b for n, b in known.items() if n in chosen))
