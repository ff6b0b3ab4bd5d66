"""Where the hits of a training come from, and the batches of them."""

import hashlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from omegaconf import DictConfig
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset

from vschaos2.config import call, plain
from vschaos2.data.material import EpochLoader, Material
from vschaos2.errors import InputError
from vschaos2.families.foley.components import fit_components
from vschaos2.families.foley.hit_model import HitModel, heard
from vschaos2.families.foley.hit_set import HitSet, hit_set
from vschaos2.families.vae.inner_vae import take_vae, vae_run
from vschaos2.ranges import check_count
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)


class HitBatch(TypedDict):
    """Hits: components [B, K], classes [B, labels], velocity [B]."""

    components: Tensor
    classes: Tensor
    velocity: Tensor


class HitBatches(IterableDataset[HitBatch]):
    """Hits at random, or all of them in order.

    Args:
        hits: of which batches are made, all at once.
        size: hits in a batch.
        count: batches in an epoch.
        seed: of the draws.
        rank: number of this process.
        is_fixed: every epoch is all hits, in order.
    """

    def __init__(
        self,
        hits: HitBatch,
        size: int,
        count: int,
        seed: int,
        rank: int = 0,
        is_fixed: bool = False,
    ) -> None:
        self.hits, self.size, self.count, self.seed, self.rank = hits, size, count, seed, rank
        self.is_fixed = is_fixed
        self._epoch, self._batch = 0, 0

    def set_position(self, epoch: int, batch: int = 0) -> None:
        """Let the next iteration be that of `epoch`, from its batch number `batch` on."""
        self._epoch, self._batch = epoch, batch

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[HitBatch]:
        epoch, first = self._epoch, self._batch
        self.set_position(epoch + 1)
        return (self.batch_at(epoch, number) for number in range(first, self.count))

    def batch_at(self, epoch: int, step: int) -> HitBatch:
        """Batch `step` of `epoch`, a pure function of these and of (seed, rank)."""
        total = len(self.hits["velocity"])
        if self.is_fixed:
            which = torch.arange(step * self.size, min((step + 1) * self.size, total))
        else:
            chance = np.random.default_rng([self.seed, epoch, self.rank, step])
            which = torch.from_numpy(chance.integers(total, size=self.size))
        hits = self.hits
        return HitBatch(
            components=hits["components"][which], classes=hits["classes"][which],
            velocity=hits["velocity"][which],
        )  # fmt: skip


class HitDataModule(Material):
    """Batches of the training hits, and all held-out ones.

    Args:
        root: of the recordings.
        hits: that there are.
        components: of all of them, [N, K].
        rate_hz: of the samples.
        batch_size: hits in a step, over all processes.
        batches_per_epoch: steps in an epoch.
        seed: of the draws.
    """

    def __init__(
        self,
        root: Path,
        hits: HitSet,
        components: Tensor,
        rate_hz: int,
        batch_size: int,
        batches_per_epoch: int,
        seed: int,
    ) -> None:
        super().__init__(root)
        check_count("data.loader.batch_size", batch_size, 2, 65_536)
        check_count("data.loader.batches_per_epoch", batches_per_epoch, 1, 10**9)
        self.hits, self.components, self.rate_hz = hits, components, rate_hz
        self.batch_size, self.batches_per_epoch, self.seed = batch_size, batches_per_epoch, seed

    @property
    def sample_rate_hz(self) -> int:
        """Rate of the samples."""
        return self.rate_hz

    @property
    def held_out(self) -> list[str]:
        """The hits that no training batch holds."""
        return [self.hits.names[number] for number in self.hits.held_out]

    def part(self, numbers: list[int]) -> HitBatch:
        """Some hits."""
        velocity = torch.from_numpy(self.hits.velocity.velocity).float()
        return HitBatch(
            components=self.components[numbers], classes=self.hits.classes[numbers],
            velocity=velocity[numbers],
        )  # fmt: skip

    def train_dataloader(self) -> DataLoader[HitBatch]:
        """Hits at random; this process takes its share of every batch."""
        rank, world_size = self.place()
        size = max(2, self.batch_size // world_size)
        batches = HitBatches(
            self.part(self.hits.training), size, self.batches_per_epoch, self.seed, rank
        )
        return EpochLoader(batches, self.next_batch)

    def val_dataloader(self) -> DataLoader[HitBatch]:
        """What is held out, the same in every process."""
        held_out = self.hits.held_out
        count = -(-len(held_out) // self.batch_size)
        batches = HitBatches(self.part(held_out), self.batch_size, count, 0, is_fixed=True)
        return DataLoader(batches, batch_size=None, generator=torch.Generator())

    def probe_batches(self, count: int = 1) -> Iterator[HitBatch]:
        """Fixed batches of the training material."""
        batches = -(-count // self.batch_size)
        return iter(HitBatches(self.part(self.hits.training), self.batch_size, batches, self.seed))

    def label_names(self, task: str) -> list[str]:
        """Names of the classes of a label."""
        return list(self.hits.labels.get(task, []))

    def digest(self) -> str:
        """A number that changes with the hits and their split."""
        hits = self.hits
        levels = [round(level, 3) for level in hits.level_db.tolist()]
        text = repr((hits.names, levels, hits.training, hits.classes.tolist()))
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def material(config: DictConfig, model: HitModel) -> HitDataModule:
    """The hits of a configuration as its VAE hears them.

    A model that was not trained yet takes the weights of the VAE that the configuration names, and
    the components of the hits.

    Raises:
        InputError: for recordings that nothing can be learnt from.
    """
    is_new = not bool(model.is_fitted)
    if is_new:
        take_vae(model, vae_run(config.vae).model)
    rate_hz = model.sample_rate_hz
    hits = hit_set(config, rate_hz)
    if (there := {name: tuple(of) for name, of in hits.labels.items()}) != model.labels:
        raise InputError(
            f"{config.data.dataset.root}: its labels are {_told(there)}, where the model knows "
            f"{_told(model.labels)}: begin a new training"
        )
    latents = heard(model.vae, hits.sounds, model.frames)
    if is_new:
        fit_components(model, latents[hits.training], hits.velocity)
    velocity = torch.from_numpy(hits.velocity.velocity).float()
    components = model.components_of(latents, hits.level_db, velocity)
    return call(
        HitDataModule,
        "data.loader",
        plain(config, "data.loader"),
        root=Path(str(config.data.dataset.root)).expanduser(),
        hits=hits,
        components=components,
        rate_hz=rate_hz,
        seed=config.seed,
    )


def _told(labels: dict[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{name} ({', '.join(of)})" for name, of in labels.items()) or "none"


def tell(data: HitDataModule) -> None:
    """Log what there is of each class, how long hits are, and what velocity means."""
    hits = data.hits
    logger.info(
        "%d hits of %d recordings, %.2f s at most; %d to learn from, %d held out",
        len(hits.names), hits.files, hits.sounds.shape[1] / data.rate_hz,
        len(hits.training), len(hits.held_out),
    )  # fmt: skip
    for number, (name, classes) in enumerate(hits.labels.items()):
        counts = [int((hits.classes[:, number] == of).sum()) for of in range(len(classes))]
        parts = [f"{printable(of)} {n}" for of, n in zip(classes, counts, strict=True)]
        logger.info("%s: %s", printable(name), ", ".join(parts))
    if not hits.labels:
        logger.info("no labels: folders, or metadata, would tell of materials")
    logger.info("%s", hits.velocity.told)
