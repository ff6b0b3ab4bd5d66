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


@part("processor", "fir")
class Fir(Ramped):
    """Taps that begin as a wire.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C; all hear the same taps.
        taps: how many.
        siren: whether a network of sines draws them over time, fading towards the end: fewer
            weights than taps, and smooth ones.

    Raises:
        InputError: for a number of taps outside 2 to `MOST_TAPS`.
    """

    is_linear = True
    time: Tensor
    wire: Tensor

    def __init__(
        self, sample_rate: float, channels: int = 1, taps: int = 64, siren: bool = False
    ) -> None:
        check_count("taps of a fir", taps, 2, MOST_TAPS)
        super().__init__(sample_rate, channels, (), memory=channels * (taps - 1))
        self.n_taps, self.is_drawn = taps, bool(siren)
        wire = torch.zeros(taps)
        wire[0] = 1.0
        self.register_buffer("wire", wire, persistent=False)
        self.register_buffer("time", torch.linspace(-1.0, 1.0, taps), persistent=False)
        self.free = nn.Parameter(torch.zeros(0 if self.is_drawn else taps))
        self.drawn = Siren(SIREN_SWING) if self.is_drawn else nn.Identity()

    def taps(self) -> Tensor:
        """The impulse response. Shape: → [taps]."""
        if self.is_drawn:
            return self.wire + self.drawn(self.time) * torch.exp(-2.5 * (self.time + 1.0))
        return self.wire + self.free

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
