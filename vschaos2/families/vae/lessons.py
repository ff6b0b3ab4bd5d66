"""What a batch asks of the model: what it hears, and what it is to make of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vschaos2.data.augment import Augment
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.transposition import OCTAVES, PITCHES, transpose_labels

Labels = dict[str, Tensor]


class Lesson(NamedTuple):
    """One augmented batch of B windows of F frames, window by window.

    Attributes:
        heard: the frames that the encoder hears, [B·F, K].
        heard_labels: theirs, by task, [B·F], NaN where unknown.
        frames: those that the decoder is to make, [B·F, K].
        magnitude: of the latter, [B·F, K].
        labels: of the latter.
    """

    heard: Tensor
    heard_labels: Labels
    frames: Tensor
    magnitude: Tensor
    labels: Labels


def window_samples(transform: SpectralTransform, sequence: int) -> int:
    """Samples that the F = `sequence` frames of a window cover."""
    return transform.n_fft + (sequence - 1) * transform.hop


def draw_lesson(
    augment: Augment, transform: SpectralTransform, batch: Mapping[str, Any], sequence: int = 1
) -> Lesson:
    """Augment a batch of windows.

    Some windows are heard in one key and wanted in another (`augment.other_key`). A decoder that
    must play in another key what was heard, and is told that key by its label alone, finds no use
    for the key in the latent. Nothing else but the divergence keeps it out of there. These are of
    the last windows, which `resample` spares: what is wanted is as it was recorded. Windows of
    unknown pitch or octave are not among them.

    Args:
        augment: how.
        transform: waveform → frames.
        batch: waveform, [B, S], and labels by task, [B·F], NaN where unknown.
        sequence: F.
    """
    waveform, known = batch["waveform"], batch["labels"]
    count = len(waveform)
    rows = _windows_of_known_key(augment, known, count, sequence)
    windows, semitones = augment.resample(waveform, window_samples(transform, sequence), rows)
    magnitude = transform.analyse(windows).abs()
    response = augment.response(magnitude[:count])
    both = magnitude * torch.cat((response, response[rows])) if len(rows) else magnitude * response
    frames = transform.to_frames(both)
    moves = semitones.repeat_interleave(sequence)
    wanted = transpose_labels(known, moves[: count * sequence])
    target, magnitude = frames[:count].flatten(0, 1), both[:count].flatten(0, 1)
    if len(rows) == 0:
        return Lesson(target, wanted, target, magnitude, wanted)
    places = (rows[:, None] * sequence + torch.arange(sequence, device=rows.device)).flatten()
    moves = moves[: count * sequence].index_copy(0, places, moves[count * sequence :])
    heard = frames[:count].index_copy(0, rows, frames[count:]).flatten(0, 1)
    return Lesson(heard, transpose_labels(known, moves), target, magnitude, wanted)


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


def _windows_of_known_key(augment: Augment, labels: Labels, count: int, sequence: int) -> Tensor:
    """Those of the last windows all of whose frames are labelled: → indices [n] below `count`."""
    if augment.other_key == 0:
        return torch.zeros(0, dtype=torch.long)
    key = torch.stack([labels[task] for task in ("pitch", "octave") if task in labels])
    unknown = key.reshape(-1, count, sequence).isnan().any(2).any(0)
    first = count - int(augment.other_key * count)
    return first + (~unknown[first:]).nonzero()[:, 0]
