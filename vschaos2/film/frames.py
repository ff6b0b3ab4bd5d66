"""The pictures of a film: grey, small, at the moments at which a player shows them.

Pictures lie in a file in the order of their decoding, at any distance in time, and turned as the
telephone was held. Here they come in the order in which they are shown, each with its time in
seconds from the first moment of the film (see `opening.start_s`), the right way up. What asks for
pictures at even distances gets, for each moment, the one that is on the screen then.
"""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vschaos2.film.opening import UnreadableFilm, opened, picture_of, pyav, start_s, words
from vschaos2.ranges import check_count, check_number

Grey = NDArray[np.uint8]

# Time stamps of some containers are rounded to milliseconds.
SLACK_S = 0.002
LONGEST_STILL_S = 3600.0
CHUNK_FRAMES = 256
# What may be missing behind the last picture of a film that is whole.
MISSING_S, MISSING_SHARE = 1.0, 0.1


class Facts(NamedTuple):
    """What a film says of itself.

    Attributes:
        duration_s: as it says; 0 if it does not.
        width, height: of its pictures as they lie in it.
        frame_rate_hz: pictures a second, in the mean; 0 if that is not known.
        sound_rate_hz: of its sound; 0 without one.
    """

    duration_s: float
    width: int
    height: int
    frame_rate_hz: float
    sound_rate_hz: int


def facts_of(path: Path) -> Facts:
    """What a film says of itself, without decoding it.

    Raises:
        UnreadableFilm: if it is no film.
    """
    with opened(path) as film:
        stream = picture_of(path, film)
        sound = film.streams.audio
        return Facts(
            (film.duration or 0) / pyav().time_base,
            stream.width,
            stream.height,
            float(stream.guessed_rate or 0),
            sound[0].rate if sound else 0,
        )


def timed_frames(path: Path, size: int) -> Iterator[tuple[float, Grey]]:
    """Every picture of a film and its time in seconds, in the order in which they are shown.

    Args:
        path: a film.
        size: S; pictures are squeezed into a square, whatever their shape.

    Shape: [S, S], 0 (black) to 255 (white).

    Raises:
        UnreadableFilm: if it is no film, damaged, cut off, or holds no picture.
    """
    check_count("size", size, 1, 4096)
    av = pyav()
    last_s, count = -math.inf, 0
    with opened(path) as film:
        stream = picture_of(path, film)
        stream.thread_type = "AUTO"
        zero_s, spare_s = start_s(film), 1.0 / float(stream.guessed_rate or 25)
        scaler = av.video.reformatter.VideoReformatter()
        pictures = film.decode(stream)
        while True:
            try:
                frame = next(pictures, None)
                if frame is None:
                    break
                picture = _grey(frame, scaler, size)
            except (av.error.FFmpegError, OSError, ValueError, MemoryError) as error:
                raise UnreadableFilm(
                    path,
                    f"its picture cannot be decoded behind {max(last_s, 0.0):.2f} s "
                    f"({words(error)})",
                ) from error
            known = frame.time is not None
            time_s = frame.time - zero_s if known else max(last_s + spare_s, 0.0)
            if time_s <= last_s:  # a clock that goes backwards: players leave these out
                continue
            if time_s - last_s > LONGEST_STILL_S and count:
                raise UnreadableFilm(
                    path, f"its clock jumps from {last_s:.2f} s to {time_s:.2f} s: it is damaged"
                )
            last_s, count = time_s, count + 1
            yield time_s, picture
        if count == 0:
            raise UnreadableFilm(path, "holds no picture that can be decoded")
        _check_whole(path, stream, zero_s, last_s)


def even_frames(path: Path, rate_hz: float, size: int) -> Iterator[Grey]:
    """The picture that is on the screen at 0, 1 / rate, 2 / rate … seconds.

    Before the first picture that one is shown already; the last one as long as the one before it.

    Args:
        path: a film.
        rate_hz: pictures a second.
        size: S.

    Shape: [S, S] each.

    Raises:
        UnreadableFilm: as `timed_frames`.
    """
    check_number("rate_hz", rate_hz, 1.0, 1000.0)
    shown: Grey | None = None
    number, last_s, held_s = 0, 0.0, 1.0 / rate_hz
    for time_s, picture in timed_frames(path, size):
        if shown is not None:
            while number / rate_hz + SLACK_S < time_s:
                yield shown
                number += 1
            held_s = time_s - last_s
        shown, last_s = picture, time_s
    while shown is not None and (number == 0 or number / rate_hz + SLACK_S < last_s + held_s):
        yield shown
        number += 1


def frame_chunks(
    path: Path, rate_hz: float, size: int, frames: int = CHUNK_FRAMES
) -> Iterator[Grey]:
    """`even_frames` in chunks: as much as is held in memory, however long the film is.

    Shape: [frames, S, S] each; the last one may be shorter.

    Raises:
        UnreadableFilm: as `timed_frames`.
    """
    held: list[Grey] = []
    for picture in even_frames(path, rate_hz, size):
        held.append(picture)
        if len(held) == frames:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)


def _check_whole(path: Path, stream: Any, zero_s: float, last_s: float) -> None:
    """Raise UnreadableFilm if much is missing of what the film says of its length."""
    if stream.duration and stream.start_time is not None:
        end_s = float((stream.start_time + stream.duration) * stream.time_base) - zero_s
        if end_s - last_s > MISSING_S + MISSING_SHARE * end_s:
            raise UnreadableFilm(
                path,
                f"says that it lasts {end_s:.2f} s, and its last picture is at {last_s:.2f} s: "
                "it is cut off",
                "get the whole of it, or convert what is there",
            )


def _grey(frame: Any, scaler: Any, size: int) -> Grey:
    """A picture as a small square, the right way up."""
    small = scaler.reformat(
        frame, size, size, "gray", interpolation="AREA", dst_color_range="JPEG"
    ).to_ndarray()
    turns = round(frame.rotation / 90.0) % 4
    return np.ascontiguousarray(np.rot90(small, turns))
