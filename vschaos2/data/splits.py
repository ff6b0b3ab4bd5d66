"""Which recordings are held out of a training."""

import hashlib
import logging
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

from vschaos2.audio.decode import GREATEST_RATE_HZ
from vschaos2.data.cache import SampleCache
from vschaos2.errors import InputError
from vschaos2.ranges import check_count

logger = logging.getLogger(__name__)

SILENT_PEAK = 1e-4  # -80 dB of full scale: below the noise of any recording


def split_files(
    cache: SampleCache, validation_fraction: float, seed: int
) -> tuple[list[int], list[int]]:
    """Indices of the training and of the validation files, both sorted.

    Within each folder the files stand in the order of a hash of (seed, path), which depends on
    nothing else; validation takes the first part of every folder. When recordings are added, at
    most a few of the others change sides. Neither side is left with silent files only, if there is
    sound for both; if there is not, training has it.

    Args:
        cache: the recordings.
        validation_fraction: part of the files to hold out, in (0, 1); at least one file is held
            out and at least one trains. A single file does both, and a warning says so.
        seed: another seed is another split.

    Raises:
        InputError: if validation_fraction is outside (0, 1).
    """
    _check_fraction(validation_fraction)
    if len(cache.files) == 1:
        logger.warning(
            "%s is the only recording: it is used for training and for validation, "
            "so validation losses cannot show overfitting",
            cache.files[0].path,
        )
        return [0], [0]
    training, validation = split_paths([f.path for f in cache.files], validation_fraction, seed)
    _give_sound(cache, training, validation)
    _give_sound(cache, validation, training, keep=1)
    return sorted(training), sorted(validation)


def split_paths(
    paths: Sequence[str], validation_fraction: float, seed: int
) -> tuple[list[int], list[int]]:
    """Indices of training and of validation among two or more paths, as `split_files` says."""
    folders = defaultdict(list)
    for index, path in enumerate(paths):
        digest = hashlib.blake2b(os.fsencode(f"{seed}:{path}"), digest_size=8).digest()
        folders[PurePosixPath(path).parent].append((digest, index))
    # A file's rank within its folder, as a fraction of the folder: the files below a threshold
    # are the same part of every folder, and where ranks tie the hash decides.
    ranked = []
    for members in folders.values():
        for rank, (digest, index) in enumerate(sorted(members)):
            ranked.append(((rank + 0.5) / len(members), digest, index))
    ranked.sort()
    held_out = min(max(round(validation_fraction * len(ranked)), 1), len(ranked) - 1)
    order = [index for _, _, index in ranked]
    return order[held_out:], order[:held_out]


def _give_sound(cache: SampleCache, to: list[int], of: list[int], keep: int = 0) -> None:
    """Exchange a silent file for a sounding one, if a side has none and the other one to spare."""

    def sounds(index: int) -> bool:
        return cache.files[index].peak >= SILENT_PEAK

    audible = [index for index in of if sounds(index)]
    if not any(map(sounds, to)) and len(audible) > keep:
        of[of.index(audible[0])], to[-1] = to[-1], audible[0]


def check_dataset_options(
    sample_rate_hz: int, n_files: int | None, validation_fraction: float
) -> None:
    """Raise InputError for a value of `data.dataset` with which no recordings could be used."""
    check_dataset_rate(sample_rate_hz)
    if n_files is not None:
        check_count("data.dataset.n_files", n_files, 1, 10**9)
    _check_fraction(validation_fraction)


def check_dataset_rate(sample_rate_hz: Any) -> None:
    """Raise InputError unless recordings can be brought to this rate."""
    check_count("data.dataset.sample_rate_hz", sample_rate_hz, 1000, GREATEST_RATE_HZ)


def _check_fraction(validation_fraction: float) -> None:
    """Raise InputError unless a part of the files can be held out, and another can train."""
    is_number = type(validation_fraction) in (int, float)
    if not is_number or not 0.0 < validation_fraction < 1.0:
        raise InputError(
            "data.dataset.validation_fraction must be in (0, 1), got "
            f"{validation_fraction!r}: 0.1 holds out every tenth file"
        )
