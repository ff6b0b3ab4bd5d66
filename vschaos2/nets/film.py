"""Feature-wise linear modulation: what a network is told scales and shifts its channels.

Source: Perez et al. (2018), "FiLM: visual reasoning with a general conditioning layer".
"""

import torch
from torch import Tensor, nn


class FiLM(nn.Module):
    """Channels under the influence of what is told: y = (1 + γ(told)) · h + β(told).

    It begins as nothing: γ and β are 0 at first. Told nothing it stays nothing.

    Args:
        n_told: numbers told, K.
        n_channels: of what is modulated, C.
        hidden_dims: width between.

    Attributes:
        state_size: numbers that are carried from block to block: none.

    Shape: h [B, C, T], told [B, T or 1, K], state [B, 0] → [B, C, T], state.
    """

    def __init__(self, n_told: int, n_channels: int, hidden_dims: int = 16) -> None:
        super().__init__()
        self.is_told = n_told > 0
        self.state_size = 0
        self.told = nn.Sequential()
        if n_told:
            last = silent(hidden_dims, 2 * n_channels)
            self.told = nn.Sequential(nn.Linear(n_told, hidden_dims), nn.Tanh(), last)

    def forward(self, h: Tensor, told: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """The channels as they are told to be."""
        if not self.is_told:
            return h, state
        return modulated(h, self.told(told).transpose(1, 2)), state


def modulated(h: Tensor, scale_and_shift: Tensor) -> Tensor:
    """(1 + γ) · h + β: [B, C, T], [B, 2 · C, T or 1] → [B, C, T]."""
    scale, shift = scale_and_shift.chunk(2, 1)
    return h + scale * h + shift


def silent(n_inputs: int, n_outputs: int) -> nn.Linear:
    """A layer that says 0 until it has learnt."""
    layer = nn.Linear(n_inputs, n_outputs)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def activated(h: Tensor, gated: bool) -> Tensor:
    """Tanh of the channels, or of their first half, let through by the other: [B, C, T]."""
    if not gated:
        return torch.tanh(h)
    first, second = h.chunk(2, 1)
    return torch.tanh(first) * torch.sigmoid(second)
