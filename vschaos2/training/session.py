"""From a configuration to a run folder with a trained model in it."""

import logging
import math
import os
import re
from contextlib import nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig, OmegaConf

from vschaos2.calling import typed
from vschaos2.command_line import ENDING_SIGNALS, Ended
from vschaos2.config import call
from vschaos2.data.augment import Augment
from vschaos2.data.module import WindowDataModule
from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.hearing import check_classes, fit_values, label_tasks
from vschaos2.families.vae.lessons import check_transposition
from vschaos2.families.vae.vae import VAE
from vschaos2.files import reason, write_whole
from vschaos2.inspection.dataset import Use, inspect_dataset, use_of
from vschaos2.monitor.watching import Watching
from vschaos2.nets.temporal import checked_sequence
from vschaos2.objectives.divergences import Divergence
from vschaos2.objectives.schedules import BetaSchedule
from vschaos2.runs.folder import create_run_folder, save_config
from vschaos2.runs.lock import NAME as LOCK
from vschaos2.runs.lock import training_in
from vschaos2.training.allocator import keep_freed_memory
from vschaos2.training.checkpoint_form import take_weights
from vschaos2.training.event_files import PREFIX
from vschaos2.training.initial_weights import begin_from, first_weights
from vschaos2.training.overview import overview
from vschaos2.training.position import Position
from vschaos2.training.resume import Resumed, forget_what_came_after
from vschaos2.training.settings import check_rundir, check_settings, plain
from vschaos2.training.step import VAETraining
from vschaos2.training.stopping import StopOnSignal
from vschaos2.training.trainer import build_trainer, fit, trainer_options

logger = logging.getLogger(__name__)

RANK_VARIABLES = ("LOCAL_RANK", "NODE_RANK", "RANK", "GROUP_RANK", "SLURM_PROCID")
# Only the first process writes, and knows a run folder: in this one nobody can write or remove.
NOWHERE = Path(os.devnull) / "run" / "version_0"


def train(config: DictConfig, resumed: Resumed | None = None) -> Path:
    """Train the model that a configuration describes, and return its run folder.

    A check (`config.check`) trains in a folder of its own, which is gone when this returns.

    Args:
        config: the whole configuration.
        resumed: the training to continue, in its folder; None for a new one.

    Raises:
        InputError: for anything in the configuration or the dataset that is the user's to mend.
    """
    check_settings(config)
    if resumed:
        check_rundir(resumed.folder.parent.parent, resumed.folder.parent.name)
        return _train(config, resumed, resumed.folder.parent.parent)
    existing = check_rundir(Path(config.rundir), config.name)
    if config.check and is_first_process():
        with TemporaryDirectory(prefix=".check_", dir=existing) as place:
            return _train(config, None, Path(place))
    return _train(config, None, Path(config.rundir))


def _train(config: DictConfig, resumed: Resumed | None, rundir: Path) -> Path:
    """What `train` does, with the folder of runs to do it in."""
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no hints, no advertising
    options = trainer_options(plain(config.trainer), config.check)
    watching = call(Watching, "callbacks", plain(config.callbacks))
    # Mistakes are found before there is a folder: with a trainer of the one that is to be made.
    place = resumed.folder if resumed else rundir / config.name / "version_0"
    is_first = is_first_process()
    trainer = build_trainer(options, place, watching, config.inversion, None)
    if trainer.is_global_zero and not is_first:
        raise InputError(_not_alone())
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
    if resumed and resumed.checkpoint:
        take_weights(step, resumed.checkpoint, resumed.folder / "checkpoints" / "last.ckpt")
    if resumed and (ending := resumed.ending(trainer)):
        if is_first:
            logger.info("%s", ending)
        return resumed.folder
    use = use_of(config)
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
    if is_first:
        _tell_of_dataset(use, data)
    if resumed is None or resumed.checkpoint is None:
        fit_to_dataset(step, data)
        begin_from(first, step)
    position = resumed.position if resumed else Position(0, 0, 0)
    if resumed and position.batch > data.batches_per_epoch:
        raise InputError(
            f"{resumed.folder}: last.ckpt stands at batch {position.batch} of an epoch of "
            f"{data.batches_per_epoch}: was it, or config.yaml, edited?"
        )
    data.start_at(position.epoch, position.batch)
    folder = resumed.folder if resumed else NOWHERE
    try:
        if resumed is None and is_first:
            folder = create_run_folder(rundir, config.name)
            save_config(folder, config)
            _save_held_out(folder, data)
        resumed_at = position if resumed else None
        trainer = build_trainer(options, folder, watching, config.inversion, resumed_at)
        with training_in(folder) if is_first else nullcontext():
            if resumed and is_first:
                _prepare(resumed, data)
            if config.check and is_first:
                logger.info(overview(step, data))  # of several lines
            # Each process draws noise of its own.
            torch.manual_seed(
                config.seed + trainer.global_rank + trainer.world_size * position.step
            )
            keep_freed_memory()
            goes_on = resumed is not None and resumed.checkpoint is not None
            checkpoint = folder / "checkpoints" / "last.ckpt" if goes_on else None
            fit(trainer, step, data, checkpoint, is_first)
            number = StopOnSignal.of(trainer)
            if is_first and number and number in ENDING_SIGNALS:
                raise Ended(number, is_told=True)
    except BaseException as error:
        if is_first and resumed is None and trainer.global_step == 0:
            _take_back(folder)
        if isinstance(error, OSError):
            where = folder if error.filename is None else error.filename
            raise InputError(f"{where}: {reason(error)}") from error
        raise
    return folder


def _take_back(folder: Path) -> None:
    """Remove a run folder that this process made and in which nothing was trained.

    File by file, so that nothing else can go with it.
    """
    if folder == NOWHERE or folder.is_symlink():
        return
    with suppress(OSError):  # what else is in it stays, and so does the folder
        for name in ("config.yaml", "held_out.txt", LOCK):
            (folder / name).unlink(missing_ok=True)
        for events in folder.glob(f"{PREFIX}*"):
            events.unlink()
        (folder / "checkpoints").rmdir()
        folder.rmdir()


def _not_alone() -> str:
    ranks = [f"{name}={os.environ[name]}" for name in RANK_VARIABLES if name in os.environ]
    return (
        f"{', '.join(ranks)}: says that another process of this training is the first, but "
        "trainer.devices and trainer.num_nodes let it be the only one: unset it, or set these"
    )


def _prepare(resumed: Resumed, data: WindowDataModule) -> None:
    """Bring a run folder into the state in which its last checkpoint left it."""
    forget_what_came_after(resumed.folder, resumed.position.step)
    save_config(resumed.folder, resumed.config)
    _save_held_out(resumed.folder, data)
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

    Raises:
        InputError: if a number is none.
    """
    ranks = {name: os.environ.get(name, "0") for name in RANK_VARIABLES}
    for name, rank in ranks.items():
        if not re.fullmatch("[0-9]+", rank):
            raise InputError(f"{name}={rank!r}: is no process's number: unset it")
    return all(int(rank) == 0 for rank in ranks.values())


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
        InputError: if they are all silent, or absurdly loud.
    """
    batches = [
        (step.magnitudes(batch["waveform"]).mean(), batch["labels"])
        for batch in data.probe_batches()
    ]
    mean = float(torch.stack([mean for mean, _ in batches]).mean())
    if not math.isfinite(mean):
        raise InputError(
            f"{data.root}: samples are so large that their mean is {mean}: look for absurd "
            f"recordings with {typed('check')} {data.root}"
        )
    if not mean > 0:
        raise InputError(f"{data.root}: every training file is silent: check the recordings")
    step.model.transform.fit_level(mean)
    step.averaged_model().transform.fit_level(mean)
    tasks = label_tasks(step.model)
    labels = {task: torch.cat([known[task] for _, known in batches]) for task in tasks}
    fit_values(step.model, labels)
    fit_values(step.averaged_model(), labels)


def _tell_of_dataset(use: Use, data: WindowDataModule) -> None:
    """Log what the dataset holds, and where to read more if something is wrong with it."""
    report = inspect_dataset(data.root, use, cache=data.cache, clipping=False)
    logger.info(report.summary())
    if report.errors:
        logger.warning("for each finding and its remedy: %s %s", typed("check"), data.root)
