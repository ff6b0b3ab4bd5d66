"""Augmentations: the same sound a little faster, louder, or through another room.

They run on whole batches, on the training device, and change input and target alike: what the
model learns is to reproduce the altered sound, so that it also follows sounds that were never
recorded. All draws come from torch's global generator.
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.ranges import check_count, check_number

TILT_TERMS = 8  # cosines over the logarithm of frequency: features wider than about an octave


class Augment(nn.Module):
    """Random speed and key on windows of samples; random gain and filter on their magnitudes.

    Args:
        gain_db: largest change of level, from 0 to 60 dB; uniform between -gain_db and +gain_db.
        speed: largest change of speed, from 0 to 1, as a ratio: 0.1 plays up to 1.1 times faster or
            slower. Pitch and formants move together, as on tape.
        tilt_db: standard deviation, from 0 to 60 dB, of a smooth random filter; 0 for none.
        transpose: largest transposition, from 0 to 24 whole semitones up or down, made by speed
            too. Labels named pitch and octave follow it, so that every recorded note teaches its
            neighbours as well.
        other_key: part of the windows, from 0 to 0.5, that are heard in one transposition and
            wanted in another. What the latent says of the key is then of no use, and the label
            alone decides. They are among those that keep their speed.
        other_sound: part of the windows, from 0 to 0.5, that are heard from one recording and
            wanted from another, which labels alone tell: see `families/vae/pairs.py`.
        share: part of the windows, from 0 to 1, whose speed and key change.

    Raises:
        InputError: for a value out of its range, or if more windows are asked for than there are.
    """

    def __init__(
        self,
        gain_db: float = 0.0,
        speed: float = 0.0,
        tilt_db: float = 0.0,
        transpose: int = 0,
        other_key: float = 0.0,
        share: float = 0.5,
        other_sound: float = 0.0,
    ) -> None:
        super().__init__()
        limits = {
            "gain_db": (gain_db, 60.0),
            "speed": (speed, 1.0),
            "tilt_db": (tilt_db, 60.0),
            "other_key": (other_key, 0.5),
            "share": (share, 1.0),
            "other_sound": (other_sound, 0.5),
        }
        for name, (value, largest) in limits.items():
            check_number(f"data.augment.{name}", value, 0.0, largest)
        check_count("data.augment.transpose", transpose, 0, 24)
        if share + other_key > 1.0:
            raise InputError(
                f"data.augment.share={share} and data.augment.other_key={other_key} are more than "
                "all windows: together they may be 1"
            )
        self.gain_db = gain_db
        self.speed = speed
        self.tilt_db = tilt_db
        self.transpose = transpose
        self.other_key = other_key
        self.share = share
        self.other_sound = other_sound

    def drawn_samples(self, window_samples: int) -> int:
        """Samples to draw so that those of a window remain at the highest speed."""
        fastest = (1.0 + self.speed) * 2.0 ** (self.transpose / 12)
        if fastest == 1.0:
            return window_samples
        return math.ceil((window_samples - 1) * fastest) + 2

    def resample(
        self, waveform: Tensor, window_samples: int, again: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """A share of the windows, each at a speed of its own, read by linear interpolation.

        The ratio r = 2^(k/12) (1 + speed)^u, k whole and uniform in -transpose … transpose, u
        uniform in [-1, 1]; output sample t is the input at t·r. The first int(share·B) windows
        change; the others keep their speed and, since interpolation dulls, their highest partials.

        Args:
            waveform: [B, drawn_samples(window_samples)].
            window_samples: samples of a window that are read.
            again: indices [n] of windows that follow the B once more, at a speed of their own.

        Returns:
            Windows [B + n, window_samples], semitones k [B + n].
        """
        batch, device = len(waveform), waveform.device
        again = torch.zeros(0, dtype=torch.long, device=device) if again is None else again
        semitones = torch.zeros(batch + len(again), device=device)
        kept = waveform[:, :window_samples]
        if self.speed == 0 and self.transpose == 0:
            return torch.cat((kept, kept[again])), semitones
        count = int(self.share * batch)
        moved = torch.cat((waveform[:count], waveform[again]))
        changed, moves = self._in_any_key(moved, window_samples)
        semitones[:count], semitones[batch:] = moves[:count], moves[count:]
        return torch.cat((changed[:count], kept[count:], changed[count:])), semitones

    def _in_any_key(self, waveform: Tensor, window_samples: int) -> tuple[Tensor, Tensor]:
        """Every window at a speed of its own: [B, …] → [B, window_samples], semitones [B]."""
        low, high = -self.transpose, self.transpose + 1
        semitones = torch.randint(low, high, waveform.shape[:1], device=waveform.device).float()
        draw = torch.rand(waveform.shape[0], device=waveform.device) * 2.0 - 1.0
        ratio = torch.exp2(semitones / 12) * torch.exp(draw * math.log1p(self.speed))
        position = torch.arange(window_samples, device=waveform.device) * ratio[:, None]
        index = position.long()
        weight = position - index
        read = torch.lerp(waveform.gather(1, index), waveform.gather(1, index + 1), weight)
        return read, semitones

    def response(self, like: Tensor) -> Tensor:
        """The factors of a random gain and a smooth random filter, for magnitudes such as `like`.

        The filter in dB is Σ_i n_i cos(π i v), with v in [0, 1] the logarithm of the bin above a
        knee at 1/40 of the band, and n_i normal with a deviation that falls as 1/(1 + i/2): broad
        strokes are stronger than fine ones.

        Shape: [B, K] → [B, K], or [B, F, K] → [B, F, K] with one draw for all frames of a window.
        """
        batch, bins = like.shape[0], like.shape[-1]
        one_each = (batch, *[1] * (like.ndim - 2))
        response = torch.ones_like(like)
        to_nepers = math.log(10.0) / 20.0
        if self.gain_db > 0:
            draw = torch.rand(*one_each, 1, device=like.device) * 2.0 - 1.0
            response = response * torch.exp(draw * self.gain_db * to_nepers)
        if self.tilt_db > 0:
            position = torch.linspace(0.0, 1.0, bins, device=like.device)
            position = torch.log1p(40.0 * position) / math.log(41.0)
            order = torch.arange(1, TILT_TERMS + 1, device=like.device)
            cosines = torch.cos(math.pi * order[:, None] * position)
            spread = 1.0 / (1.0 + order / 2)
            spread = spread * (self.tilt_db * to_nepers / (spread.square().sum() / 2).sqrt())
            weights = torch.randn(batch, TILT_TERMS, device=like.device) * spread
            response = response * torch.exp(weights @ cosines).reshape(*one_each, bins)
        return response
