"""Labels of transposed sounds."""

import torch
from torch import Tensor

from vschaos2.pitch_classes import OCTAVE_CLASSES, PITCH_CLASSES

PITCHES, OCTAVES = len(PITCH_CLASSES), len(OCTAVE_CLASSES)


def transpose_labels(labels: dict[str, Tensor], semitones: Tensor) -> dict[str, Tensor]:
    """Labels of sounds that were transposed: pitch and octave move, all others stay.

    Of key = 12 octave + pitch, key + semitones is told apart again. An octave that leaves the
    nine there are, or whose pitch is unknown and may have carried it over, becomes unknown.

    Args:
        labels: by task, [B], NaN where unknown.
        semitones: whole numbers, [B].
    """
    moved = dict(labels)
    if "pitch" in labels:
        moved["pitch"] = (labels["pitch"] + semitones).remainder(PITCHES)
    if "octave" in labels:
        pitch = labels.get("pitch", torch.full_like(semitones, torch.nan))
        octave = labels["octave"] + ((pitch + semitones) / PITCHES).floor()
        octave = torch.where((octave >= 0) & (octave < OCTAVES), octave, torch.nan)
        moved["octave"] = torch.where(semitones == 0, labels["octave"], octave)
    return moved
