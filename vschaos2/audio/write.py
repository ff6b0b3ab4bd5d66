"""Sound files out: float32 WAV, whole or not at all."""

import struct
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt

from vschaos2.audio.read import check_rate
from vschaos2.errors import InputError
from vschaos2.files import reason, whole_file

# A WAV header counts its bytes in 32 bits.
WAV_BYTES = 2**32 - 2**12
MOST_CHANNELS = 256


class AudioWriter:
    """A WAV file that appears under its name only when it is complete.

    Samples go to a hidden file beside it (see `whole_file`) as long as the `with` block lasts.
    The format is float32: a model's output may pass ±1, and integer formats would clip it unheard;
    Max, PureData and every editor read float32 WAV.

    Args:
        path: the file, ending in .wav; missing folders are made.
        sample_rate_hz: its sample rate.
        channels: its number of channels.

    Attributes:
        peak: the largest magnitude that was written.

    Raises:
        InputError: if the name does not end in .wav, the file cannot be written or the next
            block would pass the 4 GB that a WAV header can count.
    """

    def __init__(self, path: Path, sample_rate_hz: int, channels: int = 1) -> None:
        if path.suffix.lower() != ".wav":
            raise InputError(f"cannot write {path}: only WAV is written, end its name in .wav")
        check_rate(sample_rate_hz, f"cannot write {path}: sample_rate_hz")
        if not 1 <= channels <= MOST_CHANNELS:
            raise InputError(
                f"cannot write {path}: channels must be in 1 to {MOST_CHANNELS}, got {channels}"
            )
        self.path = path
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self.peak = 0.0
        self._frames = 0
        self._stack = ExitStack()

    def __enter__(self) -> "AudioWriter":
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"cannot write {self.path}: {reason(error)}: choose a folder you may write to"
            ) from error
        self._file = self._stack.enter_context(whole_file(self.path))
        self._file.write(self._header())
        return self

    def write(self, block: npt.NDArray[np.floating]) -> None:
        """Append a block, [T] for one channel or [T, C]."""
        given = 1 if block.ndim == 1 else block.shape[-1]
        if block.ndim not in (1, 2) or given != self.channels:
            raise ValueError(
                f"block for {self.path} must be [T, {self.channels}], got {list(block.shape)}"
            )
        if not np.isfinite(block).all():
            raise InputError(
                f"cannot write {self.path}: its samples are not finite: did the training diverge?"
            )
        self._frames += len(block)
        if block.size:
            self.peak = max(self.peak, float(block.max()), float(-block.min()))
        if self._frames * self.channels * 4 > WAV_BYTES:
            raise InputError(f"{self.path} would pass the 4 GB of a WAV file: write shorter files")
        self._file.write(np.ascontiguousarray(block, "<f4").data)

    def _header(self) -> bytes:
        """Before the samples: chunks "fmt ", whose format 3 is float, "fact" and "data"."""
        frame_bytes = 4 * self.channels
        size = frame_bytes * self._frames
        return struct.pack(
            "<4sI4s 4sIHHIIHH 4sII 4sI",
            *(b"RIFF", 48 + size, b"WAVE"),
            *(b"fmt ", 16, 3, self.channels, self.sample_rate_hz),
            *(self.sample_rate_hz * frame_bytes, frame_bytes, 32),
            *(b"fact", 4, self._frames, b"data", size),
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._stack:
            if error is None:
                self._file.seek(0)
                self._file.write(self._header())
            else:
                raise error


def write_audio(path: Path, samples: npt.NDArray[np.floating], sample_rate_hz: int) -> None:
    """Write a signal as float32 WAV, whole or not at all (see `AudioWriter`).

    Args:
        path: the file, ending in .wav.
        samples: [T] for mono or [T, C]; values above 1 are kept as they are.
        sample_rate_hz: its sample rate.

    Raises:
        InputError: for the reasons of `AudioWriter`.
    """
    channels = 1 if samples.ndim == 1 else samples.shape[-1]
    with AudioWriter(path, sample_rate_hz, channels) as writer:
        writer.write(samples)
