"""Where a training's batches come from, as its engine sees it, whichever the family.

A training that is resumed goes on with the batch that it would have had: batches are a pure
function of seed, epoch and number, and the material is told where to begin.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from torch.utils.data import DataLoader, IterableDataset

logger = logging.getLogger(__name__)

Batch = Mapping[str, Any]


class Batches(Protocol):
    """An epoch's batches, each a pure function of seed, epoch, process and number."""

    def set_position(self, epoch: int, batch: int = 0) -> None:
        """Let the next iteration be that of `epoch`, from its batch number `batch` on."""


class Material(pl.LightningDataModule):
    """What engines ask of a family's material. Subclasses say the rest.

    Args:
        root: the folder of the recordings.

    Attributes:
        start: epoch and batch at which a training begins.
        batches_per_epoch: steps in an epoch.
    """

    batches_per_epoch: int

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        self.start = 0, 0

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the samples."""
        raise NotImplementedError

    @property
    def held_out(self) -> list[str]:
        """What no training batch comes from: files, or stretches of them."""
        raise NotImplementedError

    def probe_batches(self, count: int = 1) -> Iterator[Any]:
        """Fixed batches of the training material, of at most `count` items."""
        raise NotImplementedError

    def digest(self) -> str:
        """A number that changes with the recordings, their lengths and their split."""
        raise NotImplementedError

    def label_names(self, task: str) -> list[str]:
        """Names of the classes of a label that batches carry; none for numbers."""
        return []

    def start_at(self, epoch: int, batch: int) -> None:
        """Let a training that is resumed in `epoch` draw from its batch number `batch` on."""
        self.start = epoch, batch

    def state_dict(self) -> dict[str, Any]:
        """What the recordings are, for a training that is resumed with others."""
        return {"recordings": self.digest()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Say so if the recordings are not those with which the training began."""
        if state_dict["recordings"] != self.digest() and self.place()[0] == 0:
            logger.warning(
                "%s: recordings were added, removed or changed since this training began: it goes "
                "on with what is there, and held-out figures before and after do not compare",
                self.root,
            )

    def next_batch(self) -> tuple[int, int]:
        """Epoch and batch that come next when the trainer asks for an epoch."""
        trainer: Any = self.trainer
        epoch, batch = self.start
        if trainer is None or trainer.current_epoch == epoch:
            return epoch, batch
        return trainer.current_epoch, 0

    def place(self) -> tuple[int, int]:
        """Number of this process, and how many there are."""
        trainer: Any = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer else (0, 1)


class EpochLoader(DataLoader[Any]):
    """The batches of an epoch, from a position on.

    Lightning asks for an iterator more often than there are epochs: counting them would not tell
    which epoch it is.

    Args:
        batches: the material; also `Batches`.
        position: epoch and batch that come next.
    """

    def __init__(
        self, batches: IterableDataset[Any], position: Callable[[], tuple[int, int]]
    ) -> None:
        super().__init__(batches, batch_size=None, generator=torch.Generator())
        self.batches: Any = batches
        self.position = position

    def __iter__(self) -> Any:
        """Batches in order."""
        self.batches.set_position(*self.position())
        return super().__iter__()
