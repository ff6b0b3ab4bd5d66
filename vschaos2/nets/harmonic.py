"""An encoder and a decoder that hear and play every note in one key; see `dsp.fundamental`.

    frame ──fundamental──> latent 0 ─────────────────────────────┐
      └──over harmonics──> dense encoder ──> other latents ──> dense decoder ──over bins──> frame

The fundamental is heard, not learnt: latent 0 is its logarithm, in octaves around the middle of
what can be heard, and the decoder's harmonics lie where latent 0 says.
"""

import torch
from torch import Tensor, nn

from vschaos2.dsp.fundamental import Fundamental, HarmonicNumbers
from vschaos2.errors import InputError
from vschaos2.nets.decoders import DenseDecoder
from vschaos2.nets.encoders import DenseEncoder
from vschaos2.parts import part

PITCH_LOG_STD = -30.0  # raw, of latent 0: as narrow as a posterior can be, three cents


class HarmonicBody(nn.Module):
    """Hears frames over the numbers of their harmonics.

    Args:
        n_bins: bins of a frame, K.
        body: makes features of frames over harmonics, and of labels, [B, G + E] → [B, H].

    Shape: [B, K + E] → [B, 1 + H], latent 0 first.
    """

    def __init__(self, n_bins: int, body: nn.Module) -> None:
        super().__init__()
        self.n_bins = n_bins
        self.fundamental = Fundamental(n_bins)
        self.harmonics = HarmonicNumbers(n_bins)
        self.body = body

    def normalised(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Frames over harmonics, and latent 0: [B, K] → [B, G], [B, 1]."""
        heard = self.fundamental(frames)
        return self.harmonics(frames, heard), (heard - self.fundamental.centre)[:, None]

    def forward(self, frames: Tensor) -> Tensor:
        """Features: [B, K + E] → [B, 1 + H]."""
        harmonics, pitch = self.normalised(frames[:, : self.n_bins])
        features = self.body(torch.cat((harmonics, frames[:, self.n_bins :]), 1))
        return torch.cat((pitch, features), 1)


class HarmonicHead(nn.Module):
    """The raw parameters of latent 0, as it was heard, before those of the others.

    Shape: [B, 1 + H] → [B, 2Z], means before deviations.
    """

    def __init__(self, head: nn.Module) -> None:
        super().__init__()
        self.head = head
        self.pitch_log_std = PITCH_LOG_STD

    def forward(self, features: Tensor) -> Tensor:
        """Raw latent parameters: [B, 1 + H] → [B, 2Z]."""
        pitch = features[:, :1]
        means, deviations = self.head(features).chunk(2, 1)
        sure = torch.full_like(pitch, self.pitch_log_std)
        return torch.cat((pitch, means, sure, deviations), 1)


@part("encoder")
class HarmonicEncoder(nn.Module):
    """A dense encoder of frames over the numbers of their harmonics.

    Args:
        n_features: bins of a frame, K.
        n_outputs: numbers to return per frame, 2Z.
        hidden_dim: width of the blocks.
        n_blocks: number of residual blocks.
        n_labels: numbers beside a frame, E.
        linear: as in `DenseEncoder`.

    Attributes:
        feature_dim: size of the body's output.

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
        if n_outputs < 4:
            raise InputError(
                f"model.latent_dim must be 2 or more, where encoder and decoder are harmonic, got "
                f"{n_outputs // 2}: the first latent is the fundamental"
            )
        size = HarmonicNumbers(n_features).size
        dense = DenseEncoder(size, n_outputs - 2, hidden_dim, n_blocks, n_labels, linear)
        self.body = HarmonicBody(n_features, dense.body)
        self.feature_dim = 1 + dense.feature_dim
        self.head = HarmonicHead(nn.Linear(self.feature_dim, n_outputs - 2))

    def forward(self, frames: Tensor) -> Tensor:
        """Raw latent parameters: [B, K + E] → [B, n_outputs]."""
        return self.head(self.body(frames))


@part("decoder")
class HarmonicDecoder(nn.Module):
    """A dense decoder whose harmonics lie where latent 0 says.

    Args:
        n_inputs: latent dimensions, Z, and labels.
        n_outputs: bins of a frame, K.
        hidden_dim: width of the blocks.
        n_blocks: number of residual blocks.
        linear: as in `DenseDecoder`.

    Shape: [B, n_inputs] → [B, n_outputs].
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
        heard = Fundamental(n_outputs)
        self.lowest, self.highest, self.centre = heard.lowest, heard.highest, heard.centre
        self.harmonics = HarmonicNumbers(n_outputs)
        self.dense = DenseDecoder(n_inputs, self.harmonics.size, hidden_dim, n_blocks, linear)

    def about(self) -> dict[str, tuple[int, str]]:
        """Tensor → axis, and what stands along it."""
        return {"dense.layers.0.weight": (1, "latents")}

    def forward(self, latent: Tensor) -> Tensor:
        """Raw frame parameters: [B, n_inputs] → [B, n_outputs]."""
        log_fundamental = (latent[:, 0] + self.centre).clamp(self.lowest, self.highest)
        return self.harmonics.back(self.dense(latent), log_fundamental)
