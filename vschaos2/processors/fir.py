"""A filter of finite length whose taps are learnt, or drawn by a network: a cabinet, a room."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.parts import part
from vschaos2.processors.processor import Ramped
from vschaos2.processors.shaping import Siren
from vschaos2.ranges import check_count

MOST_TAPS = 16_384
SIREN_SWING = 30.0  # radians over half the length


class FreeTaps(nn.Module):
    """Each tap a weight, beginning as a wire.

    Args:
        taps: how many.
    """

    def __init__(self, taps: int) -> None:
        super().__init__()
        self.taps = nn.Parameter((torch.arange(taps) == 0).float())

    def forward(self) -> Tensor:
        """The impulse response. Shape: → [taps]."""
        return self.taps


class DrawnTaps(nn.Module):
    """A wire, and what a network of sines draws over time, fading by 43 dB towards the end.

    Args:
        taps: how many.
    """

    time: Tensor
    wire: Tensor

    def __init__(self, taps: int) -> None:
        super().__init__()
        self.register_buffer("wire", (torch.arange(taps) == 0).float(), persistent=False)
        self.register_buffer("time", torch.linspace(-1.0, 1.0, taps), persistent=False)
        self.drawn = Siren(SIREN_SWING)

    def forward(self) -> Tensor:
        """The impulse response. Shape: → [taps]."""
        return self.wire + self.drawn(self.time) * torch.exp(-2.5 * (self.time + 1.0))


@part("processor", "fir")
class Fir(Ramped):
    """Taps that begin as a wire.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C; all hear the same taps.
        taps: how many.
        siren: whether a network draws them, smooth and of fewer weights.

    Raises:
        InputError: for a number of taps outside 2 to `MOST_TAPS`.
    """

    is_linear = True

    def __init__(
        self, sample_rate: float, channels: int = 1, taps: int = 64, siren: bool = False
    ) -> None:
        check_count("taps of a fir", taps, 2, MOST_TAPS)
        super().__init__(sample_rate, channels, (), memory=channels * (taps - 1))
        self.n_taps = taps
        self.taps = DrawnTaps(taps) if siren else FreeTaps(taps)

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        past = memory.reshape(x.shape[0], self.channels, self.n_taps - 1)
        whole = torch.cat((past.to(x.dtype), x), 2)
        rows = whole.reshape(x.shape[0] * self.channels, 1, -1)
        y = F.conv1d(rows, self.taps().flip(0).to(x.dtype)[None, None]).reshape(x.shape)
        return y, whole[:, :, x.shape[2] :].double().flatten(1)

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """Its response. Shape: [B, 0], [K] in Hz → complex [B, K]."""
        turns = frequencies.double()[:, None] * torch.arange(self.n_taps) / self.sample_rate
        found = torch.polar(torch.ones_like(turns), -2.0 * math.pi * turns)
        return (found @ self.taps().to(torch.complex128)).expand(values.shape[0], -1)
