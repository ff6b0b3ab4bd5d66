"""Values that were moved at once, and arrive by a raised cosine of 20 ms."""

import math

import torch
from torch import Tensor, nn

from vschaos2.processors.recursion import BLOCK

GLIDE_S = 0.02


class Glide(nn.Module):
    """A moving average whose answer to a step is half a cosine; within sub-blocks others ramp.

    Args:
        n_values: how many glide, P.
        sample_rate: of the sound, in Hz.

    Attributes:
        state_size: numbers that are carried from block to block, S.
    """

    weights: Tensor

    def __init__(self, n_values: int, sample_rate: float) -> None:
        super().__init__()
        self.n_values = n_values
        self.length = max(2, round(GLIDE_S * sample_rate / BLOCK))
        self.state_size = 1 + n_values * (self.length - 1)
        risen = 0.5 - 0.5 * torch.cos(
            math.pi * torch.arange(self.length + 1).double() / self.length
        )
        self.register_buffer("weights", risen.diff().flip(0), persistent=False)

    def forward(self, targets: Tensor, blocks: int, state: Tensor) -> tuple[Tensor, Tensor]:
        """What the targets have become at the end of each sub-block; the first are met at once.

        Shape: targets [B, P, N], N 1 or `blocks`, state [B, S] → [B, P, 1] where nothing moves,
            else [B, P, `blocks`]; state; all float64.
        """
        past = targets[:, :, :1].expand(-1, -1, self.length - 1)
        if float(state[0, 0]) > 0.0:
            past = state[:, 1:].reshape(state.shape[0], self.n_values, self.length - 1)
            if targets.shape[2] == 1 and not bool((past != targets).any()):
                return targets, state
        begun = torch.ones_like(state[:, :1])
        if not bool((targets != past[:, :, :1]).any()) and not bool((past != past[:, :, :1]).any()):
            return targets[:, :, :1], torch.cat((begun, past.flatten(1)), 1)
        if targets.shape[2] < blocks:
            targets = targets.expand(targets.shape[0], targets.shape[1], blocks)
        window = torch.cat((past, targets), 2).unfold(2, self.length, 1)
        # Differences from the newest: what stands still comes out as it went in, to the last bit.
        away = ((window - targets[..., None]) * self.weights).sum(3)
        return targets + away, torch.cat((begun, window[:, :, -1, 1:].flatten(1)), 1)
