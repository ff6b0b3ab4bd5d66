"""Windows of films: pictures, and which of them a strike is nearest to."""

from collections.abc import Iterator, Sequence
from typing import TypedDict

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import IterableDataset

from vschaos2.families.film.clips import Clip, Clips, Values


class FilmBatch(TypedDict):
    """Windows of films.

    pictures [B, F, S, S], 0 to 255 · strikes: 1 where one is nearest to a picture, [B, F] ·
    offsets: how much later it is, in pictures, [B, F] · known: whether a picture counts, [B, F].
    """

    pictures: Tensor
    strikes: Tensor
    offsets: Tensor
    known: Tensor


def window(clips: Clips, clip: Clip, start: float, speed: float, frames: int) -> FilmBatch:
    """A window of a clip, played faster or slower. Shape: that of one row.

    Args:
        clips: to read from.
        clip: the clip.
        start: its first picture, not a whole number.
        speed: pictures of the clip for one of the window.
        frames: F.
    """
    places = start + speed * np.arange(frames)
    numbers = np.round(places).astype(np.int64)
    strikes, offsets = marks_of((clip.strikes - start) / speed, frames)
    known = (numbers >= 0) & (numbers < clip.length)
    return FilmBatch(
        pictures=torch.from_numpy(clips.pictures(clip, numbers)),
        strikes=torch.from_numpy(strikes),
        offsets=torch.from_numpy(offsets),
        known=torch.from_numpy(known.astype(np.float32)),
    )


def marks_of(strikes: Values, frames: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Which pictures strikes are nearest to, and how much later than these they are: [F] each.

    Example:
        >>> marks_of(np.array([1.25, 9.0]), 3)
        (array([0., 1., 0.], dtype=float32), array([0.  , 0.25, 0.  ], dtype=float32))
    """
    nearest = np.round(strikes).astype(np.int64)
    inside = (nearest >= 0) & (nearest < frames)
    found, offsets = np.zeros(frames, np.float32), np.zeros(frames, np.float32)
    found[nearest[inside]] = 1.0
    offsets[nearest[inside]] = (strikes - nearest)[inside]
    return found, offsets


def joined(rows: Sequence[FilmBatch]) -> FilmBatch:
    """Rows as a batch."""
    return FilmBatch(
        pictures=torch.stack([row["pictures"] for row in rows]),
        strikes=torch.stack([row["strikes"] for row in rows]),
        offsets=torch.stack([row["offsets"] for row in rows]),
        known=torch.stack([row["known"] for row in rows]),
    )


class FilmBatches(IterableDataset[FilmBatch]):
    """Endless training material: windows drawn from clips, from long ones more often.

    A batch depends on nothing but (seed, epoch, rank, its number).

    Args:
        clips: to read from.
        training: those to draw from.
        frames: F.
        speeds: least and greatest, at which they are played.
        batch_size: B.
        batches_per_epoch: batches in an epoch of this process.
        seed: of the draw.
        rank: number of this process; each draws its own windows.
    """

    def __init__(
        self,
        clips: Clips,
        training: Sequence[Clip],
        frames: int,
        speeds: Sequence[float],
        batch_size: int,
        batches_per_epoch: int,
        seed: int,
        rank: int = 0,
    ) -> None:
        self.clips, self.training, self.frames, self.speeds = clips, training, frames, speeds
        self.batch_size, self.batches_per_epoch = batch_size, batches_per_epoch
        self.seed, self.rank = seed, rank
        self._ends = np.cumsum([clip.length for clip in training])
        self._epoch, self._batch = 0, 0

    def set_position(self, epoch: int, batch: int = 0) -> None:
        """Let the next iteration be that of `epoch`, from its batch number `batch` on."""
        self._epoch, self._batch = epoch, batch

    def __len__(self) -> int:
        return self.batches_per_epoch

    def __iter__(self) -> Iterator[FilmBatch]:
        epoch, first = self._epoch, self._batch
        self.set_position(epoch + 1)
        return (self.batch(epoch, step) for step in range(first, len(self)))

    def batch(self, epoch: int, step: int) -> FilmBatch:
        """Batch `step` of an epoch."""
        rng = np.random.default_rng([self.seed, epoch, self.rank, step])
        return joined([self._window(rng) for _ in range(self.batch_size)])

    def _window(self, rng: np.random.Generator) -> FilmBatch:
        which = int(np.searchsorted(self._ends, rng.integers(self._ends[-1]), "right"))
        clip = self.training[which]
        speed = float(np.exp(rng.uniform(*np.log(self.speeds))))
        room = clip.length - speed * self.frames
        # A clip that is shorter than a window lies anywhere in it.
        start = rng.uniform(min(0.0, room), max(0.0, room))
        return window(self.clips, clip, start, speed, self.frames)


class FixedBatches(IterableDataset[FilmBatch]):
    """The same windows every time, all of them in one batch: what is scored is scored together.

    Args:
        clips: to read from.
        places: a clip each, and where in it.
        frames: F.
        batch_size: of a batch; None for all together.
    """

    def __init__(
        self,
        clips: Clips,
        places: Sequence[tuple[Clip, int]],
        frames: int,
        batch_size: int | None = None,
    ) -> None:
        self.clips, self.places, self.frames = clips, list(places), frames
        self.batch_size = batch_size or len(self.places)

    def __len__(self) -> int:
        return -(-len(self.places) // self.batch_size)

    def __iter__(self) -> Iterator[FilmBatch]:
        for first in range(0, len(self.places), self.batch_size):
            some = self.places[first : first + self.batch_size]
            yield joined([window(self.clips, clip, at, 1.0, self.frames) for clip, at in some])
