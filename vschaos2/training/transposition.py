"""Labels of transposed sounds, and what they must be for that."""

import torch
from torch import Tensor

from vschaos2.data.augment import Augment
from vschaos2.errors import InputError
from vschaos2.models.vae import VAE

PITCHES = 12  # classes of the task named pitch, A = 0
OCTAVES = 9  # and of octave, which counts from A to G#


def check_transposition(model: VAE, augment: Augment) -> None:
    """See that labels can follow the transpositions of windows, if there are any.

    Raises:
        InputError: if the task pitch has other than 12 classes, octave other than 9, or windows
            are wanted in another key of a model that is not told the pitch.
    """
    semitones = augment.transpose
    if augment.other_key > 0 and (semitones == 0 or "pitch" not in model.conditioning.tasks):
        raise InputError(
            f"data.augment.other_key={augment.other_key} needs data.augment.transpose of 1 or more "
            "and model.conditioning.pitch: give both, or set data.augment.other_key=0"
        )
    if semitones == 0:
        return
    for module in (model.conditioning, model.prediction):
        for task, dim in zip(module.tasks, module.dims, strict=True):
            wanted = {"pitch": PITCHES, "octave": OCTAVES}.get(task, dim)
            if dim != wanted:
                raise InputError(
                    f"data.augment.transpose={semitones} moves {task} among {wanted} classes, but "
                    f"the model has {dim} of it: set data.augment.transpose=0, or name it otherwise"
                )


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
