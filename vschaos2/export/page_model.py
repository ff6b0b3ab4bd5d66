"""An exported file as a web page carries it: what the small engine reads, weights as half floats.

An archive like a `.ts`, of the description and the tensors that it names; no code, nothing twice.
"""

import io
import json
import math
import zipfile
from typing import Any

import numpy as np

from vschaos2.export.for_engine import FILE, description

KEPT_WHOLE = 300_000  # numbers of all tensors together, up to which halving them saves too little
SMALLEST_HALVED = 4096  # numbers of a tensor
LARGEST_HALF = 65504.0
ALIGNED = 64  # bytes


def page_model(content: bytes) -> bytes:
    """What a page holds of an exported file.

    Large tensors of weights are rounded to float16, to one part in 2048: they are what a page is
    large by. Small models stay as they are, and so does what weights are no part of.

    Args:
        content: of NAME.ts, which the engine plays.
    """
    about = description(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = archive.namelist()[0].split("/")[0]
        tensors = {
            name: _read(archive, root, row) for name, row in sorted(about["tensors"].items())
        }
    is_large = sum(tensor.size for tensor in tensors.values()) > KEPT_WHOLE
    parts: dict[str, bytes] = {}
    for number, (name, tensor) in enumerate(tensors.items()):
        is_half = is_large and is_halved(name, tensor)
        row: dict[str, Any] = {"record": f"data/{number}", "offset": 0}
        row["shape"] = list(tensor.shape)
        if is_half:
            row["half"] = True
        about["tensors"][name] = row
        parts[row["record"]] = _halves(tensor) if is_half else tensor.astype("<f4").tobytes()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        _write(archive, f"extra/{FILE}", json.dumps(about, allow_nan=False).encode())
        for record, data in parts.items():
            _write(archive, record, data)
    return made.getvalue()


def is_halved(name: str, tensor: np.ndarray) -> bool:
    """Whether a tensor of a large model is rounded: weights and banks of filters, if they can be.

    Args:
        name: that the engine has for it.
        tensor: its numbers.
    """
    is_weight = name.endswith(".weight") or name in ("mel", "noise", "phases")
    return (
        is_weight and tensor.size >= SMALLEST_HALVED and float(np.abs(tensor).max()) <= LARGEST_HALF
    )


def _read(archive: zipfile.ZipFile, root: str, row: dict[str, Any]) -> np.ndarray:
    """A tensor as it lies in the archive."""
    count = math.prod(row["shape"])
    data = archive.read(f"{root}/{row['record']}")
    numbers = np.frombuffer(data, "<f4", count, 4 * row["offset"])
    return numbers.reshape(row["shape"])


def _halves(tensor: np.ndarray) -> bytes:
    """Half floats: the lower bytes of all, then the upper ones, which are much alike."""
    return (
        np.ascontiguousarray(tensor.astype("<f2"))
        .reshape(-1)
        .view(np.uint8)
        .reshape(-1, 2)
        .T.tobytes()
    )


def _write(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    """An entry as it is, at a place where floats can be read, of no date."""
    entry = zipfile.ZipInfo(f"model/{name}")
    room = -(archive.start_dir + 30 + len(entry.filename) + 4) % ALIGNED
    entry.extra = b"FB" + room.to_bytes(2, "little") + bytes(room)
    archive.writestr(entry, data)
