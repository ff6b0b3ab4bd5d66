"""What a configuration may say of the labels in `model.conditioning` and `model.prediction`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vschaos2.errors import InputError

TARGETS = ("encoder", "decoder")
EMBEDDINGS = ("OneHot", "Embedding", "Float")
INPUTS = ("features", "latent")
UNKNOWN = ("leave_out", "random")
DISTRIBUTIONS = ("Categorical", "Normal")
MOST = 65_536  # classes of a task, or units of a layer


@dataclass(frozen=True)
class LabelTask:
    """What tasks have in common.

    Args:
        dim: number of classes; 1 for a continuous task.
    """

    dim: int

    @property
    def n_classes(self) -> int | None:
        """Number of classes; None for a continuous task."""
        return self.dim if self.has_classes else None

    @property
    def has_classes(self) -> bool:
        """Whether labels are classes, and not values: see `check_dim`."""
        return self.dim > 1


@dataclass(frozen=True)
class ConditioningTask(LabelTask):
    """One task of `model.conditioning`.

    Args:
        dim: number of classes; 1 for a continuous task.
        target: encoder, decoder, or a list of both.
        embedding: OneHot, Embedding (learnt rows) or Float (continuous).
        embedding_dim: width of Embedding's rows; None for as many as classes, at most 8.

    Raises:
        ValueError: for a value that is none of these.
    """

    target: str | Sequence[str] = ("decoder",)
    embedding: str = "OneHot"
    embedding_dim: int | None = None

    def __post_init__(self) -> None:
        check_choice("embedding", self.embedding, EMBEDDINGS)
        if not self.targets():
            raise ValueError("target is empty: use encoder, decoder or [encoder, decoder]")
        for target in self.targets():
            check_choice("target", target, TARGETS)
        check_dim(self.dim, self.embedding != "Float", self.embedding)
        if self.embedding_dim is not None and self.embedding != "Embedding":
            raise ValueError(f"embedding_dim is for Embedding: remove it from {self.embedding}")
        if self.embedding_dim is not None and not 1 <= self.embedding_dim <= MOST:
            raise ValueError(
                f"embedding_dim must be a whole number from 1 to {MOST}, got {self.embedding_dim}"
            )

    def targets(self) -> list[str]:
        """Where the label goes, as a list."""
        return [self.target] if isinstance(self.target, str) else list(self.target)


@dataclass(frozen=True)
class PredictorArguments:
    """The `args` of a predictor.

    Args:
        nlayers: hidden layers.
        hidden_dims: their width, or the width of each.
        target_dist: Categorical (classes) or Normal (a continuous task).

    Raises:
        ValueError: for a value that is none of these.
    """

    nlayers: int = 2
    hidden_dims: int | Sequence[int] = 256
    target_dist: str = "Categorical"

    def __post_init__(self) -> None:
        check_choice("target_dist", self.target_dist, DISTRIBUTIONS)
        if not 0 <= self.nlayers <= 64:
            raise ValueError(f"nlayers must be a whole number from 0 to 64, got {self.nlayers}")
        if len(self.widths()) != self.nlayers or any(
            type(width) is not int or not 1 <= width <= MOST for width in self.widths()
        ):
            raise ValueError(
                f"hidden_dims must be a width from 1 to {MOST} or a list of nlayers="
                f"{self.nlayers} of them, got {self.hidden_dims!r}"
            )

    def widths(self) -> list[int]:
        """The width of every hidden layer."""
        given = self.hidden_dims
        return [given] * self.nlayers if isinstance(given, int) else list(given)


@dataclass(frozen=True)
class PredictionTask(LabelTask):
    """One task of `model.prediction`.

    Args:
        dim: number of classes; 1 for a continuous task.
        type: MLPEncoder.
        args: arguments of `PredictorArguments`.
        input: features (the encoder's last ones) or latent (the mean of the posterior).
        unknown: what training does with unknown labels: leave_out, or random targets.

    Raises:
        ValueError: for a value that is none of these.
    """

    type: str = "MLPEncoder"
    args: Mapping[str, Any] | None = None
    input: str = "features"
    unknown: str = "leave_out"

    def __post_init__(self) -> None:
        check_choice("type", self.type, ("MLPEncoder",))
        check_choice("input", self.input, INPUTS)
        check_choice("unknown", self.unknown, UNKNOWN)


def mapping(where: str, options: Any) -> Mapping[str, Any]:
    """The options themselves, if they are key: value pairs, none for null; else InputError."""
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise InputError(f"{where} must hold key: value pairs, got {options!r}")
    return options


def check_choice(name: str, value: Any, known: Sequence[str]) -> None:
    """Raise ValueError if a value is not among the known ones."""
    if value not in known:
        raise ValueError(f"{name} must be one of {', '.join(known)}, got {value!r}")


def check_dim(dim: int, categorical: bool, kind: str) -> None:
    """Raise ValueError unless there are two classes or more, or dim is 1 for a value."""
    if categorical and not 2 <= dim <= MOST:
        raise ValueError(f"dim must be at least 2 classes for {kind}, got {dim}: up to {MOST}")
    if not categorical and dim != 1:
        raise ValueError(f"dim must be 1 for {kind}, got {dim}")
