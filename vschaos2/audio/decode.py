"""Sound files decoded, all of them and only forwards: the samples as they are in the file.

Decoding is libsndfile's (soundfile), one recording at a time. It is never asked to seek between
two blocks, as soundfile does where it can: with MP3 that disturbs the samples at the border, and
with files of unknown length it fails.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, cast

import numpy as np
import numpy.typing as npt
import soundfile

from vschaos2.audio.byte_views import Spans
from vschaos2.audio.lengths import WAVE, mended_lengths
from vschaos2.audio.mpeg import frame_of, mpeg_parts
from vschaos2.audio.ogg import ogg_parts
from vschaos2.errors import InputError
from vschaos2.files import READ_AT_ONCE

# Values decoded at a time, over all channels: 1 MB of float32, whatever a header claims.
DECODE_VALUES = 2**18

# What is called sound lies within: telephones have 8 kHz, ultrasound is recorded at up to 1 MHz.
LEAST_RATE_HZ = 1_000
GREATEST_RATE_HZ = 1_500_000

# 40 dB above full scale. No float recording gets there; integers that were stored as floats
# without scaling do, from 8 bits (128) on, and so do samples that a damaged file makes up. One of
# them would outweigh everything else that a model hears.
ABSURD_SAMPLE = 100.0

# Half a step of 32-bit integers. A block that stays below is silence in all but name: nothing has
# recorded it, and computing with the smallest of floats takes many times as long.
FAINTEST_SAMPLE = 2.0**-32

OTHERS = (*WAVE, b"fLaC", b"FORM", b".snd", b"caff", b"riff")


class UnreadableAudio(InputError):  # noqa: N818 - it is the file that is wrong, not the program
    """A sound file that cannot be used; `reason` says why without naming the file."""

    def __init__(self, path: Path, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{path}: {reason}: repair the file, convert it to WAV or remove it")


class SoundReader:
    """An open sound file.

        with SoundReader(path) as sound:
            for block in sound.blocks():
                …

    Args:
        path: sound file.

    Attributes:
        sample_rate_hz: of its samples.
        channels: how many it has.

    Raises:
        UnreadableAudio: if it cannot be opened as sound.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = _opened(path)
        try:
            self._recordings = _recordings(path, self._file)
            self._first = self._next_recording()
            if self._first is None:
                raise UnreadableAudio(path, "cannot be decoded (no sound is found in it)")
            self.sample_rate_hz: int = self._first.samplerate
            self.channels: int = self._first.channels
            if not LEAST_RATE_HZ <= self.sample_rate_hz <= GREATEST_RATE_HZ:
                raise UnreadableAudio(
                    path,
                    f"says its sample rate is {self.sample_rate_hz} Hz, which is none of sound "
                    f"({LEAST_RATE_HZ} to {GREATEST_RATE_HZ} Hz)",
                )
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> "SoundReader":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._first is not None:
            self._first.close()
        self._file.close()

    def blocks(self, frames: int | None = None) -> Iterator[npt.NDArray[np.float32]]:
        """All samples from the first to the last, once, in the file's own full scale.

        Args:
            frames: length of every block but a recording's last; by default `DECODE_VALUES` over
                all channels.

        Shape: [T, C] each, float32, T at least 1.

        Raises:
            UnreadableAudio: if a block cannot be decoded, or holds samples that are not finite or
                beyond `ABSURD_SAMPLE`; if the file joins recordings of different formats.
        """
        frames = frames or max(1, DECODE_VALUES // self.channels)
        position = 0
        while self._first is not None:
            with self._first as recording:
                if (recording.samplerate, recording.channels) != (
                    self.sample_rate_hz,
                    self.channels,
                ):
                    raise UnreadableAudio(
                        self.path,
                        f"joins recordings of different formats ({self.sample_rate_hz} Hz, "
                        f"{self.channels} channels, then {recording.samplerate} Hz, "
                        f"{recording.channels} channels)",
                    )
                while len(block := self._read(recording, frames)):
                    least, most = float(block.min()), float(block.max())
                    # NaN compares as false, so this finds it, too.
                    if not -ABSURD_SAMPLE <= least <= most <= ABSURD_SAMPLE:
                        raise self._absurd(block, position)
                    if max(-least, most) < FAINTEST_SAMPLE:
                        block[:] = 0.0
                    position += len(block)
                    yield block
            self._first = self._next_recording()

    def _next_recording(self) -> "_Forwards | None":
        view = next(self._recordings, None)
        try:
            return None if view is None else _Forwards(cast(Any, view))
        except (soundfile.SoundFileError, TypeError) as error:
            raise UnreadableAudio(self.path, _words(error)) from error

    def _read(self, recording: "_Forwards", frames: int) -> npt.NDArray[np.float32]:
        try:
            return cast(
                "npt.NDArray[np.float32]", recording.read(frames, dtype="float32", always_2d=True)
            )
        except soundfile.SoundFileError as error:
            raise UnreadableAudio(self.path, _words(error)) from error

    def _absurd(self, block: npt.NDArray[np.float32], position: int) -> UnreadableAudio:
        usual = np.abs(block) <= ABSURD_SAMPLE
        frame, channel = divmod(int(np.argmin(usual)), self.channels)
        value = block[frame, channel]
        seconds = (position + frame) / self.sample_rate_hz
        if not np.isfinite(value):
            return UnreadableAudio(self.path, f"non-finite sample at {seconds:.3f} s")
        return UnreadableAudio(
            self.path,
            f"sample of {value:.3g} at {seconds:.3f} s, where full scale is 1 (integers stored as "
            "floats must be scaled)",
        )


class _Forwards(soundfile.SoundFile):
    """A recording that soundfile does not seek in between two blocks."""

    def seekable(self) -> bool:
        return False


def _opened(path: Path) -> IO[bytes]:
    """The file, if it is one: opening a pipe would wait for somebody to write."""
    try:
        descriptor = os.open(path, READ_AT_ONCE)
    except OSError as error:
        raise UnreadableAudio(path, f"cannot be opened ({error.strerror})") from error
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size > 0:
        return os.fdopen(descriptor, "rb", 2**16)
    os.close(descriptor)
    if stat.S_ISREG(status.st_mode):
        raise UnreadableAudio(path, "is empty (0 bytes)")
    is_folder = stat.S_ISDIR(status.st_mode)
    raise UnreadableAudio(path, f"is {'a folder' if is_folder else 'a pipe or device'}, no file")


def _recordings(path: Path, file: IO[bytes]) -> Iterator[Spans]:
    """What libsndfile is to read, one after another."""
    try:
        if _is_mpeg(path, file):
            for spans in mpeg_parts(file):
                yield Spans(file, spans, hides_size=True)
            return
        file.seek(0)
        if file.read(4) == b"OggS":
            for span in ogg_parts(file):
                yield Spans(file, [span])
        else:
            yield Spans(file, [(0, os.fstat(file.fileno()).st_size)], mended_lengths(file))
    except OSError as error:
        raise UnreadableAudio(path, f"cannot be read ({error.strerror})") from error


def _is_mpeg(path: Path, file: IO[bytes]) -> bool:
    """Whether to look for MPEG frames: a name proves less than the content does."""
    file.seek(0)
    head = file.read(4)
    if head[:3] == b"ID3":  # the tag may precede other formats too; libsndfile sees which
        return path.suffix.lower() == ".mp3"
    known = head == b"OggS" or head in OTHERS
    return frame_of(head) is not None or (path.suffix.lower() == ".mp3" and not known)


def _words(error: Exception) -> str:
    """One line of what libsndfile says."""
    text = " ".join(str(getattr(error, "error_string", error)).split()).rstrip(".")
    return f"cannot be decoded ({text})"
