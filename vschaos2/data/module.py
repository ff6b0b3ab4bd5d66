"""Splits and loaders: what the trainer draws its batches from."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch.utils.data import DataLoader

from vschaos2.config import call, plain
from vschaos2.data.cache import open_cache
from vschaos2.data.dataset import SequentialWindows, WindowBatch, WindowBatches, WindowReader
from vschaos2.data.material import EpochLoader, Material
from vschaos2.data.splits import check_dataset_options
from vschaos2.data.stretches import Stretch, split, with_stretch
from vschaos2.labels.metadata import check_callbacks, load_metadata
from vschaos2.ranges import check_count

PROBE_WINDOWS = 4096  # enough for the mean and the extremes of every latent axis


class WindowDataModule(Material):
    """Random windows of the training files, fixed windows of the held-out ones.

    Args:
        root: folder of recordings.
        sample_rate_hz: everything is resampled to this.
        n_files: use only so many files; None for all.
        validation_fraction: part of the files that is held out.
        frame_samples: length of a frame.
        drawn_samples: length of the windows drawn for training: that of their frames together, or
            longer, where an augmentation needs more.
        hop: least part of a window that lies inside its file, and the distance between fixed
            windows, in samples.
        batch_size: windows per step, over all processes.
        batches_per_epoch: steps in an epoch.
        validation_windows: number of fixed windows.
        seed: of the split and of the draws.
        metadata_callbacks: how to read the labels, as in `load_metadata`.
        tasks: label tasks that the batches carry.
        sequence: frames in a window, hop samples apart, for training and validation.
        stretches: of one recording alone, hold out stretches.

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
        frame_samples: int,
        drawn_samples: int,
        hop: int,
        batch_size: int,
        batches_per_epoch: int,
        validation_windows: int,
        seed: int,
        metadata_callbacks: Mapping[str, Mapping[str, str]] | None = None,
        tasks: Sequence[str] = (),
        sequence: int = 1,
        stretches: bool = True,
    ) -> None:
        super().__init__(Path(root).expanduser())
        check_dataset_options(sample_rate_hz, n_files, validation_fraction)
        check_callbacks(metadata_callbacks)
        check_count("data.loader.batch_size", batch_size, 1, 65_536)
        check_count("data.loader.batches_per_epoch", batches_per_epoch, 1, 10**9)
        check_count("data.loader.validation_windows", validation_windows, 1, 10**9)
        self.cache = open_cache(self.root, sample_rate_hz, n_files=n_files)
        paths = [file.path for file in self.cache.files]
        # Labels that no task asks for are not read: their mistakes would stop a training in vain.
        self.metadata = (
            load_metadata(self.root, paths, metadata_callbacks, tasks) if tasks else None
        )
        (
            self.training_files,
            self.validation_files,
            self.training_stretches,
            self.validation_stretches,
        ) = split(self.cache, validation_fraction, seed, drawn_samples, stretches)
        self.validation_fraction, self.n_files = validation_fraction, n_files
        self.metadata_callbacks = metadata_callbacks or {}
        self.stretches = stretches
        self.tasks = tasks
        self.frame_samples = frame_samples
        self.drawn_samples = drawn_samples
        self.hop = hop
        self.batch_size = batch_size
        self.batches_per_epoch = batches_per_epoch
        self.validation_windows = validation_windows
        self.seed = seed
        self.sequence = sequence

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the samples."""
        return self.cache.sample_rate_hz

    @property
    def held_out(self) -> list[str]:
        """The files that no training window comes from, or stretches: see `with_stretch`."""
        stretches: Sequence[Stretch | None]
        stretches = self.validation_stretches or [None] * len(self.validation_files)
        return [
            with_stretch(self.cache.files[index].path, stretch, self.sample_rate_hz)
            for index, stretch in zip(self.validation_files, stretches, strict=True)
        ]

    def train_dataloader(self) -> DataLoader[WindowBatch]:
        """Random windows; this process takes its share of every batch."""
        rank, world_size = self.place()
        batches = WindowBatches(
            self._reader(
                self.training_files, self.training_stretches, self.drawn_samples, self.sequence
            ),
            max(1, self.batch_size // world_size),
            self.batches_per_epoch,
            self.seed,
            rank,
            world_size,
        )
        return EpochLoader(batches, self.next_batch)

    def val_dataloader(self) -> DataLoader[WindowBatch]:
        """Fixed windows of the held-out files."""
        rank, world_size = self.place()
        samples = self.frame_samples + (self.sequence - 1) * self.hop
        return DataLoader(
            SequentialWindows(
                self._reader(
                    self.validation_files, self.validation_stretches, samples, self.sequence
                ),
                self.batch_size,
                max(self.validation_windows, world_size),
                rank,
                world_size,
            ),
            batch_size=None,
            generator=torch.Generator(),  # else each pass draws from the generator of all noise
        )

    def digest(self) -> str:
        """A number that changes with the recordings, their lengths and their split."""
        split = [self.training_files, self.validation_files]
        files: list[Any] = [
            [(self.cache.files[i].path, self.cache.files[i].length) for i in s] for s in split
        ]
        if self.validation_stretches is not None:
            files.append([tuple(stretch) for stretch in self.validation_stretches])
        return hashlib.blake2b(repr(files).encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def probe_batches(self, count: int = PROBE_WINDOWS) -> Iterator[WindowBatch]:
        """At most `count` fixed windows of one frame of the training files, in every process."""
        return self._single_frames(self.training_files, self.training_stretches, count)

    def held_out_batches(self, count: int) -> Iterator[WindowBatch]:
        """At most `count` fixed windows of one frame of the held-out files, in every process."""
        return self._single_frames(self.validation_files, self.validation_stretches, count)

    def _single_frames(
        self, files: list[int], stretches: list[Stretch] | None, count: int
    ) -> Iterator[WindowBatch]:
        reader = self._reader(files, stretches, self.frame_samples, 1)
        return iter(SequentialWindows(reader, self.batch_size * self.sequence, count))

    def _reader(
        self, files: list[int], stretches: list[Stretch] | None, samples: int, sequence: int
    ) -> WindowReader:
        return WindowReader(
            self.cache, files, samples, self.hop, self.metadata, sequence, stretches
        )

    def label_names(self, task: str) -> list[str]:
        """Names of the classes of a label task; none for continuous ones."""
        return (self.metadata and self.metadata.class_names[task]) or []


def windows(
    config: DictConfig,
    frame_samples: int,
    hop: int,
    drawn_samples: int | None = None,
    tasks: Sequence[str] = (),
    sequence: int = 1,
) -> WindowDataModule:
    """The windows that `data.dataset` and `data.loader` of a configuration describe.

    Args:
        config: of a training.
        frame_samples: length of a frame.
        hop: distance between fixed windows, in samples.
        drawn_samples: length of the windows drawn for training; None for `frame_samples`.
        tasks: label tasks that the batches carry.
        sequence: frames in a window, hop samples apart.

    Raises:
        InputError: as `WindowDataModule`.
    """
    dataset, loader = plain(config, "data.dataset"), plain(config, "data.loader")
    return call(
        WindowDataModule,
        "data",
        {**dataset, **loader},
        {**dict.fromkeys(dataset, "data.dataset"), **dict.fromkeys(loader, "data.loader")},
        frame_samples=frame_samples,
        drawn_samples=frame_samples if drawn_samples is None else drawn_samples,
        hop=hop,
        seed=config.seed,
        tasks=tasks,
        sequence=sequence,
    )
