"""Where the windows of films come from that a network learns to see strikes in."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig
from torch.utils.data import DataLoader

from vschaos2.config import call, plain
from vschaos2.data.material import EpochLoader, Material
from vschaos2.data.splits import check_dataset_options
from vschaos2.errors import InputError
from vschaos2.families.film.batches import FilmBatch, FilmBatches, FixedBatches
from vschaos2.families.film.clips import Clip, Clips, split, windows
from vschaos2.families.film.marks import Marks
from vschaos2.families.film.net import FilmNet
from vschaos2.ranges import check_count, check_number

logger = logging.getLogger(__name__)


class FilmMaterial(Material):
    """Windows of films to learn from, and fixed ones of films that are held out.

    Args:
        clips: the films.
        sample_rate_hz: at which their sound is heard.
        validation_fraction: part of the films that is held out.
        seed: of the split and of all draws.
        seconds: of a window.
        speeds: least and greatest at which films are played.
        batch_size: windows per step, over all processes.
        batches_per_epoch: steps in an epoch.
        validation_windows: of what is held out, at most.

    Raises:
        InputError: for a value out of range, or if nothing is struck in what trains.
    """

    def __init__(
        self,
        clips: Clips,
        sample_rate_hz: int,
        validation_fraction: float,
        seed: int,
        seconds: float,
        speeds: list[Any],
        batch_size: int,
        batches_per_epoch: int,
        validation_windows: int,
    ) -> None:
        super().__init__(clips.root)
        self.clips, self.seed, self.speeds = clips, seed, speeds
        self.batch_size, self.batches_per_epoch = batch_size, batches_per_epoch
        self.frames = max(1, round(seconds * clips.rate_hz))
        self._sample_rate_hz = sample_rate_hz
        self.training, self.validation = split(clips.clips, validation_fraction, seed)
        if not any(len(clip.strikes) for clip in self.training):
            raise InputError(
                f"{self.root}: nothing is struck in the films that train: lower "
                "data.marks.threshold, or give films with strikes"
            )
        self.fixed = list(windows(self.validation, self.frames, validation_windows))

    @property
    def sample_rate_hz(self) -> int:
        """Rate at which sound is heard."""
        return self._sample_rate_hz

    @property
    def held_out(self) -> list[str]:
        """The films, or the one part of a film, that nothing is learnt from."""
        rate_hz = self.clips.rate_hz
        names = []
        for clip in self.validation:
            part = f" ({clip.first / rate_hz:.2f} s to its end)" if clip.first else ""
            names.append(clip.name + part)
        return names

    def train_dataloader(self) -> DataLoader[FilmBatch]:
        """Windows of an epoch; this process takes its share of every batch."""
        rank, world_size = self.place()
        batches = FilmBatches(
            self.clips, self.training, self.frames, self.speeds,
            max(1, self.batch_size // world_size), self.batches_per_epoch, self.seed, rank,
        )  # fmt: skip
        return EpochLoader(batches, self.next_batch)

    def val_dataloader(self) -> DataLoader[FilmBatch]:
        """Held-out windows in one batch, the same in every process."""
        batches = FixedBatches(self.clips, self.fixed, self.frames)
        return DataLoader(batches, batch_size=None, generator=torch.Generator())

    def probe_batches(self, count: int = 1) -> Iterator[FilmBatch]:
        """Windows of the training films, in their order."""
        places = list(windows(self.training, self.frames, 1000))
        return iter(FixedBatches(self.clips, places, self.frames, count))

    def digest(self) -> str:
        """A number that changes with the films, their strikes and their split."""
        return self.clips.digest()


def material(config: DictConfig, model: FilmNet) -> FilmMaterial:
    """The films that a configuration describes.

    Raises:
        InputError: for a folder or a value that no training can take.
    """
    dataset, loader = plain(config, "data.dataset"), plain(config, "data.loader")
    rate_hz, fraction = dataset["sample_rate_hz"], dataset["validation_fraction"]
    check_dataset_options(rate_hz, dataset["n_files"], fraction)
    for key, most in (("batch_size", 65_536), ("batches_per_epoch", 10**9)):
        check_count(f"data.loader.{key}", loader[key], 1, most)
    check_count("data.loader.validation_windows", loader["validation_windows"], 1, 100_000)
    check_number("data.loader.seconds", loader["seconds"], 0.5, 60.0)
    speeds = loader["speeds"]
    if not isinstance(speeds, list) or len(speeds) != 2:
        raise InputError(f"data.loader.speeds must be two numbers, got {speeds!r}")
    for speed in speeds:
        check_number("data.loader.speeds", speed, 0.25, 4.0)
    if speeds[0] > speeds[1]:
        raise InputError(f"data.loader.speeds must rise, got {speeds!r}")
    clips = _clips(config, model, Path(dataset["root"]), dataset["n_files"])
    return call(
        FilmMaterial, "data.loader", loader, clips=clips, sample_rate_hz=rate_hz,
        validation_fraction=fraction, seed=config.seed,
    )  # fmt: skip


def clips_of(config: DictConfig, model: FilmNet, dataset: Path | None) -> tuple[Clips, list[Clip]]:
    """Films that a model did not learn from: those held out, or all of another folder.

    Raises:
        InputError: for a folder without usable films.
    """
    if dataset is not None:
        clips = _clips(config, model, dataset, None)
        return clips, clips.clips
    root, n_files = Path(config.data.dataset.root), config.data.dataset.n_files
    clips = _clips(config, model, root, n_files)
    _, held_out = split(clips.clips, config.data.dataset.validation_fraction, config.seed)
    return clips, held_out


def _clips(config: DictConfig, model: FilmNet, root: Path, n_files: int | None) -> Clips:
    marks = call(Marks, "data.marks", plain(config, "data.marks")).check()
    rate_hz = config.data.dataset.sample_rate_hz
    return Clips(root.expanduser(), n_files, model.rate_hz, model.size, marks, rate_hz)


def tell(data: FilmMaterial) -> None:
    """Log what a training's films are."""

    def told(clips: list[Clip]) -> str:
        seconds = sum(clip.length for clip in clips) / data.clips.rate_hz
        strikes = sum(len(clip.strikes) for clip in clips)
        return f"{len(clips)} films of {seconds:.0f} s, {strikes} strikes"

    logger.info("learning from %s; held out: %s", told(data.training), told(data.validation))
