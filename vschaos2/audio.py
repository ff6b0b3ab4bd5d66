"""Sound files in, sound files out: found, mixed to mono, resampled, written whole or not at all.

Decoding is libsndfile's (soundfile), resampling is soxr's at its "HQ" setting. Everything is
streamed: a file's channels are mixed block by block, so only mono samples ever add up in memory.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from vschaos2.errors import InputError

logger = logging.getLogger(__name__)

AUDIO_EXTENSIONS = frozenset(
    f".{name}"
    for family in ("wav wave w64 rf64 caf", "flac ogg oga opus mp3", "aif aiff aifc au snd")
    for name in family.split()
)

# Values decoded at a time, over all channels: 1 MB of float32, whatever a header claims.
DECODE_VALUES = 2**18

# A WAV header counts its bytes in 32 bits.
WAV_BYTES = 2**32 - 2**12


class UnreadableAudio(InputError):  # noqa: N818 - it is the file that is wrong, not the program
    """A sound file that cannot be used; `reason` says why without naming the file."""

    def __init__(self, path: Path, reason: str) -> None:
        self.reason = reason
        super().__init__(f"{path}: {reason}: repair the file, convert it to WAV or remove it")


def find_audio_files(root: Path) -> list[Path]:
    """Every sound file under a folder, sorted by path.

    Hidden files and folders are skipped. Links to files count when they stay inside the folder;
    links to folders are never followed, as their files are found where they really are. A link
    that leaves the folder is named in a warning.

    Args:
        root: folder to search, all levels deep, for `AUDIO_EXTENSIONS` in upper or lower case.

    Raises:
        InputError: if root is no folder.
    """
    if not root.is_dir():
        raise InputError(f"no such folder: {root}: give a folder that holds sound files")
    inside = root.resolve()
    found = []
    for folder, subfolders, names in os.walk(root, onerror=_warn_of_folder):
        here = Path(folder)
        subfolders[:] = [name for name in subfolders if not name.startswith(".")]
        sounds = [
            name
            for name in names
            if not name.startswith(".") and Path(name).suffix.lower() in AUDIO_EXTENSIONS
        ]
        for name in subfolders + sounds:
            if (here / name).is_symlink() and _leaves(here / name, inside):
                logger.warning("link not followed, it leads out of %s: %s", root, here / name)
            elif name in sounds and (here / name).is_file():
                found.append(here / name)
    return sorted(found, key=lambda path: path.as_posix())


def _leaves(link: Path, inside: Path) -> bool:
    try:
        return not link.resolve(strict=True).is_relative_to(inside)
    except (OSError, RuntimeError):  # it leads nowhere, or back to itself
        return True


def _warn_of_folder(error: OSError) -> None:
    logger.warning("folder not searched: %s: %s", error.filename, error.strerror)


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


def read_blocks(
    path: Path, sample_rate_hz: int, block_samples: int
) -> Iterator[npt.NDArray[np.float32]]:
    """The signal of `read_audio` in blocks, in memory that does not grow with the file.

    Args:
        path: sound file, any rate and number of channels.
        sample_rate_hz: rate of the blocks.
        block_samples: length of every block but the last, which holds 1 to block_samples.

    Shape: [block_samples] each, float32.

    Raises:
        InputError: at the block concerned, for the reasons of `read_audio`.
    """
    if block_samples < 1:
        raise InputError(f"block_samples must be at least 1, got {block_samples}")
    pending: list[npt.NDArray[np.float32]] = []
    held = 0
    for piece in _resampled(path, sample_rate_hz):
        pending.append(piece)
        held += len(piece)
        if held >= block_samples:
            joined = np.concatenate(pending)
            complete = held - held % block_samples
            yield from joined[:complete].reshape(-1, block_samples)
            pending = [joined[complete:]]
            held -= complete
    if held:
        yield np.concatenate(pending)


def length_at(path: Path, sample_rate_hz: int) -> int:
    """Samples of a file at another rate, by its header.

    Raises:
        InputError: if the file cannot be opened as sound.
    """
    try:
        information = soundfile.info(path)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise UnreadableAudio(path, _reason(path, error)) from error
    return round(information.frames * sample_rate_hz / information.samplerate)


def _resampled(path: Path, sample_rate_hz: int) -> Iterator[npt.NDArray[np.float32]]:
    """Mono pieces at sample_rate_hz; the filter's state crosses the pieces' borders."""
    if sample_rate_hz < 1:
        raise InputError(f"sample_rate_hz must be positive, got {sample_rate_hz}: try 44100")
    try:
        file = soundfile.SoundFile(path)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise UnreadableAudio(path, _reason(path, error)) from error
    with file:
        mono = _mixed(path, file)
        total = 0
        if file.samplerate == sample_rate_hz:
            for piece in mono:
                total += len(piece)
                yield piece
        else:
            stream = soxr.ResampleStream(file.samplerate, sample_rate_hz, 1, "float32", "HQ")
            for piece in mono:
                ready = stream.resample_chunk(piece)
                total += len(ready)
                yield ready
            rest = stream.resample_chunk(np.zeros(0, np.float32), last=True)
            total += len(rest)
            yield rest
    if total == 0:
        raise UnreadableAudio(path, "holds no samples")


def _mixed(path: Path, file: soundfile.SoundFile) -> Iterator[npt.NDArray[np.float32]]:
    """Pieces of the mean over channels, at the file's own rate."""
    frames = max(1, DECODE_VALUES // file.channels)
    position = 0
    while True:
        try:
            values = file.read(frames, dtype="float32", always_2d=True)
        except (soundfile.SoundFileError, OSError) as error:
            raise UnreadableAudio(path, _reason(path, error)) from error
        if len(values) == 0:
            return
        mono: npt.NDArray[np.float32] = values[:, 0] if file.channels == 1 else values.mean(axis=1)
        finite = np.isfinite(mono)
        if not finite.all():
            seconds = (position + int(np.argmin(finite))) / file.samplerate
            raise UnreadableAudio(path, f"non-finite sample at {seconds:.3f} s")
        position += len(mono)
        yield mono


def _reason(path: Path, error: Exception) -> str:
    """One line of why; libsndfile says "System error." where the system knows more."""
    try:
        path.open("rb").close()
    except OSError as cause:
        return f"cannot be opened ({cause.strerror})"
    if path.stat().st_size == 0:
        return "is empty (0 bytes)"
    text = getattr(error, "error_string", str(error))
    return f"cannot be decoded ({' '.join(str(text).split()).rstrip('.')})"


class AudioWriter:
    """A WAV file that appears under its name only when it is complete.

    Samples go to a hidden file beside it, which takes the name when the `with` block ends cleanly
    and is removed when it does not. The format is float32: a model's output may pass ±1, and
    integer formats would clip it unheard; Max, PureData and every editor read float32 WAV.

    Args:
        path: the file, ending in .wav; missing folders are made.
        sample_rate_hz: its sample rate.
        channels: its number of channels.

    Raises:
        InputError: if the name does not end in .wav, the file cannot be written or the next
            block would pass the 4 GB that a WAV header can count.
    """

    def __init__(self, path: Path, sample_rate_hz: int, channels: int = 1) -> None:
        if path.suffix.lower() != ".wav":
            raise InputError(f"cannot write {path}: only WAV is written, end its name in .wav")
        if sample_rate_hz < 1 or channels < 1:
            raise InputError(
                f"cannot write {path}: sample_rate_hz and channels must be positive, "
                f"got {sample_rate_hz} and {channels}"
            )
        self.path = path
        self.sample_rate_hz = sample_rate_hz
        self.channels = channels
        self._temporary = path.with_name(f".{path.name}.tmp")
        self._frames = 0

    def __enter__(self) -> "AudioWriter":
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = soundfile.SoundFile(
                self._temporary, "w", self.sample_rate_hz, self.channels, "FLOAT", format="WAV"
            )
        except (soundfile.SoundFileError, OSError) as error:
            raise InputError(
                f"cannot write {self.path}: {error}: choose a folder you may write to"
            ) from error
        return self

    def write(self, block: npt.NDArray[np.floating]) -> None:
        """Append a block, [T] for one channel or [T, C]."""
        given = 1 if block.ndim == 1 else block.shape[-1]
        if block.ndim not in (1, 2) or given != self.channels:
            raise ValueError(
                f"block for {self.path} must be [T, {self.channels}], got {list(block.shape)}"
            )
        if not np.isfinite(block).all():
            raise ValueError(f"block for {self.path} holds non-finite samples")
        self._frames += len(block)
        if self._frames * self.channels * 4 > WAV_BYTES:
            raise InputError(f"{self.path} would pass the 4 GB of a WAV file: write shorter files")
        try:
            self._file.write(block.astype(np.float32, copy=False))
        except (soundfile.SoundFileError, OSError) as error:
            raise InputError(f"cannot write {self.path}: {error}: is the disk full?") from error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._file.close()
            if kind is None:
                self._temporary.replace(self.path)
        except (soundfile.SoundFileError, OSError) as failure:
            raise InputError(f"cannot write {self.path}: {failure}") from failure
        finally:
            self._temporary.unlink(missing_ok=True)


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
