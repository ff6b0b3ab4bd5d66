"""Recordings as a VAE hears them: latents, pitch and level of every frame."""

import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.data.cache import SampleCache
from vschaos2.data.latent_takes import LatentTake
from vschaos2.errors import InputError
from vschaos2.families.vae.vae import VAE
from vschaos2.frames import frame_centres
from vschaos2.labels.metadata import load_metadata, task_folders
from vschaos2.pitch.extraction import TASKS, hz_to_midi
from vschaos2.pitch.following import follow_pitch
from vschaos2.pitch.methods import make_tracker
from vschaos2.pitch.trackers import NOMINAL_RATE_HZ, Tracker
from vschaos2.progress import Progress
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

FRAMES_AT_ONCE = 1024
LEAST_LEVEL = 1e-6
LOWEST_HZ, HIGHEST_HZ, CELL_SAMPLES = 50.0, 2000.0, 256  # as extract_pitch.py has them
Keys = Callable[[int, npt.NDArray[np.float64]], npt.NDArray[np.float32]]


def hear_takes(
    cache: SampleCache, root: Path, domains: Sequence[int | None], vae: VAE
) -> list[LatentTake | None]:
    """Every recording of a dataset as a trained VAE hears it; None for those of no domain.

    Args:
        cache: of the dataset.
        root: its folder.
        domains: number of the domain of every recording.
        vae: trained.
    """
    keys_of = _keys(root, [file.path for file in cache.files])
    found: list[LatentTake | None] = []
    with Progress("listening", "file", len(cache.files)) as progress:
        for index, (file, domain) in enumerate(zip(cache.files, domains, strict=True)):
            progress.say(printable(file.path))
            take = None
            if domain is not None:
                latents, levels_db = hear_frames(torch.from_numpy(cache.read(index)), vae)
                seconds = centre_seconds(len(latents), vae)
                keys = torch.from_numpy(keys_of(index, np.clip(seconds, 0.0, None)))
                take = LatentTake(file.path, domain, latents, keys, levels_db)
            found.append(take)
            progress.update()
    return found


@torch.no_grad()
def hear_frames(sound: Tensor, vae: VAE) -> tuple[Tensor, Tensor]:
    """Latents and level of all frames that hold a sample of a sound: [T] → [F, Z], [F] in dB."""
    latents, levels = [], []
    for magnitude in magnitudes_of(sound, vae):
        latents.append(vae.encode(vae.transform.to_frames(magnitude)).mean)
        levels.append(level_db(magnitude))
    return torch.cat(latents), torch.cat(levels)


def magnitudes_of(sound: Tensor, vae: VAE) -> Iterator[Tensor]:
    """Magnitudes of the frames of a sound, as a stream hears them: [T] → [F, K], in parts."""
    n_fft, hop = vae.transform.n_fft, vae.transform.hop
    padded = torch.nn.functional.pad(sound, (n_fft - hop, n_fft - hop + -len(sound) % hop))
    count = (len(padded) - n_fft) // hop + 1
    for first in range(0, count, FRAMES_AT_ONCE):
        frames = min(FRAMES_AT_ONCE, count - first)
        part = padded[first * hop : (first + frames - 1) * hop + n_fft]
        yield vae.transform.analyse(part[None])[0].abs()


def level_db(magnitude: Tensor) -> Tensor:
    """The level of frames, by the sum of their powers: [F, K] → [F]."""
    return 10.0 * torch.log10(magnitude.square().sum(1) + LEAST_LEVEL**2)


def centre_seconds(count: int, vae: VAE) -> npt.NDArray[np.float64]:
    """When the frames of a sound are, [F]; the first lie before its first sample."""
    transform = vae.transform
    centres = frame_centres(np.arange(count), transform.n_fft, transform.hop)
    return centres / transform.sample_rate_hz


def keys_of_file(path: Path, tracker: Tracker, seconds: npt.NDArray[np.float64]) -> npt.NDArray:
    """MIDI keys of a file at some moments, NaN where it has no pitch, [F] float32."""
    track = follow_pitch(path, tracker)
    cells = (np.clip(seconds, 0.0, None) / track.hop_s).astype(np.int64)
    inside = cells < len(track.f0_hz)
    cells = cells.clip(max=len(track.f0_hz) - 1)
    known = inside & (track.periodicity[cells] >= tracker.threshold) & (track.f0_hz[cells] > 0)
    keys = hz_to_midi(np.where(known, track.f0_hz[cells], 440.0))
    return np.where(known, keys, np.nan).astype(np.float32)


def pitch_tracker() -> Tracker | None:
    """What follows the pitch of recordings that have no labels of it; None if it is missing."""
    try:
        return make_tracker("swift", CELL_SAMPLES / NOMINAL_RATE_HZ, LOWEST_HZ, HIGHEST_HZ)
    except InputError as error:
        logger.warning("pitches are unknown, only loudness pairs the instruments: %s", error)
        return None


def _keys(root: Path, files: Sequence[str]) -> Keys:
    """Says the keys of a file at moments: as its labels tell, or else as they are heard."""
    if {folder.name for folder in task_folders(root)} >= {*TASKS}:
        metadata = load_metadata(root, files, tasks=list(TASKS))

        def labelled(index: int, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
            found = metadata.at(np.full(len(seconds), index), seconds)
            # Pitch and octave count from A: see `pitch.extraction`.
            return 12.0 * (found["octave"] + 1.0) + found["pitch"] - 3.0

        return labelled
    tracker = pitch_tracker()

    def heard(index: int, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        if tracker is None:
            return np.full(len(seconds), np.nan, np.float32)
        return keys_of_file(root / files[index], tracker, seconds)

    return heard
