"""What a network at audio rate is: sound and knobs in, sound out, sample by sample, never ahead.

A pure function `(x, knobs, state) -> (y, state)`, as in `causal`: blocks joined equal the whole,
and zeros as the first state stand for silence before. So one forward learns from windows and plays.
"""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn

from vschaos2.controls import Control
from vschaos2.ranges import check_count

WIDEST, DEEPEST, MOST_CHANNELS, MOST_KNOBS = 1024, 32, 2, 64


class AudioNet(nn.Module):
    """A causal map from sound to sound, told knobs. Subclasses are registered as "effect_net".

    Args:
        n_channels: of the sound that enters, C.
        n_knobs: numbers that it is told, K.
        n_outputs: channels of the sound that leaves, O.
        rate_hz: of the sound.

    Attributes:
        state_size: numbers that are carried from block to block, S.
        reach: samples before its own that an output hears; None where the past never ends.
        hears_rms: whether three times the mean level of what it learns from, and not its peak, is
            handed to it as 1: plucked sounds lie far below their peaks.
        is_physical: whether it works in full scale, and knows knobs from 0 to 1; others are handed
            sounds brought to ±1 and knobs from -1 to 1.
        block: every block of samples is a multiple of this.
        glides: whether knobs that jump glide in it; others are handed knobs that glide.

    Shape: x [B, T, C], knobs [B, T, K] or, where they rest, [B, 1, K], state [B, S] →
        y [B, T, O], state [B, S].

    Raises:
        InputError: for a number out of its range.
    """

    state_size: int
    reach: int | None = None
    hears_rms: bool = False
    is_physical: bool = False
    block: int = 1
    glides: bool = False

    def __init__(self, n_channels: int, n_knobs: int, n_outputs: int, rate_hz: int) -> None:
        super().__init__()
        check_count("model.channels_in", n_channels, 1, MOST_CHANNELS)
        check_count("model.channels_out", n_outputs, 1, MOST_CHANNELS)
        check_count("model.knobs: how many there are", n_knobs, 0, MOST_KNOBS)
        self.n_channels, self.n_knobs, self.n_outputs = n_channels, n_knobs, n_outputs
        self.rate_hz = rate_hz

    @torch.jit.export
    def begin(self, batch: int) -> Tensor:
        """The state of so many sounds before which there was silence, [batch, S]."""
        return torch.zeros(batch, self.state_size)

    def begin_at(self, start_s: Tensor) -> Tensor:
        """The same of sounds that begin so far inside their recordings: [B] in s → [B, S]."""
        return self.begin(len(start_s))

    def guess(self, takes: Sequence[tuple[Tensor, Tensor]]) -> None:
        """Begin to learn from what recordings, dry and wet, [T] each, show; nothing, of most."""

    def settle(self) -> None:
        """Work out what nothing moves any more, before it is exported."""

    def settings(self, taken: Collection[str]) -> list[Control]:
        """What can be set beside the knobs, in the order of `hold`.

        Args:
            taken: names of other controls.
        """
        return []

    @torch.jit.export
    def hold(self, index: int, value: float) -> None:
        """Let one of `settings` stand at a value, whatever was learnt."""

    @torch.jit.export
    def release(self, index: int) -> None:
        """Give one of `settings` back to what was learnt."""

    def forward(self, x: Tensor, knobs: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The sound that leaves, and the state after it."""
        raise NotImplementedError


def check_width(where: str, width: int) -> None:
    """Raise InputError for a width that no real time could bear."""
    check_count(f"model.net.{where}", width, 1, WIDEST)


def readout(n_hidden: int, n_outputs: int) -> nn.Linear:
    """The last layer, whose bias begins at 0: a new model hears no constant."""
    layer = nn.Linear(n_hidden, n_outputs)
    nn.init.zeros_(layer.bias)
    return layer


def with_knobs(x: Tensor, knobs: Tensor) -> Tensor:
    """Sound and knobs beside each other at every sample, [B, T, C + K]."""
    return torch.cat((x, knobs.expand(-1, x.shape[1], -1)), 2)


def as_channels(x: Tensor, count: int) -> Tensor:
    """The sound itself with `count` channels: [B, T, C] → [B, T, count].

    Of a mono sound every channel is the same; of several, a mono output has the mean.
    """
    if x.shape[2] == count:
        return x
    return x.mean(2, keepdim=True).expand(-1, -1, count)
