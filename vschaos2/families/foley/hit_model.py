"""Hits: a trained VAE, the principal components of whole hits, and a flow that draws them.

    noise [N, K] ──flow, told labels and velocity──> components [N, K] ──> latents [N, F, Z], level
    latents [N, F, Z] ──VAE, phases──> sound [N, samples], from the attack on

All hits are brought to one level before they are heard; the level is a number beside the latents:
what the velocity says, and one component of the flow that says how far from there.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.families.foley.hit_sound import HitSound
from vschaos2.families.foley.levels import USUAL_LEVEL, brought_to
from vschaos2.families.vae.vae import VAE
from vschaos2.flows.vector_flow import VectorFlow

STEPS = 8  # from noise to a hit, unless somebody asks for other ones
FADE_MS = 20.0


class Hits(NamedTuple):
    """Hits that can be heard.

    Attributes:
        latents: [N, F, Z].
        gain: what their sound is multiplied with, [N].
    """

    latents: Tensor
    gain: Tensor


class HitModel(nn.Module):
    """What draws hits.

    Args:
        vae: the VAE of all hits; its weights are part of the model, and stay as they are.
        labels: names of the classes of each label, by its name; empty for none.
        frames: of a hit, F.
        components: principal components of a hit, K - 1: the last number is of its level.
        flow: of vectors of K numbers, told of labels and velocity.

    Attributes:
        is_fitted: whether VAE and components are those of a training (1), or none's (0).
        attack_samples: the sample of a hit's sound at which it begins: 0.
        noise_dims: numbers that stand for a hit, K.
    """

    __jit_unused_properties__ = ("sample_rate_hz", "label_names", "samples")

    class_counts: list[int]
    is_fitted: Tensor
    weights: Tensor  # of frames, each for all of its latents, [F·Z]
    mean: Tensor
    basis: Tensor
    deviation: Tensor
    level: Tensor

    def __init__(
        self,
        vae: VAE,
        labels: Mapping[str, Sequence[str]],
        frames: int,
        components: int,
        flow: VectorFlow,
    ) -> None:
        super().__init__()
        self.vae = vae.requires_grad_(False)
        self.labels = {name: tuple(classes) for name, classes in labels.items()}
        self.class_counts = [len(classes) for classes in self.labels.values()]
        self.frames, self.components, self.latent_dim = frames, components, vae.latent_dim
        self.flow = flow
        self.noise_dims = components + 1
        self.attack_samples = 0
        rate_hz = vae.transform.sample_rate_hz
        self.sounding = HitSound(vae, frames, round(FADE_MS * rate_hz / 1000.0))
        size = frames * vae.latent_dim
        self.register_buffer("is_fitted", torch.zeros(()))
        self.register_buffer("weights", torch.ones(size))
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("basis", torch.zeros(components, size))
        self.register_buffer("deviation", torch.ones(components))
        # In dB: level at velocity 1, what is played from velocity 0 to 1, what was recorded from
        # there to there, and the deviation of what is left.
        self.register_buffer("level", torch.tensor([0.0, 30.0, 30.0, 1.0]))

    @property
    def sample_rate_hz(self) -> int:
        """Of all its sounds."""
        return self.vae.transform.sample_rate_hz

    @property
    def label_names(self) -> tuple[str, ...]:
        """What it can be told besides the velocity."""
        return tuple(self.labels)

    @property
    def samples(self) -> int:
        """Of a hit's sound."""
        return self.sounding.samples

    def classes_of(self, label: str) -> tuple[str, ...]:
        """The classes of a label, by number.

        Raises:
            InputError: if there is no such label.
        """
        if label not in self.labels:
            raise InputError(
                f"no label {label!r}: these hits know {', '.join(self.labels) or 'none'}"
            )
        return self.labels[label]

    def number_of(self, label: str, name: str) -> int:
        """The number of a class.

        Raises:
            InputError: if there is no such label or class.
        """
        classes = self.classes_of(label)
        if name not in classes:
            raise InputError(f"{label}: no {name!r} (there are {', '.join(classes)})")
        return classes.index(name)

    def told(self, classes: Tensor, velocity: Tensor) -> Tensor:
        """What the flow is told: classes [N, labels], below 0 for any, velocity [N] → [N, D]."""
        parts = [2.0 * velocity[:, None] - 1.0]
        for number, count in enumerate(self.class_counts):
            numbers = torch.arange(count, device=classes.device)
            parts.append((classes[:, number, None] == numbers).to(velocity.dtype))
        return torch.cat(parts, 1)

    def latents_of(self, components: Tensor) -> Tensor:
        """Latents of components: [N, ≥ K - 1] → [N, F, Z]."""
        weighted = components[:, : self.components] * self.deviation
        flat = (torch.matmul(weighted, self.basis) + self.mean) / self.weights
        return flat.reshape(-1, self.frames, self.latent_dim)

    def gain_of(self, components: Tensor, velocity: Tensor) -> Tensor:
        """What a hit's sound is multiplied with: [N, K], [N] → [N]."""
        said_db = self.level[0] + self.level[1] * (velocity - 1.0)
        level_db = said_db + self.level[3] * components[:, self.components]
        return torch.pow(10.0, level_db / 20.0)

    def components_of(self, latents: Tensor, level_db: Tensor, velocity: Tensor) -> Tensor:
        """The numbers that stand for hits: [N, F, Z], [N], [N] → [N, K]."""
        weighted = latents.flatten(1) * self.weights - self.mean
        rest_db = level_db - self.level[0] - self.level[2] * (velocity - 1.0)
        found = weighted @ self.basis.T / self.deviation
        return torch.cat((found, rest_db[:, None] / self.level[3]), 1)

    @torch.no_grad()
    def draw(
        self,
        labels: Mapping[str, int | Tensor],
        velocity: Tensor,
        noise: Tensor,
        steps: int = STEPS,
    ) -> Hits:
        """Hits of noise.

        Args:
            labels: number of the class of each label, one for all or [N]; a label that is not
                named may be any.
            velocity: 0 to 1, [N].
            noise: of deviation 1, [N, noise_dims]; the same noise draws the same hit.
            steps: of the flow.

        Raises:
            InputError: for a label or a class that there is not.
        """
        told = self.told(self.classes(labels, len(noise)), velocity)
        components = self.flow.drawn(noise, told, steps)
        return Hits(self.latents_of(components), self.gain_of(components, velocity))

    def classes(self, labels: Mapping[str, int | Tensor], count: int) -> Tensor:
        """Numbers of classes as the flow is told them, -1 where nothing is said: [N, labels].

        Raises:
            InputError: for a label or a class that there is not.
        """
        for name in labels:
            self.classes_of(name)
        columns = []
        for name, known in self.labels.items():
            column = torch.as_tensor(labels.get(name, -1)).expand(count)
            if bool((column < -1).any()) or bool((column >= len(known)).any()):
                raise InputError(f"{name}: classes are numbered 0 to {len(known) - 1}")
            columns.append(column)
        if not columns:
            return torch.zeros(count, 0, dtype=torch.long)
        return torch.stack(columns, 1).long()

    @torch.no_grad()
    def sound(self, hits: Hits) -> Tensor:
        """The sound of hits, from the attack on: [N, samples]."""
        return self.sounding.whole(hits.latents) * hits.gain[:, None]

    @torch.no_grad()
    def encode_hit(self, sound: Tensor) -> tuple[Tensor, Tensor]:
        """Latents and levels of sounds that begin with their attack: [N, T] → [N, F, Z], [N] in dB.

        What is longer than a hit is left out; silence follows what is shorter.
        """
        normal, level_db = brought_to(sound, self.sample_rate_hz, USUAL_LEVEL)
        return heard(self.vae, normal, self.frames), level_db

    def velocity_of(self, level_db: Tensor) -> Tensor:
        """The velocities that levels speak of, 1 where they do not: [N] → [N] from 0 to 1."""
        if float(self.level[2]) <= 0.0:
            return torch.ones_like(level_db)
        return (1.0 + (level_db - self.level[0]) / self.level[2]).clamp(0.0, 1.0)

    @torch.no_grad()
    def noise_of(
        self,
        sound: Tensor,
        labels: Mapping[str, int | Tensor],
        velocity: Tensor | None = None,
        steps: int = 2 * STEPS,
    ) -> Tensor:
        """The noise that stands for sounds: drawn with it, hits are like them.

        Args:
            sound: from the attack on, [N, T].
            labels: as `draw`.
            velocity: [N]; None for that of their levels.
            steps: up the flow.

        Shape: → [N, noise_dims].
        """
        latents, level_db = self.encode_hit(sound)
        if velocity is None:
            velocity = self.velocity_of(level_db)
        components = self.components_of(latents, level_db, velocity)
        told = self.told(self.classes(labels, len(sound)), velocity)
        return self.flow.noise_of(components, told, steps)


def varied(noise: Tensor, fresh: Tensor, variation: float) -> Tensor:
    """Noise with a part of another: 0 leaves it as it is, 1 is the other; deviation 1 between."""
    return (1.0 - variation**2) ** 0.5 * noise + variation * fresh


@torch.no_grad()
def heard(vae: VAE, sounds: Tensor, frames: int) -> Tensor:
    """Latents of sounds as a stream hears them: [N, T] → [N, F, Z]."""
    n_fft, hop = vae.transform.n_fft, vae.transform.hop
    wanted = (frames - 1) * hop + n_fft
    padded = F.pad(sounds, (n_fft - hop, max(0, wanted - (n_fft - hop) - sounds.shape[1])))
    found = []
    for some in padded[:, :wanted].split(16):
        magnitude = vae.transform.analyse(some).abs().flatten(0, 1)
        latents = vae.encode(vae.transform.to_frames(magnitude)).mean
        found.append(latents.reshape(len(some), frames, -1))
    return torch.cat(found)
