"""What a host is shown of a model's labels: inlets, outlets, messages, and their names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.terminal import printable

LABEL_WIDTH = 48  # characters of an inlet's name, up to what it says of its default


def inlet_name(
    task: str, dim: int, is_categorical: bool, names: Sequence[str], is_guessed: bool
) -> str:
    """What a host shows at a label's inlet: the task, its classes, shortened, and the default.

    Args:
        task: its name.
        dim: number of classes.
        is_categorical: whether it has classes.
        names: of the classes; may be empty.
        is_guessed: whether the method guesses it where nothing is connected.
    """
    otherwise = "guessed" if is_guessed else "as set"
    return f"{_known_by(task, dim, is_categorical, names)}; empty or -1: {otherwise}"


def _known_by(task: str, dim: int, is_categorical: bool, names: Sequence[str]) -> str:
    """A task and its classes, shortened."""
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
class LabelPorts:
    """What a host is shown of a model's labels.

    Args:
        tasks: that a player commands, in the order of the inlets.
        dims: number of classes of each; 1 for a continuous one.
        categorical: whether each has classes.
        class_names: of each by index; empty where there are none.
        on_encoder: whether each is an inlet of `encode`, too.
        predicted: tasks that are guessed.
        reads_latent: whether each of these is guessed from latents alone, in `decode`, too.
        confidence: whether it is said how sure a guess is.
    """

    tasks: Sequence[str] = ()
    dims: Sequence[int] = ()
    categorical: Sequence[bool] = ()
    class_names: Sequence[Sequence[str]] = ()
    on_encoder: Sequence[bool] = ()
    predicted: Sequence[str] = ()
    reads_latent: Sequence[bool] = ()
    confidence: bool = False

    @staticmethod
    def of(
        told: Conditioning,
        prediction: Prediction,
        classes: Mapping[str, Sequence[str]],
        confidence: bool,
    ) -> "LabelPorts":
        """The ports of a model that is told and guesses labels of these class names.

        Hosts keep names as C strings, which a NUL ends, and show them; patches hold them between
        separators. So what cannot be printed in a name becomes visible before a host sees it.
        """
        names = [list(map(printable, classes.get(task, ()))) for task in told.tasks]
        return LabelPorts(
            list(map(printable, told.tasks)), told.dims, told.categorical, names, told.on_encoder,
            list(map(printable, prediction.tasks)),
            [bool(p.reads_latent) for p in prediction.predictors], confidence,
        )  # fmt: skip

    @property
    def inlets(self) -> list[str]:
        """Names of the label inlets of `forward`."""
        return self._names(self.predicted)

    @property
    def decode_inlets(self) -> list[str]:
        """Names of the label inlets of `decode`."""
        rows = zip(self.predicted, self.reads_latent, strict=True)
        return self._names([task for task, reads_latent in rows if reads_latent])

    def _names(self, guessed: Sequence[str]) -> list[str]:
        rows = zip(self.tasks, self.dims, self.categorical, self.class_names, strict=True)
        return [inlet_name(*row, is_guessed=row[0] in guessed) for row in rows]

    @property
    def plain(self) -> list[float]:
        """A value of each that is no guess: of classes that are numbers the middle, else 0."""
        rows = zip(self.dims, self.categorical, self.class_names, strict=True)
        return [
            float(dim // 2) if is_categorical and all(_is_digits(n) for n in names) else 0.0
            for dim, is_categorical, names in rows
        ]

    @property
    def encode_inlets(self) -> list[str]:
        """Names of the label inlets of `encode`."""
        return [name for name, is_on in zip(self.inlets, self.on_encoder, strict=True) if is_on]

    @property
    def outlets(self) -> list[str]:
        """Names of the outlets for guesses, of `forward` and `encode`."""
        sure = [f"{task} confidence" for task in self.predicted] if self.confidence else []
        return [*self.predicted, *sure]
