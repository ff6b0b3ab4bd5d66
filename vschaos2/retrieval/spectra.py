"""How far a stereo sound is from another, by spectra of several sizes, to either side and across.

    d(y, t) = mean over sizes of ‖|Y| - |T|‖ / ‖|T|‖ + mean |ln|Y| - ln|T||

of left and right, and half of it of mid and side: the measure by which chains of effects are
compared (C.-Y. Yu et al., "DiffVox", 2025; R. Yamamoto, E. Song, J.-M. Kim, 2020, for its terms).
"""

import functools
from typing import NamedTuple

import torch
from torch import Tensor

SIZES = (128, 512, 2048)  # samples, a quarter of which is a hop
FLOOR = 1e-8  # power that is added
MID_SIDE = 0.5  # its weight


@functools.cache
def _window(size: int) -> Tensor:
    return torch.hann_window(size)


def magnitudes(sound: Tensor, size: int) -> Tensor:
    """Spectra of a sound: [C, T] → [C, K, F]."""
    made = torch.stft(sound, size, size // 4, window=_window(size).to(sound), return_complex=True)
    return (made.real.square() + made.imag.square() + FLOOR).sqrt()


def mid_side(sound: Tensor) -> Tensor:
    """Half the sum and half the difference of left and right, times √2: [2, T] → [2, T]."""
    return torch.stack((sound[0] + sound[1], sound[0] - sound[1])) * 0.5**0.5


class Target(NamedTuple):
    """One size of spectra of what is to be reached.

    Attributes:
        size: of a frame, in samples.
        sides: left and right, [2, K, F].
        mid_side: the same of mid and side.
    """

    size: int
    sides: Tensor
    mid_side: Tensor

    @classmethod
    def of(cls, sound: Tensor, size: int) -> "Target":
        """That of a sound, [2, T]."""
        return cls(size, magnitudes(sound, size), magnitudes(mid_side(sound), size))

    def distance(self, sound: Tensor) -> Tensor:
        """D of this size. Shape: [2, T] → scalar."""
        made = magnitudes(sound, self.size), magnitudes(mid_side(sound), self.size)
        return _apart(made[0], self.sides) + MID_SIDE * _apart(made[1], self.mid_side)


def _apart(made: Tensor, wanted: Tensor) -> Tensor:
    convergence = (made - wanted).norm() / wanted.norm()
    return convergence + (made.log() - wanted.log()).abs().mean()


def multi_scale_distance(sound: Tensor, wanted: Tensor) -> Tensor:
    """D of all sizes. Shape: [2, T] twice → scalar."""
    return torch.stack([Target.of(wanted, size).distance(sound) for size in SIZES]).mean()
