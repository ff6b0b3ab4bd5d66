"""The writing side of the sample cache: decodes what is new, and forgets what is gone.

Samples are only ever appended. The index is replaced in one rename, after the samples it speaks
of have reached the disk; whatever follows its `end` is the rest of a build that was killed, and
is overwritten. So a build may die at any moment and loses what it decoded since the last commit.
"""

import json
import logging
import math
import os
import re
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import astuple, dataclass, field
from itertools import islice
from pathlib import Path
from threading import Event
from typing import IO

import numpy as np

from vschaos2.audio import UnreadableAudio, read_blocks
from vschaos2.progress import Progress

logger = logging.getLogger(__name__)

INDEX_VERSION = 1
COMMIT_SECONDS = 3.0
DECODE_SAMPLES = 2**18
# A decoded file waits for its turn in memory up to this size, on disk beyond it.
HELD_BYTES = 8 * 2**20


@dataclass(frozen=True)
class CachedFile:
    """One recording in the flat file: `start` and `length` in samples, `path` relative to root."""

    path: str
    start: int
    length: int
    rms: float
    peak: float


@dataclass(frozen=True)
class Entry:
    """A decoded file, and what it looked like when it was decoded."""

    size: int
    mtime_ns: int
    file: CachedFile


@dataclass(frozen=True)
class Unusable:
    """A file that failed. Its ctime counts too: mended permissions change nothing else."""

    size: int
    mtime_ns: int
    ctime_ns: int
    reason: str


@dataclass
class Index:
    """What lies where in which flat file, up to sample `end`."""

    data: str
    end: int = 0
    files: dict[str, Entry] = field(default_factory=dict)
    unusable: dict[str, Unusable] = field(default_factory=dict)

    def to_json(self) -> str:
        """The index as one line of JSON."""
        # Rows, not objects: 100 000 files make an index of 10 MB.
        rows = {
            name: (e.size, e.mtime_ns, e.file.start, e.file.length, e.file.rms, e.file.peak)
            for name, e in self.files.items()
        }
        bad = {name: astuple(entry) for name, entry in self.unusable.items()}
        content = {"version": INDEX_VERSION, "data": self.data, "end": self.end}
        return json.dumps({**content, "files": rows, "unusable": bad})

    @staticmethod
    def from_json(text: str) -> "Index":
        """The index that `to_json` wrote.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: if it is none, or of another version.
        """
        content = json.loads(text)
        if content["version"] != INDEX_VERSION:
            raise ValueError(f"version {content['version']}")
        index = Index(content["data"], content["end"])
        for name, (size, mtime_ns, start, length, rms, peak) in content["files"].items():
            if not 0 <= start < start + length <= index.end:
                raise ValueError(f"{name} lies outside the samples")
            index.files[name] = Entry(size, mtime_ns, CachedFile(name, start, length, rms, peak))
        for name, row in content["unusable"].items():
            index.unusable[name] = Unusable(*row)
        return index


class CacheBuild:
    """The writing side: brings the index and the flat file up to date, under the lock."""

    def __init__(self, store: Path, root: Path, sample_rate_hz: int) -> None:
        self.store = store
        self.root = root
        self.sample_rate_hz = sample_rate_hz
        self.index_path = store / f"samples_{sample_rate_hz}.json"
        self.index = self._load()

    def _load(self) -> Index:
        pattern = re.compile(rf"samples_{self.sample_rate_hz}_\d{{4,}}\.f32")
        try:
            index = Index.from_json(self.index_path.read_text())
            data = self.store / index.data
            # An index may come with someone else's dataset: it must not reach past this folder.
            if not pattern.fullmatch(index.data) or data.is_symlink():
                raise ValueError(f"unexpected data file {index.data!r}")
            if data.stat().st_size < index.end * 4:
                raise ValueError(f"{data.name} is shorter than its index says")
        except FileNotFoundError:
            return Index(self._fresh_name())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("%s is damaged (%s): decoding afresh", self.index_path, error)
            return Index(self._fresh_name())
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
        compacted = Index(self._fresh_name(), unusable=self.index.unusable)
        in_place = sorted(self.index.files.items(), key=lambda item: item[1].file.start)
        with (self.store / compacted.data).open("wb") as target:
            for name, entry in in_place:
                with (self.store / self.index.data).open("rb") as source:
                    source.seek(entry.file.start * 4)
                    left = entry.file.length * 4
                    while left:
                        left -= target.write(source.read(min(left, HELD_BYTES)))
                moved = CachedFile(**{**vars(entry.file), "start": compacted.end})
                compacted.files[name] = Entry(entry.size, entry.mtime_ns, moved)
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
        bar = Progress("decoding", "file", len(todo), progress)
        stop = Event()
        pool = ThreadPoolExecutor(workers)
        data_path = self.store / self.index.data
        try:
            with bar, data_path.open("r+b" if data_path.exists() else "w+b") as data:
                data.truncate(self.index.end * 4)
                data.seek(self.index.end * 4)
                queue = iter(todo)
                jobs: deque[tuple[str, tuple[int, int, int], Future[Decoded]]] = deque()
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
        self, data: IO[bytes], name: str, stamp: tuple[int, int, int], job: "Future[Decoded]"
    ) -> None:
        self.index.unusable.pop(name, None)
        try:
            decoded = job.result()
        except UnreadableAudio as error:
            self.index.unusable[name] = Unusable(*stamp, error.reason)
            return
        with decoded.spool as spool:
            spool.seek(0)
            shutil.copyfileobj(spool, data, 2**20)
        file = CachedFile(name, self.index.end, decoded.length, decoded.rms, decoded.peak)
        self.index.files[name] = Entry(stamp[0], stamp[1], file)
        self.index.end += decoded.length


@dataclass(frozen=True)
class Decoded:
    """Samples of one file on their way into the flat file, with their level."""

    spool: IO[bytes]
    length: int
    rms: float
    peak: float


def _decode(path: Path, sample_rate_hz: int, store: Path, stop: Event) -> Decoded:
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
    return Decoded(spool, length, math.sqrt(energy / length) if length else 0.0, peak)
