"""Batches of windows, drawn at random offsets out of the sample cache, with their labels.

A window of W samples starts at s ∈ [-(W - hop), length - hop] relative to its recording: it holds
at least one hop of it, so onsets out of silence and final tails appear as a streaming analysis
sees them. Around a recording there is silence, never another recording.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Protocol, TypedDict

import numpy as np
import numpy.typing as npt
import torch
from numpy.lib.stride_tricks import sliding_window_view
from torch import Tensor
from torch.utils.data import IterableDataset, get_worker_info

from vschaos2.data.cache import SampleCache
from vschaos2.data.stretches import Stretch
from vschaos2.errors import InputError

logger = logging.getLogger(__name__)

Positions = npt.NDArray[np.int64]


class WindowBatch(TypedDict):
    """Windows [B, W] float32 and, for every task, labels [B·F] float32 (NaN: unknown).

    F is the number of frames that a window holds; their labels stand window by window.
    """

    waveform: Tensor
    labels: dict[str, Tensor]


class LabelSource(Protocol):
    """What is known about every moment of every recording."""

    tasks: list[str]

    def at(
        self, file_index: Positions, seconds: npt.NDArray[np.float64]
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Labels [B] of every task, at [B] moments of the cache's files [B]."""
        ...


class WindowReader:
    """Windows and labels of a choice of files, by (file, start) pairs.

    Args:
        cache: decoded samples.
        file_indices: which of the cache's files to read, in this order.
        window_samples: W, length of a window.
        hop_samples: the least part of a window that lies inside its file, 1 to W.
        labels: labels at the centre of each frame.
        sequence: F, frames in a window, hop_samples apart.
        stretches: of each of file_indices, no shorter than W: windows lie within it, though at the
            file's own ends they reach into silence. None for whole files.

    Raises:
        InputError: if an argument is out of its range.
    """

    def __init__(
        self,
        cache: SampleCache,
        file_indices: Sequence[int],
        window_samples: int,
        hop_samples: int,
        labels: LabelSource | None = None,
        sequence: int = 1,
        stretches: Sequence[Stretch] | None = None,
    ) -> None:
        if not 1 <= hop_samples <= window_samples:
            raise InputError(
                f"hop_samples must be from 1 to window_samples={window_samples}, got {hop_samples}"
            )
        if len(file_indices) == 0:
            raise InputError("file_indices is empty: windows need at least one file")
        self.cache = cache
        self.window_samples, self.hop_samples = window_samples, hop_samples
        self.labels = labels
        # Where the frames' centres lie around the window's centre, in samples.
        self.frame_offsets = (np.arange(sequence) - (sequence - 1) / 2) * hop_samples
        self.gate_strip = np.repeat(np.array([0, 1, 0], np.float32), window_samples)
        self.file_indices = np.asarray(file_indices, dtype=np.int64)
        chosen = [cache.files[i] for i in file_indices]
        self.file_starts = np.array([file.start for file in chosen], dtype=np.int64)
        self.file_lengths = np.array([file.length for file in chosen], dtype=np.int64)
        # Starts run from hop - W to length - hop. A file too short for that (hop > W/2) has one.
        # Where a stretch begins or ends within its file, windows begin and end with it.
        used = [(0, file.length) for file in chosen] if stretches is None else stretches
        firsts, ends = np.array(used, dtype=np.int64).T
        self.first_starts = np.where(firsts == 0, hop_samples - window_samples, firsts)
        last_starts = ends - np.where(ends == self.file_lengths, hop_samples, window_samples)
        self.start_counts = np.maximum(last_starts - self.first_starts + 1, 1)

    def read(self, which: Positions, starts: Positions) -> WindowBatch:
        """Windows from `starts` [B] relative to the files at `which` [B] in file_indices."""
        lengths = self.file_lengths[which]
        rows = self.cache.gather(self.file_starts[which] + starts, self.window_samples)
        # What a window holds of the neighbouring recordings is multiplied by zero. A gate that
        # opens at sample -start, or closes at sample length - start, is a window of one strip.
        gates = sliding_window_view(self.gate_strip, self.window_samples)
        early = np.flatnonzero(starts < 0)
        rows[early] *= gates[self.window_samples + starts[early]]
        excess = starts + self.window_samples - lengths
        late = np.flatnonzero(excess > 0)
        rows[late] *= gates[self.window_samples + excess[late]]
        return {"waveform": torch.from_numpy(rows), "labels": self._labels(which, starts, lengths)}

    def _labels(self, which: Positions, starts: Positions, lengths: Positions) -> dict[str, Tensor]:
        if self.labels is None:
            return {}
        # The centre of a frame that begins or ends in silence may lie outside the recording,
        # where nothing is known: its nearest moment stands for it.
        centre = starts[:, None] + self.window_samples / 2 + self.frame_offsets
        seconds = np.clip(centre, 0, lengths[:, None]).ravel() / self.cache.sample_rate_hz
        files = self.file_indices[which].repeat(len(self.frame_offsets))
        values = self.labels.at(files, seconds)
        return {
            task: torch.from_numpy(np.asarray(values[task], dtype=np.float32))
            for task in self.labels.tasks
        }


def _own_steps(first: int, count: int) -> range:
    """The steps this DataLoader worker assembles; taken in turn they keep their order."""
    worker = get_worker_info()
    if worker is None:
        return range(first, count)
    return range(first + worker.id, count, worker.num_workers)


class WindowBatches(IterableDataset[WindowBatch]):
    """Endless training material: each iteration is the next epoch of batches drawn at random.

    Every start in every file is equally likely, so long files count for more. Batch `step` of an
    epoch depends on nothing but (seed, epoch, rank, step); see `set_position`. Assembling a batch
    takes less than a millisecond: use `DataLoader(batches, batch_size=None)` without workers. With
    workers, call `set_position` before each epoch, as their copies do not count epochs here.

    Args:
        reader: of the files to draw from.
        batch_size: B, windows in a batch of this process.
        batches_per_epoch: batches in an epoch of this process.
        seed: of the draw, 0 or more.
        rank: this process among world_size; each draws its own windows.
        world_size: number of processes that train together.

    Shape: waveform [B, W]; labels [B·F] for each task.

    Raises:
        InputError: if an argument is out of its range.
    """

    def __init__(
        self,
        reader: WindowReader,
        batch_size: int,
        batches_per_epoch: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        _check_sizes(batch_size, rank, world_size)
        if batches_per_epoch < 1:
            raise InputError(f"batches_per_epoch must be at least 1, got {batches_per_epoch}")
        if seed < 0:
            raise InputError(f"seed must be 0 or more, got {seed}")
        self.reader = reader
        self.batch_size = batch_size
        self.batches_per_epoch = batches_per_epoch
        self.seed = seed
        self.rank = rank
        self._bounds = np.cumsum(self.reader.start_counts)
        self._epoch = 0
        self._batch = 0

    def set_position(self, epoch: int, batch: int = 0) -> None:
        """Let the next iteration be that of `epoch`, from its batch number `batch` on."""
        if epoch < 0 or not 0 <= batch <= self.batches_per_epoch:
            raise ValueError(
                f"position must be epoch ≥ 0 and batch in [0, {self.batches_per_epoch}], "
                f"got epoch={epoch}, batch={batch}"
            )
        self._epoch = epoch
        self._batch = batch

    def __len__(self) -> int:
        return self.batches_per_epoch

    def __iter__(self) -> Iterator[WindowBatch]:
        epoch, first = self._epoch, self._batch
        self.set_position(epoch + 1)
        return (self.batch_at(epoch, step) for step in _own_steps(first, self.batches_per_epoch))

    def batch_at(self, epoch: int, step: int) -> WindowBatch:
        """Batch `step` of `epoch`, a pure function of these and of (seed, rank)."""
        rng = np.random.default_rng([self.seed, epoch, self.rank, step])
        # All starts of all files stand in one row; a draw there is a file and a start in it.
        drawn = rng.integers(self._bounds[-1], size=self.batch_size)
        which = np.searchsorted(self._bounds, drawn, side="right")
        within = drawn - (self._bounds[which] - self.reader.start_counts[which])
        return self.reader.read(which, within + self.reader.first_starts[which])


class SequentialWindows(IterableDataset[WindowBatch]):
    """The same windows in the same order every time, for validation.

    In each file windows start at hop - W, 2·hop - W, …, as long as they hold one hop of it: the
    frames of a streaming analysis. The last batch may be smaller.

    Args:
        reader: of the files, whose windows stand a hop apart.
        batch_size: B, windows in a batch.
        max_windows: take no more than this many windows, evenly spaced over all of them.
        rank: this process among world_size; it takes every world_size-th window.
        world_size: number of processes that share the windows.

    Shape: waveform [B, W]; labels [B·F] for each task.

    Raises:
        InputError: if an argument is out of its range.
    """

    def __init__(
        self,
        reader: WindowReader,
        batch_size: int,
        max_windows: int | None = None,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        _check_sizes(batch_size, rank, world_size)
        if max_windows is not None and max_windows < world_size:
            raise InputError(f"max_windows must be at least {world_size}, got {max_windows}")
        self.reader = reader
        self.batch_size = batch_size
        self.rank = rank
        self.world_size = world_size
        self._bounds = np.cumsum((reader.start_counts - 1) // reader.hop_samples + 1)
        self._total = int(self._bounds[-1])
        self._chosen = self._total if max_windows is None else min(max_windows, self._total)

    @property
    def n_windows(self) -> int:
        """Number of windows this process yields."""
        return len(range(self.rank, self._chosen, self.world_size))

    def __len__(self) -> int:
        return -(-self.n_windows // self.batch_size)

    def __iter__(self) -> Iterator[WindowBatch]:
        return (self.batch_at(step) for step in _own_steps(0, len(self)))

    def batch_at(self, step: int) -> WindowBatch:
        """Batch `step`, a pure function of it."""
        last = min((step + 1) * self.batch_size, self.n_windows)
        turn = self.rank + self.world_size * np.arange(step * self.batch_size, last)
        number = turn * self._total // self._chosen
        which = np.searchsorted(self._bounds, number, side="right")
        before = np.concatenate(([0], self._bounds))[which]
        return self.reader.read(
            which, self.reader.first_starts[which] + (number - before) * self.reader.hop_samples
        )


def _check_sizes(batch_size: int, rank: int, world_size: int) -> None:
    if batch_size < 1:
        raise InputError(f"batch_size must be at least 1, got {batch_size}")
    if not 0 <= rank < world_size:
        raise InputError(f"rank must be in [0, world_size={world_size}), got {rank}")
