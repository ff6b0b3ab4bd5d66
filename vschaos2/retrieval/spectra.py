"""How far a stereo sound is from another, by spectra of several sizes, to either side and across.

    d(y, t) = mean over sizes of ‖|Y| - |T|‖ / ‖|T|‖ + mean |ln|Y| - ln|T||

of left and right, and half of it of mid and side: the measure by which chains of effects are
compared (C.-Y. Yu et al., "DiffVox", 2025; R. Yamamoto, E. Song, J.-M. Kim, 2020, for its terms).
"""

import functools
from typing import NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

SIZES = (128, 512, 2048)  # samples, a quarter of which is a hop
FLOOR = 1e-8  # power that is added
MID_SIDE = 0.5  # its weight


@functools.cache
def _window(size: int) -> Tensor:
    return torch.hann_window(size)


def spectra(sound: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Those of left and right, and of mid and side: half their sum and difference, times √2.

    The latter are sums of the former, which are transformed alone.

    Shape: [2, T] → complex [2, K, F] twice.
    """
    made = torch.stft(sound, size, size // 4, window=_window(size).to(sound), return_complex=True)
    return made, torch.stack((made[0] + made[1], made[0] - made[1])) * 0.5**0.5


def magnitudes(made: Tensor) -> Tensor:
    """Of spectra, with a little that is added. Shape: kept."""
    return (made.real.square() + made.imag.square() + FLOOR).sqrt()


class Target(NamedTuple):
    """One size of spectra of what is to be reached.

    Attributes:
        size: of a frame, in samples.
        sides: magnitudes of left and right, [2, K, F].
        mid_side: the same of mid and side.
    """

    size: int
    sides: Tensor
    mid_side: Tensor

    @classmethod
    def of(cls, sound: Tensor, size: int) -> "Target":
        """That of a sound, [2, T]."""
        return cls(size, *map(magnitudes, spectra(sound, size)))

    def distance(self, sound: Tensor) -> Tensor:
        """D of this size. Shape: [2, T] → scalar."""
        sides, across = spectra(sound, self.size)
        return _Apart.apply(sides, self.sides) + MID_SIDE * _Apart.apply(across, self.mid_side)


class _Apart(torch.autograd.Function):
    """‖|Y| - |T|‖ / ‖|T|‖ + mean |ln|Y| - ln|T||, of Y and |T|.

    Its slope is written out, as a step of a fit spends a third of its time here: along Y/|Y|,

        (|Y| - |T|) / (‖|Y| - |T|‖ ‖|T|‖) + sign(|Y| - |T|) / (N |Y|).
    """

    @staticmethod
    def forward(ctx, made: Tensor, wanted: Tensor) -> Tensor:  # type: ignore[no-untyped-def]
        found = magnitudes(made)
        away = found - wanted
        left, whole = away.norm(), wanted.norm()
        ctx.save_for_backward(made, found, away, left * whole)
        return left / whole + (found / wanted).log_().abs_().mean()

    @staticmethod
    @once_differentiable
    def backward(ctx, slope: Tensor) -> tuple[Tensor, None]:  # type: ignore[no-untyped-def]
        made, found, away, over = ctx.saved_tensors
        along = away.sign().div_(found).mul_(1.0 / away.numel())
        along.add_(away / over.clamp(min=1e-12)).div_(found).mul_(slope)
        return made * along, None


def multi_scale_distance(sound: Tensor, wanted: Tensor) -> Tensor:
    """D of all sizes. Shape: [2, T] twice → scalar."""
    return torch.stack([Target.of(wanted, size).distance(sound) for size in SIZES]).mean()
