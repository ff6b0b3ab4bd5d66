"""The network that names chains: evidence, chains, settings, and how far it is to be believed."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.chains.cepstra import ECHOES
from vschaos2.chains.pedals import Pedal, Setting
from vschaos2.chains.vocabulary import Vocabulary
from vschaos2.families.order.decoders import Decoder
from vschaos2.families.order.trunk import Evidence, Trunk

TIMED = (("delay", "time_ms"),)  # what is read off the peaks of the cepstrum
TIMING = 48  # of what reads it
LEAST_SPREAD = 0.01  # of a setting, of its range
COVERED = 0.8  # of true settings, by the range that is told


class Settings(NamedTuple):
    """What settings are taken to be.

    Attributes:
        place: the middle, in its range from 0 to 1, [B, S].
        spread: b of a Laplace distribution around it, [B, S].
    """

    place: Tensor
    spread: Tensor


class Told(NamedTuple):
    """What the network says of windows.

    Attributes:
        logs: logarithms of the probability of every chain, [B, N].
        settings: of all settings of all pedals.
    """

    logs: Tensor
    settings: Settings


class Estimator(nn.Module):
    """Chains and settings behind windows of sound.

    Args:
        pedals: that there are.
        longest: effects in a chain at most.
        decoder: its class.
        hears_dry: whether it is told what the dry sound was.
        channels: of the trunk's convolutions.
        hidden_dims: of its recurrent layer.
        dropout: of its evidence.

    Attributes:
        temperature: by which logarithms are divided, so that probabilities are those of being
            right.
        widening: by which spreads are multiplied, so that ranges hold what they say.
    """

    temperature: Tensor
    widening: Tensor

    def __init__(
        self,
        pedals: Sequence[Pedal],
        longest: int,
        decoder: type[Decoder],
        hears_dry: bool,
        channels: Sequence[int],
        hidden_dims: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.pedals = list(pedals)
        linear = [pedal.name for pedal in pedals if pedal.is_linear]
        self.vocabulary = Vocabulary([pedal.name for pedal in pedals], linear, longest)
        self.hears_dry = hears_dry
        self.trunk = Trunk(2 if hears_dry else 1, channels, hidden_dims, dropout)
        self.decoder = decoder(self.vocabulary, hidden_dims)
        self.settings: list[tuple[int, Setting]] = [
            (effect, each) for effect, pedal in enumerate(pedals) for each in pedal.settings
        ]
        # Settings are read off what is summed up by a network of their own: shared with the
        # chain's, it learns what is there, and hardly how it is set.
        self.knobs = nn.Sequential(
            nn.Dropout(dropout / 4.0),
            nn.Linear(self.trunk.centre.numel(), 2 * hidden_dims),
            nn.ReLU(),
            nn.Dropout(dropout / 2.0),
            nn.Linear(2 * hidden_dims, 2 * len(self.settings)),
        )
        # A peak stands at the time of an echo, to the sample: beside a thousand other numbers,
        # noise and dropout blur it. What is read off the peaks is read off them alone, and learnt
        # apart from the rest (`times`): steps of all effects see too few delays.
        timed = [
            n
            for n, (effect, each) in enumerate(self.settings)
            if (pedals[effect].name, each.name) in TIMED
        ]
        self.timed = torch.tensor(timed, dtype=torch.long)
        self.timing = nn.Sequential(
            nn.Linear(ECHOES, TIMING), nn.ReLU(), nn.Linear(TIMING, 2 * len(TIMED))
        ).requires_grad_(False)
        self.register_buffer("temperature", torch.ones(()))
        self.register_buffer("widening", torch.ones(()))

    def evidence(self, mel: Tensor, summary: Tensor) -> Evidence:
        """What is known; the dry sound, if it is there and not heard, is left out."""
        sounds = 2 if self.hears_dry else 1
        return self.trunk(mel[:, :sounds].float(), summary[:, :sounds].float())

    def forward(self, mel: Tensor, summary: Tensor) -> Told:
        """What is said of windows, calibrated. Shape: [B, 1 or 2, F, 64], [B, 1 or 2, S]."""
        evidence = self.evidence(mel, summary)
        logs = torch.log_softmax(self.decoder(evidence) / self.temperature, 1)
        settings = self.told_settings(evidence)
        return Told(logs, settings._replace(spread=settings.spread * self.widening))

    def told_settings(self, evidence: Evidence) -> Settings:
        """Of every setting the middle and the spread, before they are calibrated."""
        every = as_settings(self.knobs(evidence.flat))
        if not len(self.timed):
            return every
        at, own = self.timed.to(every.place.device), as_settings(self.timing(evidence.echoes))
        return Settings(
            every.place.index_copy(1, at, own.place), every.spread.index_copy(1, at, own.spread)
        )


def as_settings(told: Tensor) -> Settings:
    """What a network says, as settings. Shape: [B, 2 S] → [B, S] each."""
    place, spread = told.chunk(2, 1)
    return Settings(0.5 + place, LEAST_SPREAD + F.softplus(spread - 1.5))


def surprise(settings: Settings, truth: Tensor) -> Tensor:
    """-log p of settings that are there, the mean, by distributions of Laplace."""
    known = ~truth.isnan()
    if not bool(known.any()):
        return settings.place.sum() * 0.0
    place, spread, due = settings.place[known], settings.spread[known], truth[known]
    return ((due - place).abs() / spread + torch.log(2.0 * spread)).mean()
