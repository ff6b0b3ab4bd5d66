"""A number that moves to where it is set within a few frames, however these come in blocks."""

import torch
from torch import Tensor

from vschaos2.dsp.state import Stateful

STEP = 0.25  # of a number between 0 and 1, in a frame


class Glide(Stateful):
    """A number that is reached by equal steps.

    Args:
        goal: the number at first.

    Attributes:
        goal: what is to be reached.
        last: the numbers of the last block, [F].

    Shape: number of frames → [F].
    """

    last: Tensor

    def __init__(self, goal: float, step: float = STEP) -> None:
        super().__init__()
        self.goal, self.step = goal, step
        self.register_buffer("last", torch.full((1,), goal), persistent=False)

    @torch.jit.export
    def forget(self) -> None:
        """It stands where it was set."""
        self.last = torch.full([1], self.goal, device=self.last.device)

    def forward(self, count: int) -> Tensor:
        """The number in each of the next frames."""
        reached = self.last[-1]
        most = self.step * torch.arange(1, count + 1, device=self.last.device)
        way = self.goal - reached
        # Where it arrives it is the goal itself, not what a sum leaves of it.
        moved = reached + torch.maximum(torch.minimum(way, most), -most)
        self.last = torch.where(most >= way.abs(), torch.full_like(moved, self.goal), moved)
        return self.last
