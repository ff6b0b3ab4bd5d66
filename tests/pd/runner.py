"""Plays signals through objects in a real Pd without a window, and brings back what came out."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

BLOCK = 64  # Pd's


class Played(NamedTuple):
    """What came out of a patch.

    Attributes:
        signals: [outlets, T], float32.
        lines: what Pd wrote to its console.
        code: Pd's exit code.
    """

    signals: np.ndarray
    lines: list[str]
    code: int


class Patch:
    """A patch being written: boxes get numbers in the order in which they are added."""

    def __init__(self) -> None:
        self.lines = ["#N canvas 0 0 450 300 10"]
        self.cords: list[str] = []
        self.count = 0

    def box(self, text: str, kind: str = "obj") -> int:
        """Add an object or a message; returns its number."""
        escaped = text.replace(";", r" \; ").replace(",", r" \, ").replace("$", r"\$")
        self.lines.append(f"#X {kind} 10 {20 * self.count} {escaped}")
        self.count += 1
        return self.count - 1

    def connect(self, source: int, outlet: int, target: int, inlet: int) -> None:
        """Join an outlet with an inlet."""
        self.cords.append(f"#X connect {source} {outlet} {target} {inlet}")

    def after(self, start: int, milliseconds: float, text: str, target: int | None = None) -> None:
        """Send a message some time after `start` bangs, to a box or to the receiver it names."""
        delay = self.box(f"delay {milliseconds:.10g}")
        message = self.box(text, "msg")
        self.connect(start, 0, delay, 0)
        self.connect(delay, 0, message, 0)
        if target is not None:
            self.connect(message, 0, target, 0)

    def text(self) -> str:
        """The file's contents."""
        return "".join(line + ";\n" for line in self.lines + self.cords)


def run(patch: Patch, folder: Path, library: Path, *flags: str) -> tuple[list[str], int]:
    """Open a patch in Pd until it quits: the console's lines and the exit code.

    Args:
        patch: must send `; pd quit` some time.
        folder: to write the patch to.
        library: folder of the external.
        flags: of Pd; -batch renders as fast as it can, -nosound alone runs by the clock.
    """
    path = folder / "patch.pd"
    path.write_text(patch.text())
    command = ["pd", "-nogui", "-noprefs", "-stderr", "-nosound", *flags]
    done = subprocess.run(
        [*command, "-path", str(library), "-lib", "vschaos~", "-open", str(path)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        check=False,
    )
    return done.stderr.splitlines(), done.returncode


def play(
    folder: Path,
    library: Path,
    objects: Sequence[str],
    signals: np.ndarray,
    outlets: int,
    messages: Sequence[tuple[int, str]] = (),
    sample_rate_hz: int = 44100,
) -> Played:
    """Play signals through a chain of objects in batch mode, and record it sample by sample.

    Args:
        folder: scratch.
        library: folder of the external.
        objects: boxes; every signal outlet of one is joined to the same inlet of the next.
        signals: [inlets, T], float32; T a multiple of the block.
        outlets: signal outlets of the last object; the next one, of the first object, is printed.
        messages: (block, text): sent to the first object just before that block.
        sample_rate_hz: of Pd.
    """
    inlets, length = signals.shape
    soundfile.write(folder / "in.wav", signals.T, sample_rate_hz, subtype="FLOAT")
    patch = Patch()
    for number in range(inlets):
        patch.box(f"array define in{number} {length}")
    for number in range(outlets):
        patch.box(f"array define out{number} {length}")
    boxes = [patch.box(text) for text in objects]
    # The first object's signal outlets feed the next one's inlets.
    widths = [*(int(m[1]) for m in (re.search(r"#(\d+)$", t) for t in objects) if m)]
    assert not widths
    start = patch.box("t b b b b")
    patch.connect(patch.box("loadbang"), 0, start, 0)
    files = patch.box("soundfiler")
    names = " ".join(f"in{number}" for number in range(inlets))
    read = patch.box(f"read {folder}/in.wav {names}", "msg")
    patch.connect(start, 3, read, 0)
    patch.connect(read, 0, files, 0)
    for number in range(inlets):
        source = patch.box(f"tabplay~ in{number}")
        patch.connect(start, 2, source, 0)
        patch.connect(source, 0, boxes[0], number)
    for number in range(outlets):
        sink = patch.box(f"tabwrite~ out{number}")
        patch.connect(start, 2, sink, 0)
        patch.connect(boxes[-1], number, sink, 0)
    patch.connect(start, 1, patch.box("; pd dsp 1", "msg"), 0)
    return patch
