"""What libsndfile is given to read instead of a file: some spans of its bytes, end to end.

libsndfile reads through `seek`, `tell` and `readinto`. An exception in one of these would end on
the terminal and nowhere else, so nothing here raises for what a file may hold.
"""

import os
from collections.abc import Mapping, Sequence
from typing import IO

Span = tuple[int, int]


class Spans:
    """Bytes of a file, some of them replaced.

    Args:
        file: open for reading; nobody else may use it meanwhile.
        spans: first byte and the one after the last, of each span.
        replaced: other bytes for what stands at these positions of the file.
        hides_size: answer 0 to whoever asks for the end after libsndfile itself, which asks
            first: libmpg123 counts the frames of what it knows no size of. Otherwise it takes the
            length of the first few for that of all, stops where it guesses the end to be, and
            tells the terminal if a size seems odd to it.
    """

    def __init__(
        self,
        file: IO[bytes],
        spans: Sequence[Span],
        replaced: Mapping[int, bytes] | None = None,
        hides_size: bool = False,
    ) -> None:
        self._file = file
        self._spans = spans
        self._replaced = replaced or {}
        self._hides_size = hides_size
        self._size = sum(end - start for start, end in spans)
        self._times_asked = 0
        self._position = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move, but never before the first byte."""
        end = self._size
        if whence == os.SEEK_END:
            self._times_asked += 1
            end = 0 if self._hides_size and self._times_asked > 1 else end
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: end}[whence]
        self._position = max(0, base + offset)
        return self._position

    def tell(self) -> int:
        """Bytes from the first one."""
        return self._position

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer as far as the spans go, and say how far."""
        filled, before = 0, 0
        for start, end in self._spans:
            begin = start + self._position - before
            if begin < end:
                content = self._read(begin, min(len(buffer) - filled, end - begin))
                buffer[filled : filled + len(content)] = content
                filled += len(content)
                self._position += len(content)
                if filled == len(buffer) or len(content) < end - begin:
                    break
            before += end - start
        return filled

    def _read(self, begin: int, count: int) -> bytes:
        try:
            self._file.seek(begin)
            content = bytearray(self._file.read(count))
        except OSError:  # a damaged disk ends the sound here
            return b""
        for place, other in self._replaced.items():
            for index, value in enumerate(other, place - begin):
                if 0 <= index < len(content):
                    content[index] = value
        return bytes(content)
