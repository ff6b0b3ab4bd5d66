"""Augmentations: the same sound a little faster, louder, or through another room.

They run on whole batches, on the training device, and change input and target alike: what the
model learns is to reproduce the altered sound, so that it also follows sounds that were never
recorded. All draws come from torch's global generator.
"""

import math

import torch
from torch import Tensor, nn

TILT_TERMS = 8  # cosines over the logarithm of frequency: features wider than about an octave


class Augment(nn.Module):
    """Random speed on windows of samples; random gain and filter on their magnitudes.

    Args:
        gain_db: largest change of level, ≥ 0, in dB; uniform between -gain_db and +gain_db.
        speed: largest change of speed, ≥ 0, as a ratio: 0.1 plays up to 1.1 times faster or
            slower. Pitch and formants move together, as on tape.
        tilt_db: standard deviation, in dB, of a smooth random filter; 0 for none.

    Raises:
        ValueError: if a range is negative.
    """

    def __init__(self, gain_db: float = 0.0, speed: float = 0.0, tilt_db: float = 0.0) -> None:
        super().__init__()
        for name, value in (("gain_db", gain_db), ("speed", speed), ("tilt_db", tilt_db)):
            if not value >= 0:
                raise ValueError(f"augment.{name} must be at least 0, got {value}: 0 is off")
        self.gain_db = gain_db
        self.speed = speed
        self.tilt_db = tilt_db

    def window_samples(self, n_fft: int) -> int:
        """Samples to draw so that n_fft remain at the highest speed."""
        if self.speed == 0:
            return n_fft
        return math.ceil((n_fft - 1) * (1.0 + self.speed)) + 2

    def resample(self, waveform: Tensor, n_fft: int) -> Tensor:
        """Every second window at a speed of its own, read by linear interpolation.

        The ratio r = (1 + speed)^u, u uniform in [-1, 1]; output sample t is the input at t·r.
        The other windows keep their speed and, since interpolation dulls, their highest partials.

        Shape: [B, window_samples(n_fft)] → [B, n_fft].
        """
        if self.speed == 0:
            return waveform
        count = waveform.shape[0] // 2
        changed = self._at_random_speed(waveform[:count], n_fft)
        return torch.cat((changed, waveform[count:, :n_fft]))

    def _at_random_speed(self, waveform: Tensor, n_fft: int) -> Tensor:
        draw = torch.rand(waveform.shape[0], 1, device=waveform.device) * 2.0 - 1.0
        ratio = torch.exp(draw * math.log1p(self.speed))
        position = torch.arange(n_fft, device=waveform.device) * ratio
        index = position.long()
        weight = position - index
        return torch.lerp(waveform.gather(1, index), waveform.gather(1, index + 1), weight)

    def filter(self, magnitude: Tensor) -> Tensor:
        """Magnitudes with a random gain and a smooth random filter.

        The filter in dB is Σ_i n_i cos(π i v), with v in [0, 1] the logarithm of the bin above a
        knee at 1/40 of the band, and n_i normal with a deviation that falls as 1/(1 + i/2): broad
        strokes are stronger than fine ones.

        Shape: [B, K] → [B, K].
        """
        batch, bins = magnitude.shape
        to_nepers = math.log(10.0) / 20.0
        if self.gain_db > 0:
            draw = torch.rand(batch, 1, device=magnitude.device) * 2.0 - 1.0
            magnitude = magnitude * torch.exp(draw * self.gain_db * to_nepers)
        if self.tilt_db > 0:
            position = torch.linspace(0.0, 1.0, bins, device=magnitude.device)
            position = torch.log1p(40.0 * position) / math.log(41.0)
            order = torch.arange(1, TILT_TERMS + 1, device=magnitude.device)
            cosines = torch.cos(math.pi * order[:, None] * position)
            spread = 1.0 / (1.0 + order / 2)
            spread = spread * (self.tilt_db * to_nepers / (spread.square().sum() / 2).sqrt())
            weights = torch.randn(batch, TILT_TERMS, device=magnitude.device) * spread
            magnitude = magnitude * torch.exp(weights @ cosines)
        return magnitude
