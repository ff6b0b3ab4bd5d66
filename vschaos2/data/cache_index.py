"""What lies where in the flat file of decoded samples, and how that is read back.

The index is one JSON object on one line, which ends with a checksum of all before it; for every
recording it holds a checksum of its samples. It may lie on a failing disk or come with somebody
else's dataset: what is read back has been checked, value by value.
"""

import json
import math
import zlib
from dataclasses import astuple, dataclass, field
from typing import Any

INDEX_VERSION = 2
INDEX_BYTES = 2**28  # 100 000 recordings make an index of 10 MB
CHECKSUM = ', "crc32": '


class OtherVersion(Exception):  # noqa: N818 - nothing is wrong with it
    """An index that another version of the program wrote."""


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
    """A decoded file, what it looked like when it was decoded, and the CRC-32 of its samples."""

    size: int
    mtime_ns: int
    crc32: int
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
        # Rows, not objects: they are half as long.
        rows = {
            name: (e.size, e.mtime_ns, e.crc32, *list(vars(e.file).values())[1:])
            for name, e in self.files.items()
        }
        bad = {name: astuple(entry) for name, entry in self.unusable.items()}
        content = {"version": INDEX_VERSION, "data": self.data, "end": self.end}
        return _sealed(json.dumps({**content, "files": rows, "unusable": bad}))

    @staticmethod
    def from_json(text: str) -> "Index":
        """The index that `to_json` wrote.

        Raises:
            OtherVersion: if another version of the program wrote it.
            ValueError: if it is none, or damaged.
        """
        try:
            content = json.loads(text)
            if _whole(content["version"]) != INDEX_VERSION:
                raise OtherVersion
            if text != _sealed(text.rpartition(CHECKSUM)[0] + "}"):
                raise ValueError("its checksum is another")
            if type(content["data"]) is not str:
                raise ValueError("an impossible value")
            index = Index(content["data"], _whole(content["end"]))
            rows = {name: _entry(name, *row) for name, row in content["files"].items()}
            bad = {name: _unusable(*row) for name, row in content["unusable"].items()}
        except (KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"it is no index ({type(error).__name__})") from error
        position = 0
        for entry in sorted(rows.values(), key=lambda entry: entry.file.start):
            if entry.file.start < position:
                raise ValueError("recordings overlap")
            position = entry.file.start + entry.file.length
        if position > index.end:
            raise ValueError("a recording lies outside the samples")
        index.files, index.unusable = rows, bad
        return index


def _sealed(body: str) -> str:
    """A JSON object with the checksum of its text as its last item."""
    return f"{body[:-1]}{CHECKSUM}{zlib.crc32(body.encode('utf-8', 'surrogatepass'))}}}"


def _entry(
    name: str, size: Any, mtime_ns: Any, crc32: Any, start: Any, length: Any, rms: Any, peak: Any
) -> Entry:
    if _whole(length) == 0:
        raise ValueError("a recording has no samples")
    levels = [level for level in (rms, peak) if type(level) is float and 0 <= level < math.inf]
    if type(mtime_ns) is not int or len(levels) < 2:
        raise ValueError("an impossible value")
    file = CachedFile(name, _whole(start), length, *levels)
    return Entry(_whole(size), mtime_ns, _whole(crc32), file)


def _unusable(size: Any, mtime_ns: Any, ctime_ns: Any, reason: Any) -> Unusable:
    if not type(size) is type(mtime_ns) is type(ctime_ns) is int or type(reason) is not str:
        raise ValueError("an impossible value")
    return Unusable(size, mtime_ns, ctime_ns, reason[:200])


def _whole(value: Any) -> int:
    """A value that is a number of something; True is none."""
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError("an impossible value")
    return value
