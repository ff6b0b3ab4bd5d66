"""What watches over a training: the progress line, the checkpoints, Ctrl-C."""

import logging
import math
import signal
import time
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning.callbacks import Callback, Checkpoint, TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm

from vschaos2.ranges import check_number
from vschaos2.runs import MONITOR, read_checkpoint, save_checkpoint

logger = logging.getLogger(__name__)

AGREE_EVERY = 20  # steps after which several processes agree on whether it is time to save


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


class ProgressLine(TQDMProgressBar):
    """One line: the losses that matter, as they are now and on held-out files."""

    def init_validation_tqdm(self) -> Tqdm:
        """No second line: a validation takes a fraction of a second."""
        return Tqdm(disable=True)

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Begin the line, also in the middle of an epoch, where a resumed training does."""
        super().on_train_start(trainer, *_)
        self.train_progress_bar.total = self.total_train_batches
        self.train_progress_bar.set_description(f"Epoch {trainer.current_epoch}")

    def get_metrics(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """Loss of training and validation, and held-out spectral convergence."""
        before: Any = pl_module.held_out  # from before it was resumed
        known = {**before, **trainer.callback_metrics}
        names = {
            "loss": "train/loss",
            "held-out loss": "validation/loss",
            "held-out SC": MONITOR,
        }
        return {
            short: f"{float(known[name]):.3f}" for short, name in names.items() if name in known
        }


class StopOnInterrupt(Callback):
    """Ctrl-C ends the training after the step in progress, with validation and checkpoints.

    A second Ctrl-C interrupts at once.
    """

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take over the signal."""
        self.previous = signal.getsignal(signal.SIGINT)
        self.is_stopped = False

        def stop(number: int, frame: FrameType | None) -> None:
            logger.warning("interrupted: finishing this step and saving (again to quit at once)")
            trainer.should_stop = self.is_stopped = True
            signal.signal(signal.SIGINT, self.previous)

        signal.signal(signal.SIGINT, stop)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Give the signal back."""
        signal.signal(signal.SIGINT, self.previous)


class LastCheckpoint(Checkpoint):
    """`last.ckpt`: where a training that is stopped, or dies, continues.

    It is written after every validation, every `every_s` seconds between them, and at the end;
    always between two steps: when the weights have moved, their average and the metrics of the
    step are done with, and the next batch has not been touched.

    Args:
        path: the file.
        every_s: seconds between two checkpoints; None for those of the validations only.

    Raises:
        InputError: if every_s is no number, or negative.
    """

    def __init__(self, path: Path, every_s: float | None) -> None:
        if every_s is not None:
            check_number("callbacks.save_every_s", every_s, 0.0, 1e9)
        self.path = path
        self.every_s = math.inf if every_s is None else every_s
        self.saved_at = time.monotonic()
        self.is_due = False
        self.is_over = False

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock."""
        self.saved_at = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
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

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the end, from where a longer training could go on."""
        stop: Any = trainer.callbacks  # type: ignore[attr-defined]
        self.is_over = not any(isinstance(c, StopOnInterrupt) and c.is_stopped for c in stop)
        self._save(trainer)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Say whether the training reached its end, for lists of runs."""
        checkpoint["is_over"] = self.is_over

    def _save(self, trainer: pl.Trainer) -> None:
        for log in trainer.loggers:  # what the checkpoint follows on must be on disk before it
            log.save()
        trainer.save_checkpoint(self.path)
        self.saved_at = time.monotonic()
        self.is_due = False


class BestCheckpoint(Checkpoint):
    """`best.ckpt`: the least held-out spectral convergence of all validations.

    Args:
        path: the file.
    """

    state_key = "best"

    def __init__(self, path: Path) -> None:
        self.path = path
        self.score = math.inf

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save if no validation before was as good."""
        score = float(trainer.callback_metrics.get(MONITOR, math.inf))
        if score < self.score:
            self.score = score
            trainer.save_checkpoint(self.path)

    def state_dict(self) -> dict[str, Any]:
        """The best value so far."""
        return {"score": self.score}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take the best value so far."""
        self.score = float(state_dict["score"])


def checkpoints(folder: Path, save_every_s: float | None) -> list[Callback]:
    """What writes `last.ckpt` and `best.ckpt` of a run folder."""
    place = folder / "checkpoints"
    return [BestCheckpoint(place / "best.ckpt"), LastCheckpoint(place / "last.ckpt", save_every_s)]
