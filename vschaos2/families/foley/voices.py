"""Voices that hits sound in: rendered a little ahead, whatever the blocks of the host are.

    struck at a sample ──first part, at once──┐
    every few hundred samples ──further parts─┴─> samples to come, of every voice ──> their sum

A voice is rendered in parts, at moments that the stream's own samples count; so what is heard does
not depend on how it is cut into blocks. A voice that is taken, or choked, fades within the samples
that it has ahead. At a host's rate that is another, each hit is read at that rate from its own
first sample on: it begins at its trigger there, too, and nothing is later.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.dsp.rate_reader import RateReader
from vschaos2.dsp.resampling import bridged_rates
from vschaos2.dsp.state import Stateful
from vschaos2.families.foley.hit_sound import HitSound

VOICES = 8
FADE_MS = 4.0  # of a voice that is taken or choked
LEAST_STEP = 16  # samples from one moment at which parts are rendered to the next
IDLE = -1  # instead of the number of the next part


class HitVoices(Stateful):
    """Voices of each item of a batch, one row for each.

    Args:
        sounding: that renders.
        own_rate_hz: of what it renders.

    Attributes:
        rates_hz: of hosts that can be played in.
        step: samples from one moment at which parts are rendered to the next.
        fade: samples in which a voice falls silent that is taken.
    """

    future: Tensor  # samples to come of every voice, [B·V, L]
    ramp: Tensor  # of a voice that is taken, [fade]
    latents: list[Tensor]  # of each voice, [parts·C, Z]
    states: list[Tensor]  # [1, S]
    waiting: list[Tensor]  # rendered samples of each voice that are to be read yet, [T]
    rates_hz: list[int]
    gains: list[float]
    parts: list[int]  # number of the next one, or `IDLE`
    ready: list[int]  # samples of `future` that are rendered
    ages: list[int]  # number of the strike that each is of

    def __init__(self, sounding: HitSound, own_rate_hz: int) -> None:
        super().__init__()
        self.sounding = sounding
        self.voices, self.idle, self.fade_ms = VOICES, IDLE, FADE_MS
        self.own_rate_hz = own_rate_hz
        # Samples of a hit in its first part, and as many ahead as a step and a fade need.
        self.first = sounding.part_samples - sounding.delay_samples
        usable = [
            reader
            for hz in bridged_rates(own_rate_hz)
            if (reader := RateReader(own_rate_hz, hz)).due(reader.waiting, self.first)
            >= round(FADE_MS * hz / 1000.0) + LEAST_STEP
        ]
        self.rates_hz = sorted([own_rate_hz, *(reader.rate_hz for reader in usable)])
        readers: Any = nn.ModuleList(usable)
        self.readers = readers
        self.reader = -1  # the number of the reader in use, if any
        self.register_buffer("future", torch.zeros(0), persistent=False)
        self.register_buffer("ramp", torch.zeros(0), persistent=False)
        self.step, self.fade, self.length = 0, 0, 0
        self.strikes, self.elapsed = 0, 0
        self.latents, self.states, self.waiting, self.gains = [], [], [], []
        self.parts, self.ready, self.ages = [], [], []
        self.set_rate(own_rate_hz)

    @torch.jit.export
    def set_rate(self, rate_hz: int) -> None:
        """Silence, and from now on samples of a host's rate, one of `rates_hz`."""
        first, least = self.first, self.sounding.part_samples
        most = least
        self.reader = -1
        for number, reader in enumerate(self.readers):
            if reader.rate_hz == rate_hz:
                self.reader = number
                first = reader.due(reader.waiting, first)
                least, most = reader.least(least), reader.most(most)
        self.fade = int(self.fade_ms * rate_hz / 1000.0 + 0.5)
        self.step = self.sounding.part_samples // 2
        while self.step > least or self.step + self.fade > first:
            self.step = self.step // 2
        self.length = 2 * self.step + self.fade + most
        fall = (torch.arange(self.fade, device=self.future.device) + 1.0) / (self.fade + 1.0)
        self.ramp = 0.5 + 0.5 * torch.cos(math.pi * fall)
        self.begin(max(1, len(self.parts) // self.voices))

    @torch.jit.export
    def forget(self) -> None:
        """Silence in every voice. The batch size of the last call is kept."""
        self.begin(max(1, len(self.parts) // self.voices))

    @torch.jit.export
    def begin(self, batch: int) -> None:
        """Silence in the voices of so many items."""
        rows = batch * self.voices
        self.future = torch.zeros(rows, self.length, device=self.ramp.device)
        nothing = torch.zeros(0, 0, device=self.ramp.device)
        self.waiting = [nothing for _ in range(rows)]
        self.latents = [nothing for _ in range(rows)]
        self.states = [nothing for _ in range(rows)]
        self.gains = [0.0 for _ in range(rows)]
        self.parts = [self.idle for _ in range(rows)]
        self.ready = [0 for _ in range(rows)]
        self.ages = [0 for _ in range(rows)]
        self.strikes, self.elapsed = 0, 0

    @torch.jit.export
    def until_step(self) -> int:
        """Samples that may be played before parts are to be rendered."""
        return self.step - self.elapsed % self.step

    @torch.jit.export
    def strike(
        self, item: int, at: int, latents: Tensor, gain: float, polyphony: int, is_choked: bool
    ) -> None:
        """Let a hit begin.

        Args:
            item: of the batch.
            at: sample from now on, below `until_step`.
            latents: [parts·C, Z].
            gain: of its sound.
            polyphony: voices that may sound, 1 to `VOICES`.
            is_choked: whether all other voices of the item fall silent.
        """
        row = self.free_row(item, at, polyphony)
        future = self.future.clone()
        first = item * self.voices
        for number in range(self.voices):
            other, is_over = first + number, number >= polyphony
            if (is_choked or is_over or other == row) and self.ready[other] > at:
                end = at + self.fade
                future[other, at:end] *= self.ramp
                future[other, end:] = 0.0
                self.parts[other] = self.idle
                self.ready[other] = min(self.ready[other], end)
        self.strikes += 1
        self.latents[row], self.gains[row], self.ages[row] = latents, gain, self.strikes
        sound, self.states[row] = self.sounding.forward(
            latents[: self.sounding.part_frames].unsqueeze(0),
            torch.zeros(1, dtype=torch.long, device=future.device),
            self.sounding.initial_state(1),
            True,
        )
        self.parts[row] = 1 if self.sounding.parts > 1 else self.idle
        heard = self.read(row, sound[0, self.sounding.delay_samples :], True) * gain
        future[row, at : at + heard.shape[0]] += heard
        self.future = future
        self.ready[row] = at + heard.shape[0]

    def read(self, row: int, sound: Tensor, is_first: bool) -> Tensor:
        """What a voice rendered, at the host's rate: all of it, once it is idle: [N] → [M]."""
        for number, reader in enumerate(self.readers):
            if number == self.reader:
                before = reader.begin() if is_first else self.waiting[row]
                if self.parts[row] == self.idle:
                    sound = torch.cat((sound, sound.new_zeros(reader.rest)))
                sound, self.waiting[row] = reader.forward(before, sound)
        return sound

    def free_row(self, item: int, at: int, polyphony: int) -> int:
        """A voice that is silent, or else the one that was struck first."""
        first = item * self.voices
        oldest = first
        for number in range(polyphony):
            row = first + number
            if self.parts[row] == self.idle and self.ready[row] <= at:
                return row
            if self.ages[row] < self.ages[oldest]:
                oldest = row
        return oldest

    @torch.jit.export
    def render(self) -> None:
        """Render the next part of every voice that would fall short before the next moment."""
        rows: list[int] = []
        for row in range(len(self.parts)):
            if self.parts[row] != self.idle and self.ready[row] < self.step + self.fade:
                rows.append(row)
        if len(rows) == 0:
            return
        count = self.sounding.part_frames
        latents: list[Tensor] = []
        states: list[Tensor] = []
        numbers: list[int] = []
        for row in rows:
            start = self.parts[row] * count
            latents.append(self.latents[row][start : start + count])
            states.append(self.states[row])
            numbers.append(self.parts[row])
        device = self.future.device
        sounds, after = self.sounding.forward(
            torch.stack(latents), torch.tensor(numbers, device=device), torch.cat(states), False
        )
        future = self.future.clone()
        over = self.sounding.over(after)
        for index, row in enumerate(rows):
            self.states[row] = after[index : index + 1]
            self.parts[row] += 1
            if self.parts[row] >= self.sounding.parts or bool(over[index]):
                self.parts[row] = self.idle
            heard = self.read(row, sounds[index], False) * self.gains[row]
            start = self.ready[row]
            end = start + heard.shape[0]
            future[row, start:end] += heard
            self.ready[row] = end
        self.future = future

    @torch.jit.export
    def advance(self, count: int) -> Tensor:
        """The next samples of every item, at most `until_step` of them: → [B, count]."""
        rows = len(self.parts)
        next_samples = self.future[:, :count].reshape(rows // self.voices, self.voices, count)
        played = next_samples[:, 0]
        for voice in range(self.voices - 1):  # one after another: a sum's bits differ with its size
            played = played + next_samples[:, 1 + voice]
        rest = torch.zeros(rows, count, device=self.future.device)
        self.future = torch.cat((self.future[:, count:], rest), 1)
        for row in range(rows):
            self.ready[row] = max(0, self.ready[row] - count)
        self.elapsed += count
        if self.elapsed % self.step == 0:
            self.render()
        return played
