"""What a model makes of its latent axes: a word for what each does, and places to begin at.

Measured on the spectra that the decoder gives for latents that stand still:

    level        power in dB                                        louder    quieter
    brightness   octaves of the spectrum's centre of gravity        brighter  darker
    noisiness    flatness, the ratio of geometric and arithmetic
                 mean of the power, in dB                           noisier   purer
    pitch        octaves of the period, where one is clear          higher    lower
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.projection import LatentAxes

WORDS = (("louder", "quieter"), ("brighter", "darker"), ("noisier", "purer"), ("higher", "lower"))
SUBTLE = "subtle"  # what changes none of them by a tenth of what the training data do
LEAST_STRENGTH = 0.1
ALIKE = 0.7  # a second word is said if it is as strong as this part of the first
PLAIN_DB = 6.0  # who moves an axis hears a change of level above this first, whatever else changes
PLACES = 8
LEVEL_STEP_DB = 1.0  # places of like loudness lie within this of their median, if enough do
SOUNDING_DB = 40.0  # below the loudest twentieth of what was heard: silence
MOST_FRAMES, LEAST_FRAMES = 1024, 64  # that are looked at; that places are chosen among
SETTLING_FRAMES = 16  # for a decoder with memory
LOWEST_HZ, HIGHEST_HZ = 50.0, 2000.0  # of a pitch
CLEAR = 0.5  # autocorrelation, relative to lag 0


@torch.no_grad()
def measure_response(
    core: InstrumentCore, latents: Tensor, axes: LatentAxes, labels: Sequence[float]
) -> tuple[list[str], list[list[float]]]:
    """Words for what each axis shown does when it rises, and `PLACES` places.

    Args:
        core: the signal path.
        latents: of training windows, [N, Z].
        axes: the axes shown at first.
        labels: what the decoder is told meanwhile, one value for each label.

    Returns:
        for each axis one word, or two if they fit about as well or the first is a plain change of
        level; coordinates of places.
    """
    shown = core.latent_dims
    heard = latents[torch.linspace(0, len(latents) - 1, min(len(latents), MOST_FRAMES)).long()]
    points = ((heard - axes.centre) @ axes.to_axes)[:, :shown]

    def spectra(of: Tensor) -> Tensor:
        return still_spectra(core, axes.centre + of @ axes.from_axes[:shown], labels)

    rate_hz = core.transform.sample_rate_hz
    measures = sound_measures(spectra(points), rate_hz)
    importance = axes.explained[:shown].clamp_min(0.0).sqrt()
    places = points[typical_places(points * importance, measures[:, 0])]
    spread = torch.stack([_spread(column) for column in measures.unbind(1)])
    words = []
    for axis in range(shown):
        ends = []
        for end in (axes.lowest[axis], axes.highest[axis]):
            moved = places.clone()
            moved[:, axis] = end * 2 / 3
            ends.append(sound_measures(spectra(moved), rate_hz))
        change = (ends[1] - ends[0]).nanmean(0)
        words.append(axis_word(change / spread, float(change[0])))
    return words, [[round(value, 2) for value in place] for place in places.tolist()]


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


def typical_places(points: Tensor, level_db: Tensor) -> list[int]:
    """Rows that are typical of points of like loudness: medoids, the first nearest to 0.

    k-medoids (Kaufman & Rousseeuw 1987) by turns (Park & Jun 2009): every point joins the nearest
    medoid, then the point with the least sum of distances to its fellows is the medoid.

    Args:
        points: [N, d], N ≥ 1.
        level_db: of each, [N].
    """
    sounding = level_db >= level_db.quantile(0.95) - SOUNDING_DB
    off = (level_db - level_db[sounding].median()).abs()
    count = max(LEAST_FRAMES, int((off <= LEVEL_STEP_DB).sum()))
    near = off.argsort(stable=True)[:count]
    distances = torch.cdist(points[near], points[near])
    medoids = [int(points[near].square().sum(1).argmin())]
    while len(medoids) < PLACES:  # begin far from each other
        medoids.append(int(distances[medoids].amin(0).argmax()))
    for _ in range(20):
        nearest = distances[medoids].argmin(0)
        groups = [torch.nonzero(nearest == i).flatten() for i in range(PLACES)]
        moved = [
            int(group[distances[group][:, group].sum(1).argmin()]) if len(group) else medoid
            for group, medoid in zip(groups, medoids, strict=True)
        ]
        if moved == medoids:
            break
        medoids = moved
    rows = near[medoids]
    return rows[points[rows].square().sum(1).argsort(stable=True)].tolist()
