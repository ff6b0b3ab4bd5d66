"""What stands in for unknown labels, and what known ones teach."""

from collections.abc import Iterable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.labels.conditioning import Conditioning, Prediction, Standardised
from vschaos2.nets.distributions import normal_from_output, normal_log_density

UNKNOWN_CLASS = -1  # where a class is unknown


def stack_labels(labels: dict[str, Tensor], tasks: Iterable[str], like: Tensor) -> Tensor:
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
        draw_unknown(column, task.n_classes)
        for task, column in zip(conditioning.tasks.values(), labels.unbind(1), strict=True)
    ]
    return torch.stack(columns, 1)


def prefer_guesses(
    drawn: Tensor,
    labels: Tensor,
    tasks: Iterable[str],
    guesses: Tensor,
    guessed_tasks: Iterable[str],
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
    guess = dict(zip(guessed_tasks, guesses.unbind(1), strict=True))
    columns = [
        torch.where(labels[:, index].isnan(), guess[task], column) if task in guess else column
        for index, (task, column) in enumerate(zip(tasks, drawn.unbind(1), strict=True))
    ]
    return torch.stack(columns, 1) if columns else drawn


def fill_sure(
    labels: Mapping[str, Tensor],
    tasks: Iterable[str],
    guesses: Tensor,
    confidences: Tensor,
    least: float,
) -> dict[str, Tensor]:
    """Labels with guesses in place of those that are unknown, if they are sure.

    Args:
        labels: by task, [B], NaN where unknown.
        tasks: names of those that are guessed, m.
        guesses: [B, m].
        confidences: from 0 to 1, [B, m].
        least: confidence of a guess that is used.
    """
    filled = dict(labels)
    sure = torch.where(confidences >= least, guesses, torch.nan)
    for task, guess in zip(tasks, sure.unbind(1), strict=True):
        filled[task] = torch.where(labels[task].isnan(), guess, labels[task])
    return filled


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
    for index, (name, task) in enumerate(prediction.tasks.items()):
        target = labels[:, index]
        if task.unknown == "random":
            target = draw_unknown(target, task.n_classes)
        # Masked, not left out: every weight has a gradient, as several processes need.
        known = ~target.isnan()
        if task.has_classes:
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
        losses[name] = total / known.sum().clamp_min(1)
    return losses


def prediction_scores(prediction: Prediction, guesses: Tensor, labels: Tensor) -> Tensor:
    """Sums to make accuracies and errors of: [B, m], [B, m] → [m, 2].

    The first column counts right classes, or sums absolute errors of a continuous task, over the
    known labels; the second counts these.
    """
    known = ~labels.isnan()
    right = (guesses == labels).to(guesses)
    error = (guesses - labels).abs().nan_to_num(0.0)
    has_classes = [task.has_classes for task in prediction.tasks.values()]
    classes = torch.tensor(has_classes, dtype=torch.bool, device=guesses.device)
    return torch.stack([torch.where(classes, right, error).sum(0), known.sum(0).to(guesses)], 1)
