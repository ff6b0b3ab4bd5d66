"""The engine of web pages (vschaos2/export/web), played in node from Python."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from vschaos2.export.for_engine import description
from vschaos2.export.page import WEB
from vschaos2.export.page_model import page_model
from vschaos2.export.playable import Playable

PLAY = Path(__file__).parent / "web/play.mjs"
NO_NODE = "node is missing: engine/web/install_tools.sh installs it"


def node() -> str | None:
    """Where node is, if it is."""
    return shutil.which("node") or shutil.which("nodejs")


def ask_node(*arguments: str | Path) -> Any:
    """What a script of node prints, as JSON."""
    command = [str(node()), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


class WebEngine:
    """An instrument in the engine of web pages.

    Args:
        model: what a page holds of it.
        folder: an empty one, for what is played.
    """

    def __init__(self, model: bytes, folder: Path) -> None:
        self.folder, self.model = folder, folder / "model"
        self.model.write_bytes(model)
        self.said: dict[str, Any] = {}

    def play(
        self, method: str, values: np.ndarray, blocks: list[int], outlets: int, **settings: Any
    ) -> list[np.ndarray]:
        """Channels of values, in blocks of each size in turn, from the beginning every time."""
        given = self.folder / "in.f32"
        given.write_bytes(np.ascontiguousarray(values, np.float32).tobytes())
        outs = [self.folder / f"out{i}.f32" for i in range(len(blocks))]
        plays = [
            {"method": method, "block": block, "in": str(given), "out": str(out)}
            for block, out in zip(blocks, outs, strict=True)
        ]
        self.ask([{"set": settings, "plays": plays}])
        assert "error" not in self.said, self.said["error"]
        assert all(self.said["taken"]), settings
        return [np.fromfile(out, np.float32).reshape(outlets, -1) for out in outs]

    def ask(self, opened: list[Mapping[str, Any]]) -> dict[str, Any]:
        """What node says once it has opened the model and played so."""
        jobs = self.folder / "jobs.json"
        jobs.write_text(json.dumps({"model": str(self.model), "opened": opened}))
        self.said = ask_node(PLAY, WEB, jobs)
        return self.said


def rounded_as_in_page(playable: Playable, content: bytes) -> list[str]:
    """Round in torch what a page rounds; → the engine's names of it."""
    program = playable.for_engine()
    assert not isinstance(program, str)
    halved = [
        name for name, row in description(page_model(content))["tensors"].items() if "half" in row
    ]
    state = dict(playable.eager.named_parameters()) | dict(playable.eager.named_buffers())
    for name in halved:
        tensor = state[str(program.tensors[name])]
        with torch.no_grad():
            tensor.copy_(tensor.half().float())
    return halved
