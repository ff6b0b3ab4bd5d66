"""Recurrent networks at audio rate: what a circuit's capacitors remember, learnt.

A drive of one pedal takes 16 to 32 units. Without a skip connection the network says all of the
sound itself, and learns the same devices better: with it, ESR of a drive with equaliser and
compressor was three times as high after the same time.

Source: Wright, Damskägg & Välimäki (2019), "Real-time black-box modelling with recurrent neural
networks"; the skip connection is theirs.
"""

from typing import ClassVar

import torch
from torch import Tensor, nn

from vschaos2.nets.audio_rate import DEEPEST, as_channels, check_width, readout
from vschaos2.nets.conditioning import BESIDE, ConditionedNet
from vschaos2.parts import part
from vschaos2.ranges import check_count


class RecurrentNet(ConditionedNet):
    """What both kinds of units have in common.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        hidden_dims: units of every layer, H.
        layers: number of layers.
        skip: add the sound itself to what the network says.
        conditioning: none, concat or tvcond (see `conditioning`).

    Raises:
        InputError: as `ConditionedNet`.
    """

    kind: ClassVar[type[nn.LSTM | nn.GRU]]
    rows: ClassVar[int]  # of H numbers that a layer carries

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 32,
        layers: int = 1,
        skip: bool = False,
        conditioning: str = "concat",
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz, conditioning, BESIDE)
        check_width("hidden_dims", hidden_dims)
        check_count("model.net.layers", layers, 1, DEEPEST)
        self.dim, self.n_layers, self.skip = hidden_dims, layers, skip
        self.readout = readout(hidden_dims, n_outputs)
        self.units = self.kind(self.n_inputs, hidden_dims, layers, batch_first=True)
        self.n_rows = self.rows * layers
        self.sizes = [self.told.state_size, self.n_rows * hidden_dims]
        self.state_size = sum(self.sizes)

    def enter(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the units hear, what they are, [rows, B, H], and the conditioning's state."""
        before, units = state.split(self.sizes, 1)
        x, _, after = self.hear(x, knobs, before)
        rows = units.reshape(x.shape[0], self.n_rows, self.dim).transpose(0, 1).contiguous()
        return x, rows, after

    def leave(self, y: Tensor, x: Tensor, told: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        """What the units y [B, T, H] say, the sound itself added to it or not, and the state."""
        said: Tensor = self.readout(y)
        after = torch.cat((told, rows.transpose(0, 1).reshape(x.shape[0], -1)), 1)
        return said + as_channels(x, self.n_outputs) if self.skip else said, after


@part("effect_net")
class LSTM(RecurrentNet):
    """Long short-term memory.

    Source: Hochreiter & Schmidhuber (1997), as `torch.nn.LSTM` has it.
    """

    kind, rows = nn.LSTM, 2

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and all units after it."""
        heard, before, told = self.enter(x, knobs, state)
        halves = (before[: self.n_layers], before[self.n_layers :])
        y, (hidden, cells) = self.units(heard, halves)
        return self.leave(y, x, told, torch.cat((hidden, cells)))


@part("effect_net", "GRU")
class AudioGRU(RecurrentNet):
    """Gated recurrent units: three quarters of the weights of `LSTM`.

    Source: Cho et al. (2014), as `torch.nn.GRU` has it.
    """

    kind, rows = nn.GRU, 1

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and all units after it."""
        heard, before, told = self.enter(x, knobs, state)
        y, after = self.units(heard, before)
        return self.leave(y, x, told, after)
