"""What a model makes of its latent axes: a word for what each does, places, ways between them.

Measured on the spectra that the decoder gives for latents that stand still:

    level        power in dB                                        louder    quieter
    brightness   octaves of the spectrum's centre of gravity        brighter  darker
    noisiness    flatness, the ratio of geometric and arithmetic
                 mean of the power, in dB                           noisier   purer
    pitch        octaves of the period, where one is clear          higher    lower
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.places import Roadmap, roadmap, typical_places
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


class Response(NamedTuple):
    """What is known of the axes that an instrument shows.

    Attributes:
        words: for each axis one word for what it does when it rises, or two if they fit about as
            well or the first is a plain change of level.
        places: coordinates of typical sounds of like loudness, the most central one first.
        roadmap: ways among sounds of like loudness.
    """

    words: list[str]
    places: Tensor
    roadmap: Roadmap


@torch.no_grad()
def measure_response(
    core: InstrumentCore, latents: Tensor, axes: LatentAxes, labels: Sequence[float]
) -> Response:
    """What the axes shown do, and where the instrument sounds.

    Args:
        core: the signal path.
        latents: of training windows, [N, Z].
        axes: the axes shown at first.
        labels: what the decoder is told meanwhile, one value for each label.
    """
    shown = core.latent_dims
    points = heard_points(latents, axes)[:, :shown]

    def measures_of(of: Tensor) -> Tensor:
        latent = axes.centre + of @ axes.from_axes[:shown]
        return sound_measures(still_spectra(core, latent, labels), core.transform.sample_rate_hz)

    measures = measures_of(points)
    level_db = measures[:, 0]
    importance = axes.explained[:shown].clamp_min(0.0).sqrt()
    places = points[typical_places(points * importance, level_db)]
    spread = torch.stack([_spread(column) for column in measures.unbind(1)])
    words = []
    for axis in range(shown):
        ends = []
        for end in (axes.lowest[axis], axes.highest[axis]):
            moved = places.clone()
            moved[:, axis] = end * 2 / 3
            ends.append(measures_of(moved))
        change = (ends[1] - ends[0]).nanmean(0)
        words.append(axis_word(change / spread, float(change[0])))
    ways = roadmap(points, level_db, lambda of: measures_of(of)[:, 0], importance)
    return Response(words, places, ways)


def heard_points(latents: Tensor, axes: LatentAxes) -> Tensor:
    """Coordinates of some of the training windows, all along them: [N, Z] → [≤ 1024, Z]."""
    rows = torch.linspace(0, len(latents) - 1, min(len(latents), MOST_FRAMES)).long()
    return (latents[rows] - axes.centre) @ axes.to_axes


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
