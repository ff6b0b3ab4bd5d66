"""The callback that lets a training be heard and seen while it runs."""

import copy
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import TensorBoardLogger

from vschaos2.audio import write_audio
from vschaos2.command_line import ENDING_SIGNALS
from vschaos2.config import call
from vschaos2.data.module import WindowDataModule
from vschaos2.errors import InputError
from vschaos2.families.vae.reports import KINDS, ONLY_NEWEST, Moment, Scene, kinds_for
from vschaos2.families.vae.vae import VAE
from vschaos2.monitor.budget import Budget
from vschaos2.monitor.excerpts import excerpts
from vschaos2.monitor.store import Pixels, Report, pixels, thin_out, to_tensorboard, write_report
from vschaos2.ranges import check_count, check_number
from vschaos2.training.step import VAETraining
from vschaos2.training.stopping import StopOnSignal

logger = logging.getLogger(__name__)

MOST = 10**9
WINDOWS = 1024  # held-out windows that latents and predictions are measured on


@dataclass(frozen=True)
class MonitorOptions:
    """How a training is watched: `callbacks.monitor` of a configuration.

    Args:
        enabled: false for no reports.
        share: part of the training's time that they may take, from 0 to 0.5.
        first_seconds: seconds of training before the first of them.
        files: held-out files that are played and drawn.
        seconds: length of each, at its loudest.
        dimensions: latent dimensions that are swept.
        history: reports of each kind that are kept in the run's samples/.

    Raises:
        InputError: for a value out of range.
    """

    enabled: bool = True
    share: float = 0.03
    first_seconds: float = 20.0
    files: int = 4
    seconds: float = 3.0
    dimensions: int = 6
    history: int = 6

    def __post_init__(self) -> None:
        where = "callbacks.monitor"
        check_number(f"{where}.share", self.share, 0.0, 0.5)
        check_number(f"{where}.first_seconds", self.first_seconds, 0.0, 86_400.0)
        check_count(f"{where}.files", self.files, 1, 16)
        check_number(f"{where}.seconds", self.seconds, 0.1, 30.0)
        check_count(f"{where}.dimensions", self.dimensions, 1, 64)
        check_count(f"{where}.history", self.history, 1, 1000)


@dataclass(frozen=True)
class Watching:
    """`callbacks` of a configuration.

    Args:
        validate_every: epochs between validations.
        save_every_s: seconds between checkpoints within long epochs; None for none.
        monitor: what `MonitorOptions` takes; None for no reports, as in runs made before them.

    Raises:
        InputError: for a value out of range.
    """

    validate_every: int = 1
    save_every_s: float | None = 60.0
    monitor: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        check_count("callbacks.validate_every", self.validate_every, 1, MOST)
        if self.save_every_s is not None:
            check_number("callbacks.save_every_s", self.save_every_s, 0.0, MOST)
        if self.monitor is not None and not isinstance(self.monitor, dict):
            raise InputError(
                f"callbacks.monitor must be null or have keys, got {self.monitor!r}: "
                "callbacks.monitor.enabled=false turns it off"
            )

    def monitors(self, folder: Path, inversion: str) -> list[Callback]:
        """The `Monitor` of a run folder that is asked for, or none.

        Raises:
            InputError: for a key of `monitor` that does not exist, or a value out of range.
        """
        if self.monitor is None:
            return []
        options = call(MonitorOptions, "callbacks.monitor", self.monitor)
        return [Monitor(options, folder, inversion)] if options.enabled else []


class Monitor(Callback):
    """Sounds and pictures of a training in its run folder and in TensorBoard.

    Reports are made between two steps, in the first process, of a copy of the averaged weights on
    the CPU; `Budget` says when. They leave the training as it is: its random state is put back, and
    a disk that is full costs a warning, no more.

    Args:
        options: what to report, and at what price.
        folder: the run folder.
        inversion: how the run's instrument makes phases in `decode`.
    """

    def __init__(self, options: MonitorOptions, folder: Path, inversion: str) -> None:
        self.options = options
        self.folder = folder
        self.inversion = inversion
        self.budget = Budget(options.share, options.first_seconds)
        self.scene: Scene | None = None
        self.last_steps: dict[str, int] = {}
        self.told: set[tuple[str, type]] = set()  # failures that were told of, each once

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Make the report that is due, if one is, but never where gradients are being summed."""
        if not trainer.is_global_zero or (batch_idx + 1) % trainer.accumulate_grad_batches:
            return
        step = cast(VAETraining, pl_module)
        kind = self.budget.due(kinds_for(step.model), step.seconds())
        if kind is not None:
            self.report(kind, trainer, step)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Spend what is left of the share on how the training ended, unless it is to end now."""
        if not trainer.is_global_zero or StopOnSignal.of(trainer) in ENDING_SIGNALS:
            return
        step = cast(VAETraining, pl_module)
        fresh = [
            kind
            for kind in kinds_for(step.model)
            if self.last_steps.get(kind) != trainer.global_step
        ]
        for kind in self.budget.due_at_end(fresh, step.seconds()):
            self.report(kind, trainer, step)

    def state_dict(self) -> dict[str, Any]:
        """The account, so that a resumed training goes on as it would have."""
        return self.budget.state()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the account."""
        self.budget.restore(state_dict)

    def report(self, kind: str, trainer: pl.Trainer, step: VAETraining) -> None:
        """Make and store one report, and book what it took."""
        start, seconds = time.monotonic(), step.seconds()
        moment = Moment(trainer.global_step, seconds)
        try:
            # Unknown labels are drawn at random, here from the CPU's generator and no other (as
            # torch.manual_seed would): it is put back as it was.
            with torch.random.fork_rng(devices=[]), torch.inference_mode():
                torch.default_generator.manual_seed(0)
                self._make(kind, moment, trainer, step)
        except (OSError, ValueError, RuntimeError, ArithmeticError, MemoryError) as error:
            # A full disk, most likely. Whatever it is: a night's training is worth more.
            why = f"{type(error).__name__}: {' '.join(str(error).split())}"
            if (kind, type(error)) not in self.told:
                self.told.add((kind, type(error)))
                logger.warning("no %s at step %d, training goes on: %s", kind, moment.step, why)
        self.last_steps[kind] = moment.step
        self.budget.book(kind, seconds, time.monotonic() - start)

    def _make(self, kind: str, moment: Moment, trainer: pl.Trainer, step: VAETraining) -> None:
        if not self.folder.is_dir():
            raise InputError(f"{self.folder}: the run folder is gone")
        model = listening_copy(step.averaged_model())
        if model is None:
            logger.warning("no %s at step %d: weights are not finite", kind, moment.step)
            return
        samples, rate_hz = self.folder / "samples", model.transform.sample_rate_hz
        if self.scene is None:
            scene = self._scene(trainer, step)
            originals = {excerpt.name: excerpt.sound for excerpt in scene.excerpts}
            for name, sound in originals.items():
                write_audio(samples / "originals" / f"{name}.wav", sound, rate_hz)
            _show(trainer, "originals", moment, Report({}, originals, {}, {}), {}, rate_hz)
            self.scene = scene
        if kind == "curves":
            for each in trainer.loggers:
                each.save()  # what metrics.csv does not hold yet
        report = KINDS[kind](model, self.scene, moment)
        images = {name: pixels(figure) for name, figure in report.pictures.items()}
        write_report(samples / kind, moment.step, report, images, rate_hz)
        thin_out(samples / kind, 1 if kind in ONLY_NEWEST else self.options.history)
        _show(trainer, kind, moment, report, images, rate_hz)

    def _scene(self, trainer: pl.Trainer, step: VAETraining) -> Scene:
        data = cast(WindowDataModule, cast(Any, trainer).datamodule)
        tasks = step.model.conditioning.tasks
        return Scene(
            excerpts(data, self.options.files, self.options.seconds, tasks),
            lambda: data.held_out_batches(WINDOWS),
            self.inversion,
            step.classes,
            min(self.options.dimensions, step.model.latent_dim),
            self.folder / "metrics.csv",
        )


def _show(
    trainer: pl.Trainer,
    kind: str,
    moment: Moment,
    report: Report,
    images: dict[str, Pixels],
    sample_rate_hz: int,
) -> None:
    """Hand a report to TensorBoard, where the step that is done last is counted from 0."""
    for each in trainer.loggers:
        if isinstance(each, TensorBoardLogger):
            to_tensorboard(each.experiment, kind, moment.step - 1, report, images, sample_rate_hz)


def listening_copy(model: VAE) -> VAE | None:
    """A model's copy on the CPU, in float32, that records no gradients; None if it is not finite.

    The copy is listened to, so that nothing of the training's own can change.
    """
    copied = copy.deepcopy(model).to("cpu", torch.float32).eval().requires_grad_(False)
    finite = all(bool(weight.isfinite().all()) for weight in copied.parameters())
    return copied if finite else None
