"""How far apart the steps of a prior lie, with straight lines between them."""

from collections.abc import Sequence

import torch
from torch import Tensor

FASTEST_HZ, SLOWEST_HZ = 43.1, 21.5  # steps a second
MOST_MISSED = 0.3  # by straight lines between steps, in deviations of the recordings


def step_frames(latents: Sequence[Tensor], frame_rate_hz: float) -> int:
    """The longest step whose straight lines still follow recordings [F, Z], in frames.

    Between 21 and 43 steps a second, or a frame where frames are fewer: shorter ones draw more
    often, and what is drawn moves more restlessly than recordings do.
    """
    fewest = max(1, round(frame_rate_hz / FASTEST_HZ))
    energy = float(torch.cat(list(latents)).var(0, unbiased=False).sum())
    for every in range(round(frame_rate_hz / SLOWEST_HZ), fewest, -1):
        cut = [each[: (len(each) - 1) // every * every + 1] for each in latents]
        missed = [(each[1:] - lines(each[None, ::every], every)[0]) for each in cut]
        if float(torch.cat(missed).square().sum(1).mean()) <= MOST_MISSED**2 * energy:
            return every
    return fewest


def thinned(recordings: Sequence[Tensor], every: int) -> list[Tensor]:
    """Every so manieth frame of recordings [F, D], from each of the first ones on."""
    parts = [each[start::every] for each in recordings for start in range(every)]
    return [each for each in parts if len(each) >= 2]


def lines(x: Tensor, every: int) -> Tensor:
    """Steps [B, F, D] with straight lines of so many frames between them: [B, (F - 1) every, D]."""
    part = torch.arange(1, every + 1)[:, None] / every
    return (x[:, :-1, None] + part * x.diff(dim=1)[:, :, None]).flatten(1, 2)
