"""Encoders: a model frame becomes the raw parameters of a latent distribution.

Every encoder takes `n_features` (bins or bands of a frame) and `n_outputs` from the model that
assembles it, and the rest from the configuration.
"""

import torch
from torch import Tensor, nn

from vschaos2.models.layers import ConvBlock, DenseBlock, WideLinear, odd


class DenseEncoder(nn.Module):
    """Dense residual blocks: cheap on a CPU, since a frame is one matrix product away.

    Args:
        n_features: bins or bands of a frame, K.
        n_outputs: numbers to return per frame.
        hidden_dim: width of the blocks.
        n_blocks: number of residual blocks.

    Shape: [B, K] → [B, n_outputs].
    """

    def __init__(
        self, n_features: int, n_outputs: int, hidden_dim: int = 384, n_blocks: int = 1
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            WideLinear(n_features, hidden_dim),
            *(DenseBlock(hidden_dim) for _ in range(n_blocks)),
            nn.LayerNorm(hidden_dim),
            nn.Linear(hidden_dim, n_outputs),
        )

    def forward(self, frames: Tensor) -> Tensor:
        """Raw latent parameters: [B, K] → [B, n_outputs]."""
        return self.layers(frames)


class ConvEncoder(nn.Module):
    """Strided convolutions over frequency, then one dense layer.

    Args:
        n_features: bins or bands of a frame, K.
        n_outputs: numbers to return per frame.
        channels: channels after each stage.
        kernel_size: odd width of every kernel, in bins of its stage.
        stride: every stage has 1/stride as many bins as the one before.

    Shape: [B, K] → [B, n_outputs].

    Raises:
        ValueError: if the kernel is even, or narrower than 2·stride - 1 (bins would be skipped).
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        channels: tuple[int, ...] = (16, 32, 64),
        kernel_size: int = 9,
        stride: int = 4,
    ) -> None:
        super().__init__()
        if kernel_size < 2 * stride - 1:
            raise ValueError(
                f"kernel_size must be at least 2·stride - 1 = {2 * stride - 1}, got {kernel_size}: "
                "the last bins would not be heard"
            )
        stages: list[nn.Module] = []
        width, incoming = n_features, 1
        for outgoing in channels:
            padding = odd("kernel_size", kernel_size) // 2
            stages += [
                nn.Conv1d(incoming, outgoing, kernel_size, stride, padding),
                ConvBlock(outgoing, 3),
                nn.SiLU(),
            ]
            width = (width + 2 * padding - kernel_size) // stride + 1
            incoming = outgoing
        self.stages = nn.Sequential(*stages)
        self.output = nn.Linear(incoming * width, n_outputs)

    def forward(self, frames: Tensor) -> Tensor:
        """Raw latent parameters: [B, K] → [B, n_outputs]."""
        return self.output(torch.flatten(self.stages(frames.unsqueeze(1)), 1))
