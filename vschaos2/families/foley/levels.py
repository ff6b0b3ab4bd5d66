"""How loud a hit is struck, apart from what it sounds like."""

import torch
from torch import Tensor

ATTACK_MS = 100.0  # of a hit, whose level counts
USUAL_LEVEL = 0.1  # to which all hits are brought
LEAST_LEVEL = 1e-5


def brought_to(sounds: Tensor, rate_hz: int, level: float) -> tuple[Tensor, Tensor]:
    """Sounds at one level, and how far above it they were: [N, T] → [N, T], [N] in dB."""
    count = round(ATTACK_MS * rate_hz / 1000.0)
    # What is shorter than the attack counts as if silence followed.
    power = sounds[:, :count].square().sum(1) / count
    was = power.sqrt().clamp_min(LEAST_LEVEL)
    return sounds * (level / was)[:, None], 20.0 * torch.log10(was / level)
