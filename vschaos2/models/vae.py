"""The whole model: a variational auto-encoder over spectral frames.

    frames [B, K] ──encoder──> Normal over latents [B, Z] ──decoder──> frames [B, K]

Source: Kingma & Welling (2014), "Auto-encoding variational Bayes".
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.models.distributions import Normal, normal_from_output

OUTPUTS = ("softplus", "normal")


class VAE(nn.Module):
    """Encoder, decoder and the transform whose frames they speak of.

    Args:
        transform: waveform to frames and back; `transform.n_features` is K.
        encoder: makes an encoder of `n_features` and `n_outputs`.
        decoder: makes a decoder of `n_inputs` and `n_outputs`.
        latent_dim: number of latent dimensions, Z.
        output: "softplus", a point estimate ≥ 0 (a Normal of unit deviation), or "normal", a
            mean and a deviation per bin.

    Raises:
        ValueError: for an unknown output, a latent without dimensions, or a point estimate of
            frames that can be negative (log contrast).
    """

    def __init__(
        self,
        transform: SpectralTransform,
        encoder: Callable[..., nn.Module],
        decoder: Callable[..., nn.Module],
        latent_dim: int = 16,
        output: str = "softplus",
    ) -> None:
        super().__init__()
        if output not in OUTPUTS:
            raise ValueError(f"output must be one of {', '.join(OUTPUTS)}, got {output!r}")
        if output == "softplus" and transform.contrast == "log":
            raise ValueError(
                "output 'softplus' cannot give the negative frames of contrast 'log': use output "
                "'normal' or contrast 'log1p'"
            )
        if latent_dim < 1:
            raise ValueError(f"latent_dim must be at least 1, got {latent_dim}")
        self.latent_dim = latent_dim
        self.output = output
        self.transform = transform
        n_features = transform.n_features
        self.encoder = encoder(n_features=n_features, n_outputs=2 * latent_dim)
        n_outputs = n_features if output == "softplus" else 2 * n_features
        self.decoder = decoder(n_inputs=latent_dim, n_outputs=n_outputs)

    def encode(self, frames: Tensor) -> Normal:
        """The posterior over latents: [B, K] → Normal of [B, Z]."""
        return normal_from_output(self.encoder(frames))

    def decode(self, latent: Tensor) -> Normal:
        """The distribution of frames at latent points: [B, Z] → Normal of [B, K]."""
        raw = self.decoder(latent)
        if self.output == "normal":
            return normal_from_output(raw)
        mean = F.softplus(raw)
        return Normal(mean, torch.ones_like(mean))

    def forward(self, frames: Tensor) -> Tensor:
        """Reconstructed frames, from the mean of the posterior: [B, K] → [B, K]."""
        return self.decode(self.encode(frames).mean).mean
