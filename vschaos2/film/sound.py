"""The sound of a film, from the first moment of the film on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from vschaos2.audio.read import check_rate
from vschaos2.film.opening import UnreadableFilm, opened, pyav, start_s, words

Samples = NDArray[np.float32]

# Time stamps that are off by less are rounded ones; more is a gap, or sound that is there twice.
GAP_S = 0.05
LONGEST_GAP_S = 3600.0
PIECE_SAMPLES = 2**16


def has_sound(path: Path) -> bool:
    """Whether a film has a sound track.

    Raises:
        UnreadableFilm: if it is no film.
    """
    with opened(path) as film:
        return bool(film.streams.audio)


def rate_of(path: Path) -> int:
    """The sample rate of a film's sound, in Hz.

    Raises:
        UnreadableFilm: if it is no film, or has no sound.
    """
    with opened(path) as film:
        return int(_track(path, film).rate)


def sound_pieces(path: Path, sample_rate_hz: int, mixed: bool = True) -> Iterator[Samples]:
    """The sound of a film in pieces, in memory that does not grow with the film.

    The first sample is at time 0 of the film: where its sound begins later, silence comes before.

    Args:
        path: a film.
        sample_rate_hz: rate of the pieces.
        mixed: to mono, the mean of the channels; False keeps them.

    Shape: [T] each, or [T, C].

    Raises:
        UnreadableFilm: if it is no film, has no sound, or sound that cannot be decoded.
    """
    check_rate(sample_rate_hz)
    with opened(path) as film:
        stream = _track(path, film)
        rate_hz = stream.rate
        total = 0
        channels = 1 if mixed else stream.channels
        resampler = soxr.ResampleStream(rate_hz, sample_rate_hz, channels, "float32", "HQ")
        for piece in _placed(path, film, stream):
            piece = piece.mean(axis=1) if mixed else piece
            total += len(piece)
            yield piece if rate_hz == sample_rate_hz else resampler.resample_chunk(piece)
        if total == 0:
            raise UnreadableFilm(path, "has no sound that can be decoded")
        if rate_hz != sample_rate_hz:
            nothing = np.zeros((0, channels)[: 1 + (not mixed)], np.float32)
            yield resampler.resample_chunk(nothing, last=True)


def _track(path: Path, film: Any) -> Any:
    """The first sound of a film.

    Raises:
        UnreadableFilm: if there is none, or none that can be decoded.
    """
    if not film.streams.audio:
        raise UnreadableFilm(path, "has no sound", "give a film with sound")
    stream = film.streams.audio[0]
    if stream.codec_context is None or not stream.rate:
        raise UnreadableFilm(path, "its sound cannot be decoded (no decoder is known for it)")
    return stream


def _placed(path: Path, film: Any, stream: Any) -> Iterator[Samples]:
    """Samples at their own rate, [T, C], each where its time stamp says."""
    av = pyav()
    rate_hz, zero_s = stream.rate, start_s(film)
    plain = av.AudioResampler(format="fltp", layout=stream.layout, rate=rate_hz)
    position = 0
    try:
        for frame in film.decode(stream):
            due = position if frame.time is None else round((frame.time - zero_s) * rate_hz)
            parts = [part.to_ndarray() for part in plain.resample(frame)]
            if not parts:
                continue
            found = np.concatenate(parts, axis=1).T.astype(np.float32)
            found = np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)
            if position == 0 or abs(due - position) > GAP_S * rate_hz:
                if due - position > LONGEST_GAP_S * rate_hz:
                    raise UnreadableFilm(
                        path,
                        f"the clock of its sound jumps from {position / rate_hz:.2f} s to "
                        f"{due / rate_hz:.2f} s: it is damaged",
                    )
                while position < due:
                    silent = min(PIECE_SAMPLES, due - position)
                    yield np.zeros((silent, found.shape[1]), np.float32)
                    position += silent
                found = found[position - due :] if due < position else found
            if len(found):
                position += len(found)
                yield found
    except (av.error.FFmpegError, OSError, MemoryError) as error:
        raise UnreadableFilm(
            path,
            f"its sound cannot be decoded behind {position / rate_hz:.2f} s ({words(error)})",
        ) from error
