"""From a configuration to a run folder with a trained model in it: the whole wiring.

    config ──build──> model ──objective──> what it learns ┐
    config ──material──> batches ─────────────────────────┴─ fit ──> rundir/name/version_N

`train` is the page to read; each step that it names is a function of this file or of this room.
"""

import logging
from pathlib import Path

import pytorch_lightning as pl
import torch
from omegaconf import DictConfig

from vschaos2.command_line import ENDING_SIGNALS, Ended
from vschaos2.config import call, plain
from vschaos2.data.material import Material
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
    check_settings(config, family.keys, family.instead_of_root)
    logging.getLogger("pytorch_lightning").setLevel(logging.WARNING)  # no hints, no advertising
    with runs_in(config, resumed) as rundir:
        # Mistakes are found before there is a folder: with a trainer of the one that is to be made.
        place = resumed.folder if resumed else rundir / config.name / "version_0"
        trainer = _trainer(config, family, place)
        check_alone(trainer)
        is_first = is_first_process()

        if resumed is None:
            family.settle(config)
        training = _untrained(config, family)
        if resumed:
            take_weights(training, family, resumed)
            if ending := resumed.ending(trainer):
                if is_first:
                    logger.info("%s", ending)
                return resumed.folder

        data = family.material(config, training.model)
        if is_first:
            family.tell(data)
        if resumed:
            resumed.set_position(data)
        if resumed is None or resumed.checkpoint is None:
            _begin(training, family, data, source)

        with run_folder(config, rundir, resumed, data) as (folder, keep):
            trainer = _trainer(config, family, folder, resumed.position if resumed else None)
            if config.check and is_first:
                logger.info(overview(training, data))  # of several lines
            _seed_noise(config.seed, trainer, resumed)
            keep_freed_memory()
            try:
                fit(trainer, training, data, resumed.last if resumed else None, is_first)
            finally:
                if trainer.global_step > 0:
                    keep()
            number = StopOnSignal.of(trainer)
            if is_first and number and number in ENDING_SIGNALS:
                raise Ended(number, is_told=True)
        return folder


def _trainer(
    config: DictConfig, family: Family, folder: Path, resumed_at: Position | None = None
) -> pl.Trainer:
    """The trainer of a run folder, which may be still to be made."""
    return build_trainer(
        trainer_options(plain(config, "trainer"), config.check),
        folder,
        call(Callbacks, "callbacks", plain(config, "callbacks")),
        family,
        family.show(config),
        resumed_at,
        settings_of(config),
    )


def _untrained(config: DictConfig, family: Family) -> Training:
    """A model with the first weights of its seed, and what it is to learn."""
    pl.seed_everything(config.seed, workers=True, verbose=False)
    model = family.build(config)
    objective = family.objective(config, model)
    optimiser = plain(config, "training.optimiser")
    return call(Training, "training.optimiser", optimiser, model=model, objective=objective)


def _begin(training: Training, family: Family, data: Material, source: Run | None) -> None:
    """Let a training know its material, take the weights of a run, and average from there."""
    training.objective.fit(data)
    if source:
        begin_from(source, training, family, data)
    training.start_average()


def _seed_noise(seed: int, trainer: pl.Trainer, resumed: Resumed | None) -> None:
    """Let each process draw noise of its own, and another one wherever a training goes on."""
    step = resumed.position.step if resumed else 0
    torch.manual_seed(seed + trainer.global_rank + trainer.world_size * step)
