"""Labels in training: what is known of a batch, what stands in for the rest, what it teaches."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.data.metadata import Metadata
from vschaos2.errors import InputError
from vschaos2.models.conditioning import Conditioning, Prediction, Standardised
from vschaos2.models.distributions import Normal, normal_from_output, normal_log_density
from vschaos2.models.vae import VAE

UNKNOWN_CLASS = -1  # where a class is unknown


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


def stack_labels(labels: dict[str, Tensor], tasks: list[str], like: Tensor) -> Tensor:
    """Labels of some tasks side by side: n of [B] → [B, n]; `like` [B, …] gives B and device."""
    columns = [labels[task].to(like) for task in tasks]
    return torch.stack(columns, 1) if columns else like.new_zeros((len(like), 0))


def draw_unknown(label: Tensor, n_classes: int | None) -> Tensor:
    """A task's labels with every NaN replaced by a random one, all classes equally likely.

    Args:
        label: [B].
        n_classes: number of classes; None for a continuous task, whose values are drawn from
            those of the batch that are known, 0 if none is.

    Shape: [B] → [B].
    """
    unknown = label.isnan()
    if n_classes is not None:
        drawn = torch.randint(n_classes, label.shape, device=label.device).to(label)
    elif bool(unknown.all()):
        drawn = torch.zeros_like(label)
    else:
        known = label[~unknown]
        drawn = known[torch.randint(len(known), label.shape, device=label.device)]
    return torch.where(unknown, drawn, label)


def draw_conditions(conditioning: Conditioning, labels: Tensor) -> Tensor:
    """The conditioning labels with every NaN replaced by `draw_unknown`: [B, n] → [B, n]."""
    if not bool(labels.isnan().any()):
        return labels
    columns = [
        draw_unknown(labels[:, index], dim if categorical else None)
        for index, (dim, categorical) in enumerate(
            zip(conditioning.dims, conditioning.categorical, strict=True)
        )
    ]
    return torch.stack(columns, 1)


def prefer_guesses(
    drawn: Tensor, labels: Tensor, tasks: list[str], guesses: Tensor, guessed_tasks: list[str]
) -> Tensor:
    """Drawn labels with the predictors' guesses where a label is unknown and there is one.

    Args:
        drawn: labels without NaN, [B, n].
        labels: what is known, [B, n], NaN where unknown.
        tasks: names of these n.
        guesses: labels of the predictors, [B, m].
        guessed_tasks: names of these m.

    Shape: → [B, n].
    """
    columns = [
        torch.where(labels[:, index].isnan(), guesses[:, guessed_tasks.index(task)], column)
        if task in guessed_tasks
        else column
        for index, (task, column) in enumerate(zip(tasks, drawn.unbind(1), strict=True))
    ]
    return torch.stack(columns, 1) if columns else drawn


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


def prediction_losses(
    prediction: Prediction, outputs: list[Tensor], labels: Tensor
) -> dict[str, Tensor]:
    """Mean negative log-likelihood in nats of the known labels, by task; 0 if none is known.

    With `unknown: random`, unknown labels count too, as random ones: they hold the predictor
    back where nothing is known.

    Args:
        prediction: the predictors.
        outputs: their raw outputs.
        labels: [B, m], NaN where unknown.
    """
    losses = {}
    for index, task in enumerate(prediction.tasks):
        target, dim = labels[:, index], prediction.dims[index]
        categorical = prediction.categorical[index]
        if prediction.unknown[index] == "random":
            target = draw_unknown(target, dim if categorical else None)
        # Masked, not left out: every weight has a gradient, as several processes need.
        known = ~target.isnan()
        if categorical:
            target = target.nan_to_num(UNKNOWN_CLASS).long()
            total = F.cross_entropy(
                outputs[index], target, ignore_index=UNKNOWN_CLASS, reduction="sum"
            )
        else:
            scale = prediction.predictors[index].scale
            assert isinstance(scale, Standardised)
            target = scale(target.nan_to_num(0.0))
            each = -normal_log_density(normal_from_output(outputs[index]), target)[:, 0]
            total = (each * known).sum()
        losses[task] = total / known.sum().clamp_min(1)
    return losses


def prediction_scores(prediction: Prediction, guesses: Tensor, labels: Tensor) -> Tensor:
    """Sums to make accuracies and errors of: [B, m], [B, m] → [m, 2].

    The first column counts right classes, or sums absolute errors of a continuous task, over the
    known labels; the second counts these.
    """
    known = ~labels.isnan()
    right = (guesses == labels).to(guesses)
    error = (guesses - labels).abs().nan_to_num(0.0)
    classes = torch.tensor(prediction.categorical, dtype=torch.bool, device=guesses.device)
    return torch.stack([torch.where(classes, right, error).sum(0), known.sum(0).to(guesses)], 1)


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
