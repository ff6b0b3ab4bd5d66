"""From a configuration to a run folder with a trained model in it."""

import logging
import os
import shutil
import warnings
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.loggers import CSVLogger, TensorBoardLogger
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from vschaos2.config import call, check_keys
from vschaos2.data.augment import Augment
from vschaos2.data.inspection import inspect_dataset, use_of
from vschaos2.data.module import WindowDataModule
from vschaos2.divergences import Divergence
from vschaos2.errors import InputError
from vschaos2.models.build import build_model
from vschaos2.models.vae import VAE
from vschaos2.runs import create_run_folder, save_config
from vschaos2.schedules import BetaSchedule
from vschaos2.training.callbacks import ProgressLine, StopOnInterrupt, WholeCheckpoints, checkpoints
from vschaos2.training.labels import check_classes, fit_values, label_tasks
from vschaos2.training.step import VAETraining

logger = logging.getLogger(__name__)

KEYS = (
    *("name", "rundir", "seed", "check", "inversion"),
    *("data", "model", "training", "callbacks", "trainer"),
)
DATA_KEYS = ("dataset", "loader", "transform", "augment")
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
    check_keys(config, "", KEYS)
    check_keys(config.data, "data", DATA_KEYS)
    if not isinstance(config.seed, int) or not 0 <= config.seed < 2**32:
        raise InputError(f"seed must be a whole number from 0 to 2^32 - 1, got {config.seed!r}")
    pl.seed_everything(config.seed, workers=True, verbose=False)
    model = build_model(config)
    augment = call(Augment, "data.augment", config.data.augment)
    step = call(training_step, "training", _plain(config.training), model=model, augment=augment)
    data = call(
        WindowDataModule,
        "data",
        {**_plain(config.data.dataset), **_plain(config.data.loader)},
        window_samples=model.transform.n_fft,
        draw_samples=augment.window_samples(model.transform.n_fft),
        hop=model.transform.hop,
        seed=config.seed,
        tasks=label_tasks(model),
    )
    if data.metadata is not None:
        check_classes(model, data.metadata)
        step.classes = {task: data.metadata.class_names[task] or [] for task in label_tasks(model)}
    if is_first_process():
        _tell_of_dataset(config, data)
    trainer_options = _plain(config.trainer)
    if config.check:
        trainer_options |= {"limit_train_batches": 2, "limit_val_batches": 1, "max_epochs": 1}
    fit_to_dataset(step, data)
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no hints, no advertising
    folder = _run_folder(config, data)
    try:
        trainer = _trainer(trainer_options, folder, config.callbacks.validate_every)
    except InputError:
        shutil.rmtree(folder)  # nothing happened yet that would be worth a version
        raise
    torch.manual_seed(config.seed + trainer.global_rank)  # each process draws noise of its own
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*exists and is not empty.*")  # we made it
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        # Batches come whole from a memory map, faster than a worker could hand them over.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*`IterableDataset` has `__len__`.*")
        warnings.filterwarnings("ignore", message=".*log_every_n_steps.*")
        trainer.fit(step, data)
    return folder


def is_first_process() -> bool:
    """Whether this process, of those that train together, is the one that writes and speaks."""
    return all(os.environ.get(rank, "0") == "0" for rank in ("LOCAL_RANK", "NODE_RANK"))


def training_step(
    model: VAE,
    augment: Augment,
    losses: dict[str, float],
    divergence: dict[str, Any],
    beta: dict[str, Any],
    optimiser: dict[str, Any],
) -> VAETraining:
    """The Lightning module of a model and the `training` part of a configuration."""
    return call(
        VAETraining,
        "training.optimiser",
        optimiser,
        model=model,
        augment=augment,
        losses=losses,
        divergence=call(Divergence, "training.divergence", divergence),
        beta=call(BetaSchedule, "training.beta", beta),
    )


@torch.no_grad()
def fit_to_dataset(step: VAETraining, data: WindowDataModule) -> None:
    """Set the contrast's scale, and those of continuous labels, from the training windows.

    Raises:
        InputError: if they are all silent.
    """
    batches = [
        (step.magnitudes(batch["waveform"]).mean(), batch["labels"])
        for batch in data.probe_batches()
    ]
    mean = float(torch.stack([mean for mean, _ in batches]).mean())
    if not mean > 0:
        raise InputError(f"{data.root}: every training file is silent: check the recordings")
    step.model.transform.fit_level(mean)
    step.averaged_model().transform.fit_level(mean)
    tasks = label_tasks(step.model)
    labels = {task: torch.cat([known[task] for _, known in batches]) for task in tasks}
    fit_values(step.model, labels)
    fit_values(step.averaged_model(), labels)


def _tell_of_dataset(config: DictConfig, data: WindowDataModule) -> None:
    """Log what the dataset holds, and where to read more if something is wrong with it."""
    report = inspect_dataset(data.root, use_of(config), cache=data.cache, clipping=False)
    logger.info("%s", report.summary())
    if report.errors:
        logger.warning("for each finding and its remedy: python check_dataset.py %s", data.root)


def _run_folder(config: DictConfig, data: WindowDataModule) -> Path:
    """A new run folder, made once by the first process and known to the others."""
    if is_first_process():
        folder = create_run_folder(Path(config.rundir), config.name)
        save_config(folder, config)
        held_out = [data.cache.files[index].path for index in data.validation_files]
        (folder / "held_out.txt").write_text("\n".join(held_out) + "\n", encoding="utf-8")
        os.environ[FOLDER_VARIABLE] = str(folder.resolve())
        return folder
    return Path(os.environ.get(FOLDER_VARIABLE, config.rundir))  # only the first one writes


def _plain(config: DictConfig) -> dict[str, Any]:
    """A part of a configuration as plain containers."""
    return cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))


def _trainer(options: dict[str, Any], folder: Path, validate_every: int) -> pl.Trainer:
    """The Lightning trainer of a run folder.

    Raises:
        InputError: for an option that Lightning does not have or a value that it refuses.
    """
    place: Any = {
        "save_dir": folder.parent.parent,
        "name": folder.parent.name,
        "version": folder.name,
    }
    try:
        return pl.Trainer(
            **options,
            logger=[CSVLogger(**place), TensorBoardLogger(**place)],
            callbacks=[
                ProgressLine(refresh_rate=5),
                StopOnInterrupt(),
                *checkpoints(folder, validate_every),
            ],
            plugins=[WholeCheckpoints()],
            check_val_every_n_epoch=validate_every,
            default_root_dir=folder,
            num_sanity_val_steps=0,
            enable_model_summary=False,
        )
    except (TypeError, ValueError, RuntimeError, MisconfigurationException) as error:
        raise InputError(f"trainer: {' '.join(str(error).split())}") from error
