"""What an instrument asks of its model: latents of magnitudes, and magnitudes of latents.

    magnitudes [N, K] ──> latents [N, Z], labels, guesses ──> magnitudes [N, K], coherence [N, K]

A frame's numbers must not depend on the block it comes in: phase recovery, which follows ridges of
near-equal height, would turn last bits into audible ones. Matrix products of many rows add in
another order than those of few: from 16 rows on with some processors, from 64 on with others. So
rows are padded to fours, and no more than `ROWS_AT_ONCE` are worked out together.
"""

from typing import Final

import torch
from torch import Tensor, nn

from vschaos2.families.vae.vae import VAE
from vschaos2.labels.inlets import LabelInlets
from vschaos2.nets.distributions import Normal, normal_sample
from vschaos2.nets.layers import padded_rows

ROWS_AT_ONCE = 12
ROWS_OF_FILES = 2**20  # files are no blocks of a host, and all at once is quicker


class FramePath(nn.Module):
    """A trained model between magnitudes and latents, and back.

    Args:
        model: the trained model.
        confidence: besides each guessed label, say how sure the guess is.
        for_files: labels may be negative, and rows are many.

    Attributes:
        temperature: 0: means; above: draws from the posterior.
    """

    confidence: Final[bool]
    has_memory: Final[bool]

    def __init__(self, model: VAE, confidence: bool, for_files: bool) -> None:
        super().__init__()
        self.model = model
        self.transform = model.transform
        self.labels = LabelInlets(model.conditioning, model.prediction, for_files)
        self.confidence = confidence
        self.has_memory = model.state_size > 0
        self.temperature = 0.0
        self.most_rows = ROWS_OF_FILES if for_files else ROWS_AT_ONCE

    def infer(self, magnitude: Tensor, commands: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Latents of magnitudes, the labels to decode them with, and what is guessed.

        Args:
            magnitude: of frames, [N, K].
            commands: for all labels, [N, labels].

        Returns:
            latents [N, Z], as `sample`; labels [N, labels]; guessed labels, followed by
            confidences if asked for, [N, guesses].
        """
        if len(magnitude) <= self.most_rows:
            return self._infer(magnitude, commands)
        latents: list[Tensor] = []
        labels: list[Tensor] = []
        guesses: list[Tensor] = []
        told = commands.split(self.most_rows)
        for place, rows in enumerate(magnitude.split(self.most_rows)):
            found = self._infer(rows, told[place])
            latents.append(found[0])
            labels.append(found[1])
            guesses.append(found[2])
        return torch.cat(latents), torch.cat(labels), torch.cat(guesses)

    def _infer(self, magnitude: Tensor, commands: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        count = len(magnitude)
        commands = padded_rows(commands)
        labels = self.labels.unguessed(commands)
        frames = self.frames_of(padded_rows(magnitude))
        features = self.model.features(frames, labels)
        posterior = self.model.posterior(features)
        guesses, confidences = self.model.prediction.guess(features, posterior.mean)
        if self.labels.n_labels > 0 and self.labels.n_guesses > 0:
            labels = self.labels.guessed(commands, guesses, False)
        if self.confidence:
            guesses = torch.cat((guesses, confidences), 1)
        latent = self.drawn(Normal(posterior.mean[:count], posterior.std[:count]))
        return latent, labels[:count], guesses[:count]

    def frames_of(self, magnitude: Tensor) -> Tensor:
        """What the model hears of magnitudes: [N, K] → [N, features]."""
        return self.transform.to_frames(magnitude)

    def sample(self, magnitude: Tensor) -> Tensor:
        """Latents of magnitudes, [N, K] → [N, Z]: means, or draws at a temperature."""
        made: list[Tensor] = []
        for rows in magnitude.split(self.most_rows):
            posterior = self.model.encode(self.frames_of(padded_rows(rows)))
            count = len(rows)
            made.append(self.drawn(Normal(posterior.mean[:count], posterior.std[:count])))
        return torch.cat(made)

    def drawn(self, posterior: Normal) -> Tensor:
        """The mean of a posterior, or a draw at a temperature: [N, Z]."""
        if self.temperature > 0.0:
            return normal_sample(posterior, self.temperature)
        return posterior.mean

    def magnitude(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        """Magnitudes of latents and labels: [N, Z], [N, labels] → [N, K]."""
        made: list[Tensor] = []
        for place, rows in enumerate(latent.split(self.most_rows)):
            if labels is None:
                frames = self.model.decode(padded_rows(rows)).mean
            else:
                told = labels.split(self.most_rows)[place]
                frames = self.model.decode(padded_rows(rows), padded_rows(told)).mean
            made.append(self.model.to_magnitude(frames)[: len(rows)])
        return torch.cat(made)

    def magnitude_after(
        self, latent: Tensor, labels: Tensor | None, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same after the frames that a state [B, S] remembers, and the state after these."""
        if not self.has_memory:
            return self.magnitude(latent, labels), state
        if len(state) > 1 or len(latent) <= self.most_rows:
            estimate, state = self.model.decode_rows(latent, labels, state)
            return self.model.to_magnitude(padded_rows(estimate.mean))[: len(latent)], state
        made: list[Tensor] = []
        for place, rows in enumerate(latent.split(self.most_rows)):
            told = None if labels is None else labels.split(self.most_rows)[place]
            estimate, state = self.model.decode_rows(rows, told, state)
            made.append(self.model.to_magnitude(padded_rows(estimate.mean))[: len(rows)])
        return torch.cat(made), state

    def coherence_of(self, latent: Tensor, labels: Tensor | None, batch: int) -> Tensor | None:
        """What the model knows of phases: [B·F, Z], [B·F, labels] → [B, F, K]; or None."""
        made: list[Tensor] = []
        for place, rows in enumerate(latent.split(self.most_rows)):
            told: Tensor | None = None
            if labels is not None:
                told = padded_rows(labels.split(self.most_rows)[place])
            found = self.model.coherence(padded_rows(rows), told)
            if found is None:
                return None
            made.append(found[: len(rows)])
        return torch.cat(made).reshape(batch, len(latent) // batch, -1)
