"""Memories whose past never ends: recurrent networks."""

import torch
from torch import Tensor, nn

from vschaos2.nets.causal import Causal, check_sizes
from vschaos2.nets.layers import padded_rows
from vschaos2.parts import part


@part("memory", "gru")
class GRU(Causal):
    """Gated recurrent units: a memory as long as training finds useful.

    The batch is padded to a multiple of four, which is enough for every product, those over all
    frames and those of one: a frame does not know its block.

    Args:
        n_inputs: numbers per frame, D.
        hidden_dims: units of every layer, H.
        layers: number of layers, each fed by the one before.

    Raises:
        InputError: for a size below 1.

    Source: Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder", as
    `torch.nn.GRU` has it.
    """

    def __init__(self, n_inputs: int, hidden_dims: int = 128, layers: int = 1) -> None:
        super().__init__()
        check_sizes(hidden_dims, layers)
        self.dim = hidden_dims
        self.n_layers = layers
        self.units = nn.GRU(n_inputs, hidden_dims, layers, batch_first=True)
        self.n_outputs = n_inputs + hidden_dims
        self.state_size = layers * hidden_dims

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The inputs and the last layer's units beside them, and every layer's last units."""
        batch, count, width = x.shape
        rows = padded_rows(x.reshape(batch, count * width)).reshape(-1, count, width)
        before = padded_rows(state).reshape(-1, self.n_layers, self.dim).transpose(0, 1)
        y, after = self.units(rows, before.contiguous())
        return torch.cat((x, y[:batch]), 2), after.transpose(0, 1)[:batch].flatten(1)
