"""Random numbers that a frame's number and a seed decide, and no call.

Two tables, whose lengths are prime, are read side by side: what they give together repeats after
the product of their lengths, 67 million frames, weeks of them. A sum of two draws from N(0, 1) over
√2 is one; so is the fractional part of the sum of two draws from [0, 1), of which one is enough.
No function of an element is computed, whose last bit might differ with its place in a block.
"""

import math
from typing import Final

import torch
from torch import Tensor

from vschaos2.dsp.state import Stateful

ROWS = (8191, 8179)  # prime
STRIDE = 3571  # neighbours in time lie far apart in the tables
SEED_STEPS = (1237, 5113)  # rows that a seed moves each of them


class RandomDraws(Stateful):
    """Draws for the frames of a stream, the same for every item of a batch.

    Args:
        dims: normal numbers for a frame, D.

    Attributes:
        seed: a whole number ≥ 0: others, other draws.
        frame_count: the next frame's number.
    """

    rows: Final[tuple[int, int]]
    steps: Final[tuple[int, int]]
    stride: Final[int]
    normal_a: Tensor  # over √2, [rows + D - 1]
    normal_b: Tensor
    uniform_a: Tensor  # in [0, 1), [rows]
    uniform_b: Tensor

    def __init__(self, dims: int) -> None:
        super().__init__()
        self.dims, self.rows, self.stride, self.steps = dims, ROWS, STRIDE, SEED_STEPS
        generator = torch.Generator().manual_seed(0)
        for name, rows in zip(("a", "b"), ROWS, strict=True):
            normal = torch.randn(rows + dims - 1, generator=generator) * math.sqrt(0.5)
            self.register_buffer(f"normal_{name}", normal, persistent=False)
            uniform = torch.rand(rows, generator=generator)
            self.register_buffer(f"uniform_{name}", uniform, persistent=False)
        self.seed, self.frame_count = 0, 0

    @torch.jit.export
    def forget(self) -> None:
        """Begin at frame 0."""
        self.frame_count = 0

    def forward(self, count: int) -> tuple[Tensor, Tensor]:
        """Draws for the next frames: from [0, 1), [count, 1], and from N(0, 1), [count, D]."""
        frames = torch.arange(
            self.frame_count, self.frame_count + count, device=self.normal_a.device
        )
        self.frame_count += count
        # D neighbours in a table are the numbers of a frame: rows overlap, at moments far apart.
        a = torch.remainder(frames * self.stride + self.seed * self.steps[0], self.rows[0])
        b = torch.remainder(frames * self.stride + self.seed * self.steps[1], self.rows[1])
        uniform = self.uniform_a.index_select(0, a) + self.uniform_b.index_select(0, b)
        normal = self.normal_a.unfold(0, self.dims, 1).index_select(0, a)
        normal = normal + self.normal_b.unfold(0, self.dims, 1).index_select(0, b)
        return torch.remainder(uniform, 1.0).unsqueeze(1), normal
