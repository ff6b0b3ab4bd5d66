"""One exported file in the small engine and in torch, side by side; and files that lie."""

import ctypes
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from small_engine import Player

from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.playable import Playable


class Both:
    """One instrument in Python and, from its file, in the small engine.

    In Python it is not scripted: compiling takes longer than all that is played here.
    """

    def __init__(self, of: ctypes.CDLL, path: Path, playable: Playable) -> None:
        if not path.exists():
            path.write_bytes(playable.saved())
        self.path, self.content = path, path.read_bytes()
        self.torch, self.engine = playable.eager, Player(of, path)

    def tell(self, **values: Any) -> None:
        for name, value in values.items():
            assert set_attribute(self.torch, name, value) == 0
            assert self.engine.set(name, value)

    def set(self, **values: Any) -> None:
        """Tell both, and forget what was heard."""
        self.tell(**values)
        self.reset()

    def reset(self) -> None:
        set_attribute(self.torch, "reset", True)
        self.engine.reset()

    def play(self, method: str, values: torch.Tensor, block: int) -> tuple[np.ndarray, np.ndarray]:
        """What the engine makes, and what torch makes, in the same blocks."""
        ratio = int(getattr(self.torch, f"{method}_params")[1])
        with torch.inference_mode():
            parts = values[None].split(block // ratio, -1)
            due = torch.cat([getattr(self.torch, method)(part) for part in parts], -1)[0]
        return self.engine.play(method, values.numpy(), block), due.numpy()


def rewritten(content: bytes, path: Path, change: Mapping[str, Any] | None) -> Path:
    """The file with other words for the engine, or none."""
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    place = next(name for name in entries if name.endswith("/extra/engine.json"))
    about = json.loads(entries.pop(place))
    for key, value in (change or {}).items():
        inner = about
        *outer, last = key.split("/")
        for name in outer:
            inner = inner[int(name)] if isinstance(inner, list) else inner[name]
        inner[last] = value
    if change is not None:
        entries[place] = json.dumps(about).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            # As TorchScript has them: each at a multiple of 64, behind a field that fills up.
            entry, begin = zipfile.ZipInfo(name), archive.start_dir
            room = -(begin + 30 + len(name) + 4) % 64
            entry.extra = b"FB" + room.to_bytes(2, "little") + bytes(room)
            archive.writestr(entry, data)
    return path
