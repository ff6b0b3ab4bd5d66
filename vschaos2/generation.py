"""Sound files from a trained model, offline, through the very code that is exported."""

import logging
import math
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr
import torch
from tqdm import tqdm

from vschaos2.audio import AudioWriter, UnreadableAudio, find_audio_files, length_at, read_blocks
from vschaos2.dsp.inversion import MODES
from vschaos2.errors import InputError
from vschaos2.export.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.file_labels import FileLabels, LabelsOverTime
from vschaos2.models.projection import PROJECTIONS, own_axes
from vschaos2.models.vae import VAE

logger = logging.getLogger(__name__)

BLOCK_FRAMES = 256  # frames per call: some seconds of sound, some megabytes of memory
OFFLINE = "offline"
INVERSIONS = (KEEP_INPUT, *MODES, OFFLINE)


def reconstruct(
    model: VAE,
    inputs: Iterable[Path],
    folder: Path,
    sample_rate_hz: int | None = None,
    inversion: str = KEEP_INPUT,
    labels: FileLabels | None = None,
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

    Returns:
        The files written. Unreadable files of a folder are named in a warning and left out.

    Raises:
        InputError: for a path that does not exist, a folder without sound, or no readable file.
    """
    if inversion not in INVERSIONS:
        raise InputError(f"inversion must be one of {', '.join(INVERSIONS)}, got {inversion!r}")
    if sample_rate_hz is not None and sample_rate_hz < 1000:
        raise InputError(f"sample rate must be at least 1000 Hz, got {sample_rate_hz}")
    core = offline_core(model, inversion)
    model_rate_hz = model.transform.sample_rate_hz
    rate_hz = sample_rate_hz or model_rate_hz
    written = []
    jobs = _named(inputs, folder / "reconstructions")
    with tqdm(jobs, unit="file", desc="reconstructing", disable=None) as progress:
        for source, target in progress:
            progress.set_postfix_str(source.name)
            try:
                told = None if labels is None else labels(source)
                sound = _resampled(_through(core, source, told), model_rate_hz, rate_hz)
                length = length_at(source, rate_hz)
                with AudioWriter(target, rate_hz) as writer:
                    for block in _exactly(sound, length):
                        writer.write(block)
            except UnreadableAudio as error:
                logger.warning("skipped: %s", error)
                continue
            written.append(target)
    if not written:
        raise InputError(f"none of {len(jobs)} files could be read: see the lines above")
    return written


def offline_core(model: VAE, inversion: str) -> InstrumentCore:
    """The exported signal path, in Python, with the model's own latent axes."""
    axes = {name: own_axes(model.latent_dim) for name in PROJECTIONS}
    mode = "eco" if inversion == OFFLINE else inversion
    core = InstrumentCore(model, axes, model.latent_dim, mode).eval()
    if inversion == OFFLINE:
        core.forward_inversion.configure_offline()
    # Only NaN is unknown here: files may hold negative numbers.
    core.labels.commands_from = -math.inf
    return core


@torch.inference_mode()
def _through(
    core: InstrumentCore, source: Path, told: LabelsOverTime | None
) -> Iterator[npt.NDArray[np.float32]]:
    """The sound of a file through a model, without its delay, with the tail that follows."""
    core.reset()
    hop, rate_hz = core.hop, core.transform.sample_rate_hz
    skip = core.forward_delay()
    # Zeros after the end push the last samples out.
    tail = np.zeros(-(-skip // hop) * hop, dtype=np.float32)
    frame = 0
    for block in chain(read_blocks(source, rate_hz, BLOCK_FRAMES * hop), (tail,)):
        padded = np.pad(block, (0, -len(block) % hop))
        frames = np.arange(frame, frame + len(padded) // hop)
        frame += len(frames)
        rows = np.full((core.labels.n_labels, len(frames)), np.nan, dtype=np.float32)
        if told is not None:
            # Frame f ends with hop f; its label is the one at its centre.
            centres = ((frames + 1) * hop - core.transform.n_fft / 2) / rate_hz
            rows[:] = told(centres)
        channels = np.concatenate((padded[None], rows.repeat(hop, axis=1)))
        sound = core.forward(torch.from_numpy(channels)[None])[0, 0].numpy()
        yield sound[skip:]
        skip = max(0, skip - len(sound))


def _resampled(
    blocks: Iterator[npt.NDArray[np.float32]], from_hz: int, to_hz: int
) -> Iterator[npt.NDArray[np.float32]]:
    """The same sound at another rate."""
    if from_hz == to_hz:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)


def _exactly(
    blocks: Iterator[npt.NDArray[np.float32]], length: int
) -> Iterator[npt.NDArray[np.float32]]:
    """The first `length` samples of a stream."""
    for block in blocks:
        yield block[:length]
        length -= len(block)
        if length <= 0:
            return


def _named(inputs: Iterable[Path], folder: Path) -> list[tuple[Path, Path]]:
    """Every sound file of the inputs and the file to write for it, all different."""
    jobs: list[tuple[Path, Path]] = []
    taken: set[Path] = set()
    for given in inputs:
        if not given.exists():
            raise InputError(f"{given}: no such file or folder")
        files = find_audio_files(given) if given.is_dir() else [given]
        if not files:
            raise InputError(f"{given}: no sound files in this folder")
        base = given if given.is_dir() else given.parent
        for file in files:
            name = file.relative_to(base).with_suffix("")
            target, number = folder / f"{name}.wav", 2
            while target in taken:
                target, number = folder / f"{name}-{number}.wav", number + 1
            taken.add(target)
            jobs.append((file, target))
    if not jobs:
        raise InputError("no input: give sound files or folders after --files")
    return jobs
