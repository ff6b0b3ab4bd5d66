"""A trained prior let loose, and set to move as much, and as far, as its recordings do."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from vschaos2.families.vae.prior import QUANTILES, LatentPrior
from vschaos2.families.vae.prior_steps import lines, thinned
from vschaos2.nets.mixture import Mixture, mixture_sample

LEAST_STEP = 1e-4  # between quantiles, in deviations
SPREADS = (0.2, 1.5)  # between which `spread` is sought
WANDER = 0.5  # how far what chooses the component goes in a step; 1: anywhere
CALIBRATIONS = 7
CALIBRATION_STREAMS = 32
CALIBRATION_FRAMES = 256
MOST_QUANTILE_FRAMES = 100_000


@torch.no_grad()
def calibrate(prior: LatentPrior, recordings: Sequence[Tensor], generator: torch.Generator) -> None:
    """Let what is drawn at temperature 1 move, and be distributed, as the recordings are.

    What learns from shaken inputs expects more chance than there is, and chance adds up where
    every draw is the next input. So the median of how much each step differs from the step before
    is measured of streams let loose, and the deviations that they draw, `spread`, are scaled until
    it is that of the recordings. Then the quantiles of each axis are measured, which
    `Basis.distributed` makes those of the recordings.
    """
    known = thinned(recordings, prior.every)
    prior.wander.fill_(WANDER)
    due = float(torch.cat([each.diff(2, dim=0) for each in known]).norm(dim=1).median())
    low, high = SPREADS
    for _ in range(CALIBRATIONS):
        middle = math.sqrt(low * high)
        prior.spread.fill_(middle)
        x = let_loose(prior, known, CALIBRATION_STREAMS, CALIBRATION_FRAMES, generator)
        moved = float(x[:, CALIBRATION_FRAMES // 4 :].diff(2, dim=1).norm(dim=2).median())
        low, high = (middle, high) if moved < due else (low, middle)
    prior.spread.fill_(math.sqrt(low * high))
    x = let_loose(prior, known, CALIBRATION_STREAMS, 4 * CALIBRATION_FRAMES, generator)
    even = torch.linspace(0.0, 1.0, QUANTILES)
    rising = LEAST_STEP * torch.arange(QUANTILES)[:, None]
    drawn = lines(x[:, CALIBRATION_FRAMES:], prior.every).flatten(0, 1)
    drawn = drawn[:: 1 + len(drawn) // MOST_QUANTILE_FRAMES]
    recorded = torch.cat(list(recordings))
    recorded = recorded[:: 1 + len(recorded) // MOST_QUANTILE_FRAMES]
    prior.basis.drawn.copy_((torch.quantile(drawn, even, dim=0) + rising).T)
    prior.basis.recorded.copy_(torch.quantile(recorded, even, dim=0).T)


@torch.no_grad()
def let_loose(
    prior: LatentPrior,
    recordings: Sequence[Tensor],
    streams: int,
    steps: int,
    generator: torch.Generator,
) -> Tensor:
    """Streams that begin anywhere in recordings, at temperature 1: steps [B, F, D]."""
    known = torch.cat(list(recordings))
    x = known[torch.randint(len(known), (streams,), generator=generator)]
    state, one = torch.zeros(streams, prior.state_size), torch.ones(streams, 1)
    choice = torch.rand(streams, 1, generator=generator)
    path = []
    for _ in range(steps):
        after, state = prior(x[:, None], state)
        moved = torch.rand(streams, 1, generator=generator) - 0.5
        choice = torch.remainder(choice + prior.wander * moved, 1.0)
        normal = prior.spread * torch.randn(x.shape, generator=generator)
        mixture = Mixture(after.logits[:, 0], after.mean[:, 0], after.std[:, 0])
        x = prior.basis.bounded(mixture_sample(mixture, choice, normal, one))
        path.append(x)
    return torch.stack(path, 1)
