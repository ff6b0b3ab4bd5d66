"""What a model's latent dimensions carry, and what its predictors say, over held-out windows."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor

from vschaos2.data.dataset import WindowBatch
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.filling import draw_conditions, stack_labels
from vschaos2.monitor.pictures import ACCENT, INK, PALE, figure, logarithmic, plain
from vschaos2.nets.distributions import Normal, normal_kl

ACTIVE_NATS = 0.1  # a dimension that says less of a frame counts as unused

Batches = Callable[[], Iterable[WindowBatch]]


class Usage(NamedTuple):
    """What a model's latent dimensions carry, each [Z].

    Attributes:
        kl_nats: mean over windows of KL(q_d ‖ N(0, 1)).
        variance: of the posterior's mean over windows: that of N(0, 1) is 1.
        low, high: between these lie 98 % of the posterior's means.
    """

    kl_nats: Tensor
    variance: Tensor
    low: Tensor
    high: Tensor

    @property
    def active(self) -> Tensor:
        """Dimensions that say something of the sound: KL of at least `ACTIVE_NATS`, [Z] of bool."""
        return self.kl_nats >= ACTIVE_NATS

    @property
    def order(self) -> list[int]:
        """The dimensions, the one with the greatest KL first."""
        return self.kl_nats.argsort(descending=True).tolist()


def latent_usage(model: VAE, batches: Iterable[WindowBatch]) -> Usage:
    """How much of each latent dimension a model uses for windows [B, n_fft]."""
    means, stds = zip(*[_posterior(model, batch)[0] for batch in batches], strict=True)
    posterior = Normal(torch.cat(means), torch.cat(stds))
    bounds = torch.quantile(posterior.mean, torch.tensor([0.01, 0.99]), dim=0)
    variance = posterior.mean.var(0, correction=0)
    return Usage(normal_kl(posterior).mean(0), variance, bounds[0], bounds[1])


def usage_picture(title: str, usage: Usage) -> Figure:
    """KL of every latent dimension, the most used first, and the spread of its means."""
    order = usage.order
    names = [str(index) for index in order]
    kl, active = usage.kl_nats[order].numpy(), usage.active[order].numpy()
    made = figure(max(5.5, 1.5 + 0.3 * len(order)), 4.6, title)
    above, below = made.subplots(2, 1, sharex=True)
    places = np.arange(len(order))
    above.bar(places, kl, color=np.where(active, INK, PALE))
    above.set_ylabel("KL to the prior\n(nats)", fontsize=9)
    above.set_title(
        f"what each dimension says of a frame (pale: under {ACTIVE_NATS} nats)",
        fontsize=9,
        loc="left",
    )
    spread = np.sqrt(usage.variance[order].numpy())
    below.bar(places, spread, color=np.where(active, INK, PALE))
    below.axhline(1.0, color=ACCENT, linewidth=1, label="the prior's")
    logarithmic(below)
    below.set_ylabel("deviation of\nits means", fontsize=9)
    below.legend(fontsize=8, frameon=False, loc="upper right")
    below.set_xticks(places, names, fontsize=8 if len(order) <= 32 else 6)
    below.set_xlabel("latent dimension, the most used first", fontsize=9)
    plain(above, below)
    return made


def guesses(model: VAE, batches: Iterable[WindowBatch]) -> dict[str, Tensor]:
    """What predictors say of windows whose label is known: task → known and guessed, [N, 2]."""
    tasks = model.prediction.tasks
    pairs: list[Tensor] = []
    for batch in batches:
        posterior, features = _posterior(model, batch)
        guessed, _ = model.prediction.guess(features, posterior.mean)
        known = stack_labels(batch["labels"], tasks, guessed)
        pairs.append(torch.stack((known, guessed), 2))
    every = torch.cat(pairs)
    return {task: every[~every[:, i, 0].isnan(), i] for i, task in enumerate(tasks)}


def confusion(pairs: Tensor, n_classes: int) -> Tensor:
    """Counts of windows by known class (row) and guessed class: [N, 2] → [n_classes, n_classes]."""
    index = pairs.long()
    counts = torch.bincount(index[:, 0] * n_classes + index[:, 1], minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes)


def _posterior(model: VAE, batch: WindowBatch) -> tuple[Normal, Tensor]:
    """Posterior over latents, and the features that it comes from."""
    transform = model.transform
    frames = transform.to_frames(transform.analyse(batch["waveform"])[:, 0].abs())
    known = stack_labels(batch["labels"], model.conditioning.tasks, frames)
    features = model.features(frames, draw_conditions(model.conditioning, known))
    return model.posterior(features), features
