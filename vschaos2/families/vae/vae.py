"""The whole model: a variational auto-encoder over spectral frames.

    frames [B, K] ──encoder──> Normal over latents [B, Z] ──decoder──> frames [B, K]
                     │ features [B, H] ──prediction──> labels     └──head──> coherence [B, bins]

Labels [B, n] of the conditioning tasks stand beside the frames, the latents or both. Between
latents and decoder there may be a memory of the frames before; see `nets/temporal.py`.

Source: Kingma & Welling (2014), "Auto-encoding variational Bayes".
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.dsp.magnitude import compress
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.nets.bound import bounded, inverse_softplus, loudest_nearby, within
from vschaos2.nets.coherence_head import CoherenceHead
from vschaos2.nets.distributions import Normal, normal_from_output
from vschaos2.nets.harmonic import HarmonicDecoder, HarmonicEncoder
from vschaos2.nets.layers import WIDEST, padded_rows
from vschaos2.nets.temporal import build_temporal
from vschaos2.ranges import check_count, check_number

OUTPUTS = ("softplus", "normal")
UNHEARD = 1e9  # a magnitude beyond all: what bounds frames before a model knows its material


class VAE(nn.Module):
    """Encoder, decoder and the transform whose frames they speak of.

    Args:
        transform: waveform to frames and back; `transform.n_features` is K.
        encoder: makes an encoder of `n_features`, `n_outputs` and `n_labels`.
        decoder: makes a decoder of `n_inputs` and `n_outputs`.
        latent_dim: number of latent dimensions, Z.
        output: "softplus", a point estimate ≥ 0 (a Normal of unit deviation), or "normal", a
            mean and a deviation per bin.
        conditioning: the labels that encoder and decoder are told; see `Conditioning`.
        prediction: the labels that are guessed; see `Prediction`.
        temporal: what the decoder remembers of the frames before; see `build_temporal`.
        texture: part of the noise in its magnitudes that an instrument plays as noise at first, 0
            to 1 (see `dsp.texture`); None for an instrument that knows of none.
        headroom_db: how much louder than in the recordings a bin, and a frame, can become, in dB,
            whatever the latent; None for no bound. See `nets/bound.py`.
        calibrated: whether its levels are set to those of the material while it trains; see
            `families/vae/levels.py`.
        coherence_dim: width of a head that learns the coherence of phases, and with it what is
            noise (see `dsp.coherence`); 0 for none.

    Attributes:
        loudest: what a bin of the recordings has at most, in the unit of magnitudes, [K]; set by
            `fit_loudest`.
        loudest_frame: the greatest norm of a frame of magnitudes.
        gain: what the decoder's magnitudes are multiplied with, [bins].
        state_size: numbers that a memory carries from frame to frame, S; 0 without one.

    Raises:
        InputError: for a task of conditioning or prediction, or a memory, that cannot be, or a
            latent of no dimensions, or too many; or a texture or a head out of its range; or if
            only one of encoder and decoder knows of harmonics, or what these have no use for.
        ValueError: for an unknown output, or a point estimate of frames that can be negative (log
            contrast).
    """

    loudest: Tensor
    loudest_frame: Tensor
    gain: Tensor

    def __init__(
        self,
        transform: SpectralTransform,
        encoder: Callable[..., nn.Module],
        decoder: Callable[..., nn.Module],
        latent_dim: int = 16,
        output: str = "softplus",
        conditioning: Mapping[str, Any] | None = None,
        prediction: Mapping[str, Any] | None = None,
        temporal: str | Mapping[str, Any] | None = None,
        texture: float | None = None,
        headroom_db: float | None = None,
        calibrated: bool = False,
        coherence_dim: int = 0,
    ) -> None:
        super().__init__()
        if output not in OUTPUTS:
            raise ValueError(f"output must be one of {', '.join(OUTPUTS)}, got {output!r}")
        if output == "softplus" and transform.contrast == "log":
            raise ValueError(
                "output 'softplus' cannot give the negative frames of contrast 'log': use output "
                "'normal' or contrast 'log1p'"
            )
        check_count("model.latent_dim", latent_dim, 1, 1024)
        if texture is not None:
            check_number("texture", texture, 0.0, 1.0)
        check_count("model.coherence_dim", coherence_dim, 0, WIDEST)
        self.texture = texture
        self.is_bounded = headroom_db is not None
        if headroom_db is not None:
            check_number("model.headroom_db", headroom_db, 0.0, 120.0)
        self.headroom = 10.0 ** ((headroom_db or 0.0) / 20.0)
        self.calibrated = calibrated
        self.latent_dim = latent_dim
        self.output = output
        self.transform = transform
        n_features = transform.n_features
        for name, shape in (("loudest", (n_features,)), ("loudest_frame", ())):
            self.register_buffer(name, torch.full(shape, UNHEARD), persistent=self.is_bounded)
        self.register_buffer("gain", torch.ones(transform.n_bins), persistent=calibrated)
        given = Conditioning(conditioning)
        self.encoder = encoder(
            n_features=n_features, n_outputs=2 * latent_dim, n_labels=given.encoder_width
        )
        n_outputs = n_features if output == "softplus" else 2 * n_features
        n_inputs = latent_dim + given.decoder_width
        self.temporal = build_temporal(temporal, n_inputs)
        self.state_size = 0
        if self.temporal is not None:
            n_inputs, self.state_size = self.temporal.n_outputs, self.temporal.state_size
        self.decoder = decoder(n_inputs=n_inputs, n_outputs=n_outputs)
        self.conditioning = given
        check_harmonic(self)
        feature_dim: Any = self.encoder.feature_dim
        self.prediction = Prediction(prediction, feature_dim, latent_dim, given)
        self.coherence_head: CoherenceHead | None = None
        if coherence_dim > 0:
            n_inputs, n_bins = latent_dim + given.decoder_width, transform.n_fft // 2 + 1
            self.coherence_head = CoherenceHead(n_inputs, n_bins, coherence_dim)

    def features(self, frames: Tensor, labels: Tensor | None = None) -> Tensor:
        """The encoder's last features: frames [B, K], labels [B, n] → [B, H]."""
        labels = self._labels(frames, labels)
        if self.conditioning.encoder_width > 0:
            frames = torch.cat([frames, self.conditioning.for_encoder(labels)], 1)
        return self.encoder.body(frames)  # type: ignore[operator]

    def posterior(self, features: Tensor) -> Normal:
        """The posterior over latents: features [B, H] → Normal of [B, Z]."""
        return normal_from_output(self.encoder.head(features))  # type: ignore[operator]

    def encode(self, frames: Tensor, labels: Tensor | None = None) -> Normal:
        """The posterior over latents: frames [B, K], labels [B, n] → Normal of [B, Z]."""
        return self.posterior(self.features(frames, labels))

    def decode(self, latent: Tensor, labels: Tensor | None = None) -> Normal:
        """The distribution of frames: latent [B, Z], labels [B, n] → Normal of [B, K].

        Every frame stands alone; where there is a memory, it is the first that is remembered.
        """
        x = self._decoder_input(latent, labels)
        if self.temporal is not None:
            y, _ = self.temporal(x.unsqueeze(1), self.initial_state(len(x)))
            x = y.squeeze(1)
        return self._distribution(self.decoder(x))

    def decode_rows(
        self, latent: Tensor, labels: Tensor | None, state: Tensor
    ) -> tuple[Normal, Tensor]:
        """The distribution of frames that follow each other, and the state after them.

        Args:
            latent: frames of B sequences, one sequence after the other, [B·F, Z].
            labels: [B·F, n]; None for a model that needs none.
            state: [B, S], of `initial_state` or of the block before.

        Returns:
            Normal of [B·F, K], state [B, S]. Blocks joined equal the whole.
        """
        count = len(latent)
        x = self._decoder_input(latent, labels)
        if self.temporal is not None:
            y, state = self.temporal(x.reshape(len(state), count // len(state), x.shape[1]), state)
            x = y.flatten(0, 1)
        estimate = self._distribution(self.decoder(padded_rows(x)))
        return Normal(estimate.mean[:count], estimate.std[:count]), state

    def coherence(self, latent: Tensor, labels: Tensor | None = None) -> Tensor | None:
        """What the head knows of phases: latent [B, Z], labels [B, n] → [B, bins]; or None."""
        if self.coherence_head is None:
            return None
        return self.coherence_head(self._decoder_input(latent, labels))

    def initial_state(self, batch: int) -> Tensor:
        """The state of a memory before any frame: zeros [B, S]."""
        return torch.zeros((batch, self.state_size), device=self.transform.scale.device)

    def forward(self, frames: Tensor, labels: Tensor | None = None) -> Tensor:
        """Reconstructed frames, from the mean of the posterior: [B, K], [B, n] → [B, K]."""
        return self.decode(self.encode(frames, labels).mean, labels).mean

    def to_magnitude(self, frames: Tensor) -> Tensor:
        """The magnitudes that frames are played with: [..., K] → [..., bins]."""
        magnitude = self.transform.to_magnitude(frames) * self.gain
        if self.is_bounded:
            magnitude = within(magnitude, self.loudest_frame * self.headroom)
        return magnitude

    def _decoder_input(self, latent: Tensor, labels: Tensor | None) -> Tensor:
        """Latents and what stands beside them: [B, Z], [B, n] → [B, D]."""
        labels = self._labels(latent, labels)
        if self.conditioning.decoder_width > 0:
            latent = torch.cat([latent, self.conditioning.for_decoder(labels)], 1)
        return latent

    def _distribution(self, raw: Tensor) -> Normal:
        """The distribution that a decoder's raw output means: [B, …] → Normal of [B, K]."""
        if self.output == "normal":
            estimate = normal_from_output(raw)
            if self.is_bounded:
                estimate = Normal(bounded(estimate.mean, self._ceiling()), estimate.std)
            return estimate
        if self.is_bounded:
            raw = bounded(raw, inverse_softplus(self._ceiling()))
        mean = F.softplus(raw)
        return Normal(mean, torch.ones_like(mean))

    def _ceiling(self) -> Tensor:
        """What no frame exceeds, in the contrast: [K]."""
        return compress(self.loudest * self.headroom, self.transform.scale, self.transform.contrast)

    def _labels(self, like: Tensor, labels: Tensor | None) -> Tensor:
        """The labels, or none [B, 0] for a model that needs none."""
        if labels is not None:
            return labels
        if self.conditioning.n_tasks > 0:
            raise ValueError("labels are missing: this model is conditioned, give [B, n_tasks]")
        return like.new_zeros((like.shape[0], 0))

    @torch.jit.unused
    def fit_loudest(self, magnitude: Tensor) -> None:
        """Bound the frames by those of the material: magnitudes of frames [N, K]."""
        self.loudest.copy_(loudest_nearby(self.transform.mel(magnitude)))
        self.loudest_frame.copy_(torch.linalg.vector_norm(magnitude, dim=1).max())

    @torch.jit.unused
    def unlabelled_magnitude(self, latent: Tensor) -> Tensor:
        """Magnitudes of latents, all labels 0 and none with a past: [M, Z] → [M, K]."""
        labels = latent.new_zeros(len(latent), self.conditioning.n_tasks)
        return self.to_magnitude(self.decode(latent, labels).mean)


def check_harmonic(model: VAE) -> None:
    """See that latent 0 of a model that hears fundamentals is one for its decoder, too.

    Raises:
        InputError: if it is not, or if frames are no bins that are decoded by themselves.
    """
    harmonic = isinstance(model.encoder, HarmonicEncoder)
    if harmonic != isinstance(model.decoder, HarmonicDecoder):
        raise InputError(
            "model.encoder and model.decoder must both be harmonic, or none: "
            f"got {type(model.encoder).__name__} and {type(model.decoder).__name__}; use "
            "model=harmonic or model=dense"
        )
    if not harmonic:
        return
    at_odds = {
        "model.output": (model.output != "softplus", "softplus"),
        "model.temporal": (model.temporal is not None, "null"),
        "data.transform.n_mels": (model.transform.n_mels > 0, "0"),
        "model.conditioning.pitch": ("pitch" in model.conditioning.tasks, "null: latent 0 is it"),
        "model.conditioning.octave": ("octave" in model.conditioning.tasks, "null: latent 0 is it"),
    }
    for key, (is_wrong, wanted) in at_odds.items():
        if is_wrong:
            raise InputError(f"{key} must be {wanted}, where encoder and decoder are harmonic")
