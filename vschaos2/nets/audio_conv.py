"""Dilated convolutions at audio rate: a past of fixed length, in layers that reach ever wider.

    TCN   h ← h + W tanh(conv(h))                 GCN   h ← h + W tanh(conv₁(h)) · σ(conv₂(h))

A layer of dilation d keeps the last (kernel - 1)·d samples of its channels: all its state.

Sources: van den Oord et al. (2016), "WaveNet"; Rethage, Pons & Serra (2018), "A WaveNet for speech
denoising"; Steinmetz & Reiss (2022), "Efficient neural networks for real-time modeling of analog
dynamic range compression".
"""

import math
from typing import ClassVar

import torch
from torch import Tensor, nn

from vschaos2.nets.audio_rate import DEEPEST
from vschaos2.nets.conditioning import REMEMBER, modulation
from vschaos2.nets.film import activated
from vschaos2.nets.layered import LayeredNet
from vschaos2.parts import part
from vschaos2.ranges import check_count, check_number


class DilatedLayer(nn.Module):
    """One layer: [B, C, T], what is told, state [B, S] → what follows it, state.

    Args:
        width: channels, C.
        kernel: taps.
        dilation: samples between two taps.
        gated: by a second convolution.
        conditioning: how it is told (see `conditioning`).
        n_told: numbers that it is told.

    Attributes:
        state_size: its past and its conditioning's state, S.
    """

    def __init__(
        self, width: int, kernel: int, dilation: int, gated: bool, conditioning: str, n_told: int
    ) -> None:
        super().__init__()
        self.width, self.gated = width, gated
        self.past = (kernel - 1) * dilation
        inner = 2 * width if gated else width
        self.taps = nn.Conv1d(width, inner, kernel, dilation=dilation)
        self.film = modulation(conditioning, n_told, inner)
        self.mix = nn.Conv1d(width, width, 1)
        self.state_size = width * self.past + self.film.state_size

    def forward(self, h: Tensor, told: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What follows the layer, and its state after the block."""
        batch, kept = h.shape[0], self.width * self.past
        heard = torch.cat((state[:, :kept].reshape(batch, self.width, self.past), h), 2)
        said, after = self.film(self.taps(heard), told, state[:, kept:])
        past = heard[:, :, heard.shape[2] - self.past :].reshape(batch, -1)
        return h + self.mix(activated(said, self.gated)), torch.cat((past, after), 1)


@part("effect_net")
class TCN(LayeredNet):
    """A temporal convolutional network.

    Args:
        n_channels: as `AudioNet`.
        n_knobs: the same.
        n_outputs: the same.
        rate_hz: the same.
        hidden_dims: channels between, C.
        kernel: taps of every layer.
        growth: each layer's dilation over the one's before.
        receptive_ms: the past that an output hears, at least; the number of layers follows. With a
            conditioning that remembers, it hears of all.
        conditioning: any (see `conditioning`).

    Raises:
        InputError: as `LayeredNet`, or for a past that takes more than 32 layers.
    """

    gated: ClassVar[bool] = False

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
        conditioning: str = "film",
    ) -> None:
        super().__init__(n_channels, n_knobs, n_outputs, rate_hz, hidden_dims, conditioning)
        check_count("model.net.kernel", kernel, 2, 64)
        check_count("model.net.growth", growth, 1, 16)
        check_number("model.net.receptive_ms", receptive_ms, 0.1, 10_000.0)
        wanted = math.ceil(receptive_ms * rate_hz / 1000.0)
        dilations = [1]
        while (kernel - 1) * sum(dilations) < wanted and len(dilations) <= DEEPEST:
            dilations.append(dilations[-1] * growth)
        check_count("model.net.receptive_ms: layers that it takes", len(dilations), 1, DEEPEST)
        self.stack(
            DilatedLayer(hidden_dims, kernel, dilation, self.gated, conditioning, self.n_told)
            for dilation in dilations
        )
        self.reach = None if conditioning in REMEMBER else (kernel - 1) * sum(dilations)


@part("effect_net")
class GCN(TCN):
    """A gated convolutional network; the arguments are those of `TCN`."""

    gated: ClassVar[bool] = True
