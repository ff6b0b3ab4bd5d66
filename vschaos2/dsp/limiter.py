"""A limiter without memory or delay: what is quiet passes as it is, what is loud bends."""

import torch
from torch import Tensor

from vschaos2.full_scale import KNEE


def soft_clip(signal: Tensor, knee: float = KNEE) -> Tensor:
    """A signal within ±1, unchanged where it is within ±knee.

    With k the knee and c = clamp(x, -k, k), what reaches beyond the knee, x - c, is bent by

        y = c + (1 - k) · tanh((x - c) / (1 - k))

    Within the knee x - c = 0, so that y = x exactly. At the knee the slope of tanh is 1, so that
    the curve has no corner; beyond, y rises towards 1 and never falls. Each sample depends on
    itself alone: blocks of any size give what the whole gives, and nothing is delayed.

    Shape: any → the same.
    """
    within = signal.clamp(-knee, knee)
    room = 1.0 - knee
    return within + room * torch.tanh((signal - within) / room)
