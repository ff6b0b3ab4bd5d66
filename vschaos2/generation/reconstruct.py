"""Sound files through a model, as long as they are."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import torch

from vschaos2.audio import AudioWriter, UnreadableAudio, find_audio_files, length_at
from vschaos2.errors import InputError
from vschaos2.families.vae.instrument_core import KEEP_INPUT
from vschaos2.families.vae.signal_path import (
    INVERSIONS,
    Samples,
    check_choices,
    exactly,
    offline_core,
    resampled,
    through,
)
from vschaos2.families.vae.vae import VAE
from vschaos2.generation.file_labels import FileLabels
from vschaos2.generation.loud_files import tell_of_peaks
from vschaos2.progress import Progress
from vschaos2.ranges import check_count, check_number
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Unrest:
    """What keeps a reconstruction from being the same each time.

    Args:
        sample: draw latents from their posterior, instead of taking its mean.
        jitter: deviation of a noise added to every latent, from 0 to 100; None for none. Files are
            called after it.
        seed: of the draws, from 0 to 2^32 - 1; the same for every file.

    Raises:
        InputError: for a number out of its range.
    """

    sample: bool = False
    jitter: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_count("seed", self.seed, 0, 2**32 - 1)
        if self.jitter is not None:
            check_number("jitter", self.jitter, 0.0, 100.0)


STILL = Unrest()


class Job(NamedTuple):
    """A sound file, and what is to be written for it.

    Attributes:
        source: the file.
        target: the one to write.
        is_named: whether the file itself was given, and not a folder that it lies in.
    """

    source: Path
    target: Path
    is_named: bool


def reconstruct(
    model: VAE,
    inputs: Iterable[Path],
    folder: Path,
    sample_rate_hz: int | None = None,
    inversion: str = KEEP_INPUT,
    labels: FileLabels | None = None,
    unrest: Unrest = STILL,
) -> list[Path]:
    """Pass sound files through a model and write what it makes of them, as long as they are.

    Memory does not grow with a file's length. A folder's sub-folders are kept; where two inputs
    would take the same name, the later one gets a number.

    Args:
        model: the trained model.
        inputs: sound files, or folders of them.
        folder: the results go to folder/reconstructions.
        sample_rate_hz: of the results; the model's if None.
        inversion: "keep_input" for the input's own phase, a mode of phase recovery, or "offline"
            for the best and slowest.
        labels: what the model is told; where it says NaN, and if None everywhere, the model
            guesses, or takes label 0 where it cannot.
        unrest: what is left to chance.

    Returns:
        The files written. Unreadable files of a folder are named in a warning and left out.

    Raises:
        InputError: for a path that does not exist, a folder without sound, or no readable file;
            and, once the others are written, for an unreadable file that was given itself.
    """
    check_choices(inversion, INVERSIONS, sample_rate_hz)
    core = offline_core(model, inversion)
    core.set_temperature(1.0 if unrest.sample else 0.0)
    core.jitter = unrest.jitter or 0.0
    ending = "" if unrest.jitter is None else f"_jitter={unrest.jitter:g}"
    model_rate_hz = model.transform.sample_rate_hz
    rate_hz = sample_rate_hz or model_rate_hz

    def sound_of(source: Path) -> Iterator[Samples]:
        torch.default_generator.manual_seed(unrest.seed)
        given = None if labels is None else labels(source)
        return resampled(through(core, source, given), model_rate_hz, rate_hz)

    jobs = named_files(inputs, folder / "reconstructions", ending)
    with torch.random.fork_rng(devices=[]):
        return write_sounds(jobs, rate_hz, sound_of)


def write_sounds(
    jobs: Sequence[Job],
    rate_hz: int,
    sound_of: Callable[[Path], Iterator[Samples]],
    title: str = "reconstructing",
    channels_of: Callable[[Path], int] = lambda source: 1,
) -> list[Path]:
    """Write a sound for each file, as long as it is; → the files written.

    Args:
        jobs: what is to be written.
        rate_hz: of the sounds.
        sound_of: a file → what becomes of it, in blocks.
        title: of the progress line.
        channels_of: a file → channels of what becomes of it.

    Raises:
        InputError: as `check_read`, once all that can be is written.
    """
    written, unread, peaks = [], [], {}
    with Progress(title, "file", len(jobs)) as progress:
        for job in jobs:
            source, target, _ = job
            try:
                sound, length, done = sound_of(source), length_at(source, rate_hz), 0
                with AudioWriter(target, rate_hz, channels_of(source)) as writer:
                    for block in exactly(sound, length):
                        writer.write(block)
                        done += len(block)
                        progress.say(f"{printable(source.name)} {done / max(length, 1):.0%}")
            except UnreadableAudio as error:
                logger.warning("skipped: %s", error)
                unread.append(job)
            else:
                written.append(target)
                peaks[target] = writer.peak
            progress.update()
    tell_of_peaks(peaks)
    check_read(jobs, unread)
    return written


def check_read(jobs: Sequence[Job], unread: Sequence[Job]) -> None:
    """See that enough of what was asked for could be read; each that could not was warned of.

    Raises:
        InputError: if nothing could be read, or not all that was given itself.
    """
    if len(unread) == len(jobs):
        raise InputError(f"none of {len(jobs)} files could be read: see the lines above")
    named = [str(job.source) for job in unread if job.is_named]
    if named:
        raise InputError(
            f"{len(named)} of {len(jobs)} files could not be read: {', '.join(named)}: see the "
            "lines above; the others are written"
        )


def named_files(
    inputs: Iterable[Path],
    folder: Path,
    ending: str = "",
    suffix: str = ".wav",
    find: Callable[[Path], list[Path]] = find_audio_files,
) -> list[Job]:
    """Every sound file of the inputs and the file to write for it, all different.

    Args:
        inputs: sound files, or folders of them.
        folder: where results go.
        ending: what their names have behind those of the inputs.
        suffix: of the files to write.
        find: names the files of a folder.

    Raises:
        InputError: for a path that does not exist, or a folder without sound.
    """
    jobs: list[Job] = []
    taken: set[Path] = set()
    for given in inputs:
        if not given.exists():
            raise InputError(f"{given}: no such file or folder")
        if not given.is_dir() and not given.is_file():
            raise InputError(f"{given}: is no plain file: give sound files, or folders of them")
        files = find(given) if given.is_dir() else [given]
        if not files:
            raise InputError(f"{given}: no sound files in this folder")
        base = given if given.is_dir() else given.parent
        for file in files:
            name = f"{file.relative_to(base).with_suffix('')}{ending}"
            target, number = folder / f"{name}{suffix}", 2
            while target in taken:
                target, number = folder / f"{name}-{number}{suffix}", number + 1
            taken.add(target)
            jobs.append(Job(file, target, not given.is_dir()))
    if not jobs:
        raise InputError("no input: give sound files or folders after --files")
    return jobs
