"""Decoders: a latent point becomes the raw parameters of a model frame's distribution.

Every decoder takes `n_inputs` (latent dimensions and whatever stands beside them) and `n_outputs`
from the model that assembles it, and the rest from the configuration. `about` says which axes of
which tensors stand for "latents" (and labels) or "outputs", as in `encoders`.
"""

from torch import Tensor, nn

from vschaos2.nets.layers import ConvBlock, DenseBlock, check_convolutions, check_dense
from vschaos2.parts import part


@part("decoder")
class DenseDecoder(nn.Module):
    """Dense residual blocks, the default: cheap on a CPU.

    Args:
        n_inputs: latent dimensions, Z.
        n_outputs: numbers to return per frame.
        hidden_dim: width of the blocks.
        n_blocks: number of residual blocks.
        linear: a linear map of the latents is added: see `families/vae/linear_start.py`.

    Shape: [B, Z] → [B, n_outputs].
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        hidden_dim: int = 384,
        n_blocks: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        check_dense("model.decoder", hidden_dim, n_blocks)
        self.layers = nn.Sequential(
            nn.Linear(n_inputs, hidden_dim),
            *(DenseBlock(hidden_dim) for _ in range(n_blocks)),
            nn.LayerNorm(hidden_dim),
            nn.SiLU(),
            nn.Linear(hidden_dim, n_outputs),
        )
        self.linear = nn.Linear(n_inputs, n_outputs) if linear else None

    def about(self) -> dict[str, tuple[int, str]]:
        """Tensor → axis, and what stands along it."""
        return {
            "layers.0.weight": (1, "latents"),
            "linear.bias": (0, "outputs"),
            f"layers.{len(self.layers) - 1}.weight": (0, "outputs"),
            f"layers.{len(self.layers) - 1}.bias": (0, "outputs"),
        }

    def forward(self, latent: Tensor) -> Tensor:
        """Raw frame parameters: [B, Z] → [B, n_outputs]."""
        frame = self.layers(latent)
        if self.linear is not None:
            frame = frame + self.linear(latent)
        return frame


@part("decoder")
class ConvDecoder(nn.Module):
    """One dense layer, then transposed convolutions over frequency.

    Args:
        n_inputs: latent dimensions, Z.
        n_outputs: numbers to return per frame.
        channels: channels before each stage.
        kernel_size: odd width of the residual kernels, in bins of their stage.
        stride: every stage has stride times as many bins as the one before.

    Shape: [B, Z] → [B, n_outputs].
    """

    def __init__(
        self,
        n_inputs: int,
        n_outputs: int,
        channels: tuple[int, ...] = (64, 32, 16),
        kernel_size: int = 5,
        stride: int = 4,
    ) -> None:
        super().__init__()
        check_convolutions("model.decoder", channels, kernel_size, stride)
        self.n_outputs = n_outputs
        self.n_channels = channels[0]
        scale = stride ** len(channels)
        self.width = -(-n_outputs // scale)  # rounded up: the surplus is cut off at the end
        self.input = nn.Linear(n_inputs, channels[0] * self.width)
        stages: list[nn.Module] = []
        for incoming, outgoing in zip(channels, (*channels[1:], 1), strict=True):
            stages += [
                ConvBlock(incoming, kernel_size),
                nn.SiLU(),
                # A kernel of twice the stride overlaps its neighbours evenly: no comb of bins.
                nn.ConvTranspose1d(incoming, outgoing, 2 * stride, stride, padding=stride // 2),
            ]
        self.stages = nn.Sequential(*stages)

    def about(self) -> dict[str, tuple[int, str]]:
        """Tensor → axis, and what stands along it."""
        return {"input.weight": (1, "latents")}

    def forward(self, latent: Tensor) -> Tensor:
        """Raw frame parameters: [B, Z] → [B, n_outputs]."""
        seed = self.input(latent).reshape(-1, self.n_channels, self.width)
        return self.stages(seed).squeeze(1)[:, : self.n_outputs]
