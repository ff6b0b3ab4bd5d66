"""What a batch asks of a model: a pair of what it is given, and what it is to make of it."""

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
MOST_LEVEL_DB = 24.0  # between two recordings of which one is heard and the other wanted


class Frames(NamedTuple):
    """The F frames of each of B windows, window by window.

    Attributes:
        frames: as the model sees them, [B·F, K].
        magnitude: as the transform gives them, [B·F, K].
        labels: by task, [B·F], NaN where unknown.
    """

    frames: Tensor
    magnitude: Tensor
    labels: Labels


class Pair(NamedTuple):
    """What the encoder is given of a batch, and what the decoder is to make of it.

    They differ only where a window is heard in one key and wanted in another, or heard of one
    recording and wanted of another.
    """

    given: Frames
    target: Frames


def window_samples(transform: SpectralTransform, sequence: int) -> int:
    """Samples that the F = `sequence` frames of a window cover."""
    return transform.n_fft + (sequence - 1) * transform.hop


def draw_pair(
    augment: Augment, transform: SpectralTransform, batch: Mapping[str, Any], sequence: int = 1
) -> Pair:
    """Augment a batch of windows.

    Some windows are given in one key and are the target in another (`augment.other_key`). A decoder
    that must play in another key what was heard, and is told that key by its label alone, finds no
    use for the key in the latent. Nothing else but the divergence keeps it out of there. These are
    of the last windows, which `resample` spares: the target is as it was recorded. Windows of
    unknown pitch or octave are not among them.

    Others are given of one recording and are the target of another, whose labels the decoder is
    told, under one filter and at the target's level (`augment.other_sound`). So labels of any kind
    decide, whatever else the latent says; its level, and the filter as far as it can be heard,
    still count. These are of the first windows. Windows with a label that is unknown, and pairs
    that differ in level by more than `MOST_LEVEL_DB`, are not among them.

    Args:
        augment: how.
        transform: waveform → frames.
        batch: waveform, [B, S], and labels by task, [B·F], NaN where unknown.
        sequence: F.
    """
    waveform, known = batch["waveform"], batch["labels"]
    count = len(waveform)
    rows = _windows_of_known_key(augment, known, count, sequence)
    # B windows, and behind them those of `rows` once more, in another key but under one filter.
    windows, semitones = augment.resample(waveform, window_samples(transform, sequence), rows)
    plain = transform.analyse(windows).abs()
    response = augment.response(plain[:count])
    magnitude = plain * torch.cat((response, response[rows]))

    def frames_of(magnitude: Tensor, semitones: Tensor, of: Labels = known) -> Frames:
        labels = transpose_labels(of, semitones.repeat_interleave(sequence))
        frames = transform.to_frames(magnitude)
        return Frames(frames.flatten(0, 1), magnitude.flatten(0, 1), labels)

    target = frames_of(magnitude[:count], semitones[:count])
    if len(rows) == 0 and augment.other_sound == 0:
        return Pair(target, target)
    again = [of[:count].index_copy(0, rows, of[count:]) for of in (plain, semitones)]
    if augment.other_sound == 0:
        return Pair(frames_of(again[0] * response, again[1]), target)
    source = _recordings_heard(augment, again[0], known, sequence)
    moved = source != torch.arange(count, device=source.device)
    heard = again[0][source] * response
    level = (_level(target.magnitude, count) / _level(heard, count)).masked_fill(~moved, 1.0)
    heard = heard * level.reshape(-1, *[1] * (heard.ndim - 1))
    named = {task: label.reshape(count, -1)[source].flatten() for task, label in known.items()}
    return Pair(frames_of(heard, again[1][source], named), target)


def check_transposition(model: VAE, augment: Augment) -> None:
    """See that labels can follow the transpositions of windows, and tell recordings apart.

    Raises:
        InputError: if the task pitch has other than 12 classes, octave other than 9, or windows
            are wanted in another key of a model that is not told the pitch, or from another
            recording of one that is told nothing.
    """
    if augment.other_sound > 0 and not model.conditioning.tasks:
        raise InputError(
            f"data.augment.other_sound={augment.other_sound} needs labels that tell recordings "
            "apart: give model.conditioning, or set data.augment.other_sound=0"
        )
    semitones = augment.transpose
    if augment.other_key > 0 and (semitones == 0 or "pitch" not in model.conditioning.tasks):
        raise InputError(
            f"data.augment.other_key={augment.other_key} needs data.augment.transpose of 1 or more "
            "and model.conditioning.pitch: give both, or set data.augment.other_key=0"
        )
    if semitones == 0:
        return
    for module in (model.conditioning, model.prediction):
        for name, wanted in (("pitch", PITCHES), ("octave", OCTAVES)):
            if name in module.tasks and module.tasks[name].dim != wanted:
                raise InputError(
                    f"data.augment.transpose={semitones} moves {name} among {wanted} classes, but "
                    f"the model has {module.tasks[name].dim} of it: set data.augment.transpose=0, "
                    "or name it otherwise"
                )


def _windows_of_known_key(augment: Augment, labels: Labels, count: int, sequence: int) -> Tensor:
    """Those of the last windows all of whose frames are labelled: → indices [n] below `count`."""
    if augment.other_key == 0:
        return torch.zeros(0, dtype=torch.long)
    key = torch.stack([labels[task] for task in ("pitch", "octave") if task in labels])
    unknown = key.reshape(-1, count, sequence).isnan().any(2).any(0)
    first = count - int(augment.other_key * count)
    return first + (~unknown[first:]).nonzero()[:, 0]


def _recordings_heard(augment: Augment, magnitude: Tensor, labels: Labels, sequence: int) -> Tensor:
    """The window that each window is heard from, itself or, of the first, another: → indices [B].

    Args:
        augment: its `other_sound`.
        magnitude: [B, …].
        labels: by task, [B·F], NaN where unknown.
        sequence: F.
    """
    count = len(magnitude)
    unknown = torch.stack(list(labels.values())).reshape(-1, count, sequence).isnan().any(2).any(0)
    rows = (~unknown[: int(augment.other_sound * count)]).nonzero()[:, 0]
    others = rows[torch.randperm(len(rows), device=rows.device)]
    level_db = 20.0 * _level(magnitude, count).log10()
    alike = (level_db[rows] - level_db[others]).abs() <= MOST_LEVEL_DB
    source = torch.arange(count, device=magnitude.device)
    return source.index_copy(0, rows[alike], others[alike])


def _level(magnitude: Tensor, count: int) -> Tensor:
    """The norm of every window, not quite 0: [B·F, K] or [B, …] → [B]."""
    return magnitude.reshape(count, -1).norm(dim=1).clamp_min(1e-9)
