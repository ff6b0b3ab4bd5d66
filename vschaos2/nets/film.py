"""Feature-wise linear modulation: what a network is told scales and shifts its channels.

Source: Perez et al. (2018), "FiLM: visual reasoning with a general conditioning layer".
"""

import torch
from torch import Tensor, nn


class FiLM(nn.Module):
    """Channels under the influence of knobs: y = (1 + γ(knobs)) · h + β(knobs).

    It begins as nothing: γ and β are 0 at first. Without knobs it stays nothing.

    Args:
        n_knobs: numbers told, K.
        n_channels: of what is modulated, C.
        hidden_dims: width between.

    Shape: h [B, C, T], knobs [B, T or 1, K] → [B, C, T].
    """

    def __init__(self, n_knobs: int, n_channels: int, hidden_dims: int = 16) -> None:
        super().__init__()
        self.has_knobs = n_knobs > 0
        self.told = nn.Sequential()
        if n_knobs:
            last = nn.Linear(hidden_dims, 2 * n_channels)
            nn.init.zeros_(last.weight)
            nn.init.zeros_(last.bias)
            self.told = nn.Sequential(nn.Linear(n_knobs, hidden_dims), nn.Tanh(), last)

    def forward(self, h: Tensor, knobs: Tensor) -> Tensor:
        """The channels as they are told to be."""
        if not self.has_knobs:
            return h
        scale, shift = self.told(knobs).transpose(1, 2).chunk(2, 1)
        return h + scale * h + shift


def activated(h: Tensor, gated: bool) -> Tensor:
    """Tanh of the channels, or of their first half, let through by the other: [B, C, T]."""
    if not gated:
        return torch.tanh(h)
    first, second = h.chunk(2, 1)
    return torch.tanh(first) * torch.sigmoid(second)
