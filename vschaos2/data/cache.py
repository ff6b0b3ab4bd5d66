"""Decoded audio, kept once: a folder of recordings becomes one flat memory-mapped file.

Beside the recordings, in `.vschaos2/`, stand for every sample rate

    samples_44100_0001.f32   mono float32 samples of all files, end to end
    samples_44100.json       what lies where: the only thing that gives the samples meaning
    samples_44100.lock       held while a process looks through the folder and decodes

Samples are only ever appended. The index is replaced in one rename, after the samples it speaks
of have reached the disk; whatever follows its `end` is the rest of a build that was killed, and
is overwritten. So a build may die at any moment and loses what it decoded since the last commit.
"""

import hashlib
import json
import logging
import math
import os
import re
import shutil
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import astuple, dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event
from typing import IO

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view
from tqdm import tqdm

from vschaos2.audio import AUDIO_EXTENSIONS, UnreadableAudio, find_audio_files, read_blocks
from vschaos2.errors import InputError

if sys.platform != "win32":
    import fcntl

logger = logging.getLogger(__name__)

INDEX_VERSION = 1
STORE = ".vschaos2"
COMMIT_SECONDS = 3.0
DECODE_SAMPLES = 2**18
# A decoded file waits for its turn in memory up to this size, on disk beyond it.
HELD_BYTES = 8 * 2**20
# Up to this size all samples may become resident memory: one indexing of the map gathers a batch.
# Beyond it every window is read by a system call of its own. Random windows out of ten hours touch
# fresh pages each time, and a page fault (which may map 2 MB at once) costs more than the call.
MAPPED_BYTES = 640 * 2**20


@dataclass(frozen=True)
class CachedFile:
    """One recording in the flat file: `start` and `length` in samples, `path` relative to root."""

    path: str
    start: int
    length: int
    rms: float
    peak: float


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
            build = _Build(store, root, sample_rate_hz)
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


@dataclass(frozen=True)
class _Entry:
    """A decoded file, and what it looked like when it was decoded."""

    size: int
    mtime_ns: int
    file: CachedFile


@dataclass(frozen=True)
class _Unusable:
    """A file that failed. Its ctime counts too: mended permissions change nothing else."""

    size: int
    mtime_ns: int
    ctime_ns: int
    reason: str


@dataclass
class _Index:
    """What lies where in which flat file, up to sample `end`."""

    data: str
    end: int = 0
    files: dict[str, _Entry] = field(default_factory=dict)
    unusable: dict[str, _Unusable] = field(default_factory=dict)

    def to_json(self) -> str:
        # Rows, not objects: 100 000 files make an index of 10 MB.
        rows = {
            name: (e.size, e.mtime_ns, e.file.start, e.file.length, e.file.rms, e.file.peak)
            for name, e in self.files.items()
        }
        bad = {name: astuple(entry) for name, entry in self.unusable.items()}
        content = {"version": INDEX_VERSION, "data": self.data, "end": self.end}
        return json.dumps({**content, "files": rows, "unusable": bad})

    @staticmethod
    def from_json(text: str) -> "_Index":
        content = json.loads(text)
        if content["version"] != INDEX_VERSION:
            raise ValueError(f"version {content['version']}")
        index = _Index(content["data"], content["end"])
        for name, (size, mtime_ns, start, length, rms, peak) in content["files"].items():
            if not 0 <= start < start + length <= index.end:
                raise ValueError(f"{name} lies outside the samples")
            index.files[name] = _Entry(size, mtime_ns, CachedFile(name, start, length, rms, peak))
        for name, row in content["unusable"].items():
            index.unusable[name] = _Unusable(*row)
        return index


class _Build:
    """The writing side: brings the index and the flat file up to date, under the lock."""

    def __init__(self, store: Path, root: Path, sample_rate_hz: int) -> None:
        self.store = store
        self.root = root
        self.sample_rate_hz = sample_rate_hz
        self.index_path = store / f"samples_{sample_rate_hz}.json"
        self.index = self._load()

    def _load(self) -> _Index:
        pattern = re.compile(rf"samples_{self.sample_rate_hz}_\d{{4,}}\.f32")
        try:
            index = _Index.from_json(self.index_path.read_text())
            data = self.store / index.data
            # An index may come with someone else's dataset: it must not reach past this folder.
            if not pattern.fullmatch(index.data) or data.is_symlink():
                raise ValueError(f"unexpected data file {index.data!r}")
            if data.stat().st_size < index.end * 4:
                raise ValueError(f"{data.name} is shorter than its index says")
        except FileNotFoundError:
            return _Index(self._fresh_name())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("%s is damaged (%s): decoding afresh", self.index_path, error)
            return _Index(self._fresh_name())
        return index

    def _fresh_name(self) -> str:
        """A name that no flat file has: the others may still be mapped by somebody."""
        taken = [int(p.stem.rsplit("_")[-1]) for p in self._data_files()]
        return f"samples_{self.sample_rate_hz}_{max(taken, default=0) + 1:04d}.f32"

    def _data_files(self) -> list[Path]:
        return list(self.store.glob(f"samples_{self.sample_rate_hz}_[0-9]*.f32"))

    def forget(self, present: set[str]) -> None:
        """Drop files that have vanished; compact when more than half of the samples are dead."""
        index = self.index
        gone = [name for name in (*index.files, *index.unusable) if name not in present]
        stale = [
            name for name in present & index.files.keys()
            if (index.files[name].size, index.files[name].mtime_ns) != self._stamp(name)[:2]
        ]  # fmt: skip
        for name in gone + stale:
            index.files.pop(name, None)
            index.unusable.pop(name, None)
        live = sum(entry.file.length for entry in index.files.values())
        if 2 * live < index.end:
            self._compact()
        elif gone or stale:
            self._commit()

    def _stamp(self, name: str) -> tuple[int, int, int]:
        try:
            stat = (self.root / name).stat()
        except OSError:  # gone or closed since it was listed; decoding it will say so
            return (-1, -1, -1)
        return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns

    def _compact(self) -> None:
        """Copy the live samples into a new flat file and switch to it in one rename."""
        compacted = _Index(self._fresh_name(), unusable=self.index.unusable)
        in_place = sorted(self.index.files.items(), key=lambda item: item[1].file.start)
        with (self.store / compacted.data).open("wb") as target:
            for name, entry in in_place:
                with (self.store / self.index.data).open("rb") as source:
                    source.seek(entry.file.start * 4)
                    left = entry.file.length * 4
                    while left:
                        left -= target.write(source.read(min(left, HELD_BYTES)))
                moved = CachedFile(**{**vars(entry.file), "start": compacted.end})
                compacted.files[name] = _Entry(entry.size, entry.mtime_ns, moved)
                compacted.end += moved.length
            target.flush()
            os.fsync(target.fileno())
        self.index = compacted
        self._commit()

    def _commit(self) -> None:
        """Make the index current, then remove flat files that it does not name."""
        temporary = self.index_path.with_suffix(".json.tmp")
        with temporary.open("w") as file:
            file.write(self.index.to_json())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.index_path)
        for path in self._data_files():
            if path.name != self.index.data:
                with suppress(
                    OSError
                ):  # some systems keep a mapped file; the next build tries again
                    path.unlink()

    def decode(self, names: Sequence[str], workers: int, progress: bool) -> None:
        """Append every file that the index does not know as it is now."""
        index = self.index
        todo = []
        for name in (name for name in names if name not in index.files):
            stamp, bad = self._stamp(name), index.unusable.get(name)
            if not bad or (bad.size, bad.mtime_ns, bad.ctime_ns) != stamp:
                todo.append((name, stamp))
        if not todo:
            return
        bar = tqdm(
            total=len(todo), desc="decoding", unit="file", disable=None if progress else True
        )
        stop = Event()
        pool = ThreadPoolExecutor(workers)
        data_path = self.store / self.index.data
        try:
            with bar, data_path.open("r+b" if data_path.exists() else "w+b") as data:
                data.truncate(self.index.end * 4)
                data.seek(self.index.end * 4)
                queue = iter(todo)
                jobs: deque[tuple[str, tuple[int, int, int], Future[_Decoded]]] = deque()
                committed = time.monotonic()
                while True:
                    for name, stamp in islice(queue, 2 * workers - len(jobs)):
                        path = self.root / name
                        job = pool.submit(_decode, path, self.sample_rate_hz, self.store, stop)
                        jobs.append((name, stamp, job))
                    if jobs:
                        self._append(data, *jobs.popleft())
                        bar.update()
                    if not jobs or time.monotonic() - committed > COMMIT_SECONDS:
                        data.flush()
                        os.fsync(data.fileno())
                        self._commit()
                        committed = time.monotonic()
                    if not jobs:
                        return
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def _append(
        self, data: IO[bytes], name: str, stamp: tuple[int, int, int], job: "Future[_Decoded]"
    ) -> None:
        self.index.unusable.pop(name, None)
        try:
            decoded = job.result()
        except UnreadableAudio as error:
            self.index.unusable[name] = _Unusable(*stamp, error.reason)
            return
        with decoded.spool as spool:
            spool.seek(0)
            shutil.copyfileobj(spool, data, 2**20)
        file = CachedFile(name, self.index.end, decoded.length, decoded.rms, decoded.peak)
        self.index.files[name] = _Entry(stamp[0], stamp[1], file)
        self.index.end += decoded.length


@dataclass(frozen=True)
class _Decoded:
    spool: IO[bytes]
    length: int
    rms: float
    peak: float


def _decode(path: Path, sample_rate_hz: int, store: Path, stop: Event) -> _Decoded:
    """One file decoded into a spool: memory while it is short, an unnamed file beyond."""
    spool = tempfile.SpooledTemporaryFile(max_size=HELD_BYTES, dir=str(store))  # noqa: SIM115
    length, energy, peak = 0, 0.0, 0.0
    for block in read_blocks(path, sample_rate_hz, DECODE_SAMPLES):
        if stop.is_set():
            break
        spool.write(block.astype("<f4", copy=False).data)
        length += len(block)
        energy += float(np.square(block, dtype=np.float64).sum())
        peak = max(peak, float(np.abs(block).max()))
    return _Decoded(spool, length, math.sqrt(energy / length) if length else 0.0, peak)
