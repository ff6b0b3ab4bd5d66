"""What a recording sounds like, whatever is played in it: numbers that chains of effects change.

All are told at one loudness:

    spectrum      levels of 24 bands from 80 Hz to 14 kHz, in the mean over what is no pause
    spread        how far each of them moves about it
    dynamics      how levels of the whole are distributed, and its peaks over them
    modulation    how much of the movement of 8 bands is how fast, from .5 to 32 Hz
    width         in 8 bands, the share of what is not in the middle, and how far it leans to a side
    decay         in 8 bands, how fast levels fall where they fall: a room and echoes hold them up

Of two takes through one chain they differ by what is played: each is in units of how much.
"""

import functools
import math

import torch
from torch import Tensor

SIZE, HOP = 2048, 512
BANDS, GROUPS = 24, 8
LOWEST_HZ, HIGHEST_HZ = 80.0, 14_000.0
QUIET_DB, EDGE_DB = -40.0, 4.0  # under the mean, what counts as a pause; and how suddenly
FLOOR = 1e-7  # of the mean power
FAINT = 1e-5  # of the mean power of bands: what is 50 dB under it is not told apart
PLACES = (0.1, 0.25, 0.5, 0.75, 0.9, 0.97)  # in the distribution of levels
FALLS = (0.05, 0.2)  # in that of changes of level
FALL_S = 0.1
SLOWEST_HZ, OCTAVES = 0.5, 6
CENTRED = 0.03  # share that is added: what is in the middle leans to neither side
# How far two takes of different voices lie apart in them without any chain, and how many numbers of
# a group are told by it, in tens: neighbours say the same.
UNIT_DB = {
    "spectrum": 6.0, "spread": 3.0, "dynamics": 3.0, "modulation": 4.0, "width": 1.5, "decay": 5.0,
}  # fmt: skip
SAY = {
    "spectrum": 0.6, "spread": 0.4, "dynamics": 0.2, "modulation": 0.6, "width": 0.6, "decay": 0.3,
}  # fmt: skip


def style(sound: Tensor, rate_hz: int) -> dict[str, Tensor]:
    """The numbers of a sound by group, each in units of `UNIT_DB`.

    Shape: [2, T], T of 2 s or more.
    """
    window = torch.hann_window(SIZE)
    made = torch.stft(sound.float(), SIZE, HOP, window=window, return_complex=True, center=False)
    power = torch.stack((made[0], made[1], (made[0] - made[1]) * 0.5**0.5))
    banded = torch.matmul(_bands(rate_hz), power.abs().square())  # left, right, side: [3, B, F]
    both = banded[0] + banded[1]
    whole = both.sum(0)
    mean = whole.mean()
    level_db = _decibels(whole / mean)
    sounding = torch.sigmoid((level_db - QUIET_DB) / EDGE_DB)
    sounding = sounding / sounding.sum()
    bands_db = _decibels(both * (BANDS / mean) + FAINT)
    spectrum = (bands_db * sounding).sum(1)
    spread = ((bands_db - spectrum[:, None]).square() * sounding).sum(1).sqrt()
    grouped = banded.reshape(3, GROUPS, BANDS // GROUPS, -1).sum(2)
    groups_db = _decibels((grouped[0] + grouped[1]) * (GROUPS / mean))
    found = {
        "spectrum": spectrum,
        "spread": spread,
        "dynamics": _dynamics(sound, level_db),
        "modulation": _modulation(groups_db, rate_hz / HOP),
        "width": _width(grouped, mean),
        "decay": _decay(groups_db, rate_hz / HOP),
    }
    return {name: values / UNIT_DB[name] for name, values in found.items()}


def unlikeness(found: dict[str, Tensor], wanted: dict[str, Tensor]) -> Tensor:
    """Residuals whose sum of squares tells how unlike two styles are. Shape: → [N]."""
    parts = []
    for name, say in SAY.items():
        away = found[name] - wanted[name]
        parts.append(away * math.sqrt(say / len(away)))
    return torch.cat(parts)


@functools.cache
def _bands(rate_hz: int) -> Tensor:
    """Triangles that overlap by half, along the logarithm of frequency: [B, K]."""
    hz = torch.fft.rfftfreq(SIZE, 1.0 / rate_hz).clamp(min=1.0)
    highest = min(HIGHEST_HZ, 0.45 * rate_hz)
    step = math.log(highest / LOWEST_HZ) / (BANDS - 1)
    centres = math.log(LOWEST_HZ) + step * torch.arange(BANDS)
    # A band is no narrower than two bins.
    width = (2.0 * rate_hz / SIZE / centres.exp()).clamp(min=step)
    return (1.0 - (hz.log()[None] - centres[:, None]).abs() / width[:, None]).clamp(min=0.0)


def _dynamics(sound: Tensor, level_db: Tensor) -> Tensor:
    mono = sound.float().square().mean(0)
    frames = mono.unfold(0, SIZE, HOP)
    crest = _decibels(frames.amax(1) / (frames.mean(1) + 1e-12))
    loud = torch.sigmoid((level_db - QUIET_DB / 2.0) / EDGE_DB)
    places = torch.quantile(level_db, torch.tensor(PLACES))
    return torch.cat((places, (crest * loud).sum()[None] / loud.sum()))


def _modulation(groups_db: Tensor, frames_hz: float) -> Tensor:
    moved = groups_db - groups_db.mean(1, keepdim=True)
    window = torch.hann_window(moved.shape[1])
    power = torch.fft.rfft(moved * window).abs().square() / window.square().sum()
    hz = torch.fft.rfftfreq(moved.shape[1], 1.0 / frames_hz)
    found = []
    for octave in range(OCTAVES):
        lowest = SLOWEST_HZ * 2.0**octave
        chosen = (hz >= lowest) & (hz < 2.0 * lowest)
        found.append(power[:, chosen].sum(1) / moved.shape[1])
    return _decibels(torch.cat(found) + 0.05)


def _width(grouped: Tensor, mean: Tensor) -> Tensor:
    left, right, side = grouped.mean(2) + FLOOR * mean
    leaning = 10.0 * torch.log10(left / right)
    return torch.cat((10.0 * torch.log10(side / (left + right) + CENTRED), leaning))


def _decay(groups_db: Tensor, frames_hz: float) -> Tensor:
    step = max(1, round(FALL_S * frames_hz))
    changes = groups_db[:, step:] - groups_db[:, :-step]
    return torch.quantile(changes, torch.tensor(FALLS), dim=1).flatten()


def _decibels(power: Tensor) -> Tensor:
    return 10.0 * torch.log10(power + FLOOR)
