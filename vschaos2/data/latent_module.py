"""What a flow of latents learns from: windows of the frames of several domains, and their pairs."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from vschaos2.data.latent_pairs import MATCHES, Pairs
from vschaos2.data.latent_takes import LatentTake
from vschaos2.data.material import EpochLoader, Material
from vschaos2.errors import InputError
from vschaos2.flows.matches import NONE
from vschaos2.ranges import check_count, check_number


class LatentBatch(TypedDict):
    """Windows of frames that follow each other.

    latents [B, F, Z] · source: their domain, [B] · target: another one, [B] · paired: latents of
    the target that do the same as these, frame by frame, [B, F, Z] · weight: 1 where there are
    such, else 0, [B, F].
    """

    latents: Tensor
    source: Tensor
    target: Tensor
    paired: Tensor
    weight: Tensor


class LatentBatches(IterableDataset[LatentBatch]):
    """Windows at random; every domain as often as any other.

    Args:
        pairs: what is drawn from.
        n_domains: that there are.
        batch_size: windows in a batch.
        frames: of a window.
        count: batches in an epoch.
        seed: of the draws.
        rank: number of this process.
        is_fixed: every epoch is the first one.
        moved: what is drawn from for a share of the windows; None for nothing.
        share: of the windows that come from there, 0 to 1.
    """

    def __init__(
        self,
        pairs: Pairs,
        n_domains: int,
        batch_size: int,
        frames: int,
        count: int,
        seed: int,
        rank: int = 0,
        is_fixed: bool = False,
        moved: Pairs | None = None,
        share: float = 0.0,
    ) -> None:
        self.pairs, self.n_domains, self.frames = pairs, n_domains, frames
        self.batch_size, self.count, self.seed, self.rank = batch_size, count, seed, rank
        self.is_fixed, self.moved, self.share = is_fixed, moved, share
        self._epoch, self._batch = 0, 0
        self._starts = _starts(pairs, n_domains, frames)
        self._moved_starts = self._starts if moved is None else _starts(moved, n_domains, frames)
        self.domains = [domain for domain, starts in enumerate(self._starts) if starts]

    def set_position(self, epoch: int, batch: int = 0) -> None:
        """Let the next iteration be that of `epoch`, from its batch number `batch` on."""
        self._epoch, self._batch = epoch, batch

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[LatentBatch]:
        epoch, first = self._epoch, self._batch
        self.set_position(epoch + 1)
        return (self.batch_at(0 if self.is_fixed else epoch, n) for n in range(first, self.count))

    def batch_at(self, epoch: int, step: int) -> LatentBatch:
        """Batch `step` of `epoch`, a pure function of these and of (seed, rank)."""
        chance = np.random.default_rng([self.seed, epoch, self.rank, step])
        rows, sources, targets = [], [], []
        for place in range(self.batch_size):
            source = self.domains[place % len(self.domains)]
            target = int(chance.integers(self.n_domains - 1))
            target += target >= source
            pairs, starts = self.pairs, self._starts[source]
            others = self._moved_starts[source]
            if self.moved is not None and chance.random() < self.share and others:
                pairs, starts = self.moved, others
            numbers, free = zip(*starts, strict=True)
            ends = np.cumsum(free)
            drawn = int(chance.integers(ends[-1]))
            which = int(np.searchsorted(ends, drawn, side="right"))
            first = drawn - int(ends[which] - free[which])
            choice = torch.from_numpy(chance.integers(MATCHES, size=self.frames))
            rows.append(pairs.window(numbers[which], first, self.frames, target, choice))
            sources.append(source)
            targets.append(target)
        latents, paired, weight = (torch.stack(of) for of in zip(*rows, strict=True))
        return LatentBatch(
            latents=latents, source=torch.tensor(sources), target=torch.tensor(targets),
            paired=paired, weight=weight,
        )  # fmt: skip


def _starts(pairs: Pairs, n_domains: int, frames: int) -> list[list[tuple[int, int]]]:
    """For every domain its takes that are long enough, and at how many frames windows may begin."""
    found: list[list[tuple[int, int]]] = [[] for _ in range(n_domains)]
    for number, take in enumerate(pairs.takes):
        if (free := len(take.latents) - frames + 1) > 0:
            found[take.domain].append((number, free))
    return found


class LatentDataModule(Material):
    """Windows of training takes, fixed windows of held-out ones.

    Args:
        root: of the recordings.
        takes: those to learn from.
        held_out: those that are kept back.
        domains: names of the domains.
        octaves: that the second of a pair lies above the first, [N, N].
        rate_hz: of the samples.
        hop: samples from frame to frame.
        batch_size: windows in a step, over all processes.
        batches_per_epoch: steps in an epoch.
        window_frames: frames in a window.
        validation_windows: number of held-out windows.
        seed: of the draws.
        moved: the training takes in other keys.
        share: of the windows that are drawn from these, 0 to 1.

    Raises:
        InputError: for a value out of range, or a domain without a recording of a window's length.
    """

    def __init__(
        self,
        root: Path,
        takes: Sequence[LatentTake],
        held_out: Sequence[LatentTake],
        domains: Sequence[str],
        octaves: Tensor,
        rate_hz: int,
        hop: int,
        batch_size: int,
        batches_per_epoch: int,
        window_frames: int,
        validation_windows: int,
        seed: int,
        moved: Sequence[LatentTake] = (),
        share: float = 0.0,
    ) -> None:
        super().__init__(root)
        check_number("data.augment.share", share, 0.0, 1.0)
        check_count("data.loader.batch_size", batch_size, 2, 65_536)
        check_count("data.loader.batches_per_epoch", batches_per_epoch, 1, 10**9)
        check_count("data.loader.window_frames", window_frames, 2, 65_536)
        check_count("data.loader.validation_windows", validation_windows, 1, 10**6)
        self.takes, self.kept_back, self.domains = list(takes), list(held_out), list(domains)
        for number, name in enumerate(domains):
            longest = [len(take.latents) for take in takes if take.domain == number]
            if max(longest, default=0) < window_frames:
                raise InputError(
                    f"{root}: no recording of {name} to learn from has {window_frames} frames: "
                    "give longer ones, or lower data.loader.window_frames"
                )
        self.rate_hz, self.seed = rate_hz, seed
        self.frame_s = hop / rate_hz
        self.batch_size, self.batches_per_epoch = batch_size, batches_per_epoch
        self.window_frames, self.validation_windows = window_frames, validation_windows
        self.training_pairs = Pairs(takes, takes, octaves, seed, moved)
        self.moved_pairs = Pairs(moved, takes, octaves, seed, moved) if moved else None
        self.share = share
        long_enough = [take for take in held_out if len(take.latents) >= window_frames]
        # Where nothing else is long enough, what was learnt from is all there is to look at.
        self.held_out_pairs = Pairs(long_enough or takes, takes, octaves, seed, moved)

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the samples."""
        return self.rate_hz

    @property
    def held_out(self) -> list[str]:
        """The recordings that no training window comes from."""
        return [take.name for take in self.kept_back]

    def train_dataloader(self) -> DataLoader[LatentBatch]:
        """Windows at random; this process takes its share of every batch."""
        rank, world_size = self.place()
        size = max(2, self.batch_size // world_size)
        return EpochLoader(self._batches(size, self.batches_per_epoch, rank), self.next_batch)

    def val_dataloader(self) -> DataLoader[LatentBatch]:
        """Fixed windows of what is held out, the same in every process."""
        batches = LatentBatches(
            self.held_out_pairs,
            len(self.domains),
            min(self.batch_size, self.validation_windows),
            self.window_frames,
            -(-self.validation_windows // self.batch_size),
            self.seed,
            is_fixed=True,
        )
        return DataLoader(batches, batch_size=None, generator=torch.Generator())

    def probe_batches(self, count: int = 1) -> Iterator[LatentBatch]:
        """Fixed windows of the training material."""
        batches = self._batches(self.batch_size, -(-count // self.batch_size), 0)
        return iter(batches)

    def _batches(self, size: int, count: int, rank: int) -> LatentBatches:
        return LatentBatches(
            self.training_pairs,
            len(self.domains),
            size,
            self.window_frames,
            count,
            self.seed,
            rank,
            moved=self.moved_pairs,
            share=self.share,
        )

    def matched(self) -> list[tuple[str, str, float]]:
        """Source, target, and the part of the source's frames that found a match in the target."""
        found = []
        tables = list(zip(self.takes, self.training_pairs.tables, strict=True))
        for source, name in enumerate(self.domains):
            for target, other in enumerate(self.domains):
                rows = [of[target][:, 0] for take, of in tables if take.domain == source != target]
                if rows:
                    share = float((torch.cat(rows) != NONE).float().mean())
                    found.append((name, other, share))
        return found

    def digest(self) -> str:
        """A number that changes with the recordings, their lengths and their split."""
        parts = [
            [(take.name, take.domain, len(take.latents)) for take in takes]
            for takes in (self.takes, self.kept_back)
        ]
        return hashlib.blake2b(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
