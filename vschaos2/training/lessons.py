"""What a batch asks of the model: what it hears, and what it is to make of it."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from vschaos2.data.augment import Augment
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.training.transposition import transpose_labels

Labels = dict[str, Tensor]


class Lesson(NamedTuple):
    """One augmented batch of B windows of F frames, window by window.

    Attributes:
        heard: the frames that the encoder hears, [B·F, K].
        heard_labels: theirs, by task, [B·F], NaN where unknown.
        frames: those that the decoder is to make, [B·F, K].
        magnitude: of the latter, [B·F, K].
        labels: of the latter.
        semitones: from what is heard to what is wanted, [B·F].
    """

    heard: Tensor
    heard_labels: Labels
    frames: Tensor
    magnitude: Tensor
    labels: Labels
    semitones: Tensor


def span_samples(transform: SpectralTransform, sequence: int) -> int:
    """Samples that the F = `sequence` frames of a window cover."""
    return transform.n_fft + (sequence - 1) * transform.hop


def draw_lesson(
    augment: Augment,
    transform: SpectralTransform,
    batch: dict[str, Any],
    sequence: int = 1,
    is_key_guessed: bool = False,
) -> Lesson:
    """Augment a batch of windows.

    Some windows are heard in one key and wanted in another (`augment.other_key`). A decoder that
    must play in another key what was heard, and is told that key by its label alone, finds no use
    for the key in the latent. Nothing else but the divergence keeps it out of there. These are of
    the last windows, which `resample` spares: what is wanted is as it was recorded. Windows of
    unknown pitch or octave are among them only if the model can guess these.

    Args:
        augment: how.
        transform: waveform → frames.
        batch: waveform, [B, S], and labels by task, [B·F], NaN where unknown.
        sequence: F.
        is_key_guessed: whether unknown pitches and octaves will be guessed.
    """
    waveform, known = batch["waveform"], batch["labels"]
    count = len(waveform)
    rows = torch.arange(count - int(augment.other_key * count), count, device=waveform.device)
    if len(rows) > 0 and not is_key_guessed:
        rows = rows[_has_known_key(known, count)[rows]]
    windows, semitones = augment.resample(waveform, span_samples(transform, sequence), rows)
    magnitude = transform.analyse(windows).abs()
    response = augment.response(magnitude[:count])
    both = magnitude * torch.cat((response, response[rows])) if len(rows) else magnitude * response
    frames = transform.to_frames(both)
    heard_moves = semitones.repeat_interleave(sequence)
    moves, again = heard_moves[: count * sequence], heard_moves[count * sequence :]
    wanted = transpose_labels(known, moves)
    target, magnitude = frames[:count].flatten(0, 1), both[:count].flatten(0, 1)
    if len(rows) == 0:
        return Lesson(target, wanted, target, magnitude, wanted, torch.zeros_like(moves))
    places = (rows[:, None] * sequence + torch.arange(sequence, device=rows.device)).flatten()
    heard_moves = moves.index_copy(0, places, again)
    heard = frames[:count].index_copy(0, rows, frames[count:]).flatten(0, 1)
    labels = transpose_labels(known, heard_moves)
    return Lesson(heard, labels, target, magnitude, wanted, moves - heard_moves)


def _has_known_key(labels: Labels, count: int) -> Tensor:
    """Whether pitch and octave of all frames of a window are known: → [B]."""
    key = torch.stack([labels[task] for task in ("pitch", "octave") if task in labels])
    return ~key.reshape(len(key), count, -1).isnan().any(2).any(0)
