"""Dilated convolutions at audio rate: a past of fixed length, in layers that reach ever wider.

    TCN   h ← h + W tanh(conv(h))                 GCN   h ← h + W tanh(conv₁(h)) · σ(conv₂(h))

A layer of dilation d keeps the last (kernel - 1)·d samples of its channels: all its state.

Sources: van den Oord et al. (2016), "WaveNet"; Rethage, Pons & Serra (2018), "A WaveNet for speech
denoising"; Steinmetz & Reiss (2022), "Efficient neural networks for real-time modeling of analog
dynamic range compression".
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.nets.audio_rate import DEEPEST, AudioNet, check_width, readout
from vschaos2.nets.film import FiLM, activated
from vschaos2.parts import part
from vschaos2.ranges import check_count, check_number


class DilatedLayer(nn.Module):
    """One layer: [B, C, T], knobs, past [B, C · P] → what follows it, past.

    Args:
        width: channels, C.
        kernel: taps.
        dilation: samples between two taps.
        n_knobs: that it is told.
        gated: by a second convolution.
    """

    def __init__(self, width: int, kernel: int, dilation: int, n_knobs: int, gated: bool) -> None:
        super().__init__()
        self.width, self.gated = width, gated
        self.past = (kernel - 1) * dilation
        inner = 2 * width if gated else width
        self.taps = nn.Conv1d(width, inner, kernel, dilation=dilation)
        self.film = FiLM(n_knobs, inner)
        self.mix = nn.Conv1d(width, width, 1)

    def forward(self, h: Tensor, knobs: Tensor, past: Tensor) -> tuple[Tensor, Tensor]:
        """What follows the layer, and its past after the block."""
        heard = torch.cat((past.reshape(h.shape[0], self.width, self.past), h), 2)
        said = activated(self.film(self.taps(heard), knobs), self.gated)
        after = heard[:, :, heard.shape[2] - self.past :].reshape(h.shape[0], -1)
        return h + self.mix(said), after


class ConvolutionalNet(AudioNet):
    """What both have in common.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        hidden_dims: channels between, C.
        kernel: taps of every layer.
        growth: each layer's dilation over the one's before.
        receptive_ms: the past that an output hears, at least; the number of layers follows.
        gated: GCN, or TCN.

    Raises:
        InputError: as `AudioNet`, or for a past that takes more than 32 layers.
    """

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int,
        kernel: int,
        growth: int,
        receptive_ms: float,
        gated: bool,
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz)
        check_width("hidden_dims", hidden_dims)
        check_count("model.net.kernel", kernel, 2, 64)
        check_count("model.net.growth", growth, 1, 16)
        check_number("model.net.receptive_ms", receptive_ms, 0.1, 10_000.0)
        wanted = math.ceil(receptive_ms * rate_hz / 1000.0)
        dilations = [1]
        while (kernel - 1) * sum(dilations) < wanted and len(dilations) <= DEEPEST:
            dilations.append(dilations[-1] * growth)
        check_count("model.net.receptive_ms: layers that it takes", len(dilations), 1, DEEPEST)
        self.input = nn.Conv1d(n_channels, hidden_dims, 1)
        self.layers = nn.ModuleList(
            DilatedLayer(hidden_dims, kernel, dilation, n_knobs, gated) for dilation in dilations
        )
        self.readout = readout(hidden_dims, n_outputs)
        self.reach = (kernel - 1) * sum(dilations)
        self.state_size = hidden_dims * self.reach
        self.pasts = [hidden_dims * (kernel - 1) * dilation for dilation in dilations]

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and the past of every layer after it."""
        h = self.input(x.transpose(1, 2))
        pasts = state.split(self.pasts, 1)
        afters: list[Tensor] = []
        for place, layer in enumerate(self.layers):
            h, after = layer(h, knobs, pasts[place])
            afters.append(after)
        return self.readout(h.transpose(1, 2)), torch.cat(afters, 1)


@part("effect_net")
class TCN(ConvolutionalNet):
    """A temporal convolutional network; the arguments are those of `ConvolutionalNet`."""

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 12,
        kernel: int = 3,
        growth: int = 2,
        receptive_ms: float = 45.0,
    ) -> None:
        sizes = (n_channels, n_knobs, n_outputs, rate_hz, hidden_dims, kernel, growth)
        super().__init__(*sizes, receptive_ms, gated=False)


@part("effect_net")
class GCN(ConvolutionalNet):
    """A gated convolutional network; the arguments are those of `ConvolutionalNet`."""

    def __init__(
        self,
        n_channels: int,
        n_knobs: int,
        n_outputs: int,
        rate_hz: int,
        hidden_dims: int = 8,
        kernel: int = 3,
        growth: int = 2,
        receptive_ms: float = 45.0,
    ) -> None:
        sizes = (n_channels, n_knobs, n_outputs, rate_hz, hidden_dims, kernel, growth)
        super().__init__(*sizes, receptive_ms, gated=True)
