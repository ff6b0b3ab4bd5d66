"""The Lightning trainer of a run folder: its options, and what logs, watches and saves."""

import re
import signal
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from vschaos2.command_line import ENDING_SIGNALS
from vschaos2.config import call
from vschaos2.errors import InputError
from vschaos2.monitor.show import Show
from vschaos2.monitor.watching import Monitor
from vschaos2.ranges import check_count, check_number
from vschaos2.runs.checkpoints import MISFITS
from vschaos2.runs.settings import Settings
from vschaos2.training.callbacks import Callbacks, WholeCheckpoints, checkpoints
from vschaos2.training.event_log import EventLog, quiet_threads
from vschaos2.training.family import Family
from vschaos2.training.metrics_table import MetricsTable
from vschaos2.training.plateau import Plateau
from vschaos2.training.position import Position
from vschaos2.training.progress_lines import progress_line
from vschaos2.training.stopping import StopOnDivergence, StopOnSignal

HALF_PRECISIONS = ("16", "16-mixed", "16-true")
CHECK = {"limit_train_batches": 2, "limit_val_batches": 1, "max_epochs": 1}
COUNTS = ("num_nodes", "accumulate_grad_batches", "log_every_n_steps")
ENDS = ("max_epochs", "max_steps")
BEGINNINGS = ("min_epochs", "min_steps", "reload_dataloaders_every_n_epochs")
SHARES = {"limit_train_batches": 1, "limit_val_batches": 0, "val_check_interval": 1}
CHOICES = {
    "deterministic": (None, False, True, "warn"),
    "profiler": (None, "simple", "advanced", "pytorch", "xla"),
}
MOST = 10**9
# Arguments of Lightning's that would undo what a training here is, and what to use instead.
INSTEAD = {
    "fast_dev_run": "check=true tries everything in two steps",
    "overfit_batches": "windows are drawn at random: data.dataset.n_files=1 trains on one file",
    "barebones": "it would switch off logs and checkpoints",
    "enable_checkpointing": "checkpoints are what a training leaves: callbacks.save_every_s",
}


def trainer_options(options: dict[str, Any], check: bool) -> dict[str, Any]:
    """Options of `pl.Trainer`, from the `trainer` part of a configuration.

    Args:
        options: that part.
        check: try everything, in two steps.

    Raises:
        InputError: for a value out of its range, which Lightning would meet in the middle of a
            training, or not at all; for an argument that has no place here; and for float16
            without a GPU: Lightning would silently train in bfloat16.
    """
    _check_ranges(options)
    precision, accelerator = str(options.get("precision")), options.get("accelerator", "auto")
    has_gpu = torch.cuda.is_available() or torch.backends.mps.is_available()
    if precision in HALF_PRECISIONS and (
        accelerator == "cpu" or (accelerator == "auto" and not has_gpu)
    ):
        raise InputError(
            f"trainer.precision={precision} needs a GPU, and this training has none: use "
            "trainer.precision=32-true"
        )
    return {**options, **CHECK} if check else options


def build_trainer(
    options: dict[str, Any],
    folder: Path,
    callbacks: Callbacks,
    family: Family,
    show: Show,
    resumed_at: Position | None,
    settings: Settings,
) -> pl.Trainer:
    """The Lightning trainer of a run folder.

    Args:
        options: of `pl.Trainer`.
        folder: rundir/name/version_N.
        callbacks: how often it is validated, saved and reported on.
        family: of its model.
        show: what it shows.
        resumed_at: the position at which a training goes on; None for a new one.
        settings: of the training, for TensorBoard.

    Raises:
        InputError: for an option that Lightning does not have or a value that it refuses.
    """
    first_step = resumed_at.step if resumed_at else 0
    monitors: list[Callback] = []
    if callbacks.watched is not None:
        is_to_end = lambda trainer: StopOnSignal.of(trainer) in ENDING_SIGNALS  # noqa: E731
        monitors = [Monitor(callbacks.watched, folder, show, family.best_by, is_to_end)]
    measures = (family.best_by.key, "validation/loss")
    board = EventLog(folder, settings, measures, resumed_at.step if resumed_at else None)
    try:
        return call(
            pl.Trainer,
            "trainer",
            options,
            logger=[MetricsTable(folder, first_step), board],
            callbacks=[
                progress_line(family.best_by),
                StopOnSignal(),
                StopOnDivergence(),
                Plateau(family.best_by, callbacks.patience),
                *monitors,
                *checkpoints(folder, callbacks.save_every_s, family.best_by),
            ],
            plugins=[WholeCheckpoints()],
            check_val_every_n_epoch=callbacks.validate_every,
            default_root_dir=folder,
            num_sanity_val_steps=0,
            enable_model_summary=False,
        )
    except InputError:
        raise
    except (*MISFITS, ImportError, MisconfigurationException) as error:
        raise InputError(f"trainer: {' '.join(str(error).split())}") from error


def fit(
    trainer: pl.Trainer,
    step: pl.LightningModule,
    data: pl.LightningDataModule,
    checkpoint: Path | None,
    is_first: bool,
) -> None:
    """Train; what goes wrong ends the processes that were started for it, too.

    Args:
        trainer: of the run folder.
        step: what happens to a batch.
        data: where batches come from.
        checkpoint: where to go on; None to begin.
        is_first: whether this is the process that speaks.

    Raises:
        InputError: for an option that Lightning refuses only now, and what callbacks raise.
        KeyboardInterrupt: at the second Ctrl-C.
    """
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDING_SIGNALS)}
    try:
        with warnings.catch_warnings(), quiet_threads():
            warnings.filterwarnings("ignore", message=".*exists and is not empty.*")  # we made it
            warnings.filterwarnings("ignore", message=".*LeafSpec.*")
            # Batches come whole out of the cache, faster than a worker could hand them over.
            warnings.filterwarnings("ignore", message=".*does not have many workers.*")
            warnings.filterwarnings("ignore", message=".*`IterableDataset` has `__len__`.*")
            warnings.filterwarnings("ignore", message=".*log_every_n_steps.*")
            # It is: see WindowBatches.set_position.
            warnings.filterwarnings("ignore", message=".*your dataloader is not resumable.*")
            trainer.fit(step, data, ckpt_path=checkpoint)
    except BaseException as error:
        if trainer.strategy.launcher is not None:
            trainer.strategy.launcher.kill(getattr(signal, "SIGKILL", signal.SIGTERM))
        if isinstance(error, MisconfigurationException):
            raise InputError(f"trainer: {' '.join(str(error).split())}") from error
        if isinstance(error, InputError) and not is_first and trainer.world_size > 1:
            raise SystemExit(2) from error  # the first process tells
        if isinstance(error, SystemExit) and isinstance(error.__context__, KeyboardInterrupt):
            raise KeyboardInterrupt from error  # Lightning makes a plain exit of it
        raise
    finally:
        for number, handler in handlers.items():  # Lightning puts up what it found, and others
            signal.signal(number, handler)


def _check_ranges(options: dict[str, Any]) -> None:
    """Raise InputError for a value that a training could not go through with."""
    for key, value in options.items():
        where = f"trainer.{key}"
        if key in INSTEAD and value not in (None, 0, False):
            raise InputError(f"{where}={value!r} does not go with this training: {INSTEAD[key]}")
        if key in COUNTS:
            check_count(where, value, 1, MOST)
        elif key in ENDS and value not in (None, -1):
            if type(value) is not int or not 1 <= value <= MOST:
                raise InputError(
                    f"{where} must be a whole number from 1 to {MOST}, or -1 for no end, got "
                    f"{value!r}"
                )
        elif key in BEGINNINGS and value is not None:
            check_count(where, value, 0, MOST)
        elif key in SHARES and value is not None:
            if type(value) is float:
                check_number(f"{where}, a part of all,", value, 1e-9 * SHARES[key], 1.0)
            else:
                check_count(where, value, SHARES[key], MOST)
        elif key == "gradient_clip_val" and value is not None:
            check_number(where, value, 0.0, 1e9)
        elif key == "devices" and str(value).isdecimal():
            check_count(where, int(value), 1, 4096)
        elif key in CHOICES and repr(value) not in map(repr, CHOICES[key]):
            known = ", ".join("null" if c is None else str(c).lower() for c in CHOICES[key])
            raise InputError(f"{where} must be one of {known}, got {value!r}")
        elif key == "max_time":
            _check_time(where, value)


def _check_time(where: str, value: Any) -> None:
    if value is not None and not re.fullmatch(r"\d+(:\d\d?){3}", str(value)):
        raise InputError(
            f"{where} must be DD:HH:MM:SS, such as 00:00:20:00 for twenty minutes, or null, got "
            f"{value!r}"
        )
