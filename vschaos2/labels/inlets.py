"""Labels that a player commands: by signals at the inlets, or by messages.

A value at an inlet that is negative, or no number, means "you guess": the label is then what the
model's predictor hears, if it has one for this task, or else what the task's message last set. So
does an inlet with nothing connected (see `EmptyInlets`). Class indices are rounded to the nearest;
the model itself keeps them within its classes.
"""

import math
from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn

from vschaos2.labels.conditioning import Conditioning, Prediction

LABEL_LIMIT = 1e6  # magnitude of a label that may be commanded
NUMBER_LENGTH = 40  # longest text that is read as a number


class LabelInlets(nn.Module):
    """The labels of every frame: commanded, guessed or set.

    Args:
        conditioning: of the model.
        prediction: of the model.
        for_files: only what is no number means "you guess": files may hold negative numbers.
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

    def __init__(
        self, conditioning: Conditioning, prediction: Prediction, for_files: bool = False
    ) -> None:
        super().__init__()
        tasks, predicted = conditioning.tasks, list(prediction.tasks)
        self.n_labels, self.n_guesses = len(tasks), len(predicted)
        self.is_used = self.n_labels + self.n_guesses > 0
        self.encoder_tasks = [i for i, is_on in enumerate(conditioning.on_encoder) if is_on]
        # The predictor's column for each label, -1 where there is none.
        frame = [predicted.index(task) if task in predicted else -1 for task in tasks]
        reads_latent = [predictor.reads_latent for predictor in prediction.predictors]
        latent = [column if column >= 0 and reads_latent[column] else -1 for column in frame]
        self.guesses_latent = max(latent, default=-1) >= 0
        # Values from here up are commands.
        self.commands_from = -math.inf if for_files else 0.0
        self.label_limit = LABEL_LIMIT
        kept = {
            "values": torch.zeros(self.n_labels),
            "is_categorical": torch.tensor([t.has_classes for t in tasks.values()]).bool(),
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
        names: class names of each task by index; empty if they have none.
    """

    dims: list[int]
    names: list[list[str]]
    numbers: list[list[float]]
    digits: list[str]

    def __init__(self, dims: Sequence[int], names: Sequence[Sequence[str]]) -> None:
        super().__init__()
        self.dims = list(dims)
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
        if self.dims[task] == 1:
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
