"""The attack itself, in the waveform: where it begins, and how strong it is."""

import torch
import torch.nn.functional as F
from torch import Tensor

BEFORE_S, AFTER_S = 0.006, 0.003  # what is compared around a sample
STRENGTH_S = 0.015  # behind the beginning: what the strength is measured of
LEAST_DB = -70.0  # relative to a sine of full scale: weaker is no onset
# Parts of the greatest energy: less than that before a sample counts as this much. The first finds
# where a sound leaves silence; the second where it becomes loud.
QUIET, SOFT = 1e-4, 0.1


def energy_of(sound: Tensor) -> Tensor:
    """x² of all channels together: [C, T] → [T]."""
    return sound.square().sum(0)


def beginning(energy: Tensor, before: int, after: int, quiet: float = QUIET) -> int:
    """The sample at which the energy rises most, counted from `before`.

    Of each sample the energy that follows, the nearest counting most, is divided by that of the
    samples before it.

    Args:
        energy: x², [T].
        before: samples that come before the first that may be it.
        after: samples behind each that count.
        quiet: part of the greatest energy that counts as silence.
    """
    weight = 1.0 - torch.arange(after, dtype=energy.dtype, device=energy.device) / after
    follows = F.conv1d(F.pad(energy[before:], [0, after - 1])[None, None], weight[None, None])[0, 0]
    mean = torch.full([before], 1.0 / before, dtype=energy.dtype, device=energy.device)
    precedes = F.conv1d(energy[None, None, :-1], mean[None, None])[0, 0]
    rises = follows / (precedes + quiet * follows.max() + 1e-20)
    return int(rises.max(0).indices)


def louder_beginning(energy: Tensor, before: int, after: int, soft: float = SOFT) -> int:
    """Where what was found only led up to something ten times as loud; 0 if it did not.

    A finger may touch a drum before the stroke, a bow the string.

    Args:
        energy: x² from `before` samples before the beginning that was found, [T].
        before: as `beginning` takes it.
        after: as `beginning` takes it.
        soft: part of the greatest energy that counts as silence.
    """
    later = beginning(energy, before, after, soft)
    if later < after:
        return 0
    led_up = energy[before : before + later].mean()
    is_louder = energy[before + later : before + later + after].mean() > led_up / soft
    return later if bool(is_louder) else 0


def strength(before: Tensor, after: Tensor, least_db: float = LEAST_DB) -> float:
    """How strong an attack is, from 0 (`LEAST_DB`, or nothing new) to 1 (a sine of full scale).

    It rises by 1/70 for each dB of the energy that is new.

    Args:
        before: energy of the samples before, x², [T].
        after: that of those that follow.
        least_db: where it is 0, relative to a sine of full scale.
    """
    new = float(after.mean()) - float(before.mean())
    if new <= 0.0:
        return 0.0
    level_db = 10.0 * float(torch.log10(torch.tensor(2.0 * new)))
    return min(1.0, max(0.0, 1.0 - level_db / least_db))
