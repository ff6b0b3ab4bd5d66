"""What a model hears in frames: latents, guessed labels, and labels to decode them with."""

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
        for task, dim, categorical in zip(
            module.tasks, module.dims, module.categorical, strict=True
        ):
            where = f"model.{part}.{task}"
            found = metadata.n_classes[task]
            if categorical and found is None:
                raise InputError(
                    f"{where} wants classes, but metadata/{task} is read as float: use Float and "
                    f"Normal, or set data.dataset.metadata_callbacks.{task}.type=int"
                )
            if categorical and found is not None and found > dim:
                raise InputError(
                    f"{where}.dim is {dim}, but metadata/{task} has {found} classes: set "
                    f"{where}.dim={found}"
                )


class Heard(NamedTuple):
    """What a model makes of frames before it decodes.

    Attributes:
        posterior: of the latents, [B, Z].
        outputs: the predictors' raw ones.
        labels: for the conditioning, [B, n], none unknown.
    """

    posterior: Normal
    outputs: list[Tensor]
    labels: Tensor


def hear(model: VAE, frames: Tensor, known: dict[str, Tensor]) -> Heard:
    """Encode frames, guess their labels, and fill those that are unknown.

    Args:
        model: the model.
        frames: [B, K].
        known: labels by task, [B], NaN where unknown: guessed where there is a predictor, else
            drawn.
    """
    told = stack_labels(known, model.conditioning.tasks, frames)
    drawn = draw_conditions(model.conditioning, told)
    features = model.features(frames, drawn)
    posterior = model.posterior(features)
    outputs = model.prediction(features, posterior.mean)
    if drawn is told:  # all known: nothing to guess
        return Heard(posterior, outputs, told)
    with torch.no_grad():
        guesses, _ = model.prediction.interpret(outputs, frames)
    # What the encoder is told is never predicted: it was told the same labels.
    tasks, guessed_tasks = model.conditioning.tasks, model.prediction.tasks
    labels = prefer_guesses(drawn, told, tasks, guesses, guessed_tasks)
    return Heard(posterior, outputs, labels)


def fit_values(model: VAE, labels: dict[str, Tensor]) -> None:
    """Let continuous tasks speak in units of the deviation of their known labels.

    Args:
        model: its embeddings and predictors are set in place.
        labels: training labels of every task, [N], NaN where unknown.
    """
    parts = [
        *zip(model.conditioning.tasks, model.conditioning.embeddings, strict=True),
        *((t, p.scale) for t, p in zip(model.prediction.tasks, model.prediction.predictors,
                                       strict=True)),
    ]  # fmt: skip
    categorical = [*model.conditioning.categorical, *model.prediction.categorical]
    for (task, scale), has_classes in zip(parts, categorical, strict=True):
        known = labels[task][~labels[task].isnan()].double()
        if has_classes or len(known) == 0:
            continue
        assert isinstance(scale, Standardised)
        std = float(known.std(correction=0))
        scale.fit(float(known.mean()), std if std > 0.0 else 1.0)
