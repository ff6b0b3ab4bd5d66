"""Lengths that a header does not tell, as of a recorder that was cut off, or of a pipe.

Who writes a file without knowing its length leaves 0 in its header, or the largest number, and
comes back at the end: if ever. libsndfile knows some of these cases. In the others the length of
the data is put in here, from where they begin to the end of the file.
"""

import os
from typing import IO

WAVE = (b"RIFF", b"RIFX", b"RF64")
UNTOLD = 2**64 - 1


def mended_lengths(file: IO[bytes]) -> dict[int, bytes]:
    """What to put where in the file instead of a length that is not told; empty if all are."""
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] in WAVE and head[8:] == b"WAVE":
        return _of_wave(file, end, "big" if head[:4] == b"RIFX" else "little")
    if head[:4] == b".snd" and head[8:] == bytes(4):
        return {8: b"\xff" * 4}  # "unknown", which libsndfile understands
    if head[:4] == b"caff":
        return _of_caf(file, end)
    return {}


def _of_wave(file: IO[bytes], end: int, order: str) -> dict[int, bytes]:
    place, long_size = 12, None
    while place + 8 <= end:
        file.seek(place)
        head = file.read(16 + 8)
        size = _number(head[4:8], order)
        if head[:4] == b"ds64":
            long_size = place + 16, _number(head[16:24], order)
        elif head[:4] == b"data":
            rest = end - place - 8
            if size == 0 and not _are_chunks(file, place + 8, end, order):
                return {place + 4: _bytes(min(rest, 2**32 - 1), 4, order)}
            if size == 2**32 - 1 and long_size is not None and long_size[1] == 0:
                return {long_size[0]: _bytes(rest, 8, order)}
            return {}
        place += 8 + size + size % 2
    return {}


def _of_caf(file: IO[bytes], end: int) -> dict[int, bytes]:
    place = 8
    while place + 12 <= end:
        file.seek(place)
        head = file.read(12)
        size = _number(head[4:], "big")
        if head[:4] == b"data":
            is_told = size not in (0, UNTOLD)
            return {} if is_told else {place + 4: _bytes(end - place - 12, 8, "big")}
        place += 12 + size
    return {}


def _are_chunks(file: IO[bytes], place: int, end: int, order: str) -> bool:
    """Whether nothing but further chunks follows: then a length of 0 is meant."""
    while place < end - 1:
        file.seek(place)
        head = file.read(8)
        if len(head) < 8 or not all(32 <= byte < 127 for byte in head[:4]):
            return False
        size = _number(head[4:], order)
        place += 8 + size + size % 2
    return place <= end + 1


def _number(content: bytes, order: str) -> int:
    return int.from_bytes(content, "big" if order == "big" else "little")


def _bytes(number: int, count: int, order: str) -> bytes:
    return number.to_bytes(count, "big" if order == "big" else "little")
