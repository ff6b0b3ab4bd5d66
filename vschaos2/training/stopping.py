"""What ends a training before its end: a signal, or numbers that are no longer finite."""

import logging
import math
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from vschaos2.calling import typed
from vschaos2.command_line import ENDING_SIGNALS
from vschaos2.errors import InputError
from vschaos2.training.trainer_parts import callbacks_of, data_of, log_interval

logger = logging.getLogger(__name__)


class StopOnSignal(Callback):
    """Ctrl-C, SIGTERM and SIGHUP end the training after the step in progress, with a checkpoint.

    A second signal interrupts at once. Of several processes each may hear one or not, and at
    different steps: they agree after every step. Whoever trains gives the signals back.

    Attributes:
        number: of the signal that ends the training; 0 as long as there is none.
    """

    def __init__(self) -> None:
        self.number = 0
        self.previous: dict[int, Any] = {}

    @staticmethod
    def of(trainer: pl.Trainer) -> int | None:
        """The signal that ends a trainer's training; None if there is none."""
        return next((c.number for c in callbacks_of(trainer, StopOnSignal) if c.number), None)

    def on_fit_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Take over the signals; one that is ignored (`nohup`) stays ignored."""
        self.number = 0
        known = {number: signal.getsignal(number) for number in (signal.SIGINT, *ENDING_SIGNALS)}
        self.previous = {
            number: handler
            for number, handler in known.items()
            if number == signal.SIGINT or handler is not signal.SIG_IGN
        }
        self._listen(trainer)

    def on_train_start(self, trainer: pl.Trainer, *_: Any) -> None:
        """Take over SIGTERM again, for which Lightning has put up a handler of its own."""
        if not self.number:
            self._listen(trainer)

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Agree whether to stop."""
        if trainer.world_size > 1:
            number: Any = torch.tensor(self.number, device=trainer.strategy.root_device)
            self.number = int(trainer.strategy.reduce(number, reduce_op="max"))
        if self.number:
            _stop(trainer)

    def give_back(self) -> None:
        """Let signals do what they did before."""
        for number, handler in self.previous.items():
            signal.signal(number, handler)

    def _listen(self, trainer: pl.Trainer) -> None:
        def stop(number: int, frame: FrameType | None) -> None:
            self.number = number
            self.give_back()
            name = "" if number == signal.SIGINT else f" by {signal.Signals(number).name}"
            logger.warning(
                "interrupted%s: finishing this step and saving (again to quit at once)", name
            )
            if trainer.world_size == 1:
                _stop(trainer)

        for number in self.previous:
            signal.signal(number, stop)


def _stop(trainer: pl.Trainer) -> None:
    # The least that a configuration asks for is no reason to go on.
    trainer.fit_loop.min_epochs = 0
    trainer.fit_loop.epoch_loop.min_steps = None
    trainer.should_stop = True


class StopOnDivergence(Callback):
    """A training whose loss or weights are no longer finite ends, and keeps its last checkpoint.

    It looks where the loss is read in any case, so that no GPU has to wait once more; checkpoints
    look again before they are written.
    """

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Look at the loss and the weights where the loss is logged."""
        if trainer.global_step % log_interval(trainer) == 0:
            loss = trainer.callback_metrics.get("train/loss")
            # float16 has its scaler, which leaves out steps that overflow.
            is_scaled = getattr(trainer.precision_plugin, "scaler", None) is not None
            if loss is not None and not is_scaled:
                is_lost = not math.isfinite(float(loss))
                if trainer.strategy.reduce_boolean_decision(is_lost, all=False):
                    raise diverged(trainer, f"the loss is {float(loss)}")
            check_weights(trainer)

    def on_validation_end(self, trainer: pl.Trainer, *_: Any) -> None:
        """Look at what was found on held-out files."""
        loss = float(trainer.callback_metrics.get("validation/loss", 0.0))
        if not math.isfinite(loss):
            check_weights(trainer)
            raise diverged(trainer, f"the loss of held-out files is {loss}")


def check_weights(trainer: pl.Trainer) -> None:
    """Raise InputError if a weight, an average or a state of the optimiser is not finite."""
    tensors = [t for t in _tensors(trainer) if t.is_floating_point() and t.numel() > 0]
    largest = torch.stack([t.float() for t in torch._foreach_norm(tensors, math.inf)])
    if not bool(largest.isfinite().all()):
        raise diverged(trainer, "a weight is not finite")


def _tensors(trainer: pl.Trainer) -> Iterator[Tensor]:
    yield from trainer.lightning_module.state_dict().values()
    for optimiser in trainer.optimizers:
        for state in optimiser.state.values():
            yield from (v for v in state.values() if isinstance(v, Tensor))


def diverged(trainer: pl.Trainer, what: str) -> InputError:
    """The one line for a training whose numbers are no longer finite."""
    root = data_of(trainer).root
    return InputError(
        f"step {trainer.global_step}: {what}, so the training was stopped, and its last checkpoint "
        "kept: start anew with a lower training.optimiser.learning_rate, or look for absurd "
        f"recordings with {typed('check')} {root}"
    )
