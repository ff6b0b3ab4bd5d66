"""What a host is shown of a model's labels: inlets, outlets, messages, and their names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.terminal import printable

LABEL_WIDTH = 48  # characters of an inlet's name, up to what it says of its default


def _known_by(task: str, dim: int, names: Sequence[str]) -> str:
    """A task and its classes, shortened."""
    if dim == 1:
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


def _is_digits(name: str) -> bool:
    return name.lstrip("-").isdigit()


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
class LabelPort:
    """A label that a player commands.

    Args:
        task: its name.
        dim: number of classes; 1 for a continuous one.
        classes: their names by index; empty where there are none.
        methods: that take it at an inlet.
        guessed_in: methods that guess it where nobody commands it.
    """

    task: str
    dim: int = 1
    classes: tuple[str, ...] = ()
    methods: tuple[str, ...] = ("forward", "decode")
    guessed_in: tuple[str, ...] = ()

    def inlet(self, method: str) -> str:
        """What a host shows at its inlet of a method: task, classes, shortened, and default."""
        otherwise = "guessed" if method in self.guessed_in else "as set"
        return f"{_known_by(self.task, self.dim, self.classes)}; empty or -1: {otherwise}"

    @property
    def plain(self) -> float:
        """A value that is no guess: of classes that are numbers the middle, else 0."""
        is_middle = self.dim > 1 and all(map(_is_digits, self.classes))
        return float(self.dim // 2) if is_middle else 0.0


@dataclass(frozen=True)
class LabelPorts:
    """What a host is shown of a model's labels.

    Args:
        labels: that a player commands, in the order of the inlets.
        guesses: names of what is guessed.
        confidence: whether it is said how sure a guess is.
    """

    labels: tuple[LabelPort, ...] = ()
    guesses: tuple[str, ...] = ()
    confidence: bool = False

    @staticmethod
    def of(
        conditioning: Conditioning,
        prediction: Prediction,
        classes: Mapping[str, Sequence[str]],
        confidence: bool,
    ) -> "LabelPorts":
        """The ports of a model that is told and guesses labels of these class names.

        Hosts keep names as C strings, which a NUL ends, and show them; patches hold them between
        separators. So what cannot be printed in a name becomes visible before a host sees it.
        """
        reads_latent = {
            task: bool(predictor.reads_latent)
            for task, predictor in zip(prediction.tasks, prediction.predictors, strict=True)
        }
        labels = []
        for name, task in conditioning.tasks.items():
            names = tuple(map(printable, classes.get(name, ())))
            is_encoded = "encoder" in task.targets()
            methods = ("forward", "encode", "decode") if is_encoded else ("forward", "decode")
            # What reads the latent alone guesses in `decode`, too, where nothing is heard.
            guessing = ("forward", "decode") if reads_latent.get(name) else ("forward",)
            guessed_in = guessing if name in reads_latent else ()
            labels.append(LabelPort(printable(name), task.dim, names, methods, guessed_in))
        return LabelPorts(tuple(labels), tuple(map(printable, prediction.tasks)), confidence)

    def inlets(self, method: str) -> list[str]:
        """Names of the label inlets of a method."""
        # It is the same label that `forward` is told: `encode` names it alike.
        of = "forward" if method == "encode" else method
        return [label.inlet(of) for label in self.labels if method in label.methods]

    @property
    def outlets(self) -> list[str]:
        """Names of the outlets for guesses, of `forward` and `encode`."""
        sure = [f"{task} confidence" for task in self.guesses] if self.confidence else []
        return [*self.guesses, *sure]

    @property
    def plain(self) -> list[float]:
        """A value of each label that is no guess."""
        return [label.plain for label in self.labels]
