"""What turns a spectrogram and a summary into evidence."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.chains.features import MELS, summary_size

WIDTH = 256  # numbers that all heads hear
LIFT, SCALE = 2.0, 0.4  # of logarithms of magnitudes, to about ±1


class Evidence(NamedTuple):
    """What is known of a window.

    Attributes:
        whole: of all of it, [B, `WIDTH`].
        moments: of each moment, [B, F', 2 H].
    """

    whole: Tensor
    moments: Tensor


class Trunk(nn.Module):
    """Convolutions and a recurrent layer over the spectrogram, a dense one over the summary.

    Args:
        sounds: 1, or 2 where the dry sound is heard beside the wet one.
        channels: of the convolutions, each of which halves both axes.
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
        self.recurrent = nn.GRU(before * bands, hidden_dims, batch_first=True, bidirectional=True)
        size = sounds * summary_size()
        self.summary = nn.Sequential(
            nn.Linear(size, 2 * hidden_dims),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(2 * hidden_dims, hidden_dims),
            nn.ReLU(),
        )
        self.whole = nn.Linear(5 * hidden_dims, WIDTH)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("centre", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))

    def fit(self, summary: Tensor) -> None:
        """Bring summaries to 0 ± 1. Shape: [B, sounds, S]."""
        flat = summary.float().flatten(1)
        self.centre.copy_(flat.mean(0))
        self.spread.copy_(flat.std(0).clamp(min=0.05))

    def forward(self, mel: Tensor, summary: Tensor) -> Evidence:
        """What is known of each window."""
        h = self.convolutions((mel + LIFT) * SCALE)
        moments, _ = self.recurrent(h.permute(0, 2, 1, 3).flatten(2))
        flat = ((summary.flatten(1) - self.centre) / self.spread).clamp(-5.0, 5.0)
        parts = (moments.mean(1), moments.amax(1), self.summary(flat))
        whole = F.relu(self.whole(torch.cat(parts, 1)))
        return Evidence(self.dropout(whole), moments)
