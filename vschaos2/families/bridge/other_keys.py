"""Recordings played faster and slower: the same music in other keys, whose labels move along."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import soxr
import torch
from torch import Tensor

from vschaos2.data.cache import SampleCache
from vschaos2.data.latent_takes import LatentTake
from vschaos2.families.bridge.hearing import hear_frames
from vschaos2.families.vae.vae import VAE
from vschaos2.progress import Progress
from vschaos2.ranges import check_count, check_number
from vschaos2.terminal import printable

MOST_SEMITONES, MOST_COPIES = 24, 64


class AugmentOptions(NamedTuple):
    """In which other keys recordings are heard.

    Attributes:
        transpose: semitones up or down at most; 0 for none.
        copies: of every recording, each in a key of its own.
        share: of the windows that are of these, 0 to 1.
    """

    transpose: int = 0
    copies: int = 2
    share: float = 0.35

    def check(self) -> None:
        """Raise InputError for a value out of its range."""
        check_count("data.augment.transpose", self.transpose, 0, MOST_SEMITONES)
        check_count("data.augment.copies", self.copies, 0, MOST_COPIES)
        check_number("data.augment.share", self.share, 0.0, 1.0)


def in_other_keys(
    cache: SampleCache,
    takes: Sequence[LatentTake],
    vae: VAE,
    options: AugmentOptions,
    seed: int,
) -> list[LatentTake]:
    """The recordings of some takes in other keys, as a VAE hears them.

    The copies of one recording are in different keys.

    Args:
        cache: that holds the recordings.
        takes: whose sounds are heard, up to their last frame.
        vae: trained.
        options: how many, and how far.
        seed: of the choice.
    """
    if not options.transpose or not options.copies or not options.share:
        return []
    numbers = {file.path: index for index, file in enumerate(cache.files)}
    moves = [s for s in range(-options.transpose, options.transpose + 1) if s]
    chance = np.random.default_rng([seed, len(takes)])
    found = []
    with Progress("listening in other keys", "file", len(takes)) as progress:
        for take in takes:
            progress.say(printable(take.name))
            sound = cache.read(numbers[take.name])[: len(take.latents) * vae.transform.hop]
            for semitones in chance.choice(moves, min(options.copies, len(moves)), replace=False):
                found.append(in_another_key(take, sound, vae, int(semitones)))
            progress.update()
    return found


def in_another_key(take: LatentTake, sound: np.ndarray, vae: VAE, semitones: float) -> LatentTake:
    """A take played faster or slower, as on tape: [T] samples of it at the VAE's rate."""
    ratio, rate_hz = 2.0 ** (semitones / 12.0), vae.transform.sample_rate_hz
    moved = soxr.resample(sound, rate_hz * ratio, rate_hz).astype(np.float32)
    latents, levels_db = hear_frames(torch.from_numpy(moved), vae)
    keys = take.keys[_frames_at(len(latents), len(take.keys), ratio, vae)] + semitones
    return LatentTake(take.name, take.domain, latents, keys, levels_db)


def _frames_at(count: int, known: int, ratio: float, vae: VAE) -> Tensor:
    """The frames of a sound that those of the same sound, so much faster, lie nearest to, [F]."""
    hop, half = vae.transform.hop, vae.transform.n_fft / 2
    # Frame i is centred (i + 1)·hop - n_fft/2 samples after the sound begins.
    centres = (torch.arange(count) + 1.0) * hop - half
    return ((centres * ratio + half) / hop - 1.0).round().long().clamp(0, known - 1)
