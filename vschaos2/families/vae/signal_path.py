"""Files into a model and sound out of it, block by block: `InstrumentCore` without its delay.

    file ──through──> sound            the whole model, with the input's phase or a recovered one
    file ──hear──> latents, level, labels of every frame
    latents, labels ──sound_of──> sound

The labels of a frame are those at its centre; see `frame_centres`.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soxr
import torch

from vschaos2.audio import GREATEST_RATE_HZ, LEAST_RATE_HZ, read_blocks
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.errors import InputError
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.prior import LatentPrior
from vschaos2.families.vae.projection import PROJECTIONS, LatentAxes, own_axes
from vschaos2.families.vae.vae import VAE
from vschaos2.frames import frame_centres
from vschaos2.labels.filling import prefer_guesses
from vschaos2.nets.distributions import Normal

Samples = npt.NDArray[np.float32]
# Moments in seconds [F] → labels of every task [n, F], NaN where unknown.
LabelsOverTime = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float32]]

BLOCK_FRAMES = 256  # frames per call: some seconds of sound, some megabytes of memory
OFFLINE = "offline"
RECOVERIES = (*MODES, OFFLINE)
INVERSIONS = (KEEP_INPUT, *RECOVERIES)


class Heard(NamedTuple):
    """What a model hears in a sound, frame by frame.

    Attributes:
        latents: player's coordinates, [F, Z].
        labels: of every conditioning task, told or else guessed, NaN where neither, [F, n].
        guesses: of every predicted task, [F, m].
        level: largest magnitude of each frame, 1 for a full-scale sine, [F].
        audible: 1 where a frame is no silence, else 0, [F].
        length: samples of the sound, in whole hops.
    """

    latents: Samples
    labels: Samples
    guesses: Samples
    level: Samples
    audible: Samples
    length: int


def check_choices(inversion: str, known: tuple[str, ...], sample_rate_hz: int | None) -> None:
    """Raise InputError for an unknown inversion or a sample rate that no sound could have."""
    if inversion not in known:
        raise InputError(f"inversion must be one of {', '.join(known)}, got {inversion!r}")
    if sample_rate_hz is None:
        return
    if not LEAST_RATE_HZ <= sample_rate_hz <= GREATEST_RATE_HZ:
        bound = (
            f"at least {LEAST_RATE_HZ}"
            if sample_rate_hz < LEAST_RATE_HZ
            else f"at most {GREATEST_RATE_HZ}"
        )
        raise InputError(f"sample rate must be {bound} Hz, got {sample_rate_hz}: try 44100")


class OfflineCore(InstrumentCore):
    """The signal path of files, whose latents may be shaken.

    Attributes:
        jitter: deviation of a noise on every latent of the model, in the prior's units.
    """

    jitter: float = 0.0

    def drawn(self, posterior: Normal) -> torch.Tensor:
        """The mean of a posterior, or a draw at a temperature, and the noise on it: [N, Z]."""
        latent = super().drawn(posterior)
        return latent + self.jitter * torch.randn_like(latent) if self.jitter > 0 else latent


def offline_core(
    model: VAE,
    inversion: str,
    axes: LatentAxes | None = None,
    prior: LatentPrior | None = None,
) -> OfflineCore:
    """The exported signal path, in Python.

    Args:
        model: the trained model.
        inversion: one of `INVERSIONS`, for `forward` and, except "keep_input", for `decode`.
        axes: the player's axes; the model's own if None.
        prior: what moves its latents by itself, if anything does.
    """
    shown = own_axes(model.latent_dim) if axes is None else axes
    forward_mode = "eco" if inversion == OFFLINE else inversion
    decode_mode = inversion if inversion in MODES else "balanced"
    axes_of = dict.fromkeys(PROJECTIONS, shown)
    core = OfflineCore(
        *(model, axes_of, model.latent_dim, forward_mode, decode_mode),
        for_files=True,
        texture=model.texture,
        prior=prior,
    ).eval()
    if inversion == OFFLINE:
        core.forward_inversion.configure_offline()
        core.decode_inversion.configure_offline()
    return core


@torch.inference_mode()
def through(
    core: InstrumentCore, source: Path | Samples, labels_of: LabelsOverTime | None
) -> Iterator[Samples]:
    """The sound of a file, or of samples, through a model, without its delay, with its tail."""
    core.reset()
    skip = core.forward_delay()
    # Zeros after the end push the last samples out.
    for block, labels in _hops(core, source, labels_of, -(-skip // core.hop)):
        channels = np.concatenate((block[None], labels.repeat(core.hop, axis=1)))
        sound = core.forward(torch.from_numpy(channels)[None])[0, 0].numpy()
        yield sound[skip:]
        skip = max(0, skip - len(sound))


@torch.inference_mode()
def hear(
    core: InstrumentCore,
    source: Path | Samples,
    labels_of: LabelsOverTime | None = None,
    advance: Callable[[int], object] | None = None,
) -> Heard:
    """The latents of a file: of all frames that hold a sample of it.

    Args:
        core: the signal path, whose axes the latents are seen in.
        source: sound file, or samples [T] at the model's rate.
        labels_of: its labels; unknown ones are guessed where the model can.
        advance: called with the samples done after every block, to show progress.

    Raises:
        InputError: if the file cannot be decoded, is empty or holds non-finite samples.
    """
    core.reset()
    dims = core.latent_dims
    tasks, guessed_tasks = core.model.conditioning.tasks, core.model.prediction.tasks
    full_scale = float(core.transform.window.sum()) / 2
    parts: list[tuple[Samples, ...]] = []
    length = 0
    overlap = core.transform.n_fft // core.hop
    for block, labels in _hops(core, source, labels_of, overlap - 1):
        sound = torch.from_numpy(block)[None, None]
        inlets = torch.from_numpy(labels[core.labels.encoder_tasks].repeat(core.hop, axis=1))
        values = core.encode(torch.cat((sound, inlets[None]), 1))[0].T.numpy()
        peaks = core.forward_analysis(sound[:, 0]).abs().amax(-1)[0].numpy()
        guesses = values[:, dims : dims + core.labels.n_guesses]
        given = torch.from_numpy(labels.T)
        known = prefer_guesses(
            given, given, tasks, torch.from_numpy(guesses), guessed_tasks
        ).numpy()
        audible = (peaks > core.silence).astype(np.float32)
        parts.append((values[:, :dims], known, guesses, peaks / full_scale, audible))
        length += len(block)
        if advance is not None:
            advance(len(block))
    latents, known, guesses, level, audible = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    return Heard(latents, known, guesses, level, audible, length - (overlap - 1) * core.hop)


@torch.inference_mode()
def by_itself(core: InstrumentCore, count: int, temperature: float, seed: int) -> Samples:
    """The player's coordinates of `count` frames as a core's prior moves them, [F, Z]."""
    core.reset()
    core.set_prior_seed(seed)
    parts = []
    for start in range(0, count, BLOCK_FRAMES):
        frames = min(BLOCK_FRAMES, count - start)
        parts.append(core.prior(torch.full((1, 1, frames), temperature))[0].T.numpy())
    return np.concatenate(parts)


@torch.inference_mode()
def sound_of(
    core: InstrumentCore,
    latents: npt.NDArray[np.floating],
    labels: npt.NDArray[np.floating],
    skip: int,
    length: int,
) -> Iterator[Samples]:
    """The sound of latents through `decode`, in blocks.

    Args:
        core: the signal path; its state is forgotten first.
        latents: player's coordinates of every frame, [F, Z]; the last is held as long as needed.
        labels: [F, n], NaN for what is to be guessed or 0.
        skip: samples to leave out at the start, besides the delay. With 0, the sound is aligned
            with the one that `hear` heard.
        length: samples wanted.
    """
    core.reset()
    skip += core.decode_delay()
    frames = -(-(skip + length) // core.hop)
    for start in range(0, frames, BLOCK_FRAMES):
        which = np.arange(start, min(start + BLOCK_FRAMES, frames)).clip(max=len(latents) - 1)
        played = np.concatenate((latents[which], labels[which]), axis=1).T.astype(np.float32)
        sound = core.decode(torch.from_numpy(played)[None])[0, 0].numpy()
        sound, skip = sound[skip:], max(0, skip - len(sound))
        yield sound[:length]
        length -= min(length, len(sound))


def under_gain(
    blocks: Iterator[Samples], moments: npt.NDArray[np.floating], gains: npt.NDArray[np.floating]
) -> Iterator[Samples]:
    """A sound under a gain that goes in straight lines through given points.

    Args:
        blocks: the sound.
        moments: of the points, in samples, rising, [P].
        gains: factors at these moments, [P]; the first and the last hold before and after.
    """
    done = 0
    for block in blocks:
        gain = np.interp(np.arange(done, done + len(block)), moments, gains)
        done += len(block)
        yield block * gain.astype(np.float32)


def resampled(blocks: Iterator[Samples], from_hz: int, to_hz: int) -> Iterator[Samples]:
    """The same sound at another rate."""
    if from_hz == to_hz:
        yield from blocks
        return
    stream = soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")
    for block in blocks:
        yield stream.resample_chunk(block)
    yield stream.resample_chunk(np.zeros(0, dtype=np.float32), last=True)


def exactly(blocks: Iterator[Samples], length: int) -> Iterator[Samples]:
    """The first `length` samples of a stream."""
    for block in blocks:
        yield block[:length]
        length -= len(block)
        if length <= 0:
            return


def _hops(
    core: InstrumentCore, source: Path | Samples, labels_of: LabelsOverTime | None, tail_hops: int
) -> Iterator[tuple[Samples, Samples]]:
    """Whole hops of a sound and of silence after it, and the labels of the frames they end.

    Shape: [F·hop] and [n, F], NaN where unknown.
    """
    hop, rate_hz = core.hop, core.transform.sample_rate_hz
    tail = np.zeros(tail_hops * hop, dtype=np.float32)
    frame = 0
    size = BLOCK_FRAMES * hop
    blocks = (
        read_blocks(source, rate_hz, size)
        if isinstance(source, Path)
        else (source[first : first + size] for first in range(0, len(source), size))
    )
    for block in chain(blocks, (tail,)):
        padded = np.pad(block, (0, -len(block) % hop))
        frames = np.arange(frame, frame + len(padded) // hop)
        frame += len(frames)
        labels = np.full((core.labels.n_labels, len(frames)), np.nan, dtype=np.float32)
        if labels_of is not None:
            labels[:] = labels_of(frame_centres(frames, core.transform.n_fft, hop) / rate_hz)
        if len(frames):
            yield padded, labels
