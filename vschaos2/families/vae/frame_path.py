"""What an instrument asks of its model: latents of magnitudes, and magnitudes of latents.

    magnitudes [N, K] ──> latents [N, Z], labels, guesses ──> magnitudes [N, K], coherence [N, K]

Rows are padded to fours, so that a frame's numbers do not depend on the block it comes in.
"""

from typing import Final

import torch
from torch import Tensor, nn

from vschaos2.families.vae.vae import VAE
from vschaos2.labels.inlets import LabelInlets
from vschaos2.nets.distributions import Normal, normal_sample
from vschaos2.nets.layers import padded_rows


class FramePath(nn.Module):
    """A trained model between magnitudes and latents, and back.

    Args:
        model: the trained model.
        confidence: besides each guessed label, say how sure the guess is.
        for_files: labels may be negative.

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

    def infer(self, magnitude: Tensor, commands: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Latents of magnitudes, the labels to decode them with, and what is guessed.

        Args:
            magnitude: of frames, [N, K].
            commands: for all labels, [N, labels].

        Returns:
            latents [N, Z], as `sample`; labels [N, labels]; guessed labels, followed by
            confidences if asked for, [N, guesses].
        """
        count = len(magnitude)
        commands = padded_rows(commands)
        labels = self.labels.unguessed(commands)
        frames = self.transform.to_frames(padded_rows(magnitude))
        features = self.model.features(frames, labels)
        posterior = self.model.posterior(features)
        guesses, confidences = self.model.prediction.guess(features, posterior.mean)
        if self.labels.n_labels > 0 and self.labels.n_guesses > 0:
            labels = self.labels.guessed(commands, guesses, False)
        if self.confidence:
            guesses = torch.cat((guesses, confidences), 1)
        latent = self.drawn(Normal(posterior.mean[:count], posterior.std[:count]))
        return latent, labels[:count], guesses[:count]

    def sample(self, magnitude: Tensor) -> Tensor:
        """Latents of magnitudes, [N, K] → [N, Z]: means, or draws at a temperature."""
        posterior = self.model.encode(self.transform.to_frames(padded_rows(magnitude)))
        count = len(magnitude)
        return self.drawn(Normal(posterior.mean[:count], posterior.std[:count]))

    def drawn(self, posterior: Normal) -> Tensor:
        """The mean of a posterior, or a draw at a temperature: [N, Z]."""
        if self.temperature > 0.0:
            return normal_sample(posterior, self.temperature)
        return posterior.mean

    def magnitude(self, latent: Tensor, labels: Tensor | None = None) -> Tensor:
        """Magnitudes of latents and labels: [N, Z], [N, labels] → [N, K]."""
        latents = padded_rows(latent)
        if labels is None:
            frames = self.model.decode(latents).mean
        else:
            frames = self.model.decode(latents, padded_rows(labels)).mean
        return self.model.to_magnitude(frames)[: len(latent)]

    def magnitude_after(
        self, latent: Tensor, labels: Tensor | None, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The same after the frames that a state [B, S] remembers, and the state after these."""
        if not self.has_memory:
            return self.magnitude(latent, labels), state
        estimate, state = self.model.decode_rows(latent, labels, state)
        return self.model.to_magnitude(padded_rows(estimate.mean))[: len(latent)], state

    def coherence_of(self, latent: Tensor, labels: Tensor | None, batch: int) -> Tensor | None:
        """What the model knows of phases: [B·F, Z], [B·F, labels] → [B, F, K]; or None."""
        rows = None if labels is None else padded_rows(labels)
        found = self.model.coherence(padded_rows(latent), rows)
        if found is None:
            return None
        return found[: len(latent)].reshape(batch, len(latent) // batch, -1)
