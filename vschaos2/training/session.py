"""From a configuration to a run folder with a trained model in it: the whole wiring.

config ──build──> model ──objective──> what it learns ┐
config ──material──> batches ─────────────────────────┴─ fit ──> rundir/name/version_N
"""

import logging
from pathlib import Path

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig

from vschaos2.command_line import ENDING_SIGNALS, Ended
from vschaos2.config import call, plain
from vschaos2.errors import InputError
from vschaos2.inspection.dataset import tell_of
from vschaos2.runs.folder import Run
from vschaos2.runs.settings import settings_of
from vschaos2.training.allocator import keep_freed_memory
from vschaos2.training.callbacks import Callbacks
from vschaos2.training.checkpoint_form import take_weights
from vschaos2.training.family import Family
from vschaos2.training.initial_weights import begin_from
from vschaos2.training.overview import overview
from vschaos2.training.place import run_folder, runs_in
from vschaos2.training.position import Position
from vschaos2.training.processes import check_alone, is_first_process
from vschaos2.training.resume import Resumed
from vschaos2.training.settings import check_settings
from vschaos2.training.step import Training
from vschaos2.training.stopping import StopOnSignal
from vschaos2.training.trainer import build_trainer, fit, trainer_options

logger = logging.getLogger(__name__)


def train(
    config: DictConfig,
    family: Family,
    resumed: Resumed | None = None,
    source: Run | None = None,
) -> Path:
    """Train the model that a configuration describes, and return its run folder.

    A check (`config.check`) trains in a folder of its own, which is gone when this returns.

    Args:
        config: the whole configuration.
        family: that it names.
        resumed: the training to continue, in its folder; None for a new one.
        source: a run that a new training takes its first weights from.

    Raises:
        InputError: for anything in the configuration or the dataset that is the user's to mend.
    """
    check_settings(config, family.keys)
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no hints, no advertising
    with runs_in(config, resumed) as rundir:
        return _train(config, family, resumed, source, rundir)


def _train(
    config: DictConfig,
    family: Family,
    resumed: Resumed | None,
    source: Run | None,
    rundir: Path,
) -> Path:
    """What `train` does, with the folder of runs to do it in."""
    # Mistakes are found before there is a folder: with a trainer of the one that is to be made.
    options = trainer_options(plain(config, "trainer"), config.check)
    callbacks = call(Callbacks, "callbacks", plain(config, "callbacks"))
    place = resumed.folder if resumed else rundir / config.name / "version_0"
    trainer = build_trainer(options, place, callbacks, family, family.show(config), None)
    check_alone(trainer)

    pl.seed_everything(config.seed, workers=True, verbose=False)
    model = family.build(config)
    objective = family.objective(config, model)
    optimiser = plain(config, "training.optimiser")
    training = call(Training, "training.optimiser", optimiser, model=model, objective=objective)
    checkpoint = resumed.checkpoint if resumed else None
    if resumed and checkpoint:
        take_weights(training, family, checkpoint, resumed.folder / "checkpoints" / "last.ckpt")
    if resumed and (ending := resumed.ending(trainer)):
        if is_first_process():
            logger.info("%s", ending)
        return resumed.folder

    data = family.material(config, model)
    if is_first_process():
        tell_of(data)
    if checkpoint is None:
        objective.fit(data)
        if source:
            begin_from(source, training, family, data)
        training.start_average()
    position = resumed.position if resumed else Position(0, 0, 0)
    if resumed and position.batch > data.batches_per_epoch:
        raise InputError(
            f"{resumed.folder}: last.ckpt stands at batch {position.batch} of an epoch of "
            f"{data.batches_per_epoch}: was it, or config.yaml, edited?"
        )
    data.start_at(position.epoch, position.batch)

    with run_folder(config, rundir, resumed, data) as (folder, keep):
        trainer = build_trainer(
            options, folder, callbacks, family, family.show(config),
            position if resumed else None, settings_of(config),
        )  # fmt: skip
        if config.check and is_first_process():
            logger.info(overview(training, data))  # of several lines
        # Each process draws noise of its own.
        torch.manual_seed(config.seed + trainer.global_rank + trainer.world_size * position.step)
        keep_freed_memory()
        last = folder / "checkpoints" / "last.ckpt" if checkpoint else None
        try:
            fit(trainer, training, data, last, is_first_process())
        finally:
            if trainer.global_step > 0:
                keep()
        number = StopOnSignal.of(trainer)
        if is_first_process() and number and number in ENDING_SIGNALS:
            raise Ended(number, is_told=True)
    return folder
