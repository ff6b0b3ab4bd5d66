"""Sound files in: mixed to mono or with their channels, resampled, as a whole or in blocks.

Resampling is soxr's at its "HQ" setting. Everything is streamed: a file's channels are mixed block
by block, so only mono samples ever add up in memory, unless channels are asked for.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soxr

from vschaos2.audio.decode import (
    DECODE_VALUES,
    GREATEST_RATE_HZ,
    SoundReader,
    UnreadableAudio,
)
from vschaos2.errors import InputError


def read_audio(path: Path, sample_rate_hz: int) -> npt.NDArray[np.float32]:
    """The whole file as one mono signal: the mean of its channels, at the wanted rate.

    Args:
        path: sound file, any rate and number of channels.
        sample_rate_hz: rate of the result.

    Shape: [T], float32, in the file's own full scale (±1 for integer formats).

    Raises:
        InputError: if the file cannot be decoded, is empty or holds non-finite samples.
    """
    return np.concatenate(list(_resampled(path, sample_rate_hz)))


def read_channels(path: Path, sample_rate_hz: int) -> npt.NDArray[np.float32]:
    """The whole file with its channels, at the wanted rate.

    Args:
        path: sound file, any rate and number of channels.
        sample_rate_hz: rate of the result.

    Shape: [C, T], float32, in the file's own full scale.

    Raises:
        InputError: as `read_audio`.
    """
    pieces = list(_resampled(path, sample_rate_hz, mixed=False))
    return np.ascontiguousarray(np.concatenate(pieces).T)


def read_blocks(
    path: Path, sample_rate_hz: int, block_samples: int, mixed: bool = True
) -> Iterator[npt.NDArray[np.float32]]:
    """The signal of `read_audio` in blocks, in memory that does not grow with the file.

    Args:
        path: sound file, any rate and number of channels.
        sample_rate_hz: rate of the blocks.
        block_samples: length of every block but the last, which holds 1 to block_samples.
        mixed: to mono; False keeps the channels.

    Shape: [block_samples] each, or [block_samples, C], float32.

    Raises:
        InputError: at the block concerned, for the reasons of `read_audio`.
    """
    if block_samples < 1:
        raise InputError(f"block_samples must be at least 1, got {block_samples}")
    pending: list[npt.NDArray[np.float32]] = []
    held = 0
    for piece in _resampled(path, sample_rate_hz, mixed):
        pending.append(piece)
        held += len(piece)
        if held >= block_samples:
            joined = np.concatenate(pending)
            complete = held - held % block_samples
            yield from joined[:complete].reshape(-1, block_samples, *joined.shape[1:])
            pending = [joined[complete:]]
            held -= complete
    if held:
        yield np.concatenate(pending)


def length_at(path: Path, sample_rate_hz: int) -> int:
    """Samples of a file at another rate: as many as `read_audio` gives.

    They are counted, as headers may be wrong, or say nothing.

    Raises:
        InputError: for the reasons of `read_audio`.
    """
    return sum(len(piece) for piece in _resampled(path, sample_rate_hz))


def check_rate(sample_rate_hz: int, name: str = "sample_rate_hz") -> None:
    """Raise InputError for a rate to which nothing can be resampled."""
    if type(sample_rate_hz) is not int or not 1 <= sample_rate_hz <= GREATEST_RATE_HZ:
        raise InputError(
            f"{name} must be a whole number from 1 to {GREATEST_RATE_HZ} Hz, "
            f"got {sample_rate_hz!r}: try 44100"
        )


def _resampled(
    path: Path, sample_rate_hz: int, mixed: bool = True
) -> Iterator[npt.NDArray[np.float32]]:
    """Pieces at sample_rate_hz, [T] or [T, C]; the filter's state crosses the pieces' borders."""
    check_rate(sample_rate_hz)
    total = 0
    with SoundReader(path) as sound:
        # A second at the lowest rate may become many at the highest.
        stretch = max(1.0, sample_rate_hz / sound.sample_rate_hz)
        frames = max(1, int(DECODE_VALUES / sound.channels / stretch))
        channels = 1 if mixed else sound.channels
        pieces = sound.blocks(frames)
        if mixed:
            pieces = (b[:, 0] if b.shape[1] == 1 else b.mean(axis=1) for b in pieces)
        if sound.sample_rate_hz == sample_rate_hz:
            for piece in pieces:
                total += len(piece)
                yield piece
        else:
            stream = soxr.ResampleStream(
                sound.sample_rate_hz, sample_rate_hz, channels, "float32", "HQ"
            )
            for piece in pieces:
                ready = stream.resample_chunk(piece)
                total += len(ready)
                yield ready
            rest = stream.resample_chunk(
                np.zeros((0, channels)[: 1 + (not mixed)], np.float32), last=True
            )
            total += len(rest)
            yield rest
    if total == 0:
        raise UnreadableAudio(path, "holds no samples")
