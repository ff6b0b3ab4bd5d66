"""The Lightning trainer of a run folder: its options, and what logs, watches and saves."""

from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import TensorBoardLogger
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from vschaos2.checkpoints import MISFITS
from vschaos2.errors import InputError
from vschaos2.training.callbacks import ProgressLine, StopOnInterrupt, WholeCheckpoints, checkpoints
from vschaos2.training.metrics_table import MetricsTable
from vschaos2.training.position import Position

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
    callbacks: DictConfig,
    watching: list[Callback],
    resumed_at: Position | None,
) -> pl.Trainer:
    """The Lightning trainer of a run folder.

    Args:
        options: of `pl.Trainer`.
        folder: rundir/name/version_N.
        callbacks: that part of the configuration.
        watching: callbacks that make reports.
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
    # A TensorBoard that has been open all the while forgets the steps that come again.
    board = TensorBoardLogger(**place, purge_step=first_step if resumed_at else None)
    try:
        return pl.Trainer(
            **options,
            logger=[MetricsTable(folder, first_step), board],
            callbacks=[
                ProgressLine(refresh_rate=5),
                StopOnInterrupt(),
                *watching,
                *checkpoints(folder, callbacks.save_every_s),
            ],
            plugins=[WholeCheckpoints()],
            check_val_every_n_epoch=callbacks.validate_every,
            default_root_dir=folder,
            num_sanity_val_steps=0,
            enable_model_summary=False,
        )
    except (*MISFITS, MisconfigurationException) as error:
        raise InputError(f"trainer: {' '.join(str(error).split())}") from error
