"""Random phases that a frame's number and a bin decide, and no call."""

import math
from typing import Final

import torch
from torch import Tensor

from vschaos2.dsp.state import Stateful

# The table is read from entry (n·stride mod rows) on for frame n. `rows` is prime, so the sequence
# repeats after 8191 frames; the stride sets neighbours far apart in the table.
ROWS = 8191
STRIDE = 3571


class RandomPhases(Stateful):
    """Phases of the frames of a stream, the same for every item of a batch.

    Args:
        bins: of a frame, K.

    Attributes:
        frame_count: the next frame's number.
    """

    rows: Final[int]
    stride: Final[int]
    table: Tensor  # radians, [rows + K - 1]

    def __init__(self, bins: int) -> None:
        super().__init__()
        self.bins, self.rows, self.stride = bins, ROWS, STRIDE
        generator = torch.Generator().manual_seed(0)
        table = torch.rand(ROWS + bins - 1, generator=generator) * (2.0 * math.pi)
        self.register_buffer("table", table.float(), persistent=False)
        self.frame_count = 0

    @torch.jit.export
    def forget(self) -> None:
        """Begin at frame 0."""
        self.frame_count = 0

    def forward(self, count: int) -> Tensor:
        """Phases of the next `count` frames, [count, K], in radians."""
        frames = torch.arange(self.frame_count, self.frame_count + count, device=self.table.device)
        self.frame_count += count
        starts = torch.remainder(frames * self.stride, self.rows)
        return self.table.unfold(0, self.bins, 1).index_select(0, starts)
