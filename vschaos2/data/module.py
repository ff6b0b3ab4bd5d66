"""Splits and loaders: what the trainer draws its batches from."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from torch.utils.data import DataLoader

from vschaos2.data.cache import open_cache
from vschaos2.data.dataset import SequentialWindows, WindowBatch, WindowBatches, split_files
from vschaos2.data.metadata import load_metadata

PROBE_WINDOWS = 4096  # enough for the mean and the extremes of every latent axis


class WindowDataModule(pl.LightningDataModule):
    """Random windows of the training files, fixed windows of the held-out ones.

    Args:
        root: folder of recordings.
        sample_rate_hz: everything is resampled to this.
        n_files: use only so many files; None for all.
        validation_fraction: part of the files that is held out.
        window_samples: length of a frame's window.
        draw_samples: length of the windows drawn for training: longer, where an augmentation
            needs more.
        hop: least part of a window that lies inside its file, and the distance between fixed
            windows, in samples.
        batch_size: windows per step, over all processes.
        batches_per_epoch: steps in an epoch.
        validation_windows: number of fixed windows.
        seed: of the split and of the draws.
        metadata_callbacks: how to read the labels, as in `load_metadata`.
        tasks: label tasks that the batches carry.

    Raises:
        InputError: for a folder without usable recordings or without labels of a task, a label
            that cannot be read, or a value out of range.
    """

    def __init__(
        self,
        root: str | Path,
        sample_rate_hz: int,
        n_files: int | None,
        validation_fraction: float,
        window_samples: int,
        draw_samples: int,
        hop: int,
        batch_size: int,
        batches_per_epoch: int,
        validation_windows: int,
        seed: int,
        metadata_callbacks: Mapping[str, Mapping[str, str]] | None = None,
        tasks: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.root = Path(root).expanduser()
        self.cache = open_cache(self.root, sample_rate_hz, n_files=n_files)
        # Labels that no task asks for are not read: their mistakes would stop a training in vain.
        self.metadata = (
            load_metadata(self.root, self.cache.files, metadata_callbacks, tasks) if tasks else None
        )
        self.training_files, self.validation_files = split_files(
            self.cache, validation_fraction, seed
        )
        self.window_samples = window_samples
        self.draw_samples = draw_samples
        self.hop = hop
        self.batch_size = batch_size
        self.batches_per_epoch = batches_per_epoch
        self.validation_windows = validation_windows
        self.seed = seed

    def train_dataloader(self) -> DataLoader[WindowBatch]:
        """Random windows; this process takes its share of every batch."""
        rank, world_size = self._place()
        self.training_batches = WindowBatches(
            self.cache,
            self.training_files,
            self.draw_samples,
            max(1, self.batch_size // world_size),
            self.batches_per_epoch,
            self.seed,
            hop_samples=self.hop,
            labels=self.metadata,
            rank=rank,
            world_size=world_size,
        )
        return DataLoader(self.training_batches, batch_size=None)

    def val_dataloader(self) -> DataLoader[WindowBatch]:
        """Fixed windows of the held-out files."""
        rank, world_size = self._place()
        return DataLoader(
            self._fixed(
                self.validation_files,
                max(self.validation_windows, world_size),
                rank=rank,
                world_size=world_size,
            ),
            batch_size=None,
        )

    def probe_batches(self) -> Iterator[WindowBatch]:
        """Fixed windows of the training files, the same in every process."""
        return iter(self._fixed(self.training_files, PROBE_WINDOWS))

    def _fixed(self, files: list[int], count: int, **place: Any) -> SequentialWindows:
        return SequentialWindows(
            self.cache,
            files,
            self.window_samples,
            self.batch_size,
            self.hop,
            labels=self.metadata,
            max_windows=count,
            **place,
        )

    def _place(self) -> tuple[int, int]:
        trainer: Any = self.trainer
        return (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
