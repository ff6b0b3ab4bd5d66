"""One file on its way into the sample cache: decoded, measured, and held until its turn comes."""

import math
import tempfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import IO

import numpy as np

from vschaos2.audio import read_blocks

DECODE_SAMPLES = 2**18
# A decoded file waits for its turn in memory up to this size, on disk beyond it.
HELD_BYTES = 8 * 2**20


@dataclass(frozen=True)
class Decoded:
    """Samples of one file on their way into the flat file, with their checksum and level."""

    spool: IO[bytes]
    length: int
    crc32: int
    rms: float
    peak: float


def decode(path: Path, sample_rate_hz: int, store: Path, stop: Event) -> Decoded:
    """One file decoded into a spool: memory while it is short, an unnamed file beyond.

    Args:
        path: the sound file.
        sample_rate_hz: of the samples.
        store: folder of the unnamed file.
        stop: once set, the result is void.

    Raises:
        UnreadableAudio: for a file that cannot be used.
    """
    spool = tempfile.SpooledTemporaryFile(max_size=HELD_BYTES, dir=str(store))  # noqa: SIM115
    length, crc32, energy, peak = 0, 0, 0.0, 0.0
    for block in read_blocks(path, sample_rate_hz, DECODE_SAMPLES):
        if stop.is_set():
            break
        samples = block.astype("<f4", copy=False).data
        spool.write(samples)
        crc32 = zlib.crc32(samples, crc32)
        length += len(block)
        energy += float(np.square(block, dtype=np.float64).sum())
        peak = max(peak, float(np.abs(block).max()))
    return Decoded(spool, length, crc32, math.sqrt(energy / length) if length else 0.0, peak)
