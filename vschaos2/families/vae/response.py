"""What a model makes of its training windows and its latent axes: measures, and words for them.

Measured on the spectra that the decoder gives for latents that stand still:

    level        power in dB                                        louder    quieter
    brightness   octaves of the spectrum's centre of gravity        brighter  darker
    noisiness    flatness, the ratio of geometric and arithmetic
                 mean of the power, in dB                           noisier   purer
    pitch        octaves of the period, where one is clear          higher    lower
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.places import Roadmap, roadmap, sounding, typical_places
from vschaos2.families.vae.projection import LatentAxes

WORDS = (("louder", "quieter"), ("brighter", "darker"), ("noisier", "purer"), ("higher", "lower"))
SUBTLE = "subtle"  # what changes none of them by a tenth of what the training data do
LEAST_STRENGTH = 0.1
ALIKE = 0.7  # a second word is said if it is as strong as this part of the first
PLAIN_DB = 6.0  # who moves an axis hears a change of level above this first, whatever else changes
MOST_FRAMES = 1024  # that are looked at
SETTLING_FRAMES = 16  # for a decoder with memory
LOWEST_HZ, HIGHEST_HZ = 50.0, 2000.0  # of a pitch
CLEAR = 0.5  # autocorrelation, relative to lag 0


class HeardWindows(NamedTuple):
    """Training windows as an instrument plays them, in the coordinates of the axes it shows.

    Attributes:
        points: some of the windows, all along the training, [N, d].
        measures: of their spectra, as of `sound_measures`, [N, 4].
        importance: what a unit on each axis counts in distances, [d].
        measures_of: the same of any points, [M, d] → [M, 4].
    """

    points: Tensor
    measures: Tensor
    importance: Tensor
    measures_of: Callable[[Tensor], Tensor]

    @property
    def level_db(self) -> Tensor:
        """Of the points, [N]."""
        return self.measures[:, 0]

    @property
    def sounding(self) -> Tensor:
        """The points that are no silence, [≤ N, d]."""
        return self.points[sounding(self.level_db)]

    def places(self) -> Tensor:
        """Typical sounds of like loudness, the most central one first, [`PLACES`, d]."""
        return self.points[typical_places(self.points * self.importance, self.level_db)]

    def roadmap(self) -> Roadmap:
        """Ways among sounds of like loudness."""

        def level_of(points: Tensor) -> Tensor:
            return self.measures_of(points)[:, 0]

        return roadmap(self.points, self.level_db, level_of, self.importance)


@torch.no_grad()
def heard_windows(
    core: InstrumentCore, latents: Tensor, axes: LatentAxes, labels: Sequence[float]
) -> HeardWindows:
    """Training windows as they sound.

    Args:
        core: the signal path.
        latents: of training windows, [N, Z].
        axes: the axes shown at first.
        labels: what the decoder is told meanwhile, one value for each label.
    """
    shown = core.latent_dims
    rows = torch.linspace(0, len(latents) - 1, min(len(latents), MOST_FRAMES)).long()
    points = ((latents[rows] - axes.centre) @ axes.to_axes)[:, :shown]

    @torch.no_grad()
    def measures_of(of: Tensor) -> Tensor:
        latent = axes.centre + of @ axes.from_axes[:shown]
        return sound_measures(still_spectra(core, latent, labels), core.transform.sample_rate_hz)

    importance = axes.explained[:shown].clamp_min(0.0).sqrt()
    return HeardWindows(points, measures_of(points), importance, measures_of)


def axis_words(heard: HeardWindows, axes: LatentAxes) -> list[str]:
    """For each axis a word for what it does when it rises, at typical places.

    It is two words where they fit about as well, or where the first is a plain change of level.
    """
    places = heard.places()
    spread = torch.stack([_spread(column) for column in heard.measures.unbind(1)])
    words = []
    for axis in range(places.shape[1]):
        ends = []
        for end in (axes.lowest[axis], axes.highest[axis]):
            moved = places.clone()
            moved[:, axis] = end * 2 / 3
            ends.append(heard.measures_of(moved))
        change = (ends[1] - ends[0]).nanmean(0)
        words.append(axis_word(change / spread, float(change[0])))
    return words


def still_spectra(core: InstrumentCore, latent: Tensor, labels: Sequence[float]) -> Tensor:
    """Magnitudes of latents that stand still: [N, Z] → [N, K]."""
    given = torch.tensor(labels).expand(len(latent), -1) if labels else None
    if not core.has_memory:
        return core.magnitude(latent, given)
    still = latent.repeat_interleave(SETTLING_FRAMES, 0)
    given = None if given is None else given.repeat_interleave(SETTLING_FRAMES, 0)
    state = torch.zeros(len(latent), core.decode_memory.size)
    magnitude, _ = core.magnitude_after(still, given, state)
    return magnitude[SETTLING_FRAMES - 1 :: SETTLING_FRAMES]


def sound_measures(magnitude: Tensor, sample_rate_hz: int) -> Tensor:
    """Level, brightness, noisiness and pitch of spectra, NaN where no pitch is clear.

    Shape: [N, K] → [N, 4].
    """
    power = magnitude.double().square() + 1e-20
    bins = power.shape[1]
    centre = (magnitude * torch.arange(bins)).sum(1) / magnitude.sum(1).clamp_min(1e-12)
    flatness = power.log10().mean(1) - power.mean(1).log10()
    level = 10.0 * power.sum(1).log10()
    measures = (level, torch.log2(centre.clamp_min(1e-3)), 10.0 * flatness)
    columns = [*measures, _pitch(power, sample_rate_hz)]
    return torch.stack([column.float() for column in columns], 1)


def _pitch(power: Tensor, sample_rate_hz: int) -> Tensor:
    """Octaves above 1 Hz by the highest peak of the autocorrelation, NaN where it is low, [N]."""
    correlation = torch.fft.irfft(power)
    shortest = int(sample_rate_hz / HIGHEST_HZ)
    longest = min(int(sample_rate_hz / LOWEST_HZ), power.shape[1] - 1)
    if longest <= shortest:  # frames too short to hold a period
        return torch.full_like(correlation[:, 0], torch.nan)
    peak, lag = correlation[:, shortest:longest].max(1)
    pitch = torch.log2(sample_rate_hz / (lag + shortest))
    return pitch.masked_fill(peak < CLEAR * correlation[:, 0], torch.nan)


def _spread(values: Tensor) -> Tensor:
    """Standard deviation of the values that are numbers; infinite where there are none."""
    known = values[values.isfinite()]
    return known.std().clamp_min(1e-6) if len(known) > 1 else torch.tensor(torch.inf)


def axis_word(strengths: Tensor, level_db: float = 0.0) -> str:
    """What an axis does.

    Args:
        strengths: its effect on each measure, relative to what training data do, [4].
        level_db: its effect on the level.
    """
    strengths = strengths.nan_to_num(0.0)
    first, second = strengths.abs().argsort(descending=True, stable=True)[:2].tolist()
    if abs(level_db) > PLAIN_DB:
        first, second = 0, second if first == 0 else first
    strongest = float(strengths[first].abs())
    if abs(level_db) <= PLAIN_DB and strongest < LEAST_STRENGTH:
        return SUBTLE
    is_said = float(strengths[second].abs()) >= max(LEAST_STRENGTH, ALIKE * strongest)
    return ", ".join(WORDS[i][int(strengths[i] < 0)] for i in [first] + [second] * is_said)
