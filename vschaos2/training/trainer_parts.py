"""What a Lightning trainer holds, under the types that it does not tell."""

from typing import Any, TypeVar, cast

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback

from vschaos2.data.material import Material

C = TypeVar("C", bound=Callback)


def callbacks_of(trainer: pl.Trainer, kind: type[C]) -> list[C]:
    """Those of a trainer's callbacks that are of a kind."""
    callbacks: list[Callback] = cast(Any, trainer).callbacks
    return [callback for callback in callbacks if isinstance(callback, kind)]


def data_of(trainer: pl.Trainer) -> Material:
    """Where a trainer's batches come from, while it trains."""
    data: Material = cast(Any, trainer).datamodule
    return data


def log_interval(trainer: pl.Trainer) -> int:
    """Steps between two lines of metrics.csv."""
    return int(cast(Any, trainer).log_every_n_steps)
