"""Memory between latent and decoder: what a decoder knows of the frames before.

    latents and labels [B, F, D] ──temporal──> these, and a summary of their past [B, F, D + H]

Every model here is causal and a pure function `(x, state) -> (y, state)`: the state after one block
is the state before the next, and a sequence in blocks equals the whole. The past that a first
state of zeros stands for is none at all; a window of training begins with it, and so does an
instrument after a reset. No frame is waited for: the delay is 0.

The summary stands beside the latent instead of being added to it: what the decoder remembers need
not fit into as few dimensions as a player has.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.config import call, suggestion
from vschaos2.errors import InputError
from vschaos2.nets.layers import padded_rows
from vschaos2.ranges import check_count

LARGEST = {"hidden_dims": 65_536, "layers": 64, "kernel_size": 64}


class Temporal(nn.Module):
    """What all memories have in common.

    Attributes:
        n_outputs: numbers returned per frame, D + H.
        state_size: numbers that are carried from block to block, S.
        reach: frames of the past that training must show, or weights would be played untrained.

    Shape: x [B, F, D], state [B, S] → y [B, F, D + H], state [B, S].
    """

    n_outputs: int
    state_size: int
    reach: int


class GRU(Temporal):
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
        _check_sizes(hidden_dims=hidden_dims, layers=layers)
        self.dim = hidden_dims
        self.n_layers = layers
        self.units = nn.GRU(n_inputs, hidden_dims, layers, batch_first=True)
        self.n_outputs = n_inputs + hidden_dims
        self.state_size = layers * hidden_dims
        self.reach = 1

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The inputs and the last layer's units beside them, and every layer's last units."""
        batch, count, width = x.shape
        rows = padded_rows(x.reshape(batch, count * width)).reshape(-1, count, width)
        before = padded_rows(state).reshape(-1, self.n_layers, self.dim).transpose(0, 1)
        y, after = self.units(rows, before.contiguous())
        return torch.cat((x, y[:batch]), 2), after.transpose(0, 1)[:batch].flatten(1)


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
        heard: list[Tensor] = []
        for tap in range(self.kernel_size):
            start = tap * self.dilation
            heard.append(joined[:, start : start + count])
        rows = torch.cat(heard, 2).reshape(batch * count, self.kernel_size * dim)
        y = F.silu(self.taps(padded_rows(rows)))[: batch * count]
        return x + y.reshape(batch, count, dim), joined[:, count:].clone()


class CausalConv(Temporal):
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
        _check_sizes(hidden_dims=hidden_dims, layers=layers)
        check_count("model.temporal.kernel_size", kernel_size, 2, LARGEST["kernel_size"])
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


TEMPORAL: dict[str, type[Temporal]] = {"gru": GRU, "causal_conv": CausalConv}


def build_temporal(config: str | Mapping[str, Any] | None, n_inputs: int) -> Temporal | None:
    """The memory that `model.temporal` describes, or None.

    Args:
        config: None, a name of `TEMPORAL`, or {type: name, and arguments of its class}.
        n_inputs: numbers per frame, D.

    Raises:
        InputError: for an unknown name, or an argument that its class does not take.
    """
    if config is None:
        return None
    options = {"type": config} if isinstance(config, str) else config
    known = ", ".join(TEMPORAL)
    if not isinstance(options, Mapping) or "type" not in options:
        raise InputError(
            f"model.temporal must be null, a name ({known}) or {{type: name, …}}, got {config!r}"
        )
    name = str(options["type"])
    if name not in TEMPORAL:
        raise InputError(
            f"model.temporal: no type {name!r}{suggestion(name, list(TEMPORAL))} (there are "
            f"{known}; null is none)"
        )
    arguments = {key: value for key, value in options.items() if key != "type"}
    return call(TEMPORAL[name], "model.temporal", arguments, n_inputs=n_inputs)


def checked_sequence(sequence: Any, temporal: Temporal | None) -> int:
    """`data.sequence`, the frames of a training window, if a model can learn from so many.

    Raises:
        InputError: if it is no whole number from 1 to 4096, or too few for what a memory hears.
    """
    check_count("data.sequence", sequence, 1, 4096)
    if temporal is not None and sequence <= temporal.reach:
        needed = temporal.reach + 1
        raise InputError(
            f"data.sequence is {sequence}, but model.temporal hears frames before: set "
            f"data.sequence={max(needed, 4)} and data.loader.batch_size="
            f"{max(1, 256 // max(needed, 4))}, or model.temporal=null"
        )
    return sequence


def _check_sizes(**sizes: int) -> None:
    for name, size in sizes.items():
        check_count(f"model.temporal.{name}", size, 1, LARGEST[name])
