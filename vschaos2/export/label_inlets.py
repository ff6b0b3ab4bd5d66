"""Labels that a player commands: by signals at the inlets, or by messages.

A value at an inlet that is negative, or no number, means "you guess": the label is then what the
model's predictor hears, if it has one for this task, or else what the task's message last set.
Class indices are rounded to the nearest; the model itself keeps them within its classes.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from vschaos2.models.conditioning import Conditioning, Prediction
from vschaos2.models.vae import VAE
from vschaos2.terminal import printable

LABEL_LIMIT = 1e6  # magnitude of a label that may be commanded
NUMBER_LENGTH = 40  # longest text that is read as a number
LABEL_WIDTH = 48  # characters of an inlet's name


class LabelInlets(nn.Module):
    """The labels of every frame: commanded, guessed or set.

    Args:
        conditioning: of the model, or None if it knows no labels.
        prediction: of the model, or None.
    """

    n_labels: Final[int]
    n_guesses: Final[int]
    is_used: Final[bool]
    guesses_latent: Final[bool]
    encoder_tasks: list[int]
    values: Tensor
    is_categorical: Tensor
    frame_source: Tensor
    latent_source: Tensor

    def __init__(self, conditioning: Conditioning | None, prediction: Prediction | None) -> None:
        super().__init__()
        tasks = [] if conditioning is None else conditioning.tasks
        predicted = [] if prediction is None else prediction.tasks
        self.n_labels, self.n_guesses = len(tasks), len(predicted)
        self.is_used = self.n_labels + self.n_guesses > 0
        on_encoder = [] if conditioning is None else conditioning.on_encoder
        self.encoder_tasks = [index for index, is_on in enumerate(on_encoder) if is_on]
        # The predictor's column for each label, -1 where there is none.
        frame = [predicted.index(task) if task in predicted else -1 for task in tasks]
        reads_latent = [] if prediction is None else [p.reads_latent for p in prediction.predictors]
        latent = [column if column >= 0 and reads_latent[column] else -1 for column in frame]
        self.guesses_latent = max(latent, default=-1) >= 0
        # Values from here up are commands; -inf lets negative numbers of a continuous task pass.
        self.commands_from = 0.0
        self.label_limit = LABEL_LIMIT
        categorical = [] if conditioning is None else conditioning.categorical
        kept = {
            "values": torch.zeros(self.n_labels),
            "is_categorical": torch.tensor(categorical, dtype=torch.bool),
            "frame_source": torch.tensor(frame, dtype=torch.int64),
            "latent_source": torch.tensor(latent, dtype=torch.int64),
        }
        for name, tensor in kept.items():
            self.register_buffer(name, tensor, persistent=False)

    @torch.jit.export
    def set_value(self, task: int, value: float) -> None:
        """What a label is where nobody commands and nothing guesses."""
        values = self.values.clone()
        values[task] = value
        self.values = values

    def at_frames(self, block: Tensor, hop: int) -> Tensor:
        """Commands of every frame, the last sample of its hop: [B, n, F·hop] → [B·F, n]."""
        return self.rows(block[:, :, hop - 1 :: hop])

    def rows(self, commands: Tensor) -> Tensor:
        """Channels as columns: [B, n, F] → [B·F, n]."""
        batch, channels, count = commands.shape
        return commands.transpose(1, 2).reshape(batch * count, channels)

    def of_encode(self, commands: Tensor) -> Tensor:
        """Commands for every task out of those at the inlets of `encode`, the rest unknown.

        Shape: [N, tasks on the encoder] → [N, n_labels].
        """
        every = torch.full([commands.shape[0], self.n_labels], -1.0, device=commands.device)
        for column, task in enumerate(self.encoder_tasks):
            every[:, task] = commands[:, column]
        return every

    def unguessed(self, commands: Tensor) -> Tensor:
        """Labels before anything is heard: commanded or set, [N, n_labels] → [N, n_labels]."""
        return self.chosen(commands, self.values.expand_as(commands))

    def guessed(self, commands: Tensor, guesses: Tensor, is_latent: bool) -> Tensor:
        """Labels: commanded, guessed or set.

        Args:
            commands: values at the inlets, [N, n_labels].
            guesses: the predictors' labels, [N, n_guesses], n_guesses ≥ 1.
            is_latent: only predictors that read the latent were given what they read.

        Shape: → [N, n_labels].
        """
        source = self.latent_source if is_latent else self.frame_source
        found = guesses.index_select(1, source.clamp_min(0))
        return self.chosen(commands, torch.where(source >= 0, found, self.values))

    def chosen(self, commands: Tensor, otherwise: Tensor) -> Tensor:
        """Commands, or else something else, whole where they are classes; all [N, n_labels]."""
        is_given = torch.isfinite(commands) & (commands >= self.commands_from)
        labels = torch.where(is_given, commands, otherwise)
        labels = labels.clamp(-self.label_limit, self.label_limit)
        return torch.where(self.is_categorical, torch.round(labels), labels)


class LabelTexts(nn.Module):
    """Labels as words: what a message may say, and what an answer says.

    A class is meant by its name, by a number that is its name, or by its index, in this order. A
    continuous label is meant by a number, within ±`LABEL_LIMIT`.

    Args:
        dims: number of classes of each task; 1 for a continuous one.
        categorical: whether each task has classes.
        names: class names of each task by index; empty if they have none.
    """

    dims: list[int]
    categorical: list[bool]
    names: list[list[str]]
    numbers: list[list[float]]
    digits: list[str]

    def __init__(
        self, dims: Sequence[int], categorical: Sequence[bool], names: Sequence[Sequence[str]]
    ) -> None:
        super().__init__()
        self.dims = list(dims)
        self.categorical = list(categorical)
        self.names = [list(of)[:dim] for of, dim in zip(names, dims, strict=True)]
        self.label_limit = LABEL_LIMIT
        self.number_length = NUMBER_LENGTH
        self.digits = list("0123456789")
        self.unknown = math.nan
        # Names that are numbers: the host sends 36 as "36.000000".
        self.numbers = [[self.number(name) for name in of] for of in self.names]

    def forward(self, task: int, text: str) -> float:
        """The label that a text means, NaN if none."""
        names = self.names[task]
        for index in range(len(names)):
            if names[index] == text:
                return float(index)
        number = self.number(text)
        # Not `number != number`: TorchScript simplifies it to false.
        if not math.isfinite(number):
            return self.unknown
        if not self.categorical[task]:
            return number if abs(number) <= self.label_limit else self.unknown
        numbers = self.numbers[task]
        for index in range(len(numbers)):
            if numbers[index] == number:
                return float(index)
        nearest = float(round(number))
        return nearest if nearest >= 0.0 and nearest < self.dims[task] else self.unknown

    @torch.jit.export
    def number(self, text: str) -> float:
        """A text such as "-3", "440.000000" or ".5" as a number, NaN for any other."""
        digits, points = 0, 0
        for i in range(len(text)):
            if text[i] in self.digits:
                digits += 1
            elif text[i] == ".":
                points += 1
            elif not (i == 0 and (text[i] == "-" or text[i] == "+")):
                return self.unknown
        if digits == 0 or points > 1 or len(text) > self.number_length:
            return self.unknown
        return float(text)

    @torch.jit.export
    def text(self, task: int, value: float) -> str:
        """The name of a class, or its index, or a number."""
        if value == float(int(value)):
            index = int(value)
            names = self.names[task]
            if index >= 0 and index < len(names):
                return names[index]
            return str(index)
        return str(value)


def inlet_name(task: str, dim: int, is_categorical: bool, names: Sequence[str]) -> str:
    """What a host shows at a label's inlet: the task and its classes, shortened.

    Args:
        task: its name.
        dim: number of classes.
        is_categorical: whether it has classes.
        names: of the classes; may be empty.
    """
    if not is_categorical:
        return task
    if not names:
        return f"{task} (0 … {dim - 1})"
    full = f"{task} ({', '.join(names)})"
    if len(full) <= LABEL_WIDTH:
        return full
    shown: list[str] = []
    for name in names[:-1]:
        if shown and len(task) + len(", ".join([*shown, name, "…", names[-1]])) > LABEL_WIDTH:
            break
        shown.append(name)
    return f"{task} ({', '.join([*shown, '…', names[-1]])})"


def attribute_name(task: str, taken: Sequence[str]) -> str:
    """A name under which a message can set a task: its own, or one near it.

    Args:
        task: any text.
        taken: names that mean something else.
    """
    name = re.sub(r"[^0-9A-Za-z_]", "_", task)
    while not name[:1].isalpha() or name in taken:
        name = f"label_{name}"
    return name


@dataclass(frozen=True)
class LabelPorts:
    """What a host is shown of a model's labels.

    Args:
        tasks: that a player commands, in the order of the inlets.
        dims: number of classes of each; 1 for a continuous one.
        categorical: whether each has classes.
        class_names: of each by index; empty where there are none.
        on_encoder: whether each is an inlet of `encode`, too.
        predicted: tasks that are guessed.
        confidence: whether it is said how sure a guess is.
    """

    tasks: Sequence[str] = ()
    dims: Sequence[int] = ()
    categorical: Sequence[bool] = ()
    class_names: Sequence[Sequence[str]] = ()
    on_encoder: Sequence[bool] = ()
    predicted: Sequence[str] = ()
    confidence: bool = False

    @staticmethod
    def of(model: VAE, classes: Mapping[str, Sequence[str]], confidence: bool) -> "LabelPorts":
        """The ports of a model whose tasks have these class names.

        Hosts keep names as C strings, which a NUL ends, and show them; patches hold them between
        separators. So what cannot be printed in a name becomes visible before a host sees it.
        """
        told = model.conditioning
        names = [list(map(printable, classes.get(task, ()))) for task in told.tasks]
        return LabelPorts(
            list(map(printable, told.tasks)), told.dims, told.categorical, names, told.on_encoder,
            list(map(printable, model.prediction.tasks)), confidence,
        )  # fmt: skip

    @property
    def inlets(self) -> list[str]:
        """Names of the label inlets of `forward` and `decode`."""
        rows = zip(self.tasks, self.dims, self.categorical, self.class_names, strict=True)
        return [inlet_name(*row) for row in rows]

    @property
    def encode_inlets(self) -> list[str]:
        """Names of the label inlets of `encode`."""
        return [name for name, is_on in zip(self.inlets, self.on_encoder, strict=True) if is_on]

    @property
    def outlets(self) -> list[str]:
        """Names of the outlets for guesses, of `forward` and `encode`."""
        sure = [f"{task} confidence" for task in self.predicted] if self.confidence else []
        return [*self.predicted, *sure]
