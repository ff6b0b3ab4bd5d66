"""The signal path of an exported instrument: one streaming chain per method.

    encode    sound ─> analysis ─> encoder ─> player's axes
    decode    player's axes ─> decoder ─> phase recovery ─> sound
    forward   sound ─> analysis ─> encoder ─> decoder ─> input's phase, or recovery ─> sound

No method shares state with another. Everything here is the code that trained, with state around.
"""

import torch
from torch import Tensor, nn

from vschaos2.dsp.inversion import MODES, MagnitudeInversion
from vschaos2.dsp.streaming import StreamingAnalysis, StreamingSynthesis
from vschaos2.models.distributions import Normal
from vschaos2.models.projection import PROJECTIONS, LatentAxes
from vschaos2.models.vae import VAE

KEEP_INPUT = "keep_input"
SILENCE = 1e-5  # relative to a full-scale sine's peak: a frame below -100 dB is silence
ROW_MULTIPLE = 4
LATENT_LIMIT = 100.0  # player's coordinates lie within ±3; far outside, a decoder may overflow


def padded_rows(x: Tensor, multiple: int = ROW_MULTIPLE) -> Tensor:
    """Rows [B, D] followed by zeros up to a multiple of four.

    Matrix products of one or two rows add in another order than those of more: the same frame
    would differ in its last bits with the size of the block it comes in, and phase recovery,
    which follows ridges of near-equal height, can turn last bits into audible ones. From four
    rows up a frame's numbers do not depend on its neighbours.
    """
    missing = -len(x) % multiple
    if missing == 0:
        return x
    return torch.cat((x, x.new_zeros([missing, x.shape[1]])))


class InstrumentCore(nn.Module):
    """A trained model as three streaming methods.

    Args:
        model: the trained model.
        axes: the player's axes for every name in `PROJECTIONS`.
        latent_dims: number of axes shown; the others stay at the mean of the training data.
        forward_mode: phase of `forward`: "keep_input" or a mode of `MagnitudeInversion`.
        decode_mode: mode of phase recovery in `decode`.
    """

    gains: Tensor
    stacked_centre: Tensor
    stacked_to_axes: Tensor
    stacked_from_axes: Tensor

    def __init__(
        self,
        model: VAE,
        axes: dict[str, LatentAxes],
        latent_dims: int,
        forward_mode: str = KEEP_INPUT,
        decode_mode: str = "balanced",
    ) -> None:
        super().__init__()
        transform = model.transform
        n_fft, hop = transform.n_fft, transform.hop
        self.model = model
        self.transform = transform
        self.hop = hop
        self.latent_dims = latent_dims
        self.silence = SILENCE * float(transform.window.sum()) / 2
        self.latent_limit = LATENT_LIMIT
        self.encode_analysis = StreamingAnalysis(n_fft, hop)
        self.forward_analysis = StreamingAnalysis(n_fft, hop)
        self.forward_synthesis = StreamingSynthesis(n_fft, hop)
        self.forward_inversion = MagnitudeInversion(
            n_fft, hop, "eco" if forward_mode == KEEP_INPUT else forward_mode
        )
        self.decode_inversion = MagnitudeInversion(n_fft, hop, decode_mode)
        self.keep_input = forward_mode == KEEP_INPUT
        self.temperature = 0.0
        self.gain = 1.0
        self.projection = 0
        # The gain that each method ended its last block with: forward, decode.
        self.register_buffer("gains", torch.ones(2), persistent=False)
        for field in ("centre", "to_axes", "from_axes"):
            stacked = torch.stack([getattr(axes[name], field) for name in PROJECTIONS])
            self.register_buffer(f"stacked_{field}", stacked, persistent=False)

    @torch.jit.export
    def reset(self) -> None:
        """Forget all that was heard; settings stay."""
        self.encode_analysis.reset()
        self.forward_analysis.reset()
        self.forward_synthesis.reset()
        self.forward_inversion.reset()
        self.decode_inversion.reset()
        self.gains = torch.full_like(self.gains, self.gain)

    @torch.jit.export
    def set_modes(self, forward_mode: str, decode_mode: str) -> None:
        """Change how phases are made; both names are known to exist."""
        self.keep_input = forward_mode == "keep_input"
        if not self.keep_input:
            self.forward_inversion.set_mode(forward_mode)
        self.forward_synthesis.reset()
        self.decode_inversion.set_mode(decode_mode)

    @torch.jit.export
    def set_temperature(self, temperature: float) -> None:
        """0: means; above: draws from the posterior, and noise on played latents."""
        self.temperature = temperature

    @torch.jit.export
    def set_gain(self, gain: float) -> None:
        """A factor on the output, reached over the next block."""
        self.gain = gain

    @torch.jit.export
    def set_projection(self, index: int) -> None:
        """Which of `PROJECTIONS` the player sees."""
        self.projection = index

    @torch.jit.export
    def forward_delay(self) -> int:
        """Samples from input to output of `forward`."""
        if self.keep_input:
            return self.forward_synthesis.delay_samples
        return self.forward_inversion.delay_samples

    @torch.jit.export
    def decode_delay(self) -> int:
        """Samples from the end of an encoded frame's first hop to its sound."""
        return self.decode_inversion.delay_samples

    @torch.jit.export
    def encode(self, block: Tensor) -> Tensor:
        """Player's axes of a block: [B, 1, F·hop] → [B, latent_dims, F]."""
        magnitude = self.encode_analysis(block[:, 0]).abs()
        batch, count, bins = magnitude.shape
        latent = self.sample(magnitude.reshape(batch * count, bins))
        i = self.projection
        axes = torch.matmul(latent - self.stacked_centre[i], self.stacked_to_axes[i])
        axes = axes[:, : self.latent_dims].reshape(batch, count, self.latent_dims)
        return axes.transpose(1, 2)

    @torch.jit.export
    def decode(self, axes: Tensor) -> Tensor:
        """Sound of player's axes: [B, latent_dims, F] → [B, 1, F·hop]."""
        batch, dims, count = axes.shape
        played = torch.nan_to_num(axes, 0.0, 0.0, 0.0).clamp(-self.latent_limit, self.latent_limit)
        played = played.transpose(1, 2).reshape(batch * count, dims)
        if self.temperature > 0.0:
            played = played + self.temperature * torch.randn_like(played)
        i = self.projection
        step = self.stacked_from_axes[i][: self.latent_dims]
        latent = self.stacked_centre[i] + torch.matmul(padded_rows(played), step)
        magnitude = self.magnitude(latent)[: batch * count].reshape(batch, count, -1)
        return self.level(self.decode_inversion(magnitude), 1).unsqueeze(1)

    def forward(self, block: Tensor) -> Tensor:
        """A block through the model: [B, 1, F·hop] → [B, 1, F·hop]."""
        coefficients = self.forward_analysis(block[:, 0])
        heard = coefficients.abs()
        batch, count, bins = heard.shape
        latent = self.sample(heard.reshape(batch * count, bins))
        magnitude = self.magnitude(latent).reshape(batch, count, bins)
        # A model has no exact silence of its own: where nothing is heard, nothing is played.
        magnitude = magnitude * (heard.amax(-1, keepdim=True) > self.silence)
        if self.keep_input:
            ratio = magnitude / heard.clamp_min(1e-12)
            signal = self.forward_synthesis(coefficients * ratio)
        else:
            signal = self.forward_inversion(magnitude)
        return self.level(signal, 0).unsqueeze(1)

    def sample(self, magnitude: Tensor) -> Tensor:
        """Latents of magnitudes, [B, K] → [B, Z]: means, or draws at a temperature."""
        posterior = self.model.encode(self.transform.to_frames(padded_rows(magnitude)))
        posterior = Normal(posterior.mean[: len(magnitude)], posterior.std[: len(magnitude)])
        if self.temperature > 0.0:
            noise = torch.randn_like(posterior.mean)
            return posterior.mean + self.temperature * posterior.std * noise
        return posterior.mean

    def magnitude(self, latent: Tensor) -> Tensor:
        """Magnitudes of latents: [B, Z] → [B, K]."""
        magnitude = self.transform.to_magnitude(self.model.decode(padded_rows(latent)).mean)
        return magnitude[: len(latent)]

    def level(self, signal: Tensor, method: int) -> Tensor:
        """A block under the gain, moving to it in a straight line: [B, T] → [B, T]."""
        start = float(self.gains[method])
        if start == self.gain:
            return signal if self.gain == 1.0 else signal * self.gain
        count = signal.shape[1]
        ramp = torch.arange(1, count + 1, device=signal.device) * ((self.gain - start) / count)
        gains = self.gains.clone()
        gains[method] = self.gain
        self.gains = gains
        return signal * (start + ramp)


def known_modes() -> list[str]:
    """Names a player may give for the phase: the input's own, or a recovery mode."""
    return [KEEP_INPUT, *MODES]
