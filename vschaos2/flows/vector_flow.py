"""A rectified flow over single vectors: what whole things, summed up in a few numbers, look like.

    noise [B, K], told [B, D] ──down the flow──> data [B, K] ──up again──> the same noise

The net says dx/dt = n - x on the straight way x_t = (1 - t)·x + t·n. Followed from 1 to 0 noise
becomes data, from 0 to 1 data become the noise that stands for them.

Source: Liu et al. (2023), "Flow straight and fast: learning to generate and transfer data with
rectified flow".
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.nets.layers import WideLinear, padded_rows
from vschaos2.ranges import check_count

WAVES = (1.0, 2.0, 4.0, 8.0)  # half turns from end to end, that tell of the level


class VectorFlow(nn.Module):
    """The net, and the ways along it.

    Args:
        dims: numbers of a vector, K.
        told_dims: numbers that tell what is wanted, D; 0 for nothing.
        hidden_dims: width.

    Shape: x [B, K], level [B] from 0 to 1, told [B, D] → slopes [B, K]. Rows do not depend on
        their neighbours, bit for bit.

    Raises:
        InputError: for a size that cannot be.
    """

    waves: Tensor

    def __init__(self, dims: int, told_dims: int, hidden_dims: int = 192) -> None:
        super().__init__()
        check_count("model.flow.hidden_dims", hidden_dims, 1, 4096)
        self.dims, self.told_dims = dims, told_dims
        self.register_buffer("waves", torch.tensor(WAVES) * math.pi, persistent=False)
        n_inputs = dims + told_dims + 2 * len(WAVES)
        self.layers = nn.Sequential(
            WideLinear(n_inputs, hidden_dims),
            nn.SiLU(),
            WideLinear(hidden_dims, hidden_dims),
            nn.SiLU(),
            WideLinear(hidden_dims, hidden_dims),
            nn.SiLU(),
            WideLinear(hidden_dims, dims),
        )

    def forward(self, x: Tensor, level: Tensor, told: Tensor) -> Tensor:
        """The slopes of vectors at levels."""
        angles = level[:, None] * self.waves
        rows = torch.cat((x, told, angles.sin(), angles.cos()), 1)
        slopes: Tensor = self.layers(padded_rows(rows))
        return slopes[: len(x)]

    @torch.jit.export
    def carried(self, x: Tensor, told: Tensor, start: float, end: float, steps: int) -> Tensor:
        """Vectors from one level to another by Heun's rule: [B, K], [B, D] → [B, K]."""
        span = (end - start) / steps
        for step in range(steps):
            here = torch.full_like(x[:, 0], start + span * step)
            slope = self.forward(x, here, told)
            other = self.forward(x + span * slope, here + span, told)
            x = x + 0.5 * span * (slope + other)
        return x

    @torch.jit.export
    def drawn(self, noise: Tensor, told: Tensor, steps: int) -> Tensor:
        """What noise stands for: [B, K], [B, D] → [B, K]."""
        return self.carried(noise, told, 1.0, 0.0, steps)

    @torch.jit.export
    def noise_of(self, x: Tensor, told: Tensor, steps: int) -> Tensor:
        """The noise that stands for data: [B, K], [B, D] → [B, K]."""
        return self.carried(x, told, 0.0, 1.0, steps)

    def loss(self, x: Tensor, told: Tensor) -> Tensor:
        """The mean square of what the net misses, at levels and with noise at random."""
        level, noise = torch.rand(len(x), device=x.device), torch.randn_like(x)
        part = level[:, None]
        said = self.forward((1.0 - part) * x + part * noise, level, told)
        return (said - (noise - x)).square().mean()
