"""From a configuration to a run folder with a trained model in it."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from pytorch_lightning.utilities.rank_zero import rank_zero_only

from vschaos2.data.module import WindowDataModule
from vschaos2.errors import InputError
from vschaos2.models.build import build_model
from vschaos2.runs import create_run_folder, save_config
from vschaos2.training.callbacks import ProgressLine, StopOnInterrupt, WholeCheckpoints, checkpoints
from vschaos2.training.step import VAETraining

logger = logging.getLogger(__name__)

FOLDER_VARIABLE = "VSCHAOS2_RUN_FOLDER"  # tells the other processes of a training where it writes


def train(config: DictConfig) -> Path:
    """Train the model that a configuration describes, and return its run folder.

    Raises:
        InputError: for anything in the configuration or the dataset that is the user's to mend.
    """
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        hint = "the folder of your recordings" if missing[0] == "data.dataset.root" else "a value"
        raise InputError(f"{missing[0]} is missing: give {hint}, {missing[0]}=…")
    pl.seed_everything(config.seed, workers=True, verbose=False)
    model = build_model(config)
    try:
        augment = instantiate(config.data.augment)
        options = OmegaConf.to_container(config.training, resolve=True)
        step = VAETraining(model, augment, **instantiate(options))
    except (TypeError, ValueError) as error:
        raise InputError(f"training: {' '.join(str(error).split())}") from error
    transform = model.transform
    data = WindowDataModule(
        root=Path(config.data.dataset.root),
        window_samples=transform.n_fft,
        draw_samples=augment.window_samples(transform.n_fft),
        hop=transform.hop,
        seed=config.seed,
        sample_rate_hz=config.data.dataset.sample_rate_hz,
        n_files=config.data.dataset.n_files,
        validation_fraction=config.data.dataset.validation_fraction,
        **config.data.loader,
    )
    fit_level(step, data)
    folder = _run_folder(config)
    trainer = _trainer(config, folder)
    step.time_limit_s = trainer.max_time_s
