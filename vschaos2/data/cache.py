"""Decoded audio, kept once: a folder of recordings becomes one flat file of samples.

Beside the recordings, in `.vschaos2/`, stand for every sample rate

    samples_44100_0001.f32   mono float32 samples of all files, end to end
    samples_44100.json       what lies where: the only thing that gives the samples meaning
    samples_44100.lock       held while a process looks through the folder and decodes

Here is the reading side, and the way in; `cache_build.py` writes, `cache_index.py` knows the index.
"""

import hashlib
import logging
import math
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
from vschaos2.data.cache_build import CacheBuild
from vschaos2.data.cache_index import CachedFile
from vschaos2.dataset_paths import sound_folder
from vschaos2.errors import InputError
from vschaos2.files import FULL, cannot_write, open_own, reason, try_lock, wait_for_lock
from vschaos2.folders import own_folder

logger = logging.getLogger(__name__)
skipped = logging.getLogger(f"{__name__}.skipped")  # silent where a report names these files

STORE = ".vschaos2"
# Up to this size the samples are held in memory, and one indexing gathers a batch. Beyond it every
# window is read by a system call of its own. The file is not mapped into memory: who touches a
# page of a map that has been cut short, or that a failing disk cannot read, is killed by a signal.
RESIDENT_BYTES = 640 * 2**20
READ_SAMPLES = 2**26  # in one call; some systems read no more than 2 GB


class NothingUsable(InputError):  # noqa: N818 - it is the folder that is wrong
    """A dataset folder none of whose sound files can be used."""


class SampleCache:
    """Read access to the flat file; several processes may hold the same one.

    Args:
        data: the flat file of float32 samples.
        files: the recordings in it, sorted by path.
        sample_rate_hz: their sample rate.
        total_samples: length of the flat file that the index speaks of.

    Raises:
        InputError: if the flat file cannot be read, or not up to total_samples; reading may raise
            it, too.
    """

    def __init__(
        self, data: Path, files: Sequence[CachedFile], sample_rate_hz: int, total_samples: int
    ) -> None:
        self.files = list(files)
        self.sample_rate_hz = sample_rate_hz
        self.total_samples = total_samples
        self._data = data
        self._held: npt.NDArray[np.float32] | None = None
        # The open file outlives a compaction by another process, which removes its name.
        try:
            self._file = open_own(data)
            if os.fstat(self._file.fileno()).st_size < 4 * total_samples:
                raise self._cut()
            if not hasattr(os, "preadv"):  # Windows lets nobody cut a mapped file
                self._held = np.memmap(self._file, "<f4", "r", shape=(total_samples,))
            elif 4 * total_samples <= RESIDENT_BYTES:
                held = np.empty(total_samples, np.float32)
                self._read_into(held, 0)
                self._held = held
                self._file.close()
        except OSError as error:
            raise InputError(f"cannot read {data}: {reason(error)}") from error

    def __reduce__(self) -> tuple[object, ...]:
        return SampleCache, (self._data, self.files, self.sample_rate_hz, self.total_samples)

    def read(self, file_index: int) -> npt.NDArray[np.float32]:
        """A copy of one recording, [T] float32."""
        file = self.files[file_index]
        signal = np.empty(file.length, np.float32)
        for first in range(0, file.length, READ_SAMPLES):
            self._read_into(signal[first : first + READ_SAMPLES], file.start + first)
        return signal

    def gather(self, starts: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.float32]:
        """Copies of `count` samples from each position of the flat file.

        Positions outside the flat file give zeros.

        Shape: starts [B] → [B, count], float32.
        """
        total = self.total_samples
        outside = (starts < 0) | (starts > total - count)
        if self._held is not None and count <= total:
            rows = sliding_window_view(self._held, count)[np.clip(starts, 0, total - count)]
        else:
            rows = np.empty((len(starts), count), np.float32)
            for row in np.flatnonzero(~outside).tolist():
                self._read_into(rows[row], int(starts[row]))
        rows[outside] = 0.0
        for row in np.flatnonzero(outside).tolist():
            start = int(starts[row])
            first, end = max(start, 0), min(start + count, total)
            if first < end:
                self._read_into(rows[row, first - start : end - start], first)
        return rows

    def _read_into(self, row: npt.NDArray[np.float32], start: int) -> None:
        """Fill a row with the samples from `start` on, all of which the flat file has."""
        if self._held is not None:
            row[:] = self._held[start : start + len(row)]
            return
        descriptor, position = self._file.fileno(), 4 * start
        try:
            count = os.preadv(descriptor, [row.data], position)
            while count < row.nbytes:  # long readings may come in parts
                more = os.preadv(descriptor, [row.data.cast("B")[count:]], position + count)
                if not more:
                    raise self._cut()
                count += more
        except OSError as error:
            raise InputError(f"cannot read {self._data}: {reason(error)}") from error

    def _cut(self) -> InputError:
        return InputError(f"{self._data} has become shorter: start again, and it is made anew")


def open_cache(
    root: Path,
    sample_rate_hz: int,
    *,
    n_files: int | None = None,
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
        workers: decoding threads; by default one per core, at most 8.
        progress: show a bar on a terminal.

    Raises:
        InputError: if there is no usable file, or the cache cannot be written.
    """
    for name, value in (("n_files", n_files), ("workers", workers)):
        if value is not None and (type(value) is not int or value < 1):
            raise InputError(f"{name} must be at least 1, got {value}")
    check_rate(sample_rate_hz)
    searched = sound_folder(root)
    found = find_audio_files(searched)
    if not found:
        raise InputError(
            f"no sound file under {searched}: looked for {' '.join(sorted(AUDIO_EXTENSIONS))}"
        )
    used = found
    if n_files is not None and n_files < len(found):
        used = [found[i * len(found) // n_files] for i in range(n_files)]
    names = [path.relative_to(root).as_posix() for path in used]
    store = _claim_store(root, lock := f"samples_{sample_rate_hz}.lock")
    try:
        with _locked(store / lock):
            build = CacheBuild(store, root, sample_rate_hz)
            try:
                build.refresh(
                    {path.relative_to(root).as_posix() for path in found}, names, progress
                )
                build.decode(names, workers or min(8, os.cpu_count() or 1), progress)
            finally:
                build.sweep()
            index = build.index
            files = [index.files[name].file for name in names if name in index.files]
            bad = {name: index.unusable[name].reason for name in names if name in index.unusable}
            for name, why in bad.items():
                skipped.warning("skipped %s: %s", name, why)
            if bad:
                skipped.warning("skipped %d of %d files under %s", len(bad), len(names), searched)
            if not files:
                first, why = next(iter(bad.items()))
                raise NothingUsable(
                    f"none of the {len(bad)} sound files under {searched} is usable "
                    f"(the first, {first}: {why}): repair or replace them"
                )
            return SampleCache(store / index.data, files, sample_rate_hz, index.end)
    except OSError as error:
        raise InputError(f"cannot keep the sample cache in {store}: {reason(error)}") from error


def _claim_store(root: Path, lock: str) -> Path:
    """The folder the cache lives in, made and proved writable, with a lock in it.

    Where the dataset has no place for it, or has put a link there, it is in the user's cache
    folder: a dataset from elsewhere can be used, and decides nothing about what is written.
    """
    try:
        return _writable(root / STORE, lock)
    except (OSError, InputError) as error:
        why = str(error)
        if isinstance(error, OSError):
            if error.errno in FULL:
                raise cannot_write(root / STORE, error) from error
            why = f"{root} is not writable ({error.strerror})"
    user = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vschaos2"
    store = user / hashlib.blake2b(os.fsencode(root.resolve()), digest_size=8).hexdigest()
    logger.warning("%s: decoded samples go to %s", why, store)
    try:
        return _writable(store, lock)
    except OSError as error:
        raise InputError(
            f"cannot write the sample cache in {user}: {reason(error)}: let XDG_CACHE_HOME name a "
            "folder that can be written"
        ) from error


def _writable(folder: Path, lock: str) -> Path:
    own_folder(folder)
    tempfile.TemporaryFile(dir=folder).close()
    open_own(folder / lock, "ab").close()
    return folder


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock between processes; the system frees it when its holder dies."""
    with open_own(path, "ab") as file:
        if sys.platform == "win32":
            logger.warning("no file lock here: open this dataset from one process at a time")
        elif not try_lock(file):
            logger.info("another process is decoding this dataset, waiting for it")
            wait_for_lock(file, math.inf)
        yield
