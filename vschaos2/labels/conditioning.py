"""Labels into the model, and labels out of it.

    labels [B, n] ──Conditioning──> numbers that stand beside frames or latents
    features [B, H], latents [B, Z] ──Prediction──> labels and how sure they are

A label is a float: the index of a class, or the value of a continuous task.
"""

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.config import call
from vschaos2.errors import InputError
from vschaos2.labels.tasks import (
    ConditioningTask,
    PredictionTask,
    PredictorArguments,
    check_dim,
    mapping,
)
from vschaos2.nets.distributions import Normal, normal_from_output

TABLE_WIDTH = 8  # of Embedding, unless embedding_dim says otherwise


class OneHot(nn.Module):
    """1 at the place of the class, 0 elsewhere; an index out of range counts as the nearest.

    Shape: [B] → [B, n_classes].
    """

    classes: Tensor

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.width = n_classes
        self.register_buffer("classes", torch.arange(n_classes).float(), persistent=False)

    def forward(self, label: Tensor) -> Tensor:
        """The row of every label: [B] → [B, n_classes]."""
        index = label.round().clamp(0.0, self.n_classes - 1.0)
        return (index.unsqueeze(1) == self.classes).to(label.dtype)


class Table(nn.Module):
    """A learnt row for each class; an index out of range counts as the nearest.

    Shape: [B] → [B, width].
    """

    def __init__(self, n_classes: int, width: int) -> None:
        super().__init__()
        self.n_classes = n_classes
        self.width = width
        self.weight = nn.Parameter(torch.empty(n_classes, width))
        nn.init.normal_(self.weight)

    def forward(self, label: Tensor) -> Tensor:
        """The row of every label: [B] → [B, width]."""
        return F.embedding(label.round().clamp(0.0, self.n_classes - 1.0).long(), self.weight)


class Standardised(nn.Module):
    """A value in units of the training labels' deviation, from their mean: (x - mean) / std.

    Shape: [B] → [B, 1].
    """

    mean: Tensor
    std: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.width = 1
        self.register_buffer("mean", torch.zeros(()))
        self.register_buffer("std", torch.ones(()))

    def forward(self, label: Tensor) -> Tensor:
        """Standardised values: [B] → [B, 1]."""
        return ((label - self.mean) / self.std).unsqueeze(1)

    @torch.no_grad()
    def fit(self, mean: float, std: float) -> None:
        """Take the mean and the deviation (> 0) of the training labels."""
        self.mean.fill_(mean)
        self.std.fill_(std)


class Conditioning(nn.Module):
    """What encoder and decoder are told of the labels.

    Attributes:
        tasks: by name, in the order of the configuration: that of the columns of `labels`.
        n_tasks: how many there are.
        encoder_width: numbers that stand beside a frame.
        decoder_width: numbers that stand beside a latent point.

    Args:
        config: task → arguments of `ConditioningTask`; None for no labels.

    Raises:
        InputError: for a key or a value that a task does not take.
    """

    on_encoder: list[bool]
    on_decoder: list[bool]

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.tasks = {
            str(name): call(ConditioningTask, where, mapping(where, options))
            for name, options in mapping("model.conditioning", config).items()
            for where in [f"model.conditioning.{name}"]
        }
        self.n_tasks = len(self.tasks)
        self.on_encoder = ["encoder" in task.targets() for task in self.tasks.values()]
        self.on_decoder = ["decoder" in task.targets() for task in self.tasks.values()]
        embeddings = [_embedding_of(task) for task in self.tasks.values()]
        widths = [int(embedding.width) for embedding in embeddings]  # type: ignore[arg-type]
        self.embeddings = nn.ModuleList(embeddings)
        self.encoder_width = sum(w for w, on in zip(widths, self.on_encoder, strict=True) if on)
        self.decoder_width = sum(w for w, on in zip(widths, self.on_decoder, strict=True) if on)

    def for_encoder(self, labels: Tensor) -> Tensor:
        """What stands beside a frame: finite labels [B, n_tasks] → [B, encoder_width]."""
        return self._embed(labels, self.on_encoder)

    def for_decoder(self, labels: Tensor) -> Tensor:
        """What stands beside a latent point: finite labels [B, n_tasks] → [B, decoder_width]."""
        return self._embed(labels, self.on_decoder)

    def _embed(self, labels: Tensor, is_used: list[bool]) -> Tensor:
        parts = [labels[:, :0]]
        for index, embedding in enumerate(self.embeddings):
            if is_used[index]:
                parts.append(embedding(labels[:, index]))
        return torch.cat(parts, 1)


class Predictor(nn.Module):
    """One label's distribution, from features or latents: dense layers with SiLU between them.

    Shape: normalised features [B, H], latent [B, Z] → [B, dim] logits, or [B, 2] (see
    `normal_from_output`) of the standardised value of a continuous task.
    """

    def __init__(self, task: PredictionTask, args: PredictorArguments, n_inputs: int) -> None:
        super().__init__()
        self.categorical = args.target_dist == "Categorical"
        check_dim(task.dim, self.categorical, args.target_dist)
        self.reads_latent = task.input == "latent"
        self.scale = Standardised()
        layers: list[nn.Module] = []
        for width in args.widths():
            layers += [nn.Linear(n_inputs, width), nn.SiLU()]
            n_inputs = width
        layers.append(nn.Linear(n_inputs, task.dim if self.categorical else 2))
        self.layers = nn.Sequential(*layers)

    def forward(self, features: Tensor, latent: Tensor) -> Tensor:
        """The raw output."""
        return self.layers(latent if self.reads_latent else features)

    def guess(self, output: Tensor) -> tuple[Tensor, Tensor]:
        """Label and confidence [B] of raw outputs.

        The confidence of a class is its probability. That of a value is the part of the labels'
        variance which the prediction explains: 1 - σ², for σ in units of their deviation.
        """
        if self.categorical:
            confidence, index = torch.softmax(output, -1).max(-1)
            return index.to(output.dtype), confidence
        distribution: Normal = normal_from_output(output)
        value = distribution.mean.squeeze(-1) * self.scale.std + self.scale.mean
        return value, (1.0 - distribution.std.squeeze(-1).square()).clamp_min(0.0)


class Prediction(nn.Module):
    """What the model says of the labels of what it hears.

    Attributes:
        tasks: by name, in the order of the configuration: that of the columns of what is guessed.

    Args:
        config: task → arguments of `PredictionTask`; None for no predictors.
        feature_dim: H, size of the encoder's last features.
        latent_dim: Z.
        conditioning: what the model is told.

    Raises:
        InputError: for a key or a value that a task does not take, or a task that the encoder
            is told or that the conditioning describes otherwise.
    """

    def __init__(
        self,
        config: Mapping[str, Any] | None,
        feature_dim: int,
        latent_dim: int,
        conditioning: Conditioning,
    ) -> None:
        super().__init__()
        self.tasks: dict[str, PredictionTask] = {}
        predictors = []
        for name, options in mapping("model.prediction", config).items():
            where = f"model.prediction.{name}"
            task = call(PredictionTask, where, mapping(where, options))
            given = mapping(f"{where}.args", task.args)
            args = call(PredictorArguments, f"{where}.args", given)
            n_inputs = latent_dim if task.input == "latent" else feature_dim
            predictors.append(call(Predictor, where, {}, task=task, args=args, n_inputs=n_inputs))
            self.tasks[str(name)] = task
            _check_agreement(str(name), task, conditioning)
        self.predictors = nn.ModuleList(predictors)

    def forward(self, features: Tensor, latent: Tensor) -> list[Tensor]:
        """Raw outputs of every task: [B, H], [B, Z] → n of [B, dim], or [B, 2] for values.

        All are behind a stop-gradient: the encoder never learns from them.
        """
        outputs: list[Tensor] = []
        if len(self.predictors) == 0:
            return outputs
        features, latent = features.detach(), latent.detach()
        # The last features of convolutions are of any size; a latent's size is its meaning. What
        # gains and biases a normalisation might have, the layers that follow have.
        features = F.layer_norm(features, features.shape[-1:])
        for predictor in self.predictors:
            outputs.append(predictor(features, latent))
        return outputs

    def guess(self, features: Tensor, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Labels and confidences from 0 to 1: [B, H], [B, Z] → two of [B, n]."""
        return self.interpret(self.forward(features, latent), features)

    def interpret(self, outputs: list[Tensor], like: Tensor) -> tuple[Tensor, Tensor]:
        """Labels and confidences [B, n] of raw outputs; `like` [B, …] gives B and the device."""
        values = [like.new_zeros((like.shape[0], 0))]
        confidences = [like.new_zeros((like.shape[0], 0))]
        for index, predictor in enumerate(self.predictors):
            value, confidence = predictor.guess(outputs[index])  # type: ignore[operator]
            values.append(value.unsqueeze(1))
            confidences.append(confidence.unsqueeze(1))
        return torch.cat(values, 1), torch.cat(confidences, 1)


def _check_agreement(name: str, task: PredictionTask, conditioning: Conditioning) -> None:
    given = conditioning.tasks.get(name)
    if given is None:
        return
    if "encoder" in given.targets():
        raise InputError(
            f"model.prediction.{name}: a task that conditions the encoder cannot be predicted: "
            f"set model.conditioning.{name}.target=[decoder], or remove the prediction"
        )
    if task.dim != given.dim:
        raise InputError(
            f"model.prediction.{name} has dim {task.dim}, model.conditioning.{name} has dim "
            f"{given.dim}: let both have the same classes, or both none"
        )


def _embedding_of(task: ConditioningTask) -> nn.Module:
    if task.embedding == "Float":
        return Standardised()
    if task.embedding == "OneHot":
        return OneHot(task.dim)
    return Table(task.dim, task.embedding_dim or min(task.dim, TABLE_WIDTH))
