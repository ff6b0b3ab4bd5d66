"""A layer of WaveNet on blocks: a dilated convolution that keeps its past, and what it is told."""

from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.nets.activations import activation

GATES = ("none", "gated", "blended")


def held(x: Tensor, past: int) -> Tensor:
    """The past of what never changed: [B, C, 1] → [B, C · past]."""
    return x.expand(-1, -1, past).reshape(x.shape[0], x.shape[1] * past)


class PastConv(nn.Module):
    """A convolution and its past: [B, C, T], past [B, C · P] → [B, O, T], past.

    Args:
        n_in: channels, C.
        n_out: channels, O.
        kernel: taps.
        dilation: samples between two taps.
        bias: whether it adds constants.
    """

    def __init__(
        self, n_in: int, n_out: int, kernel: int, dilation: int = 1, bias: bool = True
    ) -> None:
        super().__init__()
        self.n_in, self.past = n_in, (kernel - 1) * dilation
        self.size = n_in * self.past
        self.taps = nn.Conv1d(n_in, n_out, kernel, dilation=dilation, bias=bias)

    def forward(self, x: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """What is heard of it and its past, and the past after it."""
        heard = torch.cat((past.reshape(x.shape[0], self.n_in, self.past), x), 2)
        after = heard[:, :, heard.shape[2] - self.past :].reshape(x.shape[0], -1)
        return self.taps(heard), after


class WaveLayer(nn.Module):
    """One layer: [B, C, T], told [B, U, T], past → what follows it, what the head hears, past.

    Args:
        where: the key of its array, for messages.
        channels: C.
        n_told: numbers that it is told at every sample, U.
        bottleneck: channels behind the activation.
        kernel: taps.
        dilation: samples between two taps.
        bend: its activation.
        gate: none, gated or blended.
        gate_bend: the gate's activation.
        mixes: whether what it says is mixed before it is added to what entered.
        skip_channels: to which that is mixed for the head; as it is if None.
    """

    def __init__(
        self,
        where: str,
        channels: int,
        n_told: int,
        bottleneck: int,
        kernel: int,
        dilation: int,
        bend: Any,
        gate: str,
        gate_bend: Any,
        mixes: bool,
        skip_channels: int | None,
    ) -> None:
        super().__init__()
        inner = bottleneck if gate == "none" else 2 * bottleneck
        self.conv = PastConv(channels, inner, kernel, dilation)
        self.told = nn.Conv1d(n_told, inner, 1, bias=False)
        self.mix = nn.Conv1d(bottleneck, channels, 1) if mixes else nn.Identity()
        self.skip = nn.Conv1d(bottleneck, skip_channels, 1) if skip_channels else nn.Identity()
        self.bend = activation(f"{where}.activations", bend)
        self.gate_bend = activation(f"{where}.gate_activations", gate_bend)
        self.is_gated, self.is_blended = gate != "none", gate == "blended"

    def forward(self, h: Tensor, told: Tensor, past: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What follows the layer, what the head hears of it, and its past after the block."""
        z, after = self.conv(h, past)
        z = z + self.told(told)
        if self.is_gated:
            first, second = z.chunk(2, 1)
            share = self.gate_bend(second)
            a = share * self.bend(first)
            if self.is_blended:
                a = a + (1.0 - share) * first
        else:
            a = self.bend(z)
        return h + self.mix(a), self.skip(a), after
