"""The frames of MPEG audio (MP3), found in whatever surrounds them.

A file may begin with tags of a wrong size, end in others, hold garbage between two frames, or be
several recordings joined end to end. libmpg123 speaks to the terminal about the former, and stops
after the first of the latter. So it gets frames only, those of one recording at a time.

A frame's header (ISO/IEC 11172-3, 2.4.1.3) says how long it is. The first frame of a recording
may hold no sound but an "Info" or "Xing" table, which says how many frames follow.
"""

import os
from collections.abc import Iterator
from typing import IO, NamedTuple

from vschaos2.audio.byte_views import Span

# kbit/s by (is MPEG 1, layer) and index 1 to 14; index 0 is "free", of unknown length.
_V2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
BITRATES = {
    (True, 1): tuple(32 * step for step in range(1, 15)),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): _V2,
    (False, 3): _V2,
}
RATES_HZ = (44_100, 48_000, 32_000)
# So many frames in a row, each of which says where the next one is, are no accident.
CONFIRMED = 3
SEARCHED = 2**16


class Frame(NamedTuple):
    """What a header says: length in bytes, and what is the same in every frame of a recording."""

    length: int
    kind: tuple[int, int, int, bool]  # version bits, layer, sample rate in Hz, mono
    side_bytes: int


def frame_of(header: bytes) -> Frame | None:
    """The frame that begins with these four bytes, if one does."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, 4 - (header[1] >> 1 & 3)
    bitrate, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return None
    is_first = version == 3
    rate_hz = RATES_HZ[rate] >> {3: 0, 2: 1, 0: 2}[version]
    bits = 1000 * BITRATES[is_first, layer][bitrate - 1]
    padding = header[2] >> 1 & 1
    if layer == 1:
        length = 4 * (12 * bits // rate_hz + padding)
    else:
        length = (144 if is_first or layer == 2 else 72) * bits // rate_hz + padding
    mono = header[3] >> 6 == 3
    side_bytes = (17 if mono else 32) if is_first else (9 if mono else 17)
    return Frame(length, (version, layer, rate_hz, mono), side_bytes)


def mpeg_parts(file: IO[bytes]) -> list[list[Span]]:
    """Where the frames of every recording lie in a file; empty if it holds none.

    A recording ends where another table stands, where as many frames as its own table says have
    passed, or where the kind of frames changes.

    Args:
        file: open for reading.
    """
    parts: list[list[Span]] = []
    kind, left, is_bare = None, 0, False
    for place, frame in _frames(file):
        table = _table(file, place, frame)
        if is_bare and table is not None:
            parts.pop()
        is_bare = table is not None
        if frame.kind != kind or left == 0 or table is not None or not parts:
            parts.append([])
            kind, left = frame.kind, table or -1
        if table is None:
            left -= 1
        spans = parts[-1]
        if spans and spans[-1][1] == place:
            spans[-1] = (spans[-1][0], place + frame.length)
        else:
            spans.append((place, place + frame.length))
    return parts[:-1] if is_bare else parts


def _table(file: IO[bytes], place: int, frame: Frame) -> int | None:
    """How many frames follow by this frame's table (0 if it does not say); None without one."""
    if frame.kind[1] != 3:
        return None
    file.seek(place + 4 + frame.side_bytes)
    content = file.read(12)
    if content[:4] not in (b"Xing", b"Info"):
        return None
    return int.from_bytes(content[8:12], "big") if content[7] & 1 else 0


def _frames(file: IO[bytes]) -> Iterator[tuple[int, Frame]]:
    """All complete frames and where they begin, whatever lies between them."""
    end = file.seek(0, os.SEEK_END)
    place: int | None = _after_tags(file, 0)
    kind = None
    while place is not None:
        file.seek(place)
        frame = frame_of(file.read(4))
        if frame is None or (frame.kind != kind and not _confirmed(file, place, frame)):
            place = _search(file, max(_after_tags(file, place), place + 1 if frame else place))
            kind = None
            continue
        if place + frame.length > end:
            return
        yield place, frame
        kind = frame.kind
        place += frame.length


def _after_tags(file: IO[bytes], place: int) -> int:
    """Where an ID3v2 tag that begins here ends, if sound or another tag follows it there."""
    file.seek(place)
    tag = file.read(10)
    if tag[:3] != b"ID3" or len(tag) < 10:
        return place
    size = sum((byte & 0x7F) << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True))
    end = place + 10 + size + (10 if tag[5] & 0x10 else 0)  # a flag announces a footer
    file.seek(end)
    follows = file.read(4)
    if follows[:3] == b"ID3":
        return _after_tags(file, end)
    return end if frame_of(follows) or follows == bytes(4) else place


def _search(file: IO[bytes], place: int) -> int | None:
    """The next place at which frames begin; None if there is none."""
    while True:
        file.seek(place)
        content = file.read(SEARCHED)
        at = content.find(0xFF)
        while at >= 0:
            frame = frame_of(content[at : at + 4])
            if frame is not None and _confirmed(file, place + at, frame):
                return place + at
            at = content.find(0xFF, at + 1)
        if len(content) < SEARCHED:
            return None
        place += SEARCHED - 3  # a header may lie across the end


def _confirmed(file: IO[bytes], place: int, frame: Frame) -> bool:
    """Whether others of the kind follow this frame, as far as the file goes."""
    end = file.seek(0, os.SEEK_END)
    for _ in range(CONFIRMED):
        place += frame.length
        if place >= end - 3:
            return place <= end
        file.seek(place)
        header = file.read(4)
        follows = frame_of(header)
        if follows is None:
            return header[:3] in (b"ID3", b"TAG") or header == b"APET"
        if follows.kind != frame.kind:
            return False
        frame = follows
    return True
