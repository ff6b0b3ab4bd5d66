"""Where the examples of an estimator come from."""

import hashlib
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch.utils.data import DataLoader

from vschaos2.chains.examples import Renderer, Rendering
from vschaos2.chains.features import RATE_HZ
from vschaos2.chains.store import CHUNK, Store
from vschaos2.chains.takes import PLAYED, PLUCKED, Mixed, Recordings, Takes, by_code
from vschaos2.config import call, plain
from vschaos2.data.cache import open_cache
from vschaos2.data.material import EpochLoader, Material
from vschaos2.data.splits import check_dataset_options
from vschaos2.data.stretches import split, with_stretch
from vschaos2.errors import InputError
from vschaos2.families.order.estimator import Estimator
from vschaos2.families.order.pool import ChainBatch, ChainBatches, FixedBatches, Plan, numbered
from vschaos2.folders import made_folder
from vschaos2.ranges import check_count

logger = logging.getLogger(__name__)

AUTO = "auto"
TRAINING, VALIDATION, CALIBRATION = range(3)  # what examples are for: each is drawn for itself


class Source:
    """Dry sounds, those that train and those held out.

    Args:
        root: a folder of clean recordings, or `PLUCKED`, or `PLAYED`.
        n_files: use so many files; None for all.
        validation_fraction: part of the files that is held out.
        seed: of the split.
        window_samples: the longest passage that is wanted.
        beside: `PLUCKED` or `PLAYED`: instruments by code for every second take; None for none.

    Attributes:
        training: dry sounds to learn from.
        held_out: dry sounds that nothing is learnt from.
        names: of what is held out.
        digest: a text that changes with any of it.

    Raises:
        InputError: for a folder without usable recordings, or a value out of range.
    """

    training: Takes
    held_out: Takes

    def __init__(
        self,
        root: str,
        n_files: int | None,
        validation_fraction: float,
        seed: int,
        window_samples: int,
        beside: str | None = None,
    ) -> None:
        if beside not in (None, PLUCKED, PLAYED):
            raise InputError(
                f"data.dataset.beside must be {PLUCKED}, {PLAYED} or null, got {beside!r}"
            )
        check_dataset_options(RATE_HZ, n_files, validation_fraction)
        path = Path(root).expanduser()
        if root in (PLUCKED, PLAYED) and not path.exists():
            if beside is not None:
                raise InputError(
                    f"data.dataset.beside={beside}: stands beside recordings: give their folder "
                    "as data.dataset.root"
                )
            self.training = self.held_out = by_code(root, RATE_HZ)
            self.names, self.digest = [f"instruments by code ({root}), of other numbers"], root
            return
        cache = open_cache(path, RATE_HZ, n_files=n_files)
        found = split(cache, validation_fraction, seed, window_samples)
        self.training = Recordings(cache, found.training, found.training_stretches)
        self.held_out = Recordings(cache, found.held_out, found.held_out_stretches)
        stretches: Any = found.held_out_stretches or [None] * len(found.held_out)
        self.names = [
            with_stretch(cache.files[index].path, stretch, RATE_HZ)
            for index, stretch in zip(found.held_out, stretches, strict=True)
        ]
        files = [(file.path, file.length) for file in cache.files]
        text = repr((files, self.names)).encode("utf-8", "surrogatepass")
        self.digest = hashlib.blake2b(text).hexdigest()[:16]
        if beside is not None:
            self.training = Mixed((self.training, by_code(beside, RATE_HZ)))
            self.held_out = Mixed((self.held_out, by_code(beside, RATE_HZ)))
            self.digest += f" {beside}"


class ChainMaterial(Material):
    """Examples rendered on the fly, and fixed ones that are held out.

    Args:
        source: of dry sounds.
        root: what it was called.
        rendering: of examples.
        model: that learns.
        seed: of all draws.
        batch_size: examples per step, over all processes.
        batches_per_epoch: steps in an epoch.
        first_examples: rendered before the first step.
        fresh_examples: rendered for each epoch.
        kept_examples: learnt from at most.
        validation_examples: held out.
        calibration_examples: held out as well.
        folder: where rendered examples are kept; None for nowhere.
        workers: processes that render.

    Raises:
        InputError: for a value out of range.
    """

    def __init__(
        self,
        source: Source,
        root: str,
        rendering: Rendering,
        model: Estimator,
        seed: int,
        batch_size: int,
        batches_per_epoch: int,
        first_examples: int,
        fresh_examples: int,
        kept_examples: int,
        validation_examples: int,
        calibration_examples: int,
        folder: str | None,
        workers: int | str,
    ) -> None:
        super().__init__(Path(root))
        check_count("data.loader.batch_size", batch_size, 2, 65_536)
        check_count("data.loader.batches_per_epoch", batches_per_epoch, 1, 10**9)
        for name, value, least in (
            ("first_examples", first_examples, 1), ("fresh_examples", fresh_examples, 0),
            ("kept_examples", kept_examples, 1), ("validation_examples", validation_examples, 1),
            ("calibration_examples", calibration_examples, 1),
        ):  # fmt: skip
            check_count(f"data.loader.{name}", value, least * CHUNK, 10**8)
            if value % CHUNK:
                raise InputError(f"data.loader.{name} must be whole hundreds, got {value}")
        count = max(0, (os.cpu_count() or 1) - 1) if workers == AUTO else workers
        check_count("data.store.workers", count, 0, 1024)
        if model.hears_dry and not rendering.with_dry:
            raise InputError("model.hears_dry needs data.rendering.with_dry=true")
        self.source, self.rendering, self.model, self.seed = source, rendering, model, seed
        self.batch_size, self.batches_per_epoch = batch_size, batches_per_epoch
        self.plan = Plan(
            first_examples // CHUNK, fresh_examples // CHUNK,
            max(kept_examples, first_examples) // CHUNK,
        )  # fmt: skip
        self.counts = {
            VALIDATION: validation_examples // CHUNK,
            CALIBRATION: calibration_examples // CHUNK,
        }
        self.folder = None if folder is None else made_folder(Path(folder).expanduser())
        self.workers = int(count)
        self.stores: dict[int, Store] = {}
        self._fixed: dict[int, ChainBatch] = {}
        self._batches: ChainBatches | None = None

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the samples."""
        return RATE_HZ

    @property
    def held_out(self) -> list[str]:
        """The recordings that no example to learn from is made of."""
        return self.source.names

    def store(self, purpose: int) -> Store:
        """The examples for one purpose."""
        if purpose not in self.stores:
            takes, how = self.source.training, self.rendering
            if purpose != TRAINING:
                takes, how = self.source.held_out, how._replace(families=False)
            renderer = Renderer(self.model.pedals, takes, how, (self.seed, purpose))
            self.stores[purpose] = Store(renderer, self.source.digest, self.folder, self.workers)
        return self.stores[purpose]

    def fixed(self, purpose: int) -> ChainBatch:
        """All examples of a purpose but training; rendered once."""
        if purpose not in self._fixed:
            store = self.store(purpose)
            chunks = range(self.counts[purpose])
            self._fixed[purpose] = numbered(self.model.vocabulary, store.take(chunks))
            store.close()
        return self._fixed[purpose]

    def train_dataloader(self) -> DataLoader[ChainBatch]:
        """Examples of an epoch; this process takes its share of every batch."""
        rank, world_size = self.place()
        batches = ChainBatches(
            self.store(TRAINING), self.model.vocabulary, self.plan,
            max(2, self.batch_size // world_size), self.batches_per_epoch, self.seed, rank,
        )  # fmt: skip
        self._batches = batches
        return EpochLoader(batches, self.next_batch)

    def learnt(self) -> list[ChainBatch]:
        """What the epoch at hand learns from, chunk by chunk; nothing before the first one."""
        return [] if self._batches is None else self._batches.held

    def epoch(self, number: int) -> Iterator[ChainBatch]:
        """What an epoch learns from, chunk by chunk, without a training."""
        chunks, store = self.plan.chunks(number), self.store(TRAINING)
        store.ask(chunks)
        return (numbered(self.model.vocabulary, store.take([chunk])) for chunk in chunks)

    def val_dataloader(self) -> DataLoader[ChainBatch]:
        """Held-out examples, the same in every process."""
        batches = FixedBatches(self.fixed(VALIDATION), self.batch_size)
        return DataLoader(batches, batch_size=None, generator=torch.Generator())

    def probe_batches(self, count: int = 1) -> Iterator[ChainBatch]:
        """The first examples to learn from."""
        chunks = range(min(-(-count // CHUNK), self.plan.first))
        found = self.store(TRAINING).take(chunks)
        return iter(FixedBatches(numbered(self.model.vocabulary, found), count))

    def digest(self) -> str:
        """A number that changes with the recordings, their lengths and their split."""
        return self.source.digest

    def teardown(self, stage: str) -> None:
        """End the processes that render."""
        for store in self.stores.values():
            store.close()


def material(config: DictConfig, model: Estimator) -> ChainMaterial:
    """The examples that a configuration describes.

    Raises:
        InputError: for a folder or a value that no training can take.
    """
    rendering = rendering_of(config, model)
    store, loader = plain(config, "data.store"), plain(config, "data.loader")
    source = source_of(config, rendering)
    return call(
        ChainMaterial,
        "data.loader",
        {**loader, **store},
        dict.fromkeys(store, "data.store"),
        source=source,
        root=str(config.data.dataset.root),
        rendering=rendering,
        model=model,
        seed=config.seed,
    )


def rendering_of(config: DictConfig, model: Estimator) -> Rendering:
    """How examples are made.

    Raises:
        InputError: for a value out of range.
    """
    found = call(Rendering, "data.rendering", plain(config, "data.rendering"))
    return found.check(model.vocabulary.longest)


def source_of(config: DictConfig, rendering: Rendering) -> Source:
    """Dry sounds of a configuration.

    Raises:
        InputError: as `Source`.
    """
    dataset = plain(config, "data.dataset")
    dataset.pop("sample_rate_hz")
    dataset["root"] = str(dataset["root"])
    longest = round((rendering.seconds + rendering.run_up_s) * RATE_HZ * max(rendering.speeds)) + 3
    return call(Source, "data.dataset", dataset, seed=config.seed, window_samples=longest)


def tell(data: ChainMaterial) -> None:
    """Log what a training's examples are."""
    vocabulary = data.model.vocabulary
    logger.info(
        "chains of up to %d of %s: %d orders, of which %d can be told apart; dry sounds: %s",
        vocabulary.longest, ", ".join(vocabulary.names), len(vocabulary.chains),
        len(vocabulary.members), data.root,
    )  # fmt: skip
