"""Recordings as a trained model hears them: latents, pitch and level of every frame."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

SLOPE_FRAMES = 4  # over which a level rises or falls
SILENT_DB = -60.0  # below the loudest frame of its domain
# Classes besides the keys of MIDI, 0 to 127.
UNPITCHED, SILENT = -1, -2
KEY_PART = 0.25  # of a semitone, that matters as much as a deviation of the level
SLOPE_PART = 2.0  # deviations of the slope, that do


class LatentTake(NamedTuple):
    """One recording.

    Attributes:
        name: its path in the dataset.
        domain: number of the instrument that plays it.
        latents: [F, Z].
        keys: MIDI keys with fractions, NaN where there is no pitch, [F].
        levels_db: [F].
    """

    name: str
    domain: int
    latents: Tensor
    keys: Tensor
    levels_db: Tensor


def contents(takes: Sequence[LatentTake], raised: float = 0.0) -> tuple[Tensor, Tensor]:
    """What the frames of one domain do, apart from how it sounds.

    Args:
        takes: of the domain.
        raised: semitones that its keys are taken to be higher.

    Returns:
        classes [N]: the nearest key, `UNPITCHED` or `SILENT`; and kinds [N, 3]: level and slope in
        deviations of the domain's sounding frames, and where in its semitone the pitch lies.
    """
    levels = torch.cat([take.levels_db for take in takes])
    slopes = torch.cat([_slopes(take.levels_db) for take in takes])
    keys = torch.cat([take.keys for take in takes]) + raised
    sounds = levels > levels.max() + SILENT_DB
    nearest = keys.nan_to_num(0.0).round()
    classes = torch.where(keys.isnan(), torch.full_like(nearest, UNPITCHED), nearest)
    classes = torch.where(sounds, classes, torch.full_like(nearest, SILENT)).long()
    axes = [_standard(of, sounds) for of in (levels, slopes)]
    bend = ((keys - nearest) / KEY_PART).nan_to_num(0.0)
    return classes, torch.stack((axes[0], axes[1] / SLOPE_PART, bend), 1)


def octaves_between(source: Sequence[LatentTake], target: Sequence[LatentTake]) -> int:
    """By how many octaves one domain's pitches lie best among another's; 0 where nobody knows.

    Of those octaves that bring most of the source's frames to keys that the target plays, the
    least.
    """
    keys, others = (torch.cat([take.keys for take in takes]).numpy() for takes in (source, target))
    keys, others = (np.round(of[~np.isnan(of)]) for of in (keys, others))
    if not len(keys) or not len(others):
        return 0
    played = {key for key in np.unique(others) if (others == key).mean() > 0.002}
    shares = {
        octaves: np.isin(keys + 12.0 * octaves, list(played)).mean() for octaves in range(-5, 6)
    }
    # A hundredth of the frames is not worth another octave.
    return max(shares, key=lambda octaves: round(float(shares[octaves]), 2) - 1e-3 * abs(octaves))


def key_range(takes: Sequence[LatentTake]) -> tuple[float, float]:
    """Lowest and highest key that a domain plays, but for a hundredth; zeros for none."""
    keys = torch.cat([take.keys for take in takes])
    keys = keys[~keys.isnan()]
    if not len(keys):
        return 0.0, 0.0
    low, high = torch.quantile(keys[:: 1 + len(keys) // 10**6], torch.tensor([0.01, 0.99])).tolist()
    return low, high


def _slopes(levels_db: Tensor) -> Tensor:
    slopes = torch.zeros_like(levels_db)
    slopes[SLOPE_FRAMES:] = levels_db[SLOPE_FRAMES:] - levels_db[:-SLOPE_FRAMES]
    return slopes.clamp(-60.0, 60.0)


def _standard(values: Tensor, sounds: Tensor) -> Tensor:
    heard = values[sounds]
    if len(heard) < 2:
        return torch.zeros_like(values)
    return ((values - heard.mean()) / heard.std().clamp_min(1e-6)).clamp(-10.0, 10.0)
