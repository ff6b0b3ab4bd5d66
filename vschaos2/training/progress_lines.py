"""What is told while a training runs: one line drawn over and over, or the lines of a log."""

import logging
import sys
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ProgressBar, TQDMProgressBar
from pytorch_lightning.callbacks.progress.tqdm_progress import Tqdm

from vschaos2.digits import three_digits
from vschaos2.progress import LINE_EVERY_S
from vschaos2.runs.measure import Measure
from vschaos2.training.forecast import Forecast

logger = logging.getLogger(__name__)


class ProgressLine(TQDMProgressBar):
    """One line: the losses that matter, as they are now and on held-out files, and the end.

    Args:
        best_by: what is told beside the losses.
    """

    def __init__(self, best_by: Measure) -> None:
        super().__init__(refresh_rate=5)
        self.best_by = best_by
        self.forecast = Forecast()

    def init_validation_tqdm(self) -> Tqdm:
        """No second line: a validation takes a fraction of a second."""
        return Tqdm(disable=True)

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Begin the line, also in the middle of an epoch, where a resumed training does."""
        super().on_train_start(trainer, *_)
        self.forecast.begin(trainer)
        self.train_progress_bar.total = self.total_train_batches
        self.train_progress_bar.set_description(f"Epoch {trainer.current_epoch}")

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *rest: Any
    ) -> None:
        """Draw the line; say, once, how long it will take."""
        super().on_train_batch_end(trainer, pl_module, *rest)
        self._open(trainer, False)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Draw the line; say, once, how long it will take."""
        super().on_train_epoch_end(trainer, pl_module)
        self._open(trainer, True)

    def get_metrics(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        """Loss of training and validation, what the best is chosen by, and the time of the end."""
        done_at = self.forecast.done_at(trainer)
        end = {"done at": done_at} if done_at else {}
        return {**_losses(trainer, pl_module, self.best_by), **end}

    def _open(self, trainer: pl.Trainer, is_epoch_over: bool) -> None:
        if opening := self.forecast.opening(trainer, is_epoch_over):
            self.print(opening)


class ProgressLog(ProgressBar):
    """The same where no terminal draws it: a line an epoch, and a line a minute in longer ones.

    Args:
        best_by: what is told beside the losses.
    """

    def __init__(self, best_by: Measure) -> None:
        super().__init__()
        self.best_by = best_by
        self.forecast = Forecast()
        self.told_at = time.monotonic()

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Start the clock."""
        self.forecast.begin(trainer)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any
    ) -> None:
        """Write the line of the minute."""
        self._open(trainer, False)
        if time.monotonic() - self.told_at >= LINE_EVERY_S:
            self._tell(trainer, pl_module)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write the line of the epoch."""
        self._open(trainer, True)
        self._tell(trainer, pl_module)

    def disable(self) -> None:
        """Nothing: only the first process speaks in any case."""

    def enable(self) -> None:
        """Nothing."""

    def _open(self, trainer: pl.Trainer, is_epoch_over: bool) -> None:
        opening = self.forecast.opening(trainer, is_epoch_over)
        if opening and trainer.is_global_zero:
            logger.info("%s", opening)

    def _tell(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.told_at = time.monotonic()
        if trainer.is_global_zero:
            losses = [
                f"{name} {value}"
                for name, value in _losses(trainer, pl_module, self.best_by).items()
            ]
            place = f"epoch {trainer.current_epoch}, step {trainer.global_step}"
            done_at = self.forecast.done_at(trainer)
            end = [f"done at about {done_at}"] if done_at else []
            logger.info("%s", ", ".join([place, *losses, *end]))


def progress_line(best_by: Measure) -> ProgressBar:
    """A line that is drawn over and over on a terminal, and lines of a log elsewhere."""
    return ProgressLine(best_by) if sys.stdout.isatty() else ProgressLog(best_by)


def _losses(trainer: pl.Trainer, pl_module: pl.LightningModule, best_by: Measure) -> dict[str, str]:
    before: Any = pl_module.held_out  # from before it was resumed
    known = {**before, **trainer.callback_metrics}
    names = {"loss": "train/loss", "held-out loss": "validation/loss"}
    names[f"held-out {best_by.short}"] = best_by.key
    return {
        short: three_digits(float(known[name])) for short, name in names.items() if name in known
    }
