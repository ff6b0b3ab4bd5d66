"""The examples that an epoch learns from: the newest ones, a window that slides over all numbers.

epoch 0    |== first ==|
epoch 1    |== first ==|fresh|
epoch 9          |======= kept =======|
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple, TypedDict

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import IterableDataset

from vschaos2.chains.examples import Rendered
from vschaos2.chains.store import CHUNK, Store
from vschaos2.chains.vocabulary import Vocabulary


class ChainBatch(TypedDict):
    """Examples.

    mel [B, sounds, F, 64] · summary [B, sounds, S] · chain: its number, [B] · settings: places of
    all of them, NaN where there is none, [B, P].
    """

    mel: Tensor
    summary: Tensor
    chain: Tensor
    settings: Tensor


class Plan(NamedTuple):
    """Which chunks an epoch learns from.

    Attributes:
        first: chunks there are before the first step.
        fresh: that are added for each epoch.
        kept: at most.
    """

    first: int
    fresh: int
    kept: int

    def chunks(self, epoch: int) -> range:
        """Those of an epoch."""
        end = self.first + epoch * self.fresh
        return range(max(0, end - self.kept), end)


def numbered(vocabulary: Vocabulary, found: Rendered) -> ChainBatch:
    """Rendered examples as a batch."""
    chains = [tuple(int(e) for e in row if e >= 0) for row in found.chain]
    return ChainBatch(
        mel=torch.from_numpy(found.mel),
        summary=torch.from_numpy(found.summary),
        chain=torch.tensor([vocabulary.numbers[chain] for chain in chains]),
        settings=torch.from_numpy(found.settings),
    )


def rows(batch: ChainBatch, which: Sequence[int] | Tensor | slice) -> ChainBatch:
    """Some rows of a batch."""
    return ChainBatch(
        mel=batch["mel"][which],
        summary=batch["summary"][which],
        chain=batch["chain"][which],
        settings=batch["settings"][which],
    )


class ChainBatches(IterableDataset[ChainBatch]):
    """Endless training material: rows drawn from the chunks of an epoch, each about as often.

    A batch depends on nothing but (seed, epoch, rank, its number).

    Args:
        store: of the examples.
        vocabulary: of the chains in them.
        plan: of the epochs.
        batch_size: B.
        batches_per_epoch: batches in an epoch of this process.
        seed: of the draw.
        rank: number of this process; each draws its own rows.
    """

    def __init__(
        self,
        store: Store,
        vocabulary: Vocabulary,
        plan: Plan,
        batch_size: int,
        batches_per_epoch: int,
        seed: int,
        rank: int = 0,
    ) -> None:
        self.store, self.vocabulary, self.plan = store, vocabulary, plan
        self.batch_size, self.batches_per_epoch = batch_size, batches_per_epoch
        self.seed, self.rank = seed, rank
        self._epoch, self._batch = 0, 0
        self._held: dict[int, ChainBatch] = {}

    def set_position(self, epoch: int, batch: int = 0) -> None:
        """Let the next iteration be that of `epoch`, from its batch number `batch` on."""
        self._epoch, self._batch = epoch, batch

    @property
    def held(self) -> list[ChainBatch]:
        """All that the epoch at hand learns from, chunk by chunk; none before the first one."""
        return list(self._held.values())

    def __len__(self) -> int:
        return self.batches_per_epoch

    def __iter__(self) -> Iterator[ChainBatch]:
        epoch, first = self._epoch, self._batch
        self.set_position(epoch + 1)
        self._hold(epoch)
        self.store.ask(self.plan.chunks(epoch + 1))  # rendered while this epoch is learnt from
        order = self._order(epoch)
        return (self._batch_at(epoch, order, step) for step in range(first, len(self)))

    def _hold(self, epoch: int) -> None:
        """Have the chunks of an epoch in memory, and no others."""
        chunks = self.plan.chunks(epoch)
        missing = [chunk for chunk in chunks if chunk not in self._held]
        self._held = {chunk: self._held[chunk] for chunk in chunks if chunk in self._held}
        if missing:
            found = numbered(self.vocabulary, self.store.take(missing))
            for place, chunk in enumerate(missing):
                part = rows(found, slice(place * CHUNK, (place + 1) * CHUNK))
                self._held[chunk] = part

    def _order(self, epoch: int) -> np.ndarray:
        """Rows of an epoch: all there are in a drawn order, again and again."""
        rng = np.random.default_rng([self.seed, epoch, self.rank, 1])
        count = len(self.plan.chunks(epoch)) * CHUNK
        turns = -(-self.batch_size * self.batches_per_epoch // count)
        return np.concatenate([rng.permutation(count) for _ in range(turns)])

    def _batch_at(self, epoch: int, order: np.ndarray, step: int) -> ChainBatch:
        chunks = self.plan.chunks(epoch)
        drawn = order[step * self.batch_size : (step + 1) * self.batch_size]
        parts = [rows(self._held[chunks[n // CHUNK]], [n % CHUNK]) for n in np.sort(drawn).tolist()]
        return ChainBatch(
            mel=torch.cat([each["mel"] for each in parts]),
            summary=torch.cat([each["summary"] for each in parts]),
            chain=torch.cat([each["chain"] for each in parts]),
            settings=torch.cat([each["settings"] for each in parts]),
        )


class FixedBatches(IterableDataset[ChainBatch]):
    """The same examples in the same order every time.

    Args:
        examples: all of them.
        batch_size: B; the last batch may be smaller.
    """

    def __init__(self, examples: ChainBatch, batch_size: int) -> None:
        self.examples, self.batch_size = examples, batch_size

    def __len__(self) -> int:
        return -(-len(self.examples["chain"]) // self.batch_size)

    def __iter__(self) -> Iterator[ChainBatch]:
        for number in range(len(self)):
            yield rows(
                self.examples, slice(number * self.batch_size, (number + 1) * self.batch_size)
            )
