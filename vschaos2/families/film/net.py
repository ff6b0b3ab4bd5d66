"""The network that sees strikes: convolutions over each picture, and over time, in turns.

A layer of "(2 + 1) dimensions" looks at a neighbourhood within a picture, then at the same point
in three pictures that follow each other (Tran et al. 2018, "A Closer Look at Spatiotemporal
Convolutions for Action Recognition", whose network has 500 times the weights).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.ranges import check_count, check_number

AHEAD = 3  # pictures that a causal network waits for
CHANGE_GAIN = 3.0  # of what is different from the picture before
MIDDLE = 0.4  # of brightness


class Seen(NamedTuple):
    """What is seen in each picture.

    Attributes:
        logits: of a strike being nearest to this picture, [B, F].
        offsets: how much later than the picture it would be, in pictures, ±0.5, [B, F].
    """

    logits: Tensor
    offsets: Tensor


class FilmNet(nn.Module):
    """Strikes in pictures at even distances.

    Args:
        rate_hz: pictures a second.
        size: S, points of a picture along a side.
        channels: of the layers; all but the last halve the picture.
        causal: wait for no more than `AHEAD` pictures.

    Attributes:
        delay_frames: pictures behind the one that it speaks of that it must have seen.
        reach_frames: pictures before it that it looks at.

    Shape: pictures [B, F, S, S], 0 to 1 → `Seen`.

    Raises:
        InputError: for a value out of range.
    """

    def __init__(self, rate_hz: float, size: int, channels: list[int], causal: bool) -> None:
        super().__init__()
        check_number("model.rate_hz", rate_hz, 1.0, 240.0)
        check_count("model.size", size, 8, 256)
        if not 1 <= len(channels) <= 8:
            raise InputError(f"model.channels must be one to eight numbers, got {channels!r}")
        for count in channels:
            check_count("model.channels", count, 1, 4096)
        self.rate_hz, self.size = float(rate_hz), size
        convolutions = len(channels) + 1
        self.delay_frames = min(AHEAD, convolutions) if causal else convolutions
        self.reach_frames = 2 * convolutions - self.delay_frames + 1
        looks = [layer < self.delay_frames for layer in range(convolutions)]
        self.layers = nn.ModuleList()
        before = 2
        for number, (count, ahead) in enumerate(zip(channels, looks, strict=False)):
            halves = number < max(1, len(channels) - 1)
            self.layers.append(SpaceTimeLayer(before, count, halves, ahead))
            before = count
        self.head_ahead = looks[-1]
        self.head = nn.Conv1d(2 * before, 2, 3)

    def forward(self, pictures: Tensor) -> Seen:
        """See the class."""
        change = pictures - torch.cat((pictures[:, :1], pictures[:, :-1]), 1)
        x = torch.stack((pictures - MIDDLE, CHANGE_GAIN * change), 1)
        for layer in self.layers:
            x = layer(x)
        h = torch.cat((x.mean((3, 4)), x.amax((3, 4))), 1)
        logits, offsets = self.head(padded_in_time(h, self.head_ahead)).unbind(1)
        return Seen(logits, 0.5 * torch.tanh(offsets))


def seen_either_way(model: nn.Module, pictures: Tensor) -> Seen:
    """What a network sees in pictures and in their mirror images, the mean of both.

    A strike is one in a mirror, too; what a network takes for one is less often one in both.
    """
    seen, mirrored = model(pictures), model(pictures.flip(-1))
    return Seen(*(0.5 * (one + other) for one, other in zip(seen, mirrored, strict=True)))


class SpaceTimeLayer(nn.Module):
    """A convolution over pictures, then one over time; with the input beside it where both fit.

    Args:
        before: channels of its input.
        count: of its output.
        halves: make pictures half as large.
        ahead: look at the picture that follows; False: at the two before.

    Shape: [B, before, F, H, W] → [B, count, F, H', W'].
    """

    def __init__(self, before: int, count: int, halves: bool, ahead: bool) -> None:
        super().__init__()
        step = 2 if halves else 1
        self.ahead, self.adds = ahead, before == count and not halves
        self.space = nn.Conv3d(before, count, (1, 3, 3), (1, step, step), (0, 1, 1), bias=False)
        self.space_norm = nn.BatchNorm3d(count)
        self.time = nn.Conv3d(count, count, (3, 1, 1), bias=False)
        self.time_norm = nn.BatchNorm3d(count)

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        h = F.relu(self.space_norm(self.space(x)))
        h = self.time(padded_in_time(h, self.ahead))
        h = F.relu(self.time_norm(h))
        return x + h if self.adds else h


def padded_in_time(x: Tensor, ahead: bool) -> Tensor:
    """Zeros around time, axis 2, for a convolution over three: one on each side, or two before."""
    shape = (0, 0) * (x.dim() - 3)
    return F.pad(x, (*shape, 1, 1) if ahead else (*shape, 2, 0))


def sizes(channels: Sequence[int]) -> str:
    """Layers in a few words, for messages."""
    return "-".join(map(str, channels))
