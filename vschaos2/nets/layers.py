"""The blocks that encoders and decoders are made of."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.ranges import check_count

ROW_MULTIPLE = 4
WIDEST = 65_536  # of any layer
DEEPEST = 64  # layers, or blocks, of any part


def padded_rows(x: Tensor, multiple: int = ROW_MULTIPLE) -> Tensor:
    """Rows [B, D] followed by zeros up to a multiple of four.

    Matrix products of one or two rows add in another order than those of more: the same frame
    would differ in its last bits with the size of the block it comes in, and phase recovery,
    which follows ridges of near-equal height, can turn last bits into audible ones. From four
    rows up a frame's numbers do not depend on its neighbours.
    """
    missing = -len(x) % multiple
    if missing == 0:
        return x
    return torch.cat((x, x.new_zeros([missing, x.shape[1]])))


class WideLinear(nn.Module):
    """x · W + b with W stored as [inputs, outputs], for many inputs and few outputs.

    The numbers are `nn.Linear`'s, in the other order of memory. In real time a handful of frames
    meets the whole of W at once; then reading it along its outputs takes half as long as along
    its inputs, when these are the longer side (1025 → 384, four frames: 65 µs against 129 µs).

    Shape: [B, n_inputs] → [B, n_outputs].
    """

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__()
        # nn.Linear's start: uniform within 1/√inputs.
        limit = 1.0 / math.sqrt(n_inputs)
        self.weight = nn.Parameter(torch.empty(n_inputs, n_outputs))
        self.bias = nn.Parameter(torch.empty(n_outputs))
        nn.init.uniform_(self.weight, -limit, limit)
        nn.init.uniform_(self.bias, -limit, limit)

    def forward(self, x: Tensor) -> Tensor:
        """The product: [B, n_inputs] → [B, n_outputs]."""
        return torch.addmm(self.bias, x, self.weight)


class Beside(nn.Module):
    """A body and, beside it, a linear map of the same input.

    Shape: [B, n_inputs] → [B, H + n_linear], H being the body's.
    """

    def __init__(self, body: nn.Module, n_inputs: int, n_linear: int) -> None:
        super().__init__()
        self.body = body
        self.linear = WideLinear(n_inputs, n_linear)

    def forward(self, x: Tensor) -> Tensor:
        """What the body makes, and the linear map: [B, n_inputs] → [B, H + n_linear]."""
        return torch.cat((self.body(x), self.linear(x)), 1)


class DenseBlock(nn.Module):
    """A residual block over features: x + W₂ · SiLU(W₁ · LayerNorm(x)).

    Normalising before the weights keeps the sum x itself free, so that deep stacks train from
    the first step (pre-norm; Xiong et al. 2020, "On layer normalization in the transformer
    architecture").

    Shape: [B, dim] → [B, dim].
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.LayerNorm(dim), nn.Linear(dim, dim), nn.SiLU(), nn.Linear(dim, dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The block's output: [B, dim] → [B, dim]."""
        return x + self.body(x)


class ConvBlock(nn.Module):
    """A residual block along frequency: x + Conv(SiLU(Conv(GroupNorm(x)))).

    Shape: [B, channels, K] → [B, channels, K].
    """

    def __init__(self, channels: int, kernel_size: int) -> None:
        super().__init__()
        padding = kernel_size // 2
        self.body = nn.Sequential(
            nn.GroupNorm(1, channels),
            nn.Conv1d(channels, channels, kernel_size, padding=padding),
            nn.SiLU(),
            nn.Conv1d(channels, channels, kernel_size, padding=padding),
        )

    def forward(self, x: Tensor) -> Tensor:
        """The block's output: [B, channels, K] → [B, channels, K]."""
        return x + self.body(x)


def check_dense(where: str, hidden_dim: int, n_blocks: int) -> None:
    """Raise InputError for a width or a number of blocks that a part cannot have."""
    check_count(f"{where}.hidden_dim", hidden_dim, 1, WIDEST)
    check_count(f"{where}.n_blocks", n_blocks, 0, DEEPEST)


def check_convolutions(where: str, channels: Sequence[int], kernel_size: int, stride: int) -> None:
    """Raise InputError for stages that a part cannot have: a centred kernel has a middle."""
    if not isinstance(channels, list | tuple) or not 1 <= len(channels) <= DEEPEST:
        raise InputError(f"{where}.channels must be a list such as [16, 32], got {channels!r}")
    for number, count in enumerate(channels):
        check_count(f"{where}.channels[{number}]", count, 1, WIDEST)
    check_count(f"{where}.kernel_size", kernel_size, 1, 999)
    check_count(f"{where}.stride", stride, 1, 64)
    if kernel_size % 2 != 1:
        raise InputError(
            f"{where}.kernel_size must be odd, got {kernel_size}: use {kernel_size + 1}"
        )
