"""What `check=true` shows: the parts of a model, and what one batch is on its way through them."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor, nn

from vschaos2.data.material import Material
from vschaos2.training.step import Training

SHOWN = 8  # labels of a batch


def overview(training: Training, data: Material) -> str:
    """A model's parts with their weights, and the shapes and labels of a batch, as text.

    Args:
        training: the training, which is left as it is.
        data: where its batches come from.
    """
    lines = ["architecture", *_table(_parts(training.model))]
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        lines += ["one batch", *_table(_batch(training, data))]
    return "\n".join(lines)


def _parts(model: nn.Module) -> Iterator[tuple[str, ...]]:
    """Name, class, number of weights, and shapes of the own ones, of every part that has any."""
    for name, part in model.named_modules():
        if name and _count(part):
            shapes = " ".join(_shape(weight) for weight in part.parameters(recurse=False))
            yield name, type(part).__name__, f"{_count(part):,}", shapes
    yield "all", type(model).__name__, f"{_count(model):,}", ""


def _batch(training: Training, data: Material) -> Iterator[tuple[str, ...]]:
    """What a batch is at each stage, its shape, and its range or its first labels."""
    batch = next(data.probe_batches())
    for name, value in training.objective.stages(batch).items():
        span = f"from {float(value.min()):.3g} to {float(value.max()):.3g}"
        yield name, _shape(value), span
    for task, label in batch.get("labels", {}).items():
        names = data.label_names(task)
        some = label[:: max(1, len(label) // SHOWN)][:SHOWN].tolist()
        yield task, _shape(label), " ".join(_label(value, names) for value in some)


def _label(value: float, names: list[str]) -> str:
    if value != value:  # NaN
        return "unknown"
    return names[int(value)] if 0 <= value < len(names) else f"{value:g}"


def _table(rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Rows as lines, their cells below each other."""
    cells = list(rows)
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    return [f"  {line.rstrip()}" for line in lines]


def _shape(value: Tensor) -> str:
    return f"[{', '.join(map(str, value.shape))}]"


def _count(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())
