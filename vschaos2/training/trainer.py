"""The Lightning trainer of a run folder: its options, and what logs, watches and saves."""

import signal
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from vschaos2.checkpoints import MISFITS
from vschaos2.command_line import ENDING_SIGNALS
from vschaos2.errors import InputError
from vschaos2.training.callbacks import WholeCheckpoints, checkpoints, progress_line
from vschaos2.training.event_log import EventLog, quiet_threads
from vschaos2.training.metrics_table import MetricsTable
from vschaos2.training.monitoring import Watching
from vschaos2.training.position import Position
from vschaos2.training.stopping import StopOnDivergence, StopOnSignal

HALF_PRECISIONS = ("16", "16-mixed", "16-true")
CHECK = {"limit_train_batches": 2, "limit_val_batches": 1, "max_epochs": 1}


def trainer_options(options: dict[str, Any], check: bool) -> dict[str, Any]:
    """Options of `pl.Trainer`, from the `trainer` part of a configuration.

    Args:
        options: that part.
        check: try everything, in two steps.

    Raises:
        InputError: for float16 without a GPU: Lightning would silently train in bfloat16.
    """
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
    watching: Watching,
    inversion: str,
    resumed_at: Position | None,
) -> pl.Trainer:
    """The Lightning trainer of a run folder.

    Args:
        options: of `pl.Trainer`.
        folder: rundir/name/version_N.
        watching: how often it is validated, saved and reported on.
        inversion: how the run's instrument makes phases in `decode`.
        resumed_at: the position at which a training goes on; None for a new one.

    Raises:
        InputError: for an option that Lightning does not have or a value that it refuses.
    """
    place: Any = {
        "save_dir": folder.parent.parent,
        "name": folder.parent.name,
        "version": folder.name,
    }
    first_step = resumed_at.step if resumed_at else 0
    monitors = watching.monitors(folder, inversion)
    # A TensorBoard that has been open all the while forgets the steps that come again.
    board = EventLog(**place, purge_step=first_step if resumed_at else None)
    try:
        return pl.Trainer(
            **options,
            logger=[MetricsTable(folder, first_step), board],
            callbacks=[
                progress_line(),
                StopOnSignal(),
                StopOnDivergence(),
                *monitors,
                *checkpoints(folder, watching.save_every_s),
            ],
            plugins=[WholeCheckpoints()],
            check_val_every_n_epoch=watching.validate_every,
            default_root_dir=folder,
            num_sanity_val_steps=0,
            enable_model_summary=False,
        )
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
