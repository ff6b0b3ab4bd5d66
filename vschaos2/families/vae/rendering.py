"""Sounds and numbers of a model as it is now, through the path that is exported and renders files.

All functions take the model on the CPU, in float32. Their sounds are float32 [T], finite.
"""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.families.vae.instrument_core import InstrumentCore

GLIDE_FRAMES = 4  # from one held point to the next

Sound = npt.NDArray[np.float32]


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
    latent, known, _ = core.infer(magnitude[loudest : loudest + 1], commands)
    return latent[0], known[0]


def _finite(sound: Tensor) -> Sound:
    return torch.nan_to_num(sound, 0.0, 0.0, 0.0).clamp(-8.0, 8.0).numpy().astype(np.float32)
