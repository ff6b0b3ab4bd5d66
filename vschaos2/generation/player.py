"""A trained run made ready to play: its axes, its inversion, its labels, a sample rate."""

import logging
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vschaos2.audio import AudioWriter
from vschaos2.calling import typed
from vschaos2.errors import InputError
from vschaos2.families.vae.instrument_core import HOTTEST, MOST_SEED
from vschaos2.families.vae.playable import run_inversion
from vschaos2.families.vae.prior_file import read_prior
from vschaos2.families.vae.projection import LatentAxes, fit_axes
from vschaos2.families.vae.response import HeardWindows, heard_windows
from vschaos2.families.vae.signal_path import (
    RECOVERIES,
    Heard,
    Samples,
    by_itself,
    check_choices,
    exactly,
    hear,
    offline_core,
    resampled,
    sound_of,
    under_gain,
)
from vschaos2.frames import frame_centres
from vschaos2.generation.file_labels import given_labels, labels_for
from vschaos2.generation.latent_tables import TaskColumns
from vschaos2.generation.loud_files import tell_of_peaks
from vschaos2.generation.methods import with_latents
from vschaos2.labels.ports import LabelPorts
from vschaos2.ranges import check_count, check_number
from vschaos2.runs.folder import Run

logger = logging.getLogger(__name__)


class Player:
    """The `decode` of an instrument, played from files.

    Args:
        run: the trained model.
        projection: the axes that coordinates are counted on, one of `PROJECTIONS`; as those of
            the exported instrument, the training sounds lie within ±3 on each.
        inversion: where phases come from, one of `RECOVERIES`; the run's own if None.
        words: labels as TASK, VALUE, …, for all that is played.
        sample_rate_hz: of the files written; the model's if None.

    Raises:
        InputError: for an argument that cannot be.
    """

    def __init__(
        self,
        run: Run,
        projection: str = "pca",
        inversion: str | None = None,
        words: Sequence[str] = (),
        sample_rate_hz: int | None = None,
    ) -> None:
        mode = run_inversion(run) if inversion is None else inversion
        check_choices(mode, RECOVERIES, sample_rate_hz)
        self.run = run = with_latents(run)
        self.projection = projection
        self.axes = fitted_axes(run, projection)
        prior = read_prior(run.folder, run.model)
        self.core = offline_core(run.model, mode, self.axes, prior)
        self.words = words
        self.labels = given_labels(run.model.conditioning, run.kept.classes, words)
        self.peaks: dict[Path, float] = {}
        self.rate_hz = sample_rate_hz or run.model.transform.sample_rate_hz

    @property
    def frames_per_second(self) -> float:
        """Points of a path that pass in a second."""
        return self.run.model.transform.sample_rate_hz / self.core.hop

    @cached_property
    def windows(self) -> HeardWindows:
        """Training windows as the instrument plays them."""
        model, classes = self.run.model, self.run.kept.classes
        plain = LabelPorts.of(model.conditioning, model.prediction, classes, False).plain
        return heard_windows(self.core, self.run.kept.latents, self.axes, plain)

    @cached_property
    def middle(self) -> npt.NDArray[np.float64]:
        """Coordinates of the most typical training window that sounds, [D]."""
        return self.windows.places()[0].double().numpy()

    def hear(self, source: Path) -> Heard:
        """What the model hears in a file, told the player's labels."""
        return hear(self.core, source, labels_for(self.run, self.words)(source))

    def mean_point(self, source: Path) -> npt.NDArray[np.float64]:
        """The mean latent of the audible frames of a file, [Z].

        Raises:
            InputError: for a file that cannot be read or is silent all through.
        """
        heard = self.hear(source)
        audible = heard.audible > 0
        if not audible.any():
            raise InputError(f"{source}: is silent: give a sound to start from")
        return heard.latents[audible].mean(0, dtype=np.float64)

    def by_itself(self, steps: int, temperature: float, seed: int) -> npt.NDArray[np.floating]:
        """Coordinates as they move by themselves, one point a frame, [S, D].

        Raises:
            InputError: for a run without a prior, or a temperature or a seed out of range.
        """
        if not self.core.has_prior:
            raise InputError(
                f"{self.run.folder}: has no prior, which plays it by itself: {typed('train')} "
                f"prior={self.run.folder} makes one"
            )
        check_number("--temperature", temperature, 0.0, HOTTEST)
        check_count("--seed", seed, 0, MOST_SEED)
        return by_itself(self.core, steps, temperature, seed)

    @property
    def tasks(self) -> TaskColumns:
        """The tasks that the model is told."""
        return TaskColumns(self.run.model.conditioning.tasks, self.run.kept.classes)

    def tell_of_labels(self, others: npt.NDArray[np.floating] | None = None) -> None:
        """Warn of every label that nobody gave and decoding cannot guess: class 0 is played.

        Args:
            others: labels that count where the player was given none, [R, n], NaN where unknown.
        """
        conditioning, latent_source = self.run.model.conditioning, self.core.labels.latent_source
        known = self.labels if others is None else self._given(others).sum(0)
        for column, task in enumerate(conditioning.tasks):
            if np.isnan(known[column]) and int(latent_source[column]) < 0:
                names = self.run.kept.classes.get(task, [])
                logger.warning(
                    "%s is not given, %s is played: choose with --meta %s VALUE",
                    task, names[0] if names else 0, task,
                )  # fmt: skip

    def write(
        self,
        target: Path,
        coordinates: npt.NDArray[np.floating],
        labels: npt.NDArray[np.floating] | None = None,
    ) -> None:
        """Write the sound of a path, [S, Z] → S·hop samples at the model's rate.

        Point s is heard around the middle of hop s. The ends are held, and the sound fades in and
        out over its first and last hop. Labels [S, n] count where the player was given none.
        """
        length = len(coordinates) * self.core.hop
        sound = self.sound(coordinates, labels)
        self.write_sound(target, faded(sound, length, self.core.hop), length)

    def sound(
        self,
        coordinates: npt.NDArray[np.floating],
        labels: npt.NDArray[np.floating] | None = None,
    ) -> Iterator[Samples]:
        """The sound of a path as `write` writes it, without its fades, at the model's rate."""
        core, hop = self.core, self.core.hop
        before = core.transform.n_fft // hop  # frames that overlap with the first sample
        held = np.concatenate((np.repeat(coordinates[:1], before, axis=0), coordinates))
        given = np.broadcast_to(self.labels, (len(held), len(self.labels)))
        if labels is not None:
            given = self._given(np.concatenate((np.repeat(labels[:1], before, axis=0), labels)))
        # Point s is frame s + before.
        skip = int(frame_centres(before, core.transform.n_fft, hop)) - hop // 2
        return sound_of(core, held, given, skip, len(coordinates) * hop)

    def write_heard(
        self,
        target: Path,
        latents: npt.NDArray[np.floating],
        labels: npt.NDArray[np.floating],
        audible: npt.NDArray[np.floating],
    ) -> None:
        """Write the sound of frames such as `hear` gives, in line with the sound that was heard.

        Args:
            target: WAV file.
            latents: of all frames that hold a sample of the sound, [F, Z].
            labels: where the player was given none, [F, n], NaN where unknown.
            audible: a gain at the centre of each frame, 0 where it is silent, [F].
        """
        hop, n_fft = self.core.hop, self.core.transform.n_fft
        centres = frame_centres(np.arange(len(latents)), n_fft, hop)
        length = max(1, len(latents) - n_fft // hop + 1) * hop
        sound = sound_of(self.core, latents, self._given(labels), 0, length)
        self.write_sound(target, under_gain(sound, centres, audible), length)

    def _given(self, labels: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """The player's labels, or where it was given none, others, [F, n]."""
        return np.where(np.isnan(self.labels), labels, self.labels)

    def write_sound(self, target: Path, blocks: Iterator[Samples], length: int) -> None:
        """Write `length` samples at the model's rate to a WAV file at the player's."""
        model_rate_hz = self.run.model.transform.sample_rate_hz
        wanted = round(length * self.rate_hz / model_rate_hz)
        with AudioWriter(target, self.rate_hz) as writer:
            for block in exactly(resampled(blocks, model_rate_hz, self.rate_hz), wanted):
                writer.write(block)
        self.peaks[target] = writer.peak

    def tell_of_peaks(self) -> None:
        """Warn of what was written since, if it passes full scale."""
        tell_of_peaks(self.peaks)
        self.peaks = {}


def fitted_axes(run: Run, projection: str) -> LatentAxes:
    """The axes that the run's exported instrument shows under a projection.

    Raises:
        InputError: for an unknown projection, or a run without training latents.
    """
    if not len(run.kept.latents):
        raise InputError(f"{run.folder}: its checkpoint holds no training latents: train again")
    return fit_axes(run.kept.latents, projection, run.model.unlabelled_magnitude)


def faded(blocks: Iterator[Samples], length: int, fade: int) -> Iterator[Samples]:
    """A sound that begins and ends in a raised cosine.

    Args:
        blocks: the sound, `length` samples in all.
        length: in samples.
        fade: length of both fades in samples, at most half of the sound.
    """
    fade = min(fade, length // 2)
    start = 0
    for block in blocks:
        t = np.arange(start, start + len(block))
        start += len(block)
        inside = np.minimum(t + 0.5, length - t - 0.5) / max(fade, 1)
        gain = 0.5 - 0.5 * np.cos(np.pi * np.clip(inside, 0.0, 1.0))
        yield block * gain.astype(np.float32)
