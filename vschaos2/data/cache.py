"""Decoded audio, kept once: a folder of recordings becomes one flat memory-mapped file.

Beside the recordings, in `.vschaos2/`, stand for every sample rate

    samples_44100_0001.f32   mono float32 samples of all files, end to end
    samples_44100.json       what lies where: the only thing that gives the samples meaning
    samples_44100.lock       held while a process looks through the folder and decodes

Here is the reading side, and the way in; `cache_build.py` writes.
"""

import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from vschaos2.audio import AUDIO_EXTENSIONS, check_rate, find_audio_files
from vschaos2.data.cache_build import DECODE_SAMPLES, CacheBuild, CachedFile
from vschaos2.errors import InputError

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

STORE = ".vschaos2"
# Up to this size all samples may become resident memory: one indexing of the map gathers a batch.
# Beyond it every window is read by a system call of its own. Random windows out of ten hours touch
# fresh pages each time, and a page fault (which may map 2 MB at once) costs more than the call.
MAPPED_BYTES = 640 * 2**20


class SampleCache:
    """Read access to the flat file; several processes may hold the same one.

    Args:
        data: the flat file of float32 samples.
        files: the recordings in it, sorted by path.
        sample_rate_hz: their sample rate.
        total_samples: length of the flat file that the index speaks of.

    Raises:
        InputError: if the flat file cannot be read, or not up to total_samples.
    """

    def __init__(
        self, data: Path, files: Sequence[CachedFile], sample_rate_hz: int, total_samples: int
    ) -> None:
        self.files = list(files)
        self.sample_rate_hz = sample_rate_hz
        self._data = data
        self._total_samples = total_samples
        # The open file outlives a compaction by another process, which removes its name.
        try:
            self._file = data.open("rb")
            self._samples = np.memmap(self._file, dtype="<f4", mode="r", shape=(total_samples,))
        except (OSError, ValueError) as error:
            raise InputError(f"cannot read {data}: {error}: open the cache again") from error
        self._mapped = 4 * total_samples <= MAPPED_BYTES or not hasattr(os, "preadv")

    def __reduce__(self) -> tuple[object, ...]:
        return SampleCache, (self._data, self.files, self.sample_rate_hz, self._total_samples)

    @property
    def samples(self) -> np.memmap:
        """All samples end to end, [T] float32, read-only, as a map of the file."""
        return self._samples

    def read(self, file_index: int) -> npt.NDArray[np.float32]:
        """A copy of one recording, [T] float32."""
        file = self.files[file_index]
        if self._mapped:
            return np.array(self._samples[file.start : file.start + file.length])
        signal = np.empty(file.length, np.float32)
        for first in range(0, file.length, DECODE_SAMPLES):
            self._read_into(signal[first : first + DECODE_SAMPLES], file.start + first)
        return signal

    def gather(self, starts: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float32]:
        """Copies of `count` samples from each position of the flat file.

        Positions outside the flat file give zeros.

        Shape: starts [B] → [B, count], float32.
        """
        limit = self._total_samples - count
        outside = (starts < 0) | (starts > limit)
        nearest = np.clip(starts, 0, max(limit, 0))
        if limit >= 0 and self._mapped:
            rows = sliding_window_view(self._samples, count)[nearest]
        else:
            rows = np.empty((len(starts), count), np.float32)
        if limit >= 0 and not self._mapped:
            for row, start in zip(rows, nearest.tolist(), strict=True):
                self._read_into(row, start)
        if outside.any():
            index = starts[outside, None] + np.arange(count)
            exists = (index >= 0) & (index < self._total_samples)
            rows[outside] = np.where(exists, self._samples.take(index, mode="clip"), 0.0)
        return rows

    def _read_into(self, row: npt.NDArray[np.float32], start: int) -> None:
        if os.preadv(self._file.fileno(), [row.data], 4 * start) != row.nbytes:
            raise InputError(f"{self._data} has become shorter: open the cache again")


def open_cache(
    root: Path,
    sample_rate_hz: int,
    *,
    n_files: int | None = None,
    cache_root: Path | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> SampleCache:
    """The cache of a dataset folder, after decoding whatever is new or changed in it.

    Files that cannot be used are named in one warning each and skipped. Where the dataset folder
    is read-only the cache goes to the user's cache folder, and a warning says where.

    Args:
        root: dataset folder; sound files are looked for in root/data if that exists, else in root.
        sample_rate_hz: rate to which everything is resampled.
        n_files: use only this many files, spread evenly over the sorted list.
        cache_root: folder to keep the cache in, instead of root/.vschaos2.
        workers: decoding threads; by default one per core, at most 8.
        progress: show a bar on a terminal.

    Raises:
        InputError: if there is no usable file, or the cache cannot be written.
    """
    for name, value in (
        ("sample_rate_hz", sample_rate_hz),
        ("n_files", n_files),
        ("workers", workers),
    ):
        if value is not None and value < 1:
            raise InputError(f"{name} must be at least 1, got {value}")
    check_rate(sample_rate_hz)
    searched = root / "data" if (root / "data").is_dir() else root
    found = find_audio_files(searched)
    if not found:
        raise InputError(
            f"no sound file under {searched}: looked for {' '.join(sorted(AUDIO_EXTENSIONS))}"
        )
    used = found
    if n_files is not None and n_files < len(found):
        used = [found[i * len(found) // n_files] for i in range(n_files)]
    names = [path.relative_to(root).as_posix() for path in used]
    store = _claim_store(root, cache_root)
    try:
        with _locked(store / f"samples_{sample_rate_hz}.lock"):
            build = CacheBuild(store, root, sample_rate_hz)
            build.forget({path.relative_to(root).as_posix() for path in found})
            build.decode(names, workers or min(8, os.cpu_count() or 1), progress)
            index = build.index
            files = [index.files[name].file for name in names if name in index.files]
            bad = {name: index.unusable[name].reason for name in names if name in index.unusable}
            for name, reason in bad.items():
                logger.warning("skipped %s: %s", name, reason)
            if bad:
                logger.warning("skipped %d of %d files under %s", len(bad), len(names), searched)
            if not files:
                first, reason = next(iter(bad.items()))
                raise InputError(
                    f"none of the {len(bad)} sound files under {searched} is usable "
                    f"(the first, {first}: {reason}): repair or replace them"
                )
            return SampleCache(store / index.data, files, sample_rate_hz, index.end)
    except OSError as error:
        raise InputError(
            f"cannot keep the sample cache in {store}: {error.strerror or error}: "
            "free some space or choose another cache_root"
        ) from error


def _claim_store(root: Path, cache_root: Path | None) -> Path:
    """The folder the cache lives in, made and proved writable."""
    digest = hashlib.blake2b(os.fsencode(root.resolve()), digest_size=8).hexdigest()
    if cache_root is None:
        try:
            return _writable(root / STORE)
        except OSError as error:
            user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            cache_root = user / "vschaos2"
            logger.warning(
                "%s is not writable (%s): decoded samples go to %s",
                root, error.strerror, cache_root / digest,
            )  # fmt: skip
    try:
        return _writable(cache_root / digest)
    except OSError as error:
        raise InputError(
            f"cannot write the sample cache in {cache_root}: {error.strerror}: "
            "choose another cache_root"
        ) from error


def _writable(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; the system frees it when its holder dies."""
    with path.open("ab") as file:
        if sys.platform == "win32":
            logger.warning("no file lock here: open this dataset from one process at a time")
        else:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                logger.info("another process is decoding this dataset, waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
