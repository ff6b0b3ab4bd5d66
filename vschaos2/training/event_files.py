"""TensorBoard's event files: what they hold when a training goes on, and in which order.

A killed training has logged more than its last checkpoint knows; those steps come again. An event
file is a sequence of records, in order of their steps (little-endian, as TFRecord):

    uint64 length, uint32 checksum of it, length bytes of an Event, uint32 checksum of these

so that what a checkpoint knows is the beginning of each file: the rest is cut off.
"""

import os
import re
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.message import DecodeError
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

from vschaos2.files import open_own

PREFIX = "events.out.tfevents."
HEADER_BYTES, FOOTER_BYTES = 12, 4


def forget_events(folder: Path, first_step: int) -> None:
    """Remove the events from a step on, and half an event that a killed process left.

    TensorBoard reads the files of a run in order of their names, which begin with the second they
    were made in. Where a new file would not come last (a training killed and resumed within one
    second, or on a machine whose clock is behind), those that are there are numbered instead.

    Args:
        folder: the run folder.
        first_step: the step that is logged next, counted from 0.

    Raises:
        InputError: if one of the files is a link, has several names, or is no plain file.
    """
    files = sorted(folder.glob(f"{PREFIX}*"), key=lambda path: path.name)
    kept = []
    for path in files:
        known = bytes_before(path, first_step)
        if known == 0:
            path.unlink()
            continue
        kept.append(path)
        if known < path.stat().st_size:
            with open_own(path, "r+b") as file:
                file.truncate(known)
    if kept and _second(kept[-1]) >= int(time.time()):
        for number, path in enumerate(kept):
            rest = path.name.removeprefix(PREFIX).partition(".")[2]
            path.rename(folder / f"{PREFIX}{number:010d}.{rest}")


def bytes_before(path: Path, first_step: int) -> int:
    """Length of an event file's beginning that holds whole events from before a step.

    It is 0 if none of them says anything but that a file begins here.
    """
    position, says_something = 0, False
    for event, end in _events(path):
        if event.HasField("summary"):
            if event.step >= first_step:
                break
            says_something = True
        position = end
    return position if says_something else 0


def says(folder: Path, tag: str) -> bool:
    """Whether any event of a run folder has a tag.

    Raises:
        InputError: if an event file is a link, has several names, or is no plain file.
    """
    return any(
        value.tag == tag
        for path in folder.glob(f"{PREFIX}*")
        for event, _ in _events(path)
        for value in event.summary.value
    )


def _events(path: Path) -> Iterator[tuple[Event, int]]:
    """The whole events of a file, and where each ends, up to what is damaged."""
    with open_own(path) as file:
        size, end = os.fstat(file.fileno()).st_size, 0
        while len(header := file.read(HEADER_BYTES)) == HEADER_BYTES:
            length, checksum = struct.unpack("<QI", header)
            end += HEADER_BYTES + length + FOOTER_BYTES
            if end > size or checksum != masked_crc32c(header[:8]):
                return
            try:
                event = Event.FromString(file.read(length))
            except DecodeError:
                return
            yield event, end
            file.seek(end)


def _second(path: Path) -> int:
    match = re.match(r"\d+", path.name.removeprefix(PREFIX))
    return int(match.group()) if match else 0
