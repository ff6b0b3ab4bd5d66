"""Batches of dry and wet windows: streams for training, rows of passages for validation.

A memory cannot learn from windows that begin without a past, so training hears streams: each row
of a batch goes on where the row of the batch before ended, `windows_per_stream` times, and then
begins elsewhere, with a warm-up that only brings the memory into its place.

    stream 0:  warm-up, window 0 | window 1 | … | window W-1      batches 0 … W-1
    stream 1:  warm-up, window 0 | …                              batches W …
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypedDict

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from vschaos2.data.pair_split import Part
from vschaos2.data.takes import Take
from vschaos2.errors import InputError


class PairBatch(TypedDict):
    """Windows that lie in line.

    dry [B, N, C] · wet [B, N, O] · knobs [B, N, K], in their own units · powers: mean square of the
    whole wet take of each row under each weighting, [B] each · firsts: samples before which they
    begin in their takes, [B] · begins: whether a stream begins ·
    warm_up: how many of the N samples are not to be judged.
    """

    dry: Tensor
    wet: Tensor
    knobs: Tensor
    powers: dict[str, Tensor]
    firsts: Tensor
    begins: bool
    warm_up: int


class PairReader:
    """Windows of takes.

    Args:
        takes: the aligned pairs.
        powers: of each take under each weighting, by its name, [number of takes] each.
    """

    def __init__(
        self, takes: Sequence[Take], powers: Mapping[str, npt.NDArray[np.float64]]
    ) -> None:
        self.takes = takes
        self.sounds = [
            (torch.from_numpy(take.dry).T, torch.from_numpy(take.wet).T) for take in takes
        ]
        self.powers = {name: torch.from_numpy(of).float() for name, of in powers.items()}

    def read(
        self, which: Sequence[int], firsts: Sequence[int], count: int, begins: bool, warm_up: int
    ) -> PairBatch:
        """A window of `count` samples from each first one of each take."""
        rows = [self._row(take, first, count) for take, first in zip(which, firsts, strict=True)]
        dry, wet, knobs = (torch.stack(of) for of in zip(*rows, strict=True))
        powers = {name: of[list(which)] for name, of in self.powers.items()}
        return PairBatch(
            dry=dry, wet=wet, knobs=knobs, powers=powers, firsts=torch.tensor(list(firsts)),
            begins=begins, warm_up=warm_up,
        )  # fmt: skip

    def _row(self, number: int, first: int, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """One window; inside a take, and where knobs rest, without a copy."""
        take = self.takes[number]
        if first < 0 or take.knobs.shape[1] > 1:
            dry, wet, knobs = (torch.from_numpy(of) for of in take.window(first, count))
            return dry, wet, knobs
        dry, wet = (sound[first : first + count] for sound in self.sounds[number])
        return dry, wet, torch.from_numpy(take.knobs.T).expand(count, -1)


class StreamBatches(IterableDataset[PairBatch]):
    """Endless training material, in streams.

    Every start in every part is equally likely. A stream depends on nothing but (seed, epoch, rank,
    its number).

    Args:
        reader: of the takes.
        parts: what is drawn from; those too short for a stream are left out.
        batch_size: streams side by side, B.
        window_samples: length of a window.
        windows_per_stream: W.
        warm_up: samples before the first window of a stream.
        batches_per_epoch: a multiple of W.
        seed: of the draw.
        rank: number of this process; each draws its own streams.

    Raises:
        InputError: if no part is long enough, or an epoch does not hold whole streams.
    """

    def __init__(
        self,
        reader: PairReader,
        parts: Sequence[Part],
        batch_size: int,
        window_samples: int,
        windows_per_stream: int,
        warm_up: int,
        batches_per_epoch: int,
        seed: int,
        rank: int = 0,
    ) -> None:
        if batches_per_epoch % windows_per_stream:
            raise InputError(
                f"data.loader.batches_per_epoch must be a multiple of windows_per_stream="
                f"{windows_per_stream}, got {batches_per_epoch}"
            )
        self.reader, self.batch_size, self.seed, self.rank = reader, batch_size, seed, rank
        self.window_samples, self.windows_per_stream = window_samples, windows_per_stream
        self.warm_up, self.batches_per_epoch = warm_up, batches_per_epoch
        span = window_samples * windows_per_stream
        # A warm-up may lie in the silence before a take, but not in what another part holds.
        rows = [
            (take, first if first > 0 else -warm_up, end - span - warm_up)
            for take, (first, end) in parts
        ]
        usable = [row for row in rows if row[2] >= row[1]]
        if not usable:
            raise InputError(
                f"every pair is shorter than {span + warm_up} samples, which one stream takes: "
                "give longer recordings, or lower data.loader.windows_per_stream"
            )
        self._takes, self._firsts, lasts = np.array(usable, dtype=np.int64).T
        self._bounds = np.cumsum(lasts - self._firsts + 1)
        self._epoch, self._batch = 0, 0
        self._drawn: tuple[tuple[int, int], list[int], npt.NDArray[np.int64]] | None = None

    def set_position(self, epoch: int, batch: int = 0) -> None:
        """Let the next iteration be that of `epoch`, from its batch number `batch` on."""
        self._epoch, self._batch = epoch, batch

    def __len__(self) -> int:
        return self.batches_per_epoch

    def __iter__(self) -> Iterator[PairBatch]:
        epoch, first = self._epoch, self._batch
        self.set_position(epoch + 1)
        return (self.batch_at(epoch, step) for step in range(first, self.batches_per_epoch))

    def batch_at(self, epoch: int, step: int) -> PairBatch:
        """Batch `step` of `epoch`, a pure function of these and of (seed, rank)."""
        stream, place = divmod(step, self.windows_per_stream)
        if self._drawn is None or self._drawn[0] != (epoch, stream):
            self._drawn = (epoch, stream), *self._draw(epoch, stream)
        _, takes, starts = self._drawn
        if place == 0:
            count = self.warm_up + self.window_samples
            return self.reader.read(takes, starts.tolist(), count, True, self.warm_up)
        firsts = starts + self.warm_up + place * self.window_samples
        return self.reader.read(takes, firsts.tolist(), self.window_samples, False, 0)

    def _draw(self, epoch: int, stream: int) -> tuple[list[int], npt.NDArray[np.int64]]:
        """The takes of a stream's rows, and where they begin in them."""
        rng = np.random.default_rng([self.seed, epoch, self.rank, stream])
        drawn = rng.integers(self._bounds[-1], size=self.batch_size)
        which = np.searchsorted(self._bounds, drawn, side="right")
        before = np.concatenate(([0], self._bounds))[which]
        return self._takes[which].tolist(), self._firsts[which] + drawn - before


class PassageBatches(IterableDataset[PairBatch]):
    """The same passages in the same order every time, each from rest, for validation.

    Args:
        reader: of the takes.
        parts: what they lie in.
        batch_size: passages side by side.
        passage_samples: length of each, shorter where no part is so long.
        count: at most so many, evenly spread.
        warm_up: samples before each, silence where a part begins.
    """

    def __init__(
        self,
        reader: PairReader,
        parts: Sequence[Part],
        batch_size: int,
        passage_samples: int,
        count: int,
        warm_up: int,
    ) -> None:
        longest = max(end - first for _, (first, end) in parts)
        self.samples = max(1, min(passage_samples, longest))
        every = [
            (take, place)
            for take, (first, end) in parts
            for place in range(first, end - self.samples + 1, self.samples)
        ]
        chosen = np.unique(np.linspace(0, len(every) - 1, min(count, len(every))).round())
        self.passages = [every[int(number)] for number in chosen]
        self.reader, self.batch_size, self.warm_up = reader, batch_size, warm_up

    def __len__(self) -> int:
        return -(-len(self.passages) // self.batch_size)

    def __iter__(self) -> Iterator[PairBatch]:
        for first in range(0, len(self.passages), self.batch_size):
            rows = self.passages[first : first + self.batch_size]
            takes = [take for take, _ in rows]
            firsts = [place - self.warm_up for _, place in rows]
            count = self.warm_up + self.samples
            yield self.reader.read(takes, firsts, count, True, self.warm_up)
