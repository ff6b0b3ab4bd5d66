"""Films by code: pictures at any moments, sound that may begin later, whole or not at all."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vschaos2.errors import InputError
from vschaos2.files import whole_file
from vschaos2.film.opening import pyav, words

# By the end of the name: libavformat's name, and how sound lies in it.
CONTAINERS = {
    ".mp4": ("mp4", "aac"),
    ".m4v": ("mp4", "aac"),
    ".mov": ("mov", "aac"),
    ".mkv": ("matroska", "flac"),
}
# Of the moments of pictures: exact for 24, 25, 30, 50 and 60 a second, and for milliseconds.
CLOCK_HZ = 30_000
SOUND_SAMPLES = 4096  # given to an encoder at a time


@contextmanager
def created_film(path: Path) -> Iterator[Any]:
    """A container to fill, which takes its name when the block ends cleanly.

    Args:
        path: ends in .mp4, .m4v, .mov or .mkv; its folder must exist.

    Raises:
        InputError: if it cannot be written, or what it should hold cannot lie in it.
    """
    av = pyav()
    if path.suffix.lower() not in CONTAINERS:
        raise InputError(f"cannot write {path}: end its name in {', '.join(CONTAINERS)}")
    name = CONTAINERS[path.suffix.lower()][0]
    # The clock of edits, by which sound of MP4 begins later: a thousandth of a second by itself.
    options = {"movie_timescale": str(48_000)} if name != "matroska" else {}
    with whole_file(path) as file:
        try:
            with av.open(file, "w", format=name, options=options) as container:
                yield container
        except av.error.FFmpegError as error:
            raise InputError(f"cannot write {path}: {words(error)}") from error


def write_film(
    path: Path,
    pictures: Iterable[NDArray[np.uint8]],
    times_s: Iterable[float],
    sound: NDArray[np.floating] | None = None,
    sample_rate_hz: int = 48_000,
    sound_start_s: float = 0.0,
    rotation: int = 0,
    quality: int = 20,
) -> None:
    """Write a film.

    Args:
        path: ends in .mp4, .m4v, .mov or .mkv.
        pictures: [H, W] grey or [H, W, 3] red, green and blue, 0 to 255, of even height and width.
        times_s: when each is shown, rising.
        sound: [T] or [T, C] in ±1; None for none.
        sample_rate_hz: of the sound.
        sound_start_s: when it begins.
        rotation: by how many degrees players are to turn the pictures against the clock.
        quality: 0 (everything) to 51 (hardly anything), as of libx264.

    Raises:
        InputError: if it cannot be written.
    """
    with created_film(path) as container:
        moments = iter(zip(times_s, pictures, strict=True))
        first = next(moments, None)
        if first is None:
            raise InputError(f"cannot write {path}: there are no pictures")
        stream = _picture_stream(container, first[1], quality)
        if rotation:
            stream.set_display_rotation(rotation)
        tones = None
        if sound is not None:
            tones = SoundTrack(
                container, path, sample_rate_hz, 1 if sound.ndim == 1 else sound.shape[1]
            )
            tones.begin(sound_start_s)
        done = 0
        for time_s, picture in chain([first], moments):
            for packet in stream.encode(_frame(picture, time_s)):
                container.mux(packet)
            if tones is not None and sound is not None:
                due = min(len(sound), max(done, round((time_s - sound_start_s) * sample_rate_hz)))
                tones.write(sound[done:due])
                done = due
        for packet in stream.encode(None):
            container.mux(packet)
        if tones is not None and sound is not None:
            tones.write(sound[done:])
            tones.end()


class SoundTrack:
    """A sound that is encoded into a container.

    Args:
        container: open for writing.
        path: its name, which says how sound lies in it.
        sample_rate_hz: of the sound.
        channels: 1 or 2.

    Raises:
        InputError: for a number of channels, or a rate, that it cannot have.
    """

    def __init__(self, container: Any, path: Path, sample_rate_hz: int, channels: int) -> None:
        if channels not in (1, 2):
            raise InputError(f"cannot write {path}: its sound has {channels} channels: give 1 or 2")
        self.container, self.rate_hz = container, sample_rate_hz
        self.layout = "mono" if channels == 1 else "stereo"
        codec = CONTAINERS[path.suffix.lower()][1]
        self.is_whole_numbers = codec == "flac"
        self.stream = container.add_stream(codec, rate=sample_rate_hz, layout=self.layout)
        if codec == "aac":
            self.stream.bit_rate = 160_000 * channels
        else:
            self.stream.format = "s32"
        self.position = 0

    def begin(self, start_s: float) -> None:
        """Say when the first sample is heard."""
        self.position = round(start_s * self.rate_hz)

    def write(self, samples: NDArray[np.floating]) -> None:
        """Add samples, [T] or [T, C]."""
        av = pyav()
        block = samples[:, None] if samples.ndim == 1 else samples
        for begin in range(0, len(block), SOUND_SAMPLES):
            part = block[begin : begin + SOUND_SAMPLES]
            if self.is_whole_numbers:
                whole = np.round(part.astype(np.float64).clip(-1.0, 1.0) * (2**23 - 1))
                values = (whole.astype(np.int32) << 8).reshape(1, -1)
                frame = av.AudioFrame.from_ndarray(values, format="s32", layout=self.layout)
            else:
                values = np.ascontiguousarray(part.T, np.float32)
                frame = av.AudioFrame.from_ndarray(values, format="fltp", layout=self.layout)
            frame.sample_rate = self.rate_hz
            frame.pts, frame.time_base = self.position, Fraction(1, self.rate_hz)
            self.position += len(part)
            for packet in self.stream.encode(frame):
                self.container.mux(packet)

    def end(self) -> None:
        """Write what the encoder still holds."""
        for packet in self.stream.encode(None):
            self.container.mux(packet)


def _picture_stream(container: Any, picture: NDArray[np.uint8], quality: int) -> Any:
    """H.264 where this PyAV can write it, and MPEG-4 else."""
    av = pyav()
    if "libx264" in av.codecs_available:
        options = {"preset": "veryfast", "crf": str(quality)}
        stream = container.add_stream("libx264", rate=30, options=options)
    else:
        stream = container.add_stream("mpeg4", rate=30, options={"q:v": "3"})
    stream.height, stream.width = picture.shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = Fraction(1, CLOCK_HZ)
    return stream


def _frame(picture: NDArray[np.uint8], time_s: float) -> Any:
    av = pyav()
    kind = "gray" if picture.ndim == 2 else "rgb24"
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=kind)
    frame.pts, frame.time_base = round(time_s * CLOCK_HZ), Fraction(1, CLOCK_HZ)
    return frame
