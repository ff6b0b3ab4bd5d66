"""The callback that lets a training be heard and seen while it runs."""

import copy
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import TensorBoardLogger
from torch import nn

from vschaos2.audio import write_audio
from vschaos2.data.material import Material
from vschaos2.errors import InputError
from vschaos2.monitor.budget import Budget
from vschaos2.monitor.curves import read_curves
from vschaos2.monitor.options import MonitorOptions
from vschaos2.monitor.pictures import curves_picture
from vschaos2.monitor.show import Moment, Show
from vschaos2.monitor.store import Pixels, Report, pixels, thin_out, to_tensorboard, write_report
from vschaos2.runs.measure import Measure

logger = logging.getLogger(__name__)

Model = TypeVar("Model", bound=nn.Module)
CURVES = "curves"  # every family's: the newest of them hold all of the past
LOSSES = {"train/loss": "training", "validation/loss": "held out"}


class Watched(Protocol):
    """What is asked of a training."""

    @property
    def data(self) -> Material:
        """Where its batches come from."""

    def averaged_model(self) -> nn.Module:
        """The model whose weights are kept."""

    def seconds(self) -> float:
        """Seconds of training so far."""


class Monitor(Callback):
    """Sounds and pictures of a training in its run folder and in TensorBoard.

    Reports are made between two steps, in the first process, of a copy of the averaged weights on
    the CPU; `Budget` says when. They leave the training as it is: its random state is put back, and
    a disk that is full costs a warning, no more.

    Args:
        options: what to report, and at what price.
        folder: the run folder.
        show: what the family shows.
        best_by: what the learning curves show beside the losses.
        is_to_end: whether a trainer is to end now.
    """

    def __init__(
        self,
        options: MonitorOptions,
        folder: Path,
        show: Show,
        best_by: Measure,
        is_to_end: Callable[[pl.Trainer], bool],
    ) -> None:
        self.options = options
        self.folder = folder
        self.show = show
        self.best_by = best_by
        self.is_to_end = is_to_end
        self.budget = Budget(options.share, options.first_seconds)
        self.has_begun = False
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
        training = cast(Watched, pl_module)
        kind = self.budget.due(self.kinds(training), training.seconds())
        if kind is not None:
            self.report(kind, trainer, training)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Spend what is left of the share on how the training ended, unless it is to end now."""
        if not trainer.is_global_zero or self.is_to_end(trainer):
            return
        training = cast(Watched, pl_module)
        kinds = self.kinds(training)
        fresh = [kind for kind in kinds if self.last_steps.get(kind) != trainer.global_step]
        for kind in self.budget.due_at_end(fresh, training.seconds()):
            self.report(kind, trainer, training)

    def state_dict(self) -> dict[str, Any]:
        """The account, so that a resumed training goes on as it would have."""
        return self.budget.state()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up the account."""
        self.budget.restore(state_dict)

    def kinds(self, training: Watched) -> list[str]:
        """All kinds of report, the most wanted first; the curves come second."""
        most_wanted, *others = *self.show.kinds(training.averaged_model()), CURVES
        return list(dict.fromkeys([most_wanted, CURVES, *others]))

    def report(self, kind: str, trainer: pl.Trainer, training: Watched) -> None:
        """Make and store one report, and book what it took."""
        start, seconds = time.monotonic(), training.seconds()
        moment = Moment(trainer.global_step, seconds)
        try:
            # Unknown labels are drawn at random, here from the CPU's generator and no other (as
            # torch.manual_seed would): it is put back as it was.
            with torch.random.fork_rng(devices=[]), torch.inference_mode():
                torch.default_generator.manual_seed(0)
                self._make(kind, moment, trainer, training)
        except (OSError, ValueError, RuntimeError, ArithmeticError, MemoryError) as error:
            # A full disk, most likely. Whatever it is: a night's training is worth more.
            why = f"{type(error).__name__}: {' '.join(str(error).split())}"
            if (kind, type(error)) not in self.told:
                self.told.add((kind, type(error)))
                logger.warning("no %s at step %d, training goes on: %s", kind, moment.step, why)
        self.last_steps[kind] = moment.step
        self.budget.book(kind, seconds, time.monotonic() - start)

    def _make(self, kind: str, moment: Moment, trainer: pl.Trainer, training: Watched) -> None:
        if not self.folder.is_dir():
            raise InputError(f"{self.folder}: the run folder is gone")
        model = listening_copy(training.averaged_model())
        if model is None:
            logger.warning("no %s at step %d: weights are not finite", kind, moment.step)
            return
        samples, rate_hz = self.folder / "samples", training.data.sample_rate_hz
        if not self.has_begun:
            originals = self.show.begin(model, training.data, self.options)
            for name, sound in originals.items():
                write_audio(samples / "originals" / f"{name}.wav", sound, rate_hz)
            _show(trainer, "originals", moment, Report({}, originals, {}, {}), {}, rate_hz)
            self.has_begun = True
        if kind == CURVES:
            for each in trainer.loggers:
                each.save()  # what metrics.csv does not hold yet
            report = self._curves(moment)
        else:
            report = self.show.report(kind, model, moment)
        images = {name: pixels(figure) for name, figure in report.pictures.items()}
        write_report(samples / kind, moment.step, report, images, rate_hz)
        thin_out(samples / kind, 1 if kind == CURVES else self.options.history)
        _show(trainer, kind, moment, report, images, rate_hz)

    def _curves(self, moment: Moment) -> Report:
        """Losses, and what the best checkpoint is chosen by, so far."""
        columns = {**LOSSES, self.best_by.key: f"held-out {self.best_by.name}"}
        found = read_curves(self.folder / "metrics.csv", columns)
        rate = moment.seconds / max(1, moment.step)
        picture = curves_picture(moment.headline("Learning"), found[:2], found[-1], rate)
        return Report({"learning_curves": picture}, {}, {}, {})


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


def listening_copy(model: Model) -> Model | None:
    """A model's copy on the CPU, in float32, that records no gradients; None if it is not finite.

    The copy is listened to, so that nothing of the training's own can change.
    """
    copied = copy.deepcopy(model).to("cpu", torch.float32).eval().requires_grad_(False)
    finite = all(bool(weight.isfinite().all()) for weight in copied.parameters())
    return copied if finite else None
