"""What watches over a training: the progress line, the checkpoints, Ctrl-C."""

import logging
import signal
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as pl
from lightning_fabric.plugins import TorchCheckpointIO
from pytorch_lightning.callbacks import Callback, ModelCheckpoint, TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm

from vschaos2.runs import read_checkpoint, save_checkpoint

logger = logging.getLogger(__name__)

MONITOR = "validation/reconstruction/spectral_convergence"


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

    def get_metrics(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """Loss of training and validation, and held-out spectral convergence."""
        known = trainer.callback_metrics
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

        def stop(number: int, frame: FrameType | None) -> None:
            logger.warning("interrupted: finishing this step and saving (again to quit at once)")
            trainer.should_stop = True
            signal.signal(signal.SIGINT, self.previous)

        signal.signal(signal.SIGINT, stop)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Give the signal back."""
        signal.signal(signal.SIGINT, self.previous)


def checkpoints(folder: Path, every_n_epochs: int) -> list[Callback]:
    """`last.ckpt` after every validation and `best.ckpt` by held-out spectral convergence."""
    common: dict[str, Any] = {
        "dirpath": folder / "checkpoints",
        "every_n_epochs": every_n_epochs,
        "enable_version_counter": False,
        "save_on_train_epoch_end": False,
    }
    return [
        ModelCheckpoint(filename="last", save_top_k=1, monitor=None, **common),
        ModelCheckpoint(filename="best", save_top_k=1, monitor=MONITOR, mode="min", **common),
    ]
