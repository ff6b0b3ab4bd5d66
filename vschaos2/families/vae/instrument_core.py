"""The signal path of an exported instrument: one streaming chain per method.

    encode    sound ─> analysis ─> encoder ─> player's axes
    decode    player's axes ─> decoder ─> phase recovery ─> sound
    prior     temperature ─> what its recordings' latents would do next ─> player's axes
    forward   sound ─> analysis ─> encoder ─> decoder ─> input's phase, or recovery ─> sound

Where recovered phases would make a buzz of noise, and the model's magnitudes level the input's own,
`dsp.texture` keeps it noise.

A decoder may remember the frames before. Labels stand beside: commanded at further inlets, or
guessed from what is heard; what is guessed leaves at further outlets of `encode` and `forward`.

Frames are those of the host's sample rate, magnitudes between encoder and decoder those of the
model's: see `dsp.host_rate`.

No method shares state with another. Everything here is the code that trained, with state around.
"""

from typing import Any, Final

import torch
from torch import Tensor

from vschaos2.dsp.host_rate import HostRate, RecentSound
from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.state import State, Stateful
from vschaos2.dsp.streaming import StreamingAnalysis, StreamingSynthesis
from vschaos2.dsp.texture import low_bins, textured_gain
from vschaos2.export.output_level import OutputLevel
from vschaos2.families.vae.frame_path import FramePath
from vschaos2.families.vae.prior import LatentPrior
from vschaos2.families.vae.prior_stream import PriorStream
from vschaos2.families.vae.projection import PROJECTIONS, LatentAxes
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.empty_inlets import EmptyInlets
from vschaos2.nets.layers import padded_rows

KEEP_INPUT = "keep_input"
SILENCE = 1e-5  # relative to a full-scale sine's peak: a frame below -100 dB is silence
MOST_SEED = 65535
HOTTEST = 10.0  # temperature of a prior
LATENT_LIMIT = 100.0  # player's coordinates lie within ±3; far outside, a decoder may overflow


class InstrumentCore(FramePath, Stateful):
    """A trained model as three streaming methods.

    Args:
        model: the trained model.
        axes: the player's axes for every name in `PROJECTIONS`.
        latent_dims: number of axes shown; the others stay at the mean of the training data.
        forward_mode: phase of `forward`: "keep_input" or a mode of `MagnitudeInversion`.
        decode_mode: mode of phase recovery in `decode`.
        confidence: besides each guessed label, say how sure the guess is.
        is_hosted: zeros at label inlets may come from inlets with nothing connected.
        for_files: nobody waits, so phase recovery may look at more frames jointly; and labels may
            be negative.
        texture: part of the noise that is played as noise at first, 0 to 1; None for an instrument
            that knows of none.
        prior: what moves its latents by itself; None for an instrument that cannot.
        rate_hz: of the host at first, the model's own if None; for a rate that wants longer windows
            window and hop are longer.

    Attributes:
        n_fft: window in samples of the host.
        hop: in samples of the host.

    Raises:
        ValueError: for a rate that the model cannot play at.
    """

    has_texture: Final[bool]
    has_prior: Final[bool]
    low: Tensor
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
        confidence: bool = False,
        is_hosted: bool = False,
        for_files: bool = False,
        texture: float | None = None,
        prior: LatentPrior | None = None,
        rate_hz: int | None = None,
    ) -> None:
        super().__init__(model, confidence, for_files)
        transform = model.transform
        self.host = HostRate(transform.sample_rate_hz, transform.n_fft, rate_hz)
        n_fft, hop = self.host.factor * transform.n_fft, self.host.factor * transform.hop
        self.has_texture = texture is not None
        self.texture = 0.0 if texture is None else float(texture)
        self.register_buffer("low", low_bins(n_fft // 2 + 1, self.host.factor), persistent=False)
        every = self.labels.n_labels
        self.forward_inlets = EmptyInlets(every, is_hosted)
        self.encode_inlets = EmptyInlets(len(self.labels.encoder_tasks), is_hosted)
        self.decode_inlets = EmptyInlets(every, is_hosted)
        feature_dim: Any = model.encoder.feature_dim if self.labels.guesses_latent else 0
        self.feature_dim: int = feature_dim
        self.n_fft, self.hop = n_fft, hop
        self.latent_dims = latent_dims
        self.latent_limit = LATENT_LIMIT
        self.encode_analysis = StreamingAnalysis(n_fft, hop)
        self.forward_analysis = StreamingAnalysis(n_fft, hop)
        self.silence = SILENCE * float(self.forward_analysis.window.sum()) / 2
        self.encode_recent = RecentSound(self.host.longest - hop)
        self.forward_recent = RecentSound(self.host.longest - hop)
        self.forward_synthesis = StreamingSynthesis(n_fft, hop)
        self.forward_inversion = MagnitudeInversion(
            n_fft,
            hop,
            "eco" if forward_mode == KEEP_INPUT else forward_mode,
            for_files,
            self.texture,
        )
        self.decode_inversion = MagnitudeInversion(n_fft, hop, decode_mode, for_files, self.texture)
        for inversion in (self.forward_inversion, self.decode_inversion):
            inversion.texture.low = self.low
        self.forward_memory = State(model.state_size)
        self.decode_memory = State(model.state_size)
        self.keep_input = forward_mode == KEEP_INPUT
        self.forward_level, self.decode_level = OutputLevel(), OutputLevel()
        self.projection = 0
        self.has_prior = prior is not None
        self.prior_stream = None if prior is None else PriorStream(prior)
        self.prior_inlet = EmptyInlets(1, is_hosted)
        self.prior_temperature, self.hottest = 1.0, HOTTEST
        for field in ("centre", "to_axes", "from_axes"):
            stacked = torch.stack([getattr(axes[name], field) for name in PROJECTIONS])
            self.register_buffer(f"stacked_{field}", stacked, persistent=False)

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
    def set_texture(self, texture: float) -> None:
        """How much of the noise is played as noise, 0 to 1."""
        self.texture = texture
        self.forward_inversion.set_texture(texture)
        self.decode_inversion.set_texture(texture)

    @torch.jit.export
    def set_gain(self, gain: float) -> None:
        """A factor on the output, reached over the next block."""
        self.forward_level.gain = gain
        self.decode_level.gain = gain

    @torch.jit.export
    def set_limits(self, forward: bool, decode: bool) -> None:
        """Whether the sound of each method is kept within full scale by `soft_clip`."""
        self.forward_level.is_limited = forward
        self.decode_level.is_limited = decode

    @torch.jit.export
    def set_projection(self, index: int) -> None:
        """Which of `PROJECTIONS` the player sees."""
        self.projection = index

    @torch.jit.export
    def set_rate(self, rate_hz: int) -> None:
        """The host's sample rate, of those that `host` knows; what was heard at another is gone."""
        if rate_hz != self.host.rate_hz:
            self.encode_recent.reset()
            self.forward_recent.reset()
        self.host.set_rate(rate_hz)

    @torch.jit.export
    def set_label(self, task: int, value: float) -> None:
        """A label where nobody commands it and nothing guesses it."""
        self.labels.set_value(task, value)

    def host_coherence(self, latent: Tensor, labels: Tensor | None, batch: int) -> Tensor | None:
        """What the model knows of phases, in the host's bins: [B·F, Z], labels → [B, F, K]."""
        found = self.coherence_of(latent, labels, batch)
        if found is None or not self.host.is_warped:
            return found
        return self.host.spread(found).clamp(0.0, 1.0)

    def within_limits(self, axes: Tensor) -> Tensor:
        """The player's axes as rows, no number of them absurd: [B, d, F] → [B·F, d]."""
        finite = torch.nan_to_num(axes, 0.0, 0.0, 0.0).clamp(-self.latent_limit, self.latent_limit)
        return finite.transpose(1, 2).reshape(-1, axes.shape[1])

    def axes_of(self, latent: Tensor) -> Tensor:
        """Latents on the player's axes, shown or not: [..., Z] → [..., Z].

        A product of matrices would add in another order with every number of rows; and where
        latents hardly move, axes are differences of them that are many times as large.
        """
        i = self.projection
        away = (latent - self.stacked_centre[i]).unsqueeze(-1)
        return (away * self.stacked_to_axes[i]).sum(-2)

    def latent_at(self, axes: Tensor) -> Tensor:
        """Latents at coordinates of the axes that are shown: [N, latent_dims] → [N, Z]."""
        i = self.projection
        step = self.stacked_from_axes[i][: self.latent_dims]
        return self.stacked_centre[i] + torch.matmul(axes, step)

    def carried(self, latent: Tensor, batch: int) -> Tensor:
        """What `forward` decodes of the latents that it heard, [B·F, Z]: these themselves."""
        return latent

    def levelled(self, magnitude: Tensor, given: Tensor) -> Tensor:
        """What `forward` plays of a model's magnitudes, [B, F, K], where it heard those given."""
        return magnitude

    @torch.jit.export
    def set_prior_temperature(self, temperature: float) -> None:
        """Of `prior`, where nobody says it at the inlet."""
        self.prior_temperature = temperature

    @torch.jit.export
    def set_prior_seed(self, seed: int) -> None:
        """Another seed, another performance from here on."""
        if self.prior_stream is not None:
            self.prior_stream.set_seed(seed)

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
        """Player's axes and guessed labels of a block.

        Shape: sound, then labels of the encoder, a frame taking the last value of its hop,
        [B, 1 + labels, F·hop] → [B, latent_dims + guesses, F].
        """
        if self.host.is_warped:
            magnitude = self.host.heard(self.encode_recent(block[:, 0]), self.hop)
        else:
            magnitude = self.encode_analysis(block[:, 0]).abs()
        batch, count, bins = magnitude.shape
        magnitude = magnitude.reshape(batch * count, bins)
        if self.labels.is_used:
            inlets = self.encode_inlets(block[:, 1:, self.hop - 1 :: self.hop])
            commands = self.labels.of_encode(self.labels.rows(inlets))
            latent, _, guesses = self.infer(magnitude, commands)
        else:
            latent, guesses = self.sample(magnitude), magnitude[:, :0]
        axes = self.axes_of(latent)
        values = torch.cat((axes[:, : self.latent_dims], guesses), 1)
        return values.reshape(batch, count, values.shape[1]).transpose(1, 2)

    @torch.jit.export
    def decode(self, axes: Tensor) -> Tensor:
        """Sound of player's axes and labels: [B, latent_dims + labels, F] → [B, 1, F·hop]."""
        shown = axes[:, : self.latent_dims]
        batch, count = shown.shape[0], shown.shape[2]
        played = self.within_limits(shown)
        if self.temperature > 0.0:
            played = played + self.temperature * torch.randn_like(played)
        latent = self.latent_at(padded_rows(played))
        labels: Tensor | None = None
        if self.labels.is_used:
            inlets = self.decode_inlets(axes[:, self.latent_dims :])
            commands = padded_rows(self.labels.rows(inlets))
            labels = self.labels.unguessed(commands)
            if self.labels.guesses_latent:
                # Nothing is heard: predictors that read features get none, and are not asked.
                features = torch.zeros([len(latent), self.feature_dim], device=latent.device)
                guesses, _ = self.model.prediction.guess(features, latent)
                labels = self.labels.guessed(commands, guesses, True)
            labels = labels[: batch * count]
        latent = latent[: batch * count]
        memory = self.decode_memory.recall(batch)
        magnitude, memory = self.magnitude_after(latent, labels, memory)
        self.decode_memory.keep(memory)
        magnitude = self.host.played(magnitude.reshape(batch, count, -1))
        coherence: Tensor | None = None
        if self.decode_inversion.has_texture():
            coherence = self.host_coherence(latent, labels, batch)
        return self.decode_level(self.decode_inversion(magnitude, coherence)).unsqueeze(1)

    @torch.jit.export
    def prior(self, temperature: Tensor) -> Tensor:
        """The player's axes as they move by themselves.

        Shape: temperatures, below 0 or at an empty inlet as set, [B, 1, F] → [B, latent_dims, F].
        """
        if self.prior_stream is None:
            return temperature[:, :0]
        given = self.prior_inlet(torch.nan_to_num(temperature, -1.0, -1.0, -1.0))[:, 0]
        heat = torch.where(given < 0.0, self.prior_temperature, given.clamp_max(self.hottest))
        axes = self.axes_of(self.prior_stream(heat))
        return axes[:, :, : self.latent_dims].transpose(1, 2)

    def forward(self, block: Tensor) -> Tensor:
        """A block through the model, and guessed labels, each held for its hop.

        Shape: sound, then labels, a frame taking the last value of its hop,
        [B, 1 + labels, F·hop] → [B, 1 + guesses, F·hop].
        """
        coefficients = self.forward_analysis(block[:, 0])
        given = coefficients.abs()
        batch, count = given.shape[0], given.shape[1]
        heard = given
        if self.host.is_warped:
            heard = self.host.heard(self.forward_recent(block[:, 0]), self.hop)
        rows = heard.reshape(batch * count, heard.shape[2])
        labels: Tensor | None = None
        if self.labels.is_used:
            inlets = self.forward_inlets(block[:, 1:, self.hop - 1 :: self.hop])
            commands = self.labels.rows(inlets)
            latent, labels, guesses = self.infer(rows, commands)
        else:
            latent, guesses = self.sample(rows), rows[:, :0]
        latent = self.carried(latent, batch)
        memory = self.forward_memory.recall(batch)
        magnitude, memory = self.magnitude_after(latent, labels, memory)
        self.forward_memory.keep(memory)
        magnitude = self.levelled(self.host.played(magnitude.reshape(batch, count, -1)), given)
        # A model has no exact silence of its own: where nothing is heard, nothing is played.
        audible = given.amax(-1, keepdim=True) > self.silence
        magnitude = magnitude * audible
        if self.keep_input:
            if self.texture > 0.0:
                ratio = textured_gain(magnitude, given, self.low, self.texture) * audible
            else:
                ratio = magnitude / given.clamp_min(1e-12)
            signal = self.forward_synthesis(coefficients * ratio)
        else:
            coherence: Tensor | None = None
            if self.forward_inversion.has_texture():
                coherence = self.host_coherence(latent, labels, batch)
            signal = self.forward_inversion(magnitude, coherence)
        signal = self.forward_level(signal).unsqueeze(1)
        if guesses.shape[1] == 0:
            return signal
        held = guesses.reshape(batch, count, 1, guesses.shape[1]).expand(-1, -1, self.hop, -1)
        held = held.reshape(batch, count * self.hop, guesses.shape[1]).transpose(1, 2)
        return torch.cat((signal, held), 1)


def known_modes() -> list[str]:
    """Names a player may give for the phase: the input's own, or a recovery mode."""
    return [KEEP_INPUT, *MODES]
