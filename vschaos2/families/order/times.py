"""Times of echoes: learnt apart from all the rest, from the delays among what is learnt from.

    peaks of the cepstrum ──Estimator.timing──> time of the delay, and how sure

It is a network of some hundred numbers on eleven, so that a thousand steps take a second or two;
together with the rest it would see a fourth of its examples and be clipped along with theirs.
"""

import copy
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from vschaos2.families.order.estimator import Estimator, as_settings, surprise
from vschaos2.families.order.pool import ChainBatch
from vschaos2.progress import Progress

STEPS = 1500
BATCH = 256  # delays in a step
LEARNING_RATE = 2e-2
WARMUP_STEPS = 50


def learn_times(model: Estimator, examples: Iterable[ChainBatch]) -> int:
    """Let an estimator learn when echoes come, from nothing; nothing else of it moves.

    What comes of it depends on the examples alone, and on how they are brought to about ±1: done
    twice, it is the same. It is taken over when it is whole.

    Args:
        model: whose `timing` learns.
        examples: that it may learn from; those without a delay are of no use.

    Returns:
        How many there were to learn from.
    """
    found = [_delays(model, each) for each in examples] if len(model.timed) else []
    count = sum(len(places) for _, places in found)
    if not count:
        return 0
    echoes, places = (torch.cat(parts) for parts in zip(*found, strict=True))
    timing: nn.Sequential = copy.deepcopy(model.timing).cpu().requires_grad_(True)
    optimiser = torch.optim.Adam(timing.parameters(), LEARNING_RATE)
    _begin(timing, chance := torch.Generator().manual_seed(0))
    with torch.enable_grad(), Progress("times of echoes", "step", STEPS, leave=False) as progress:
        for step in range(STEPS):
            optimiser.param_groups[0]["lr"] = LEARNING_RATE * min(
                (step + 1) / WARMUP_STEPS, 1.0 - step / STEPS
            )
            drawn = torch.randint(0, count, (BATCH,), generator=chance)
            loss = surprise(as_settings(timing(echoes[drawn])), places[drawn])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            progress.update()
    model.timing.load_state_dict(timing.state_dict())
    return count


def _begin(timing: nn.Sequential, chance: torch.Generator) -> None:
    """First weights, that draw nothing from the chance of a training."""
    for layer in timing:
        if isinstance(layer, nn.Linear):
            bound = layer.in_features**-0.5
            with torch.no_grad():
                for weights in (layer.weight, layer.bias):
                    weights.uniform_(-bound, bound, generator=chance)


def _delays(model: Estimator, examples: ChainBatch) -> tuple[Tensor, Tensor]:
    """Peaks of the examples with a delay, and its times. Shape: [B, `ECHOES`], [B, timed]."""
    places = examples["settings"][:, model.timed]
    there = ~places.isnan().any(1)
    summary = examples["summary"][there].to(model.temperature.device).float()
    return model.trunk.echoes(summary).cpu(), places[there].float()
