"""What a model infers from frames: latents, guessed labels, and labels to decode them with."""

from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.families.vae.vae import VAE
from vschaos2.labels.conditioning import Conditioning, Prediction, Standardised
from vschaos2.labels.filling import draw_conditions, prefer_guesses, stack_labels
from vschaos2.labels.metadata import Metadata
from vschaos2.nets.distributions import Normal


def label_tasks(model: VAE) -> list[str]:
    """The tasks that a model needs labels of, in order, each once."""
    return list(dict.fromkeys([*model.conditioning.tasks, *model.prediction.tasks]))


def check_classes(model: VAE, metadata: Metadata) -> None:
    """Compare the model's classes with those of the dataset.

    Raises:
        InputError: for a task with more classes than its `dim`, or with values where the model
            wants classes.
    """
    parts: tuple[tuple[str, Conditioning | Prediction], ...] = (
        ("conditioning", model.conditioning),
        ("prediction", model.prediction),
    )
    for part, module in parts:
        for name, task in module.tasks.items():
            where = f"model.{part}.{name}"
            found = metadata.n_classes[name]
            if task.has_classes and found is None:
                raise InputError(
                    f"{where} wants classes, but metadata/{name} is read as float: use Float and "
                    f"Normal, or set data.dataset.metadata_callbacks.{name}.type=int"
                )
            if task.has_classes and found is not None and found > task.dim:
                raise InputError(
                    f"{where}.dim is {task.dim}, but metadata/{name} has {found} classes: set "
                    f"{where}.dim={found}"
                )


class Inferred(NamedTuple):
    """What a model makes of frames before it decodes.

    Attributes:
        posterior: of the latents, [B, Z].
        outputs: the predictors' raw ones.
        labels: for the conditioning, [B, n], none unknown.
    """

    posterior: Normal
    outputs: list[Tensor]
    labels: Tensor


def infer(model: VAE, frames: Tensor, known: dict[str, Tensor]) -> Inferred:
    """Encode frames, guess their labels, and fill those that are unknown.

    Args:
        model: the model.
        frames: [B, K].
        known: labels by task, [B], NaN where unknown: guessed where there is a predictor, else
            drawn.
    """
    given = stack_labels(known, model.conditioning.tasks, frames)
    drawn = draw_conditions(model.conditioning, given)
    features = model.features(frames, drawn)
    posterior = model.posterior(features)
    outputs = model.prediction(features, posterior.mean)
    if drawn is given:  # all known: nothing to guess
        return Inferred(posterior, outputs, given)
    with torch.no_grad():
        guesses, _ = model.prediction.interpret(outputs, frames)
    # What the encoder is told is never predicted: it was told the same labels.
    tasks, guessed_tasks = model.conditioning.tasks, model.prediction.tasks
    labels = prefer_guesses(drawn, given, tasks, guesses, guessed_tasks)
    return Inferred(posterior, outputs, labels)


def fit_values(model: VAE, labels: dict[str, Tensor]) -> None:
    """Let continuous tasks speak in units of the deviation of their known labels.

    Args:
        model: its embeddings and predictors are set in place.
        labels: training labels of every task, [N], NaN where unknown.
    """
    tasks = [*model.conditioning.tasks.items(), *model.prediction.tasks.items()]
    scales = [*model.conditioning.embeddings, *(p.scale for p in model.prediction.predictors)]
    for (name, task), scale in zip(tasks, scales, strict=True):
        known = labels[name][~labels[name].isnan()].double()
        if task.has_classes or len(known) == 0:
            continue
        assert isinstance(scale, Standardised)
        std = float(known.std(correction=0))
        scale.fit(float(known.mean()), std if std > 0.0 else 1.0)
