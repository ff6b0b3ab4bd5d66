"""What `callbacks` of a configuration says, and the checkpoints."""

import logging
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning.callbacks import Callback, Checkpoint

from vschaos2.config import call
from vschaos2.errors import InputError
from vschaos2.monitor.options import MonitorOptions
from vschaos2.ranges import check_count, check_number
from vschaos2.runs.checkpoints import read_checkpoint, save_checkpoint
from vschaos2.runs.measure import Measure
from vschaos2.training.stopping import StopOnSignal, check_weights

logger = logging.getLogger(__name__)

MOST = 10**9
LEAST_PATIENCE = 0.01
AGREE_EVERY = 20  # steps after which several processes agree on whether it is time to save


@dataclass(frozen=True)
class Callbacks:
    """`callbacks` of a configuration.

    Args:
        validate_every: epochs between validations.
        save_every_s: seconds between checkpoints within long epochs; None for none.
        monitor: what `MonitorOptions` takes; None for no reports.
        patience: part of the steps so far, up to 1, without a better validation, after which the
            training comes to its end (see `Plateau`); None for never.

    Attributes:
        watched: how the training is reported on; None for not at all.

    Raises:
        InputError: for a value out of range.
    """

    validate_every: int = 1
    save_every_s: float | None = 60.0
    monitor: dict[str, Any] | None = None
    patience: float | None = None

    def __post_init__(self) -> None:
        check_count("callbacks.validate_every", self.validate_every, 1, MOST)
        if self.save_every_s is not None:
            check_number("callbacks.save_every_s", self.save_every_s, 0.0, MOST)
        if self.patience is not None:
            check_number("callbacks.patience", self.patience, LEAST_PATIENCE, 1.0)
        if self.monitor is not None and not isinstance(self.monitor, dict):
            raise InputError(
                f"callbacks.monitor must be null or have keys, got {self.monitor!r}: "
                "callbacks.monitor.enabled=false turns it off"
            )
        _ = self.watched

    @property
    def watched(self) -> MonitorOptions | None:  # noqa: D102
        if self.monitor is None:
            return None
        options = call(MonitorOptions, "callbacks.monitor", self.monitor)
        return options if options.enabled else None


class WholeCheckpoints(TorchCheckpointIO):
    """Checkpoints that appear whole and are read without executing anything."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        """Write beside, flush, rename."""
        save_checkpoint(Path(path), checkpoint)

    def load_checkpoint(self, path: str | Path, *_: Any, **__: Any) -> dict[str, Any]:
        """Tensors and plain values only."""
        return read_checkpoint(Path(path))


class LastCheckpoint(Checkpoint):
    """`last.ckpt`: where a training that is stopped, or dies, continues.

    It is written after every validation, every `every_s` seconds between them, and at the end;
    always between two steps: when the weights have moved, their average and the metrics of the
    step are done with, and the next batch has not been touched.

    Args:
        path: the file.
        every_s: seconds between two checkpoints; None for those of the validations only.
    """

    def __init__(self, path: Path, every_s: float | None) -> None:
        self.path = path
        self.every_s = math.inf if every_s is None else every_s
        self.saved_at = time.monotonic()
        self.is_due = False
        self.is_over = False

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Start the clock."""
        self.saved_at = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Let the validation be followed by a checkpoint, before the next step."""
        self.is_due = True

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Save if it is time, but never between steps whose gradients are being summed."""
        if batch_idx % trainer.accumulate_grad_batches:
            return
        if trainer.world_size == 1 or batch_idx % AGREE_EVERY == 0:
            is_time = time.monotonic() - self.saved_at >= self.every_s
            self.is_due = trainer.strategy.broadcast(self.is_due or is_time)
        if self.is_due:
            self._save(trainer)

    def on_train_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Save the end, from where a longer training could go on."""
        self.is_over = StopOnSignal.of(trainer) is None
        self._save(trainer)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Say whether the training reached its end, for lists of runs."""
        checkpoint["is_over"] = self.is_over

    def _save(self, trainer: pl.Trainer) -> None:
        check_weights(trainer)
        for log in trainer.loggers:  # what the checkpoint follows on must be on disk before it
            log.save()
        trainer.save_checkpoint(self.path)
        self.saved_at = time.monotonic()
        self.is_due = False


class BestCheckpoint(Checkpoint):
    """`best.ckpt`: the least of a measure of all validations.

    Args:
        path: the file.
        best_by: the measure.
    """

    state_key = "best"

    def __init__(self, path: Path, best_by: Measure) -> None:
        self.path = path
        self.best_by = best_by
        self.score = math.inf
        self.has_told = False

    def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Save if no validation before was as good; tell, once, if it is not measured at all."""
        is_first = trainer.is_global_zero and not (self.has_told or trainer.sanity_checking)
        if is_first and self.best_by.key not in trainer.callback_metrics:
            self.has_told = True
            logger.warning("no best.ckpt: the validation does not log %s", self.best_by.key)
        score = float(trainer.callback_metrics.get(self.best_by.key, math.inf))
        if score < self.score:
            check_weights(trainer)
            self.score = score
            trainer.save_checkpoint(self.path)

    def state_dict(self) -> dict[str, Any]:
        """The best value so far."""
        return {"score": self.score}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the best value so far."""
        self.score = float(state_dict["score"])


def checkpoints(folder: Path, save_every_s: float | None, best_by: Measure) -> list[Callback]:
    """What writes `last.ckpt` and `best.ckpt` of a run folder."""
    place = folder / "checkpoints"
    last = LastCheckpoint(place / "last.ckpt", save_every_s)
    return [BestCheckpoint(place / "best.ckpt", best_by), last]
