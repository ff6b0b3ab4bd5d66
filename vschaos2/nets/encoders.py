"""Encoders: a model frame becomes the raw parameters of a latent distribution.

Every encoder takes `n_features` (bins or bands of a frame), `n_outputs` and `n_labels` (numbers
that stand beside a frame) from the model that assembles it, and the rest from the configuration.
Its `body` makes features, which a predictor may read, and its `head` makes the output of them.
`about` says which axes of which tensors stand for "bins" (of a frame, and labels), a whole "frame"
(and labels) or "outputs": weights of equal meaning are taken over by other models.
"""

from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.nets.layers import (
    Beside,
    ConvBlock,
    DenseBlock,
    WideLinear,
    check_convolutions,
    check_dense,
)
from vschaos2.parts import part

HEAD = {"head.weight": (0, "outputs"), "head.bias": (0, "outputs")}


@part("encoder")
class DenseEncoder(nn.Module):
    """Dense residual blocks: cheap on a CPU, since a frame is one matrix product away.

    Args:
        n_features: bins or bands of a frame, K.
        n_outputs: numbers to return per frame.
        hidden_dim: width of the blocks.
        n_blocks: number of residual blocks.
        n_labels: numbers beside a frame, E.
        linear: a linear map of the input stands among the features, one for each latent dimension.
            It is a start to learn from: see `families/vae/linear_start.py`.

    Attributes:
        feature_dim: size of the body's output, H.

    Shape: [B, K + E] → [B, n_outputs].
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        hidden_dim: int = 384,
        n_blocks: int = 1,
        n_labels: int = 0,
        linear: bool = False,
    ) -> None:
        super().__init__()
        check_dense("model.encoder", hidden_dim, n_blocks)
        n_inputs = n_features + n_labels
        body = nn.Sequential(
            WideLinear(n_inputs, hidden_dim),
            *(DenseBlock(hidden_dim) for _ in range(n_blocks)),
            nn.LayerNorm(hidden_dim),
        )
        n_linear = n_outputs // 2 if linear else 0
        self.feature_dim = hidden_dim + n_linear
        self.body = Beside(body, n_inputs, n_linear) if linear else body
        self.head = nn.Linear(self.feature_dim, n_outputs)

    def about(self) -> dict[str, tuple[int, str]]:
        """Tensor → axis, and what stands along it."""
        first = {"body.0.weight", "body.body.0.weight", "body.linear.weight"}
        return {**dict.fromkeys(first, (0, "bins")), **HEAD}

    def forward(self, frames: Tensor) -> Tensor:
        """Raw latent parameters: [B, K + E] → [B, n_outputs]."""
        return self.head(self.body(frames))

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *arguments: Any
    ) -> None:
        # Runs trained before labels keep body and head in one sequence.
        if isinstance(self.body, nn.Sequential):
            names = {f"layers.{i}.": f"body.{i}." for i in range(len(self.body))}
            _rename(state_dict, prefix, {**names, f"layers.{len(self.body)}.": "head."})
        super()._load_from_state_dict(state_dict, prefix, *arguments)


class ConvBody(nn.Module):
    """Strided convolutions over frequency; labels are channels of the same value at every bin.

    Args:
        n_features: bins or bands of a frame, K.
        channels: channels after each stage.
        kernel_size: odd width of every kernel, in bins of its stage.
        stride: every stage has 1/stride as many bins as the one before.
        n_labels: numbers beside a frame, E.

    Attributes:
        feature_dim: size of the output, H.

    Shape: [B, K + E] → [B, H].
    """

    def __init__(
        self,
        n_features: int,
        channels: tuple[int, ...],
        kernel_size: int,
        stride: int,
        n_labels: int,
    ) -> None:
        super().__init__()
        self.n_features = n_features
        self.n_labels = n_labels
        stages: list[nn.Module] = []
        width, incoming = n_features, 1 + n_labels
        for outgoing in channels:
            padding = kernel_size // 2
            stages += [
                nn.Conv1d(incoming, outgoing, kernel_size, stride, padding),
                ConvBlock(outgoing, 3),
                nn.SiLU(),
            ]
            width = (width + 2 * padding - kernel_size) // stride + 1
            incoming = outgoing
        if width < 1:
            raise InputError(
                f"model.encoder.stride={stride} leaves nothing of {n_features} bins after "
                f"{len(channels)} stages: use a smaller one, or fewer channels"
            )
        self.stages = nn.Sequential(*stages)
        self.feature_dim = incoming * width

    def forward(self, frames: Tensor) -> Tensor:
        """Features: [B, K + E] → [B, H]."""
        x = frames[:, : self.n_features].unsqueeze(1)
        if self.n_labels > 0:
            labels = frames[:, self.n_features :].unsqueeze(2).expand(-1, -1, self.n_features)
            x = torch.cat([x, labels], 1)
        return torch.flatten(self.stages(x), 1)


@part("encoder")
class ConvEncoder(nn.Module):
    """Strided convolutions over frequency, then one dense layer.

    Args:
        n_features: bins or bands of a frame, K.
        n_outputs: numbers to return per frame.
        channels: channels after each stage.
        kernel_size: odd width of every kernel, in bins of its stage.
        stride: every stage has 1/stride as many bins as the one before.
        n_labels: numbers beside a frame, E.

    Attributes:
        feature_dim: size of the body's output, H.

    Shape: [B, K + E] → [B, n_outputs].

    Raises:
        InputError: for a size out of its range, or if the kernel is even, or narrower
            than 2·stride - 1 (bins would be skipped).
    """

    def __init__(
        self,
        n_features: int,
        n_outputs: int,
        channels: tuple[int, ...] = (16, 32, 64),
        kernel_size: int = 9,
        stride: int = 4,
        n_labels: int = 0,
    ) -> None:
        super().__init__()
        check_convolutions("model.encoder", channels, kernel_size, stride)
        if kernel_size < 2 * stride - 1:
            raise InputError(
                f"model.encoder.kernel_size must be at least 2·stride - 1 = {2 * stride - 1}, "
                f"got {kernel_size}: the last bins would not be heard"
            )
        self.body = ConvBody(n_features, channels, kernel_size, stride, n_labels)
        self.feature_dim = self.body.feature_dim
        self.head = nn.Linear(self.feature_dim, n_outputs)

    def about(self) -> dict[str, tuple[int, str]]:
        """Tensor → axis, and what stands along it."""
        return {"body.stages.0.weight": (1, "frame"), **HEAD}

    def forward(self, frames: Tensor) -> Tensor:
        """Raw latent parameters: [B, K + E] → [B, n_outputs]."""
        return self.head(self.body(frames))

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, *arguments: Any
    ) -> None:
        _rename(state_dict, prefix, {"stages.": "body.stages.", "output.": "head."})
        super()._load_from_state_dict(state_dict, prefix, *arguments)


def _rename(state_dict: dict[str, Any], prefix: str, names: dict[str, str]) -> None:
    """Give weights of an older layout their present names: beginnings after prefix, old → new."""
    for key in [key for key in state_dict if key.startswith(prefix)]:
        for old, new in names.items():
            if key.startswith(prefix + old):
                state_dict[prefix + new + key.removeprefix(prefix + old)] = state_dict.pop(key)
