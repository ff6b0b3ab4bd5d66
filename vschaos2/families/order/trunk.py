"""What turns a spectrogram and a summary into evidence."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.chains.features import MELS, echoes_place, summary_size

WIDTH = 256  # numbers that all heads hear
LIFT, SCALE = 2.0, 0.4  # of logarithms of magnitudes, to about ±1
NOISE = 0.2  # that is added to what is heard at once, while it learns
STATISTICS = 4  # of each mel band over time


class Evidence(NamedTuple):
    """What is known of a window.

    Attributes:
        flat: what is summed up of it, about ±1, [B, sounds · (S + 4 · 64)].
        echoes: the peaks of the cepstrum among it, without noise, [B, `ECHOES`].
        whole: what it comes to, [B, `WIDTH`].
        moments: of each moment, [B, F', 2 H]; of none without convolutions, [B, 0, 2 H].
    """

    flat: Tensor
    echoes: Tensor
    whole: Tensor
    moments: Tensor


class Trunk(nn.Module):
    """Convolutions and a recurrent layer over the spectrogram, a dense one over what is summed up.

    Without convolutions it hears what is summed up alone: the summary, and of each mel band the
    mean, the spread and how it moves. So it learns in seconds, and nearly as much. Beside a dry
    sound, what counts is how the wet one differs from it: what is summed up is that of the wet
    sound, and the difference.

    Args:
        sounds: 1, or 2 where the dry sound is heard beside the wet one.
        channels: of the convolutions, each of which halves both axes; none: no convolutions.
        hidden_dims: H.
        dropout: part of the evidence that is forgotten while it learns.

    Shape: mel [B, sounds, F, 64], summary [B, sounds, S] → `Evidence`.
    """

    centre: Tensor
    spread: Tensor

    def __init__(
        self, sounds: int, channels: Sequence[int], hidden_dims: int, dropout: float
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before, bands = sounds, MELS
        for count in channels:
            layers += [nn.Conv2d(before, count, 3, 2, 1), nn.BatchNorm2d(count), nn.ReLU()]
            before, bands = count, (bands + 1) // 2
        self.convolutions = nn.Sequential(*layers)
        self.hidden_dims, self.has_moments = hidden_dims, bool(channels)
        heard = 2 * hidden_dims
        if channels:
            size = before * bands
            self.recurrent = nn.GRU(size, hidden_dims, batch_first=True, bidirectional=True)
            heard += 4 * hidden_dims
        size = sounds * (summary_size() + STATISTICS * MELS)
        self.summary = nn.Sequential(
            nn.Dropout(dropout / 2.0),
            nn.Linear(size, 2 * hidden_dims),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * hidden_dims, 2 * hidden_dims),
            nn.ReLU(),
            nn.Dropout(dropout),
        )
        self.whole = nn.Linear(heard, WIDTH)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))

    def fit(self, mel: Tensor, summary: Tensor) -> None:
        """Bring what is summed up to 0 ± 1. Shape: as `forward`."""
        flat = summed_up(mel.float(), summary.float())
        self.centre.copy_(flat.mean(0))
        self.spread.copy_(flat.std(0).clamp(min=0.05))

    def forward(self, mel: Tensor, summary: Tensor) -> Evidence:
        """What is known of each window."""
        flat = ((summed_up(mel, summary) - self.centre) / self.spread).clamp(-5.0, 5.0)
        echoes = self.echoes(summary)
        if self.training:
            flat = flat + NOISE * torch.randn_like(flat)
        parts = [self.summary(flat)]
        moments = mel.new_zeros(len(mel), 0, 2 * self.hidden_dims)
        if self.has_moments:
            h = self.convolutions((mel + LIFT) * SCALE)
            moments, _ = self.recurrent(h.permute(0, 2, 1, 3).flatten(2))
            parts += [moments.mean(1), moments.amax(1)]
        whole = F.relu(self.whole(torch.cat(parts, 1)))
        return Evidence(flat, echoes, self.dropout(whole), moments)

    def echoes(self, summary: Tensor) -> Tensor:
        """The peaks of the wet sound's cepstrum. Shape: [B, sounds, S] → [B, `ECHOES`]."""
        at = echoes_place()
        return ((summary[:, 0, at] - self.centre[at]) / self.spread[at]).clamp(-5.0, 5.0)


def summed_up(mel: Tensor, summary: Tensor) -> Tensor:
    """The summary, and of each band its mean, its spread, how it moves, and its strongest attack.

    Of a wet and a dry sound it is that of the wet one, and how much more it is than of the dry one.

    Shape: [B, sounds, F, 64], [B, sounds, S] → [B, sounds · (S + 4 · 64)].
    """
    moved = mel[:, :, 1:] - mel[:, :, :-1]
    attack = moved.amax(2).clamp(min=0.0)
    mean, frames = mel.mean(2), mel.shape[2]
    variance = (mel - mean[:, :, None]).square().sum(2) / max(frames - 1, 1)
    found = torch.cat((summary, mean, variance.sqrt(), moved.abs().mean(2), attack), 2)
    if found.shape[1] > 1:
        found = torch.stack((found[:, 0], found[:, 0] - found[:, 1]), 1)
    return found.flatten(1)
