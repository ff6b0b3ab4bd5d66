"""Unknown labels that a model guesses so surely that they may teach it.

Labels that a teacher guesses of windows as they were recorded stand in for unknown ones before the
windows are varied, and move with their transposition as known labels do. So a guess must also hold
in other keys, at other levels and through filters, and notes that were labelled teach the notes
beside them, these the next ones. The teacher is a running average of the model's weights.

Source: Sohn et al. (2020), "FixMatch", eq. 4, whose teacher is the model itself; for the average,
Tarvainen & Valpola (2017), "Mean teachers are better role models".
"""

from collections.abc import Mapping
from typing import Any

import torch

from vschaos2.families.vae.pairs import window_samples
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.filling import draw_conditions, fill_sure, stack_labels


@torch.no_grad()
def with_pseudo_labels(
    teacher: VAE, batch: Mapping[str, Any], least: float, sequence: int = 1
) -> Mapping[str, Any]:
    """A batch whose unknown labels are the teacher's guesses, if they are sure.

    Args:
        teacher: its predictors guess.
        batch: waveform, [B, S], and labels by task, [B·F], NaN where unknown.
        least: confidence, 0 to 1, of a guess that is used.
        sequence: F.
    """
    waveform, labels, tasks = batch["waveform"], batch["labels"], teacher.prediction.tasks
    known = stack_labels(labels, tasks, waveform)
    windows = known.isnan().any(1).reshape(len(waveform), -1).any(1).nonzero()[:, 0]
    if len(windows) == 0:
        return batch
    rows = (windows[:, None] * sequence + torch.arange(sequence).to(windows)).flatten()
    some = {task: label[rows] for task, label in labels.items()}
    transform = teacher.transform
    recorded = waveform[windows, : window_samples(transform, sequence)]
    frames = transform.to_frames(transform.analyse(recorded).flatten(0, 1).abs())
    told = stack_labels(some, teacher.conditioning.tasks, frames)
    features = teacher.features(frames, draw_conditions(teacher.conditioning, told))
    guesses = teacher.prediction.guess(features, teacher.posterior(features).mean)
    filled = fill_sure(some, tasks, *guesses, least)
    return {
        **batch,
        "labels": {task: label.index_copy(0, rows, filled[task]) for task, label in labels.items()},
    }
