"""What a network at audio rate is made of: sound and knobs in, sound out, sample by sample.

Inputs stand beside each other in the last axis: first the channels of the sound, then the knobs.
"""

import torch
from torch import Tensor, nn

from vschaos2.nets.causal import Causal
from vschaos2.ranges import check_count

WIDEST, DEEPEST, MOST_CHANNELS, MOST_KNOBS = 1024, 32, 2, 64


class AudioNet(Causal):
    """A causal map from sound and knobs to sound. Subclasses are registered as "effect_net".

    Args:
        n_channels: of the sound that enters, C.
        n_knobs: numbers between -1 and 1 beside it, K.
        n_outputs: channels of the sound that leaves, O.
        rate_hz: of the sound.

    Attributes:
        is_physical: whether it works in full scale and physical units, and is handed the sound and
            the knobs as they are; others are handed them brought to ±1.
        block: every block of samples is a multiple of this.

    Shape: x [B, T, C + K], state [B, S] → y [B, T, O], state [B, S].

    Raises:
        InputError: for a number out of its range.
    """

    is_physical: bool = False
    block: int = 1

    def __init__(self, n_channels: int, n_knobs: int, n_outputs: int, rate_hz: int) -> None:
        super().__init__()
        check_count("model.channels_in", n_channels, 1, MOST_CHANNELS)
        check_count("model.channels_out", n_outputs, 1, MOST_CHANNELS)
        check_count("model.knobs: how many there are", n_knobs, 0, MOST_KNOBS)
        self.n_channels, self.n_knobs, self.n_outputs = n_channels, n_knobs, n_outputs
        self.rate_hz = rate_hz

    def begin(self, batch: int) -> Tensor:
        """The state of so many sounds before which there was silence, [batch, S]."""
        return torch.zeros(batch, self.state_size)


def check_width(where: str, width: int) -> None:
    """Raise InputError for a width that no real time could bear."""
    check_count(f"model.net.{where}", width, 1, WIDEST)


def readout(n_hidden: int, n_outputs: int) -> nn.Linear:
    """The last layer, which begins small: a new model is nearly silent."""
    layer = nn.Linear(n_hidden, n_outputs)
    nn.init.zeros_(layer.bias)
    return layer


def first_channels(x: Tensor, count: int) -> Tensor:
    """The sound itself, brought to `count` channels: [B, T, C…] → [B, T, count].

    Of a mono sound every channel is the same; of several, a mono output has the mean.
    """
    if x.shape[2] == count:
        return x
    return x.mean(2, keepdim=True).expand(-1, -1, count)
