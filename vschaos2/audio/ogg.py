"""Where the recordings of an Ogg file begin: several may be joined end to end (RFC 3533, 4).

libsndfile reads the first one only.
"""

import os
from typing import IO

from vschaos2.audio.byte_views import Span

HEADER_BYTES = 27
FIRST_PAGE = 2
SEARCHED = 2**16


def ogg_parts(file: IO[bytes]) -> list[Span]:
    """First and last byte (exclusive) of every recording in the file.

    A recording begins with the first pages of all its streams, so at a first page that follows
    another kind of page.
    """
    end = file.seek(0, os.SEEK_END)
    begins: list[int] = []
    place: int | None = 0
    was_first = False
    while place is not None and place < end:
        file.seek(place)
        header = file.read(HEADER_BYTES + 255)
        if header[:4] != b"OggS" or len(header) < HEADER_BYTES:
            place = _next_page(file, place + 1)
            continue
        is_first = bool(header[5] & FIRST_PAGE)
        if not begins or (is_first and not was_first):
            begins.append(place)
        was_first = is_first
        segments = header[HEADER_BYTES : HEADER_BYTES + header[26]]
        place += HEADER_BYTES + len(segments) + sum(segments)
    return list(zip(begins, [*begins[1:], end], strict=True))


def _next_page(file: IO[bytes], place: int) -> int | None:
    """Where the next page begins; None if there is none."""
    while True:
        file.seek(place)
        content = file.read(SEARCHED)
        at = content.find(b"OggS")
        if at >= 0:
            return place + at
        if len(content) < SEARCHED:
            return None
        place += SEARCHED - 3
