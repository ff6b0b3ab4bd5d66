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
        self.goal, self.step, self.reached, self.is_even = goal, step, goal, True
        self.register_buffer("last", torch.full((1,), goal), persistent=False)

    @torch.jit.export
    def forget(self) -> None:
        """It stands where it was set."""
        self.reached, self.is_even = self.goal, False

    def forward(self, count: int) -> Tensor:
        """The number in each of the next frames."""
        if self.reached == self.goal:
            if not self.is_even or self.last.shape[0] != count:
                self.last = torch.full([count], self.goal, device=self.last.device)
                self.is_even = True
            return self.last
        way, most = self.goal - self.reached, self.step * count
        steps = self.step * torch.arange(1, count + 1, device=self.last.device)
        self.last = self.reached + steps.clamp(max=abs(way)) * (1.0 if way > 0.0 else -1.0)
        self.reached = self.goal if most >= abs(way) else self.reached + most * (way / abs(way))
        self.is_even = False
        return self.last
