"""The writing side of the sample cache: decodes what is new, and forgets what is gone.

Samples are only ever appended. The index is replaced in one rename, after the samples it speaks
of have reached the disk; whatever follows its `end` is the rest of a build that was killed, and
is cut off. So a build may die at any moment and loses what it decoded since the last commit.
"""

import logging
import os
import re
import shutil
import time
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path
from threading import Event
from typing import IO

from vschaos2.audio import UnreadableAudio
from vschaos2.data.cache_decode import Decoded, decode
from vschaos2.data.cache_index import INDEX_BYTES, CachedFile, Entry, Index, OtherVersion, Unusable
from vschaos2.errors import InputError
from vschaos2.files import FULL, open_own, write_whole
from vschaos2.progress import Progress

logger = logging.getLogger(__name__)

COMMIT_SECONDS = 3.0
PIECE_BYTES = 2**20


class CacheBuild:
    """The writing side: brings the index and the flat file up to date, under the lock.

    The folder may be somebody else's work: only plain files of one name are read or changed.

    Args:
        store: the folder of the cache.
        root: dataset folder.
        sample_rate_hz: rate of the samples.
    """

    def __init__(self, store: Path, root: Path, sample_rate_hz: int) -> None:
        self.store = store
        self.root = root
        self.sample_rate_hz = sample_rate_hz
        self.index_path = store / f"samples_{sample_rate_hz}.json"
        # The flat file and its end as the index on the disk has them.
        self.kept: tuple[str, int] | None = None
        self.index = self._load()
        self.sweep()

    def _load(self) -> Index:
        if self.index_path.is_dir():
            raise InputError(f"{self.index_path}: is a folder in a file's place: remove it")
        try:
            with open_own(self.index_path) as file:
                text = file.read(INDEX_BYTES + 1)
            if len(text) > INDEX_BYTES:
                raise ValueError("it is too large")
            index = Index.from_json(text.decode())
            if not self._number(index.data):
                raise ValueError(f"unexpected data file {index.data!r}")
            with open_own(self.store / index.data) as data:
                if os.fstat(data.fileno()).st_size < index.end * 4:
                    raise ValueError(f"{index.data} is shorter than its index says")
        except FileNotFoundError:
            pass
        except OtherVersion:
            logger.info("%s is of another version: decoding afresh", self.index_path)
        except (OSError, ValueError) as error:
            logger.warning("%s is damaged (%s): decoding afresh", self.index_path, error)
        else:
            self.kept = index.data, index.end
            return index
        return Index(self._fresh_name())

    def _number(self, name: str) -> int | None:
        """The number in the name of a flat file, 1 or more; None for another file's name."""
        match = re.fullmatch(rf"samples_{self.sample_rate_hz}_([0-9]{{4,9}})\.f32", name)
        return int(match[1]) if match else None

    def _fresh_name(self) -> str:
        """A name that no flat file has: the others may still be read by somebody."""
        taken = [self._number(path.name) or 0 for path in self.store.iterdir()]
        return f"samples_{self.sample_rate_hz}_{max(taken, default=0) + 1:04d}.f32"

    def refresh(self, present: set[str], used: Sequence[str], progress: bool) -> None:
        """Drop what has vanished, changed or is damaged; compact when half of the samples are dead.

        Args:
            present: the names of all sound files there are.
            used: the names of those whose samples are to be checked.
            progress: show a bar on a terminal, if it takes longer than a second.
        """
        index = self.index
        gone = [name for name in (*index.files, *index.unusable) if name not in present]
        stale = [
            name for name in present & index.files.keys()
            if (index.files[name].size, index.files[name].mtime_ns) != self._stamp(name)[:2]
        ]  # fmt: skip
        for name in gone + stale:
            index.files.pop(name, None)
            index.unusable.pop(name, None)
        damaged = self._damaged([name for name in used if name in index.files], progress)
        for name in damaged:
            del index.files[name]
        if damaged:
            logger.warning(
                "%s: damaged samples of %d of %d recordings (the first: %s): decoding these afresh",
                self.store / index.data, len(damaged), len(used), damaged[0],
            )  # fmt: skip
        live = sum(entry.file.length for entry in index.files.values())
        if 2 * live < index.end:
            self._compact()
        elif gone or stale or damaged:
            self._commit()

    def _damaged(self, names: Sequence[str], progress: bool) -> list[str]:
        """The recordings whose samples are not those that were written; all are read once."""
        if not names:
            return []
        damaged = []
        row = sorted(names, key=lambda name: self.index.files[name].file.start)
        bar = Progress("checking", "file", len(row), progress, leave=False)
        with open_own(self.store / self.index.data) as data, bar:
            for name in row:
                entry, crc32 = self.index.files[name], 0
                try:
                    for piece in _pieces(data, entry.file):
                        crc32 = zlib.crc32(piece, crc32)
                except OSError:  # a bad spot of the disk
                    crc32 = -1
                if crc32 != entry.crc32:
                    damaged.append(name)
                bar.update()
        return sorted(damaged)

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
        try:
            with (
                open_own(self.store / self.index.data) as source,
                open_own(self.store / compacted.data, "x+b") as target,
            ):
                for name, entry in in_place:
                    for piece in _pieces(source, entry.file):
                        target.write(piece)
                    moved = replace(entry.file, start=compacted.end)
                    compacted.files[name] = replace(entry, file=moved)
                    compacted.end += moved.length
                target.flush()
                os.fsync(target.fileno())
        except OSError as error:
            if error.errno not in FULL:
                raise
            compacted = self.index  # for want of room it stays as it is
        self.index = compacted
        self._commit()

    def _commit(self) -> None:
        """Make the index current."""
        write_whole(self.index_path, self.index.to_json())
        self.kept = self.index.data, self.index.end
        self.sweep()

    def sweep(self) -> None:
        """Remove what the index does not name: the rest of builds that failed or were killed."""
        data, end = self.kept or ("", 0)
        # The index in waiting, as this version calls it and as the first did.
        waiting = (f".{self.index_path.name}.tmp", f"{self.index_path.name}.tmp")
        for path in self.store.iterdir():
            if path.name in waiting or (self._number(path.name) and path.name != data):
                # Where systems keep what is open elsewhere, the next build tries again.
                with suppress(OSError):
                    path.unlink()
        if data:
            with suppress(OSError, InputError), open_own(self.store / data, "r+b") as file:
                if os.fstat(file.fileno()).st_size > 4 * end:
                    file.truncate(4 * end)

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
        try:
            with bar, self._opened() as data:
                queue = iter(todo)
                jobs: deque[tuple[str, tuple[int, int, int], Future[Decoded]]] = deque()
                committed = time.monotonic()
                while True:
                    for name, stamp in islice(queue, 2 * workers - len(jobs)):
                        path = self.root / name
                        job = pool.submit(decode, path, self.sample_rate_hz, self.store, stop)
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

    @contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        """The flat file, open behind its last sample."""
        data = open_own(self.store / self.index.data, "r+b" if self.kept else "x+b")
        try:
            data.truncate(self.index.end * 4)
            data.seek(self.index.end * 4)
            yield data
        finally:
            with suppress(OSError):  # what was not committed need not reach a full disk
                data.close()

    def _append(
        self, data: IO[bytes], name: str, stamp: tuple[int, int, int], job: Future[Decoded]
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
        self.index.files[name] = Entry(stamp[0], stamp[1], decoded.crc32, file)
        self.index.end += decoded.length


def _pieces(data: IO[bytes], file: CachedFile) -> Iterator[bytes]:
    """The bytes of one recording, a piece at a time; fewer where the flat file has been cut."""
    data.seek(4 * file.start)
    left = 4 * file.length
    while left and (piece := data.read(min(left, PIECE_BYTES))):
        left -= len(piece)
        yield piece
