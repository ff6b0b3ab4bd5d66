"""An instrument whose sound is known exactly: every voice a sine at the pitch of its labels."""

import math
from pathlib import Path

import torch
from torch import Tensor

HOP = 64
AMPLITUDE = 0.2
AXES = 2


class Sines(torch.nn.Module):
    """decode: axes, then pitch and octave as `extract_pitch.py` counts, to a sine of that note.

    Axis 1 doubles its amplitude as it rises by 1.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hop, self.amplitude, self.axes = HOP, AMPLITUDE, AXES
        self.cycle = 2.0 * math.pi
        self.register_buffer("decode_params", torch.tensor([AXES + 2, HOP, 1, 1]))
        self.register_buffer("phase", torch.zeros(1))  # in cycles, of every voice

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["decode"]

    @torch.jit.export
    def decode(self, x: Tensor) -> Tensor:
        if self.phase.shape[0] != x.shape[0]:
            self.phase = torch.zeros(x.shape[0])
        # A4 of 440 Hz is pitch 0 and opens octave 5.
        hertz = 440.0 * torch.exp2(x[:, self.axes] / 12.0 + x[:, self.axes + 1] - 5.0)
        steps = (hertz / 44100.0).repeat_interleave(self.hop, 1)
        phases = self.phase.unsqueeze(1) + torch.cumsum(steps.double(), 1)
        self.phase = torch.remainder(phases[:, -1], 1.0).float()
        amplitude = self.amplitude * torch.exp2(x[:, 0]).repeat_interleave(self.hop, 1)
        return (amplitude * torch.sin(self.cycle * phases).float()).unsqueeze(1)


def write_sines(path: Path) -> None:
    """Write the file."""
    torch.jit.script(Sines()).save(str(path))


def hertz(note: int) -> float:
    """Of a MIDI note."""
    return 440.0 * 2.0 ** ((note - 69) / 12.0)
