"""The one way from waveform to model frames and back.

    waveform ──Gabor──> coefficients ──|·|──> magnitudes ──(mel)──contrast──> frames

The dataset, the trainer, `generate.py` and the exported instrument all use this module; none has
a transform of its own.
"""

import torch
from torch import Tensor, nn

from vschaos2.dsp.framing import dual_window, gaussian_window
from vschaos2.dsp.gabor import analyse, synthesise
from vschaos2.dsp.magnitude import CONTRASTS, InverseMel, Mel, compress, expand

GREATEST_RATE_HZ = 1_500_000


class SpectralTransform(nn.Module):
    """Waveform to model frames and back, differentiable and scriptable.

    Args:
        sample_rate_hz: sample rate of every waveform that enters, up to 1.5 MHz.
        n_fft: window length in samples, a power of two up to 32768.
        hop: hop in samples, a power of two that divides n_fft.
        contrast: "log1p", "log" or "linear" (see `magnitude.py`).
        n_mels: number of mel bands, or 0 for all bins.
        level: the scale S0 in units of the dataset's mean magnitude: 1 puts the bend of log1p at
            the mean.

    Raises:
        ValueError: if a length is no power of two, hop does not divide n_fft, a size is absurd,
            the contrast is unknown, or there is no such sample rate.
    """

    scale: Tensor
    window: Tensor
    dual: Tensor

    def __init__(
        self,
        sample_rate_hz: int = 44100,
        n_fft: int = 2048,
        hop: int = 512,
        contrast: str = "log1p",
        n_mels: int = 0,
        level: float = 1.0,
    ) -> None:
        super().__init__()
        for name, value in (("n_fft", n_fft), ("hop", hop)):
            if type(value) is not int or not 2 <= value <= 2**15 or value & (value - 1):
                raise ValueError(
                    f"{name} must be a power of two, got {value!r}: nn~ needs one, up to 32768"
                )
        if contrast not in CONTRASTS:
            raise ValueError(f"contrast must be one of {', '.join(CONTRASTS)}, got {contrast!r}")
        if type(level) not in (int, float) or not 1e-6 <= level <= 1e6:
            raise ValueError(
                f"level must be positive, from 1e-06 to 1e+06, got {level!r}: 1 is the "
                "dataset's mean"
            )
        if type(n_mels) is not int or not 0 <= n_mels <= min(1024, n_fft // 2 + 1):
            raise ValueError(
                f"n_mels must lie between 2 and n_fft/2+1={n_fft // 2 + 1} and be at most 1024, "
                f"or be 0 for all bins, got {n_mels!r}"
            )
        if type(sample_rate_hz) is not int or not 1 <= sample_rate_hz <= GREATEST_RATE_HZ:
            raise ValueError(
                f"sample_rate_hz must be a whole number from 1 to {GREATEST_RATE_HZ}, "
                f"got {sample_rate_hz!r}: try 44100"
            )
        self.sample_rate_hz = sample_rate_hz
        self.n_fft = n_fft
        self.hop = hop
        self.contrast = contrast
        self.n_mels = n_mels
        self.level = level
        self.n_bins = n_fft // 2 + 1
        self.n_features = n_mels if n_mels > 0 else self.n_bins
        window = gaussian_window(n_fft)
        self.register_buffer("window", window.float(), persistent=False)
        self.register_buffer("dual", dual_window(window, hop).float(), persistent=False)
        # The level of the dataset travels with the weights: it is the one thing measured here.
        self.register_buffer("scale", torch.ones(()))
        self.mel: nn.Module = nn.Identity()
        self.inverse_mel: nn.Module = nn.Identity()
        if n_mels > 0:
            self.mel = Mel(n_mels, n_fft, sample_rate_hz)
            self.inverse_mel = InverseMel(n_mels, n_fft, sample_rate_hz)

    def fit_level(self, mean_magnitude: float) -> None:
        """Set the scale to `level` times the dataset's mean magnitude (> 0)."""
        if not mean_magnitude > 0:
            raise ValueError(f"mean magnitude must be positive, got {mean_magnitude}: all silent?")
        self.scale.fill_(mean_magnitude * self.level)

    def analyse(self, waveform: Tensor) -> Tensor:
        """Gabor coefficients: [B, T] → complex [B, F, K]."""
        return analyse(waveform, self.window, self.hop)

    def synthesise(self, coefficients: Tensor) -> Tensor:
        """Waveform of Gabor coefficients: complex [B, F, K] → [B, (F - 1)·hop + n_fft]."""
        return synthesise(coefficients, self.dual, self.hop)

    def to_frames(self, magnitude: Tensor) -> Tensor:
        """Model frames of magnitudes: [..., K] → [..., n_features]."""
        return compress(self.mel(magnitude), self.scale, self.contrast)

    def to_magnitude(self, frames: Tensor) -> Tensor:
        """Magnitudes of model frames: [..., n_features] → [..., K], ≥ 0."""
        return self.inverse_mel(expand(frames, self.scale, self.contrast))

    def forward(self, waveform: Tensor) -> Tensor:
        """Model frames of a waveform: [B, T] → [B, F, n_features]."""
        return self.to_frames(self.analyse(waveform).abs())
