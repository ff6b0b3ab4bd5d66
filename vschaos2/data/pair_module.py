"""What a model of an effect learns from: aligned pairs, in streams, and held-out passages."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from vschaos2.data.material import EpochLoader, Material
from vschaos2.data.pair_batches import PairBatch, PairReader, PassageBatches, StreamBatches
from vschaos2.data.pair_split import Part, split_takes
from vschaos2.data.takes import Take
from vschaos2.errors import InputError
from vschaos2.objectives.weightings import WEIGHTINGS, weighted
from vschaos2.ranges import check_count, check_number

SILENT_DB = -60.0  # of a take's peak: what ends a take below it is not worth holding out
PIECE = 2**20  # samples that are weighted at once


class PairDataModule(Material):
    """Streams of training pairs, fixed passages of held-out ones.

    Args:
        root: where the pairs come from, for messages.
        takes: the aligned pairs, at one rate.
        rate_hz: of them.
        validation_fraction: part of them that is held out, in (0, 1).
        batch_size: streams side by side, over all processes.
        batches_per_epoch: steps in an epoch, a multiple of windows_per_stream.
        window_samples: between two steps of the optimiser.
        windows_per_stream: before streams begin elsewhere.
        validation_windows: number of held-out passages.
        validation_seconds: length of each.
        warm_up: samples that a model hears before what it says counts.
        seed: of the split and of the draws.

    Raises:
        InputError: for a value out of range, pairs too short to learn from, or silent ones.
    """

    def __init__(
        self,
        root: Path,
        takes: Sequence[Take],
        rate_hz: int,
        validation_fraction: float,
        batch_size: int,
        batches_per_epoch: int,
        window_samples: int,
        windows_per_stream: int,
        validation_windows: int,
        validation_seconds: float,
        warm_up: int,
        seed: int,
    ) -> None:
        super().__init__(root)
        check_number("data.dataset.validation_fraction", validation_fraction, 0.001, 0.9)
        check_count("data.loader.batch_size", batch_size, 1, 65_536)
        check_count("data.loader.batches_per_epoch", batches_per_epoch, 1, 10**9)
        check_count("data.loader.window_samples", window_samples, 16, 2**22)
        check_count("data.loader.windows_per_stream", windows_per_stream, 1, 2**16)
        check_count("data.loader.validation_windows", validation_windows, 1, 10**6)
        check_number("data.loader.validation_seconds", validation_seconds, 0.01, 600.0)
        if batches_per_epoch % windows_per_stream:
            raise InputError(
                "data.loader.batches_per_epoch must be a multiple of data.loader."
                f"windows_per_stream={windows_per_stream}, got {batches_per_epoch}"
            )
        self.takes, self.rate_hz, self.seed = list(takes), rate_hz, seed
        self.batch_size, self.batches_per_epoch = batch_size, batches_per_epoch
        self.window_samples, self.windows_per_stream = window_samples, windows_per_stream
        self.warm_up = warm_up
        self.passages = round(validation_seconds * rate_hz), validation_windows
        powers = {
            name: np.array([_power(take, taps(rate_hz)) for take in self.takes])
            for name, taps in WEIGHTINGS.items()
        }
        silent = [
            take.name
            for take, power in zip(self.takes, powers["esr"], strict=True)
            if not power > 1e-12
        ]
        if silent:
            raise InputError(f"{root}: {silent[0]} is silent: take it out")
        self.reader = PairReader(self.takes, powers)
        names = [take.dry_name for take in self.takes]
        lengths = [_sounding_samples(take) for take in self.takes]
        self.split = split_takes(names, lengths, validation_fraction, seed, warm_up)
        self.train_dataloader()  # refuses what is too short before a run folder is made

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the samples."""
        return self.rate_hz

    @property
    def held_out(self) -> list[str]:
        """The wet recordings that no window comes from, or the stretches of them, in seconds."""
        return [self._named(part) for part in self.split.held_out]

    def _named(self, part: Part) -> str:
        take, (first, end) = self.takes[part.take], part.stretch
        if first == 0:
            return take.name
        return f"{take.name} ({first / self.rate_hz:.3f}-{end / self.rate_hz:.3f} s)"

    def train_dataloader(self) -> DataLoader[PairBatch]:
        """Streams; this process takes its share of every batch."""
        rank, world_size = self.place()
        batches = StreamBatches(
            self.reader,
            self.split.training,
            max(1, self.batch_size // world_size),
            self.window_samples,
            self.windows_per_stream,
            self.warm_up,
            self.batches_per_epoch,
            self.seed,
            rank,
        )
        return EpochLoader(batches, self.next_batch)

    def val_dataloader(self) -> DataLoader[PairBatch]:
        """Fixed passages of what is held out, the same in every process."""
        samples, count = self.passages
        batches = PassageBatches(
            self.reader, self.split.held_out, self.batch_size, samples, count, self.warm_up
        )
        return DataLoader(batches, batch_size=None, generator=torch.Generator())

    def probe_batches(self, count: int = 1) -> Iterator[PairBatch]:
        """Passages of the training material, as long as those of validation."""
        samples, _ = self.passages
        parts = self.split.training
        return iter(
            PassageBatches(self.reader, parts, self.batch_size, samples, count, self.warm_up)
        )

    def digest(self) -> str:
        """A number that changes with the takes, their lengths and their split."""
        what = [(take.name, take.length) for take in self.takes]
        held_out = [(part.take, tuple(part.stretch)) for part in self.split.held_out]
        text = repr((what, held_out)).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text).hexdigest()[:16]

    def peaks(self) -> tuple[float, float]:
        """The greatest absolute values of all dry and of all wet takes."""
        dry = max(float(np.abs(take.dry).max()) for take in self.takes)
        return dry, max(float(np.abs(take.wet).max()) for take in self.takes)

    def dry_rms(self) -> float:
        """The root of the mean square of all dry takes."""
        energies = [float(np.square(take.dry, dtype=np.float64).sum()) for take in self.takes]
        return math.sqrt(sum(energies) / sum(take.dry.size for take in self.takes))


def _power(take: Take, taps: Tensor) -> float:
    """The mean square of a wet take under a weighting."""
    total = 0.0
    for piece in torch.from_numpy(take.wet).T[None].split(PIECE, 1):
        total += float(weighted(piece, taps).double().square().sum())
    return total / take.wet.size


def _sounding_samples(take: Take) -> int:
    """Samples of a take up to the last that is no silence."""
    level = np.abs(take.wet).max(0)
    heard = np.flatnonzero(level > level.max() * 10.0 ** (SILENT_DB / 20.0))
    return int(heard[-1]) + 1 if len(heard) else take.length
