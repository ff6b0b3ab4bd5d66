"""Sounds and numbers of a model as it is now, through the path that is exported and renders files.

All functions take the model on the CPU, in float32. Their sounds are float32 [T], finite.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.data.dataset import WindowBatch
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.filling import draw_conditions, stack_labels
from vschaos2.nets.distributions import Normal, normal_kl

ACTIVE_NATS = 0.1  # a dimension that says less of a frame counts as unused
GLIDE_FRAMES = 4  # from one held point to the next

Sound = npt.NDArray[np.float32]


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


def pass_through(core: InstrumentCore, sound: Sound, labels: npt.NDArray[np.float32]) -> Sound:
    """A sound through the model, as long as it is, without the delay.

    Shape: sound [F·hop], labels [n, F] → [F·hop].
    """
    core.reset()
    delay = core.forward_delay()
    missing = -(-delay // core.hop) * core.hop
    held = np.pad(labels.repeat(core.hop, axis=1), ((0, 0), (0, missing)), mode="edge")
    channels = np.concatenate((np.pad(sound, (0, missing))[None], held)).astype(np.float32)
    made = core.forward(torch.from_numpy(channels)[None])[0, 0]
    return _finite(made[delay : delay + len(sound)])


def play(core: InstrumentCore, latents: Tensor, labels: Tensor) -> Sound:
    """The sound of a path in latent space, without the delay.

    Args:
        core: with the model's own axes.
        latents: a point for every frame, [F, Z].
        labels: the same for its labels, NaN where unknown, [F, n].

    Shape: → [F·hop].
    """
    core.reset()
    delay = core.decode_delay()
    points = torch.cat((latents, labels), 1)
    points = torch.cat((points, points[-1:].expand(-(-delay // core.hop), -1)))
    made = core.decode(points.T[None])[0, 0]
    return _finite(made[delay : delay + len(latents) * core.hop])


def hold(points: Tensor, frames: int) -> Tensor:
    """A path that rests on each point for so many frames, gliding over the first few of them.

    Shape: [P, D] → [P·frames, D].
    """
    before = torch.cat((points[:1], points[:-1]))
    glide = ((torch.arange(frames) + 1.0) / GLIDE_FRAMES).clamp_max(1.0)[None, :, None]
    path = before[:, None] + (points - before)[:, None] * glide
    return path.reshape(len(points) * frames, -1)


def sweep(base: Tensor, dimension: int, low: float, high: float, frames: int) -> Tensor:
    """A path along one dimension, from low to high, the others at rest: [Z] → [frames, Z]."""
    path = base.expand(frames, -1).clone()
    path[:, dimension] = torch.linspace(low, high, frames)
    return path


def loudest_point(
    core: InstrumentCore, sound: Sound, labels: npt.NDArray[np.float32]
) -> tuple[Tensor, Tensor]:
    """Latent point and complete labels of a sound's loudest frame: → [Z], [n]."""
    n_fft, hop = core.transform.n_fft, core.hop
    padded = torch.from_numpy(np.pad(sound, (n_fft - hop, 0)))
    magnitude = core.transform.analyse(padded[None])[0].abs()
    loudest = int(magnitude.square().sum(1).argmax())
    commands = torch.from_numpy(labels[:, loudest : loudest + 1].T.copy())
    if not core.labels.is_used:
        return core.sample(magnitude[loudest : loudest + 1])[0], commands[0]
    latent, known, _ = core.hear(magnitude[loudest : loudest + 1], commands)
    return latent[0], known[0]


def latent_usage(model: VAE, batches: Iterable[WindowBatch]) -> Usage:
    """How much of each latent dimension a model uses for windows [B, n_fft]."""
    means, stds = zip(*[_posterior(model, batch)[0] for batch in batches], strict=True)
    posterior = Normal(torch.cat(means), torch.cat(stds))
    bounds = torch.quantile(posterior.mean, torch.tensor([0.01, 0.99]), dim=0)
    variance = posterior.mean.var(0, correction=0)
    return Usage(normal_kl(posterior).mean(0), variance, bounds[0], bounds[1])


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


def _finite(sound: Tensor) -> Sound:
    return torch.nan_to_num(sound, 0.0, 0.0, 0.0).clamp(-8.0, 8.0).numpy().astype(np.float32)


Batches = Callable[[], Iterable[WindowBatch]]
