"""Networks at audio rate of layers that each carry a state: convolutions, state spaces."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from vschaos2.nets.audio_rate import check_width, readout
from vschaos2.nets.conditioning import BESIDE, IN_LAYERS, ConditionedNet


class LayeredNet(ConditionedNet):
    """Channels made of the sound, layers one behind the other, and an output.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        hidden_dims: channels between, C.
        conditioning: any (see `conditioning`).

    Raises:
        InputError: as `ConditionedNet`.
    """

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int,
        conditioning: str,
    ) -> None:
        taken = (*BESIDE, *IN_LAYERS)
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz, conditioning, taken)
        check_width("hidden_dims", hidden_dims)
        self.dim = hidden_dims
        self.input = nn.Conv1d(self.n_inputs, hidden_dims, 1)

    def stack(self, layers: Iterable[nn.Module]) -> None:
        """Take the layers: each (h [B, C, T], told, state [B, its `state_size`]) → h, state."""
        self.layers = nn.ModuleList(layers)
        self.readout = readout(self.dim, self.n_outputs)
        self.sizes: list[int] = [part.state_size for part in (self.told, *self.layers)]
        self.state_size = sum(self.sizes)

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and the state of every layer after it."""
        states = state.split(self.sizes, 1)
        x, told, after = self.hear(x, knobs, states[0])
        h, afters = self.input(x.transpose(1, 2)), [after]
        for place, layer in enumerate(self.layers):
            h, after = layer(h, told, states[place + 1])
            afters.append(after)
        return self.readout(h.transpose(1, 2)), torch.cat(afters, 1)
