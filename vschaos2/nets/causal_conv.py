"""A memory of an exact length: dilated causal convolutions."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.nets.causal import Causal, check_sizes
from vschaos2.nets.layers import padded_rows
from vschaos2.parts import part
from vschaos2.ranges import check_count

LARGEST_KERNEL = 64


class CausalConvLayer(nn.Module):
    """A residual convolution over the past: x + SiLU(Σ_j W_j · LayerNorm(x)[f - j·dilation] + b).

    Shape: x [B, F, dim], past [B, reach, dim] → [B, F, dim], [B, reach, dim], with
    reach = (kernel_size - 1)·dilation.

    Source: van den Oord et al. (2016), "WaveNet", without gates.
    """

    def __init__(self, dim: int, kernel_size: int, dilation: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.norm = nn.LayerNorm(dim)
        self.taps = nn.Linear(kernel_size * dim, dim)  # the oldest frame first

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """The output of every frame, and the normalised frames that the next block reaches."""
        batch, count, dim = x.shape
        joined = torch.cat((past, self.norm(x)), 1)
        taps: list[Tensor] = []
        for tap in range(self.kernel_size):
            start = tap * self.dilation
            taps.append(joined[:, start : start + count])
        rows = torch.cat(taps, 2).reshape(batch * count, self.kernel_size * dim)
        y = F.silu(self.taps(padded_rows(rows)))[: batch * count]
        return x + y.reshape(batch, count, dim), joined[:, count:].clone()


@part("memory", "causal_conv")
class CausalConv(Causal):
    """Dilated causal convolutions: a memory of an exact length, kernel_size^layers - 1 frames.

    Args:
        n_inputs: numbers per frame, D.
        hidden_dims: channels, H.
        layers: number of layers; the dilation of each is kernel_size times that of the one before,
            so that every past frame within reach is heard by exactly one way.
        kernel_size: frames that a layer joins, 2 or more.

    Raises:
        InputError: for a size below 1, or a kernel below 2.
    """

    reaches: list[int]  # frames of the past that each layer hears

    def __init__(
        self, n_inputs: int, hidden_dims: int = 128, layers: int = 2, kernel_size: int = 2
    ) -> None:
        super().__init__()
        check_sizes(hidden_dims, layers)
        check_count("model.temporal.kernel_size", kernel_size, 2, LARGEST_KERNEL)
        self.dim = hidden_dims
        self.input = nn.Linear(n_inputs, hidden_dims)
        dilations = [kernel_size**index for index in range(layers)]
        self.layers = nn.ModuleList(
            CausalConvLayer(hidden_dims, kernel_size, dilation) for dilation in dilations
        )
        self.reaches = [(kernel_size - 1) * dilation for dilation in dilations]
        self.n_outputs = n_inputs + hidden_dims
        self.reach = sum(self.reaches)
        self.state_size = self.reach * hidden_dims

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The inputs and the last layer's channels beside them, and every layer's past."""
        batch, count, width = x.shape
        rows = padded_rows(x.reshape(batch * count, width))
        y = self.input(rows)[: batch * count].reshape(batch, count, self.dim)
        pasts: list[Tensor] = []
        start = 0
        for index, layer in enumerate(self.layers):
            end = start + self.reaches[index]
            y, past = layer(y, state.reshape(batch, -1, self.dim)[:, start:end])
            pasts.append(past)
            start = end
        return torch.cat((x, y), 2), torch.cat(pasts, 1).flatten(1)
