"""From a configuration to a run folder with a trained model in it."""

import logging
import os
import shutil
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig, OmegaConf
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from vschaos2.config import call
from vschaos2.data.augment import Augment
from vschaos2.data.inspection import inspect_dataset, use_of
from vschaos2.data.module import WindowDataModule
from vschaos2.divergences import Divergence
from vschaos2.errors import InputError
from vschaos2.files import write_whole
from vschaos2.models.build import build_model
from vschaos2.models.temporal import checked_sequence
from vschaos2.models.vae import VAE
from vschaos2.runs import create_run_folder, save_config
from vschaos2.schedules import BetaSchedule
from vschaos2.training.allocator import keep_freed_memory
from vschaos2.training.initial_weights import begin_from, first_weights
from vschaos2.training.labels import check_classes, fit_values, label_tasks
from vschaos2.training.monitoring import monitors
from vschaos2.training.overview import overview
from vschaos2.training.position import Position
from vschaos2.training.resume import Resumed, forget_what_came_after
from vschaos2.training.run_lock import training_in
from vschaos2.training.settings import check_settings, plain
from vschaos2.training.step import VAETraining
from vschaos2.training.trainer import build_trainer, rehearse, trainer_options
from vschaos2.training.transposition import check_transposition

logger = logging.getLogger(__name__)

RANK_VARIABLES = ("LOCAL_RANK", "NODE_RANK", "RANK", "GROUP_RANK", "SLURM_PROCID")
FOLDER_VARIABLE = "VSCHAOS2_RUN_FOLDER"  # tells the other processes of a training where it writes


def train(config: DictConfig, resumed: Resumed | None = None) -> Path:
    """Train the model that a configuration describes, and return its run folder.

    Args:
        config: the whole configuration.
        resumed: the training to continue, in its folder; None for a new one.

    Raises:
        InputError: for anything in the configuration or the dataset that is the user's to mend.
    """
    check_settings(config)
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no hints, no advertising
    options = trainer_options(plain(config.trainer), config.check)
    rehearse(options, config.callbacks, monitors(config, Path(config.rundir)))
    first = None if resumed else first_weights(config.model.get("init_from"))
    pl.seed_everything(config.seed, workers=True, verbose=False)
    model = build_model(config)
    augment = call(Augment, "data.augment", plain(config.data.augment))
    check_transposition(model, augment)
    # Runs trained before sequences say nothing of them.
    sequence = OmegaConf.select(config, "data.sequence", default=1)
    sequence = checked_sequence(sequence, model.temporal)
    step = call(
        training_step,
        "training",
        plain(config.training),
        model=model,
        augment=augment,
        sequence=sequence,
    )
    if model.transform.sample_rate_hz != config.data.dataset.sample_rate_hz:
        raise InputError(
            f"data.transform.sample_rate_hz is {model.transform.sample_rate_hz!r}, and the "
            f"dataset's {config.data.dataset.sample_rate_hz}: set data.dataset.sample_rate_hz alone"
        )
    dataset, loader = plain(config.data.dataset), plain(config.data.loader)
    data = call(
        WindowDataModule,
        "data",
        {**dataset, **loader},
        {**dict.fromkeys(dataset, "data.dataset"), **dict.fromkeys(loader, "data.loader")},
        window_samples=model.transform.n_fft,
        draw_samples=augment.window_samples(step.span_samples),
        hop=model.transform.hop,
        seed=config.seed,
        tasks=label_tasks(model),
        sequence=sequence,
    )
    if data.metadata is not None:
        check_classes(model, data.metadata)
        step.classes = {task: data.metadata.class_names[task] or [] for task in label_tasks(model)}
    if is_first_process():
        _tell_of_dataset(config, data)
    if resumed and resumed.checkpoint:
        _take_weights(step, resumed.checkpoint, resumed.folder)
    else:
        fit_to_dataset(step, data)
        begin_from(first, step)
    folder = resumed.folder if resumed else _run_folder(config, data)
    with training_in(folder) if is_first_process() else nullcontext():
        position = resumed.position if resumed else Position(0, 0, 0)
        try:
            resumed_at = position if resumed else None
            watching = monitors(config, folder)
            trainer = build_trainer(options, folder, config.callbacks, watching, resumed_at)
        except InputError:
            if resumed is None:
                shutil.rmtree(folder)  # nothing happened yet that would be worth a version
            raise
        if resumed and (ending := resumed.ending(trainer)):
            if is_first_process():
                logger.info("%s", ending)
            return folder
        if resumed and is_first_process():
            _prepare(resumed, data)
        if config.check and is_first_process():
            logger.info(overview(step, data))  # of several lines
        data.start_at(position.epoch, position.batch)
        # Each process draws noise of its own.
        torch.manual_seed(config.seed + trainer.global_rank + trainer.world_size * position.step)
        keep_freed_memory()
        goes_on = resumed is not None and resumed.checkpoint is not None
        _fit(trainer, step, data, folder / "checkpoints" / "last.ckpt" if goes_on else None)
    return folder


def _fit(
    trainer: pl.Trainer, step: VAETraining, data: WindowDataModule, checkpoint: Path | None
) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*exists and is not empty.*")  # we made it
        warnings.filterwarnings("ignore", message=".*LeafSpec.*")
        # Batches come whole from a memory map, faster than a worker could hand them over.
        warnings.filterwarnings("ignore", message=".*does not have many workers.*")
        warnings.filterwarnings("ignore", message=".*`IterableDataset` has `__len__`.*")
        warnings.filterwarnings("ignore", message=".*log_every_n_steps.*")
        # It is: see WindowBatches.set_position.
        warnings.filterwarnings("ignore", message=".*your dataloader is not resumable.*")
        try:
            trainer.fit(step, data, ckpt_path=checkpoint)
        except MisconfigurationException as error:  # parts of an epoch without a whole batch
            raise InputError(f"trainer: {' '.join(str(error).split())}") from error


def _take_weights(step: VAETraining, checkpoint: dict[str, Any], folder: Path) -> None:
    """Load the weights of a training that goes on; Lightning does so again, without these words."""
    try:
        step.load_state_dict(checkpoint["state_dict"])
    except RuntimeError as error:
        raise InputError(
            f"{folder}: last.ckpt does not fit config.yaml: was one of them edited?"
        ) from error


def _prepare(resumed: Resumed, data: WindowDataModule) -> None:
    """Bring a run folder into the state in which its last checkpoint left it."""
    forget_what_came_after(resumed.folder, resumed.position.step)
    save_config(resumed.folder, resumed.config)
    _save_held_out(resumed.folder, data)
    os.environ[FOLDER_VARIABLE] = str(resumed.folder.resolve())
    epoch, batch, step = resumed.position
    if resumed.checkpoint is None:
        logger.info("%s: has no checkpoint yet, it starts from the beginning", resumed.folder)
    else:
        logger.info(
            "continuing %s at step %d: epoch %d, batch %d", resumed.folder, step, epoch, batch
        )


def _save_held_out(folder: Path, data: WindowDataModule) -> None:
    held_out = [data.cache.files[index].path for index in data.validation_files]
    write_whole(folder / "held_out.txt", "\n".join(held_out) + "\n")


def is_first_process() -> bool:
    """Whether this process, of those that train together, is the one that writes and speaks.

    Processes are numbered by whoever starts them: Lightning, torchrun, or srun on a cluster.
    """
    return all(os.environ.get(rank, "0") == "0" for rank in RANK_VARIABLES)


def training_step(
    model: VAE,
    augment: Augment,
    losses: dict[str, float],
    divergence: dict[str, Any],
    beta: dict[str, Any],
    optimiser: dict[str, Any],
    sequence: int = 1,
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
        sequence=sequence,
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
    logger.info(report.summary())
    if report.errors:
        logger.warning("for each finding and its remedy: python check_dataset.py %s", data.root)


def _run_folder(config: DictConfig, data: WindowDataModule) -> Path:
    """A new run folder, made once by the first process and known to the others."""
    if is_first_process():
        folder = create_run_folder(Path(config.rundir), config.name)
        save_config(folder, config)
        _save_held_out(folder, data)
        os.environ[FOLDER_VARIABLE] = str(folder.resolve())
        return folder
    return Path(os.environ.get(FOLDER_VARIABLE, config.rundir))  # only the first one writes
