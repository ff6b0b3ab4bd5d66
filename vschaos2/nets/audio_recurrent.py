"""Recurrent networks at audio rate: what a circuit's capacitors remember, learnt.

A drive of one pedal takes 16 to 32 units. Without a skip connection the network says all of the
sound itself, and learns the same devices better: with it, ESR of a drive with equaliser and
compressor was three times as high after the same time.

Source: Wright, Damskägg & Välimäki (2019), "Real-time black-box modelling with recurrent neural
networks"; the skip connection is theirs.
"""

import torch
from torch import Tensor, nn

from vschaos2.nets.audio_rate import (
    DEEPEST,
    AudioNet,
    as_channels,
    check_width,
    readout,
    with_knobs,
)
from vschaos2.parts import part
from vschaos2.ranges import check_count


class RecurrentNet(AudioNet):
    """What both kinds of units have in common; knobs stand beside the sound at every sample.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        hidden_dims: units of every layer, H.
        layers: number of layers.
        skip: add the sound itself to what the network says.

    Raises:
        InputError: as `AudioNet`.
    """

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 32,
        layers: int = 1,
        skip: bool = False,
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz)
        check_width("hidden_dims", hidden_dims)
        check_count("model.net.layers", layers, 1, DEEPEST)
        self.dim, self.n_layers, self.skip = hidden_dims, layers, skip
        self.readout = readout(hidden_dims, n_outputs)

    def sound(self, y: Tensor, x: Tensor) -> Tensor:
        """What the units y [B, T, H] say, and the sound itself if it is added."""
        said: Tensor = self.readout(y)
        return said + as_channels(x, self.n_outputs) if self.skip else said


@part("effect_net")
class LSTM(RecurrentNet):
    """Long short-term memory.

    Shape: state [B, 2 · layers · H].

    Source: Hochreiter & Schmidhuber (1997), as `torch.nn.LSTM` has it.
    """

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 32,
        layers: int = 1,
        skip: bool = False,
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz, hidden_dims, layers, skip)
        self.units = nn.LSTM(n_channels + n_knobs, hidden_dims, layers, batch_first=True)
        self.state_size = 2 * layers * hidden_dims

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and all units after it."""
        batch = x.shape[0]
        before = state.reshape(batch, 2 * self.n_layers, self.dim).transpose(0, 1).contiguous()
        hidden, cells = before[: self.n_layers], before[self.n_layers :]
        y, (hidden, cells) = self.units(with_knobs(x, knobs), (hidden, cells))
        after = torch.cat((hidden, cells)).transpose(0, 1).reshape(batch, self.state_size)
        return self.sound(y, x), after


@part("effect_net")
class StartedLSTM(LSTM):
    """The same from a first state of its own, as files of other makers have it.

    Attributes:
        first: that state, [2 · layers · H]; zeros at first.
    """

    first: Tensor

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 32,
        layers: int = 1,
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz, hidden_dims, layers)
        self.register_buffer("first", torch.zeros(self.state_size))

    @torch.jit.export
    def begin(self, batch: int) -> Tensor:
        """The first state, of so many sounds, [batch, S]."""
        return self.first.repeat(batch, 1)


@part("effect_net", "GRU")
class AudioGRU(RecurrentNet):
    """Gated recurrent units: three quarters of the weights of `LSTM`.

    Shape: state [B, layers · H].

    Source: Cho et al. (2014), as `torch.nn.GRU` has it.
    """

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 32,
        layers: int = 1,
        skip: bool = False,
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz, hidden_dims, layers, skip)
        self.units = nn.GRU(n_channels + n_knobs, hidden_dims, layers, batch_first=True)
        self.state_size = layers * hidden_dims

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and all units after it."""
        batch = x.shape[0]
        before = state.reshape(batch, self.n_layers, self.dim).transpose(0, 1).contiguous()
        y, after = self.units(with_knobs(x, knobs), before)
        after = after.transpose(0, 1).reshape(batch, self.state_size)
        return self.sound(y, x), after
