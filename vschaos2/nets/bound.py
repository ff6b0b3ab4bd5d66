"""Soft bounds on what a decoder gives: no latent, however far out, is louder than sound ever was.

A contrast is undone by an exponential. A decoder that goes on in straight lines would leave all
measure within a few deviations of what it was taught: first in single bins (`bounded`), then, where
all of them are as loud as they were at their loudest, in the sum of them (`within`).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

SHARPNESS = 4.0  # β: a value 1 below the ceiling loses ln(1 + e^-β) / β = 0.005, 2 below it 0.0001
KNEE = 6  # p: a frame 9 dB below the greatest loses 0.003 dB, one as loud as it 1 dB
NEIGHBOURS = 16  # bins on either side that a partial may move to


def bounded(values: Tensor, ceiling: Tensor, sharpness: float = SHARPNESS) -> Tensor:
    """Values as they are, well below a ceiling, and never above it: x - ln(1 + e^(β(x - c))) / β.

    The same as c - ln(1 + e^(β(c - x))) / β, but exact where the ceiling is far. The slope
    σ(β(c - x)) is never 0 but far above: what rose too high can learn to come down.

    Shape: [..., K], [K] → [..., K].
    """
    return values - F.softplus(sharpness * (values - ceiling)) / sharpness


def within(magnitude: Tensor, greatest: Tensor, knee: int = KNEE) -> Tensor:
    """Frames of magnitudes as they are, and no norm above the greatest g: S (1 + (‖S‖/g)^p)^(-1/p).

    Shape: [..., K], scalar → [..., K].
    """
    relative = magnitude.square().sum(-1, keepdim=True).sqrt() / greatest
    return magnitude * (1.0 + relative**knee) ** (-1.0 / knee)


def inverse_softplus(values: Tensor) -> Tensor:
    """The x whose softplus, ln(1 + e^x), is y > 0: y + ln(1 - e^-y); any shape."""
    return values + torch.log(-torch.expm1(-values.clamp_min(1e-6)))


def loudest_nearby(magnitude: Tensor) -> Tensor:
    """The greatest magnitude that a bin or one of its neighbours has in any frame: [N, K] → [K]."""
    greatest = magnitude.amax(0)
    width = 2 * NEIGHBOURS + 1
    return F.max_pool1d(greatest[None, None], width, stride=1, padding=NEIGHBOURS)[0, 0]
