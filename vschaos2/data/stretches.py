"""Stretches of one long recording: which of them are held out, and how a run names them.

    |-- trains --|held out|---- trains ----|held out|-- trains --|

A window lies within one stretch, so that no training window holds a sample of a held-out one.
"""

import hashlib
import re
from typing import NamedTuple

import numpy as np

from vschaos2.data.cache import SampleCache
from vschaos2.data.splits import SILENT_PEAK, split_files

MOST_STRETCHES = 8
LEAST_SECONDS = 2.0  # of a stretch, where the part that is held out is long enough for several
DRAWS = 16  # places tried for a stretch, in search of sound


class Stretch(NamedTuple):
    """Samples `first` to `end` (exclusive) of a recording."""

    first: int
    end: int


class Split(NamedTuple):
    """What trains and what is held out: files by index, and the stretch of each.

    Stretches are None where files are used as a whole.
    """

    training: list[int]
    held_out: list[int]
    training_stretches: list[Stretch] | None = None
    held_out_stretches: list[Stretch] | None = None


def split(
    cache: SampleCache,
    validation_fraction: float,
    seed: int,
    window_samples: int,
    stretches: bool = True,
) -> Split:
    """The files that train and those held out, as `split_files`; of one recording, stretches.

    A recording too short for windows on both sides does both, as `split_files` warns.

    Args:
        cache: the recordings.
        validation_fraction: part to hold out, in (0, 1).
        seed: another seed is another split.
        window_samples: the longest window that must fit into every stretch.
        stretches: False: one recording trains and is validated on as a whole.

    Raises:
        InputError: if validation_fraction is outside (0, 1).
    """
    if stretches and len(cache.files) == 1 and 0.0 < validation_fraction < 1.0:
        held_out = spread(cache, validation_fraction, seed)
        training = between(held_out, cache.files[0].length)
        if min(end - first for first, end in (*training, *held_out)) >= window_samples:
            return Split([0] * len(training), [0] * len(held_out), training, held_out)
    return Split(*split_files(cache, validation_fraction, seed))


def spread(cache: SampleCache, fraction: float, seed: int) -> list[Stretch]:
    """Stretches of the only recording of a cache, in order, that make up `fraction` of it.

    The recording is cut into as many cells of equal length; in each one the middle of a stretch
    lies where a hash of the seed says, but the outer quarters of the room in a cell always train.
    Silent places are passed over, if sound is found within `DRAWS` draws.
    """
    length = cache.files[0].length
    wanted = fraction * length / (LEAST_SECONDS * cache.sample_rate_hz)
    count = min(max(int(wanted), 1), MOST_STRETCHES)
    size = max(1, int(fraction * length / count))
    room = length / count - size
    found = []
    for cell in range(count):
        for draw in range(DRAWS):
            name = f"{seed}:{cell}:{draw}".encode()
            digest = hashlib.blake2b(name, digest_size=8).digest()
            place = 0.25 + 0.5 * int.from_bytes(digest, "big") / 2**64
            first = int(cell * length / count + place * room)
            if _sounds(cache, first, size):
                break
        found.append(Stretch(first, first + size))
    return found


def between(stretches: list[Stretch], length: int) -> list[Stretch]:
    """What stretches in order leave of a recording of `length` samples: one more than they are."""
    firsts = [0, *(stretch.end for stretch in stretches)]
    ends = [*(stretch.first for stretch in stretches), length]
    return [Stretch(first, end) for first, end in zip(firsts, ends, strict=True)]


def with_stretch(name: str, stretch: Stretch | None, sample_rate_hz: int) -> str:
    """The line of `held_out.txt` that names a file, or a stretch of it in seconds."""
    if stretch is None:
        return name
    first, end = (sample / sample_rate_hz for sample in stretch)
    return f"{name}\t{first:.9f}\t{end:.9f}"


def without_stretch(line: str) -> tuple[str, tuple[float, float] | None]:
    """A file's name and the seconds at which its stretch begins and ends: see `with_stretch`."""
    found = re.fullmatch(r"(.+)\t(\d{1,9}\.\d{1,20})\t(\d{1,9}\.\d{1,20})", line, re.DOTALL)
    if found is None or float(found[2]) >= float(found[3]):
        return line, None
    return found[1], (float(found[2]), float(found[3]))


def _sounds(cache: SampleCache, first: int, size: int) -> bool:
    position = np.array([cache.files[0].start + first])
    return bool(np.abs(cache.gather(position, size)).max() >= SILENT_PEAK)
