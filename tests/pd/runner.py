"""Plays signals through objects in a real Pd without a window, and brings back what came out."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

BLOCK = 64  # Pd's, in samples


class Patch:
    """A patch being written: boxes are numbered in the order in which they are added."""

    def __init__(self) -> None:
        self.boxes: list[str] = []
        self.cords: list[str] = []

    def box(self, text: str, kind: str = "obj") -> int:
        """Add an object ("obj") or a message ("msg"); returns its number."""
        escaped = text.replace(";", r" \; ").replace(",", r" \, ").replace("$", r"\$")
        self.boxes.append(f"#X {kind} 10 {20 * len(self.boxes)} {escaped}")
        return len(self.boxes) - 1

    def connect(self, source: int, target: int, outlet: int = 0, inlet: int = 0) -> None:
        """Join an outlet with an inlet."""
        self.cords.append(f"#X connect {source} {outlet} {target} {inlet}")

    def send(self, start: int, delay_ms: float, text: str, target: int | None = None) -> None:
        """Send a message some time after box `start` bangs: to a box, or as `; receiver …`."""
        delay = self.box(f"delay {delay_ms:.9g}")
        message = self.box(text, "msg")
        self.connect(start, delay)
        self.connect(delay, message)
        if target is not None:
            self.connect(message, target)

    def text(self) -> str:
        """The file's contents."""
        lines = ["#N canvas 0 0 450 300 10", *self.boxes, *self.cords]
        return "".join(f"{line};\n" for line in lines)


class Played(NamedTuple):
    """What came of a patch.

    Attributes:
        signals: [outlets, T], float32.
        lines: what Pd wrote to its console.
        code: Pd's exit code.
    """

    signals: np.ndarray
    lines: list[str]
    code: int


def start_pd(patch: Patch, folder: Path, library: Path, *flags: str) -> subprocess.Popen[str]:
    """Pd with a patch open.

    Args:
        patch: must send `; pd quit` some time.
        folder: to write the patch to.
        library: folder of the external.
        flags: of Pd; "-batch" renders as fast as it can, without it Pd runs by the clock.
    """
    path = folder / "patch.pd"
    path.write_text(patch.text())
    command = ["pd", "-nogui", "-noprefs", "-stderr", "-nosound", "-path", str(library)]
    return subprocess.Popen(
        [*command, *flags, "-open", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def run_pd(patch: Patch, folder: Path, library: Path, *flags: str) -> tuple[list[str], int]:
    """The console's lines and the exit code of Pd with a patch, once it has quit."""
    process = start_pd(patch, folder, library, *flags)
    try:
        _, text = process.communicate(timeout=240)
    finally:
        process.kill()
    return text.splitlines(), process.returncode


def play(
    folder: Path,
    library: Path,
    chain: Sequence[tuple[str, int]],
    signals: np.ndarray,
    messages: Sequence[tuple[int, str]] = (),
    sample_rate_hz: int = 44100,
    flags: Sequence[str] = ("-lib", "vschaos~"),
) -> Played:
    """Play signals through a chain of objects in batch mode, and record it sample by sample.

    Args:
        folder: scratch.
        library: folder of the external.
        chain: boxes and how many signal outlets each has, all joined to the next one's inlets.
            What the first one's last outlet says, Pd writes to its console as "info: …".
        signals: [inlets, T], float32, T a multiple of the block.
        messages: (block, text), each sent to the first object just before that block.
        sample_rate_hz: of Pd.
        flags: more flags of Pd.
    """
    inlets, length = signals.shape
    outlets = chain[-1][1]
    block_ms = 1000.0 * BLOCK / sample_rate_hz
    soundfile.write(folder / "in.wav", signals.T, sample_rate_hz, subtype="FLOAT")

    patch = Patch()
    boxes = [patch.box(text) for text, _ in chain]
    for (_, count), source, target in zip(chain, boxes, boxes[1:], strict=False):
        for channel in range(count):
            patch.connect(source, target, channel, channel)
    patch.connect(boxes[0], patch.box("print info"), chain[0][1])
    files = patch.box("soundfiler")
    start = patch.box("t b b b b b")
    patch.connect(patch.box("loadbang"), start)
    for name, count in (("in", inlets), ("out", outlets)):
        for channel in range(count):
            patch.box(f"array define {name}{channel} {length}")
    names = " ".join(f"in{channel}" for channel in range(inlets))
    read = patch.box(f"read {folder}/in.wav {names}", "msg")
    patch.connect(start, read, 4)
    patch.connect(read, files)
    for channel in range(inlets):
        source = patch.box(f"tabplay~ in{channel}")
        patch.connect(start, source, 3)
        patch.connect(source, boxes[0], 0, channel)
    for channel in range(outlets):
        sink = patch.box(f"tabwrite~ out{channel}")
        patch.connect(start, sink, 2)
        patch.connect(boxes[-1], sink, channel)
    patch.connect(start, patch.box("; pd dsp 1", "msg"), 1)
    later = patch.box("t b")
    patch.connect(start, later)
    for block, text in messages:
        # Pd does what is due before the end of a block's time ahead of that block.
        patch.send(later, (block + 0.5) * block_ms, text, boxes[0])
    names = " ".join(f"out{channel}" for channel in range(outlets))
    end_ms = (length / BLOCK + 2) * block_ms
    patch.send(later, end_ms, f"write -wave -bytes 4 {folder}/out.wav {names}", files)
    patch.send(later, end_ms + 1.0, "; pd quit")

    rate = ("-r", str(sample_rate_hz))
    lines, code = run_pd(patch, folder, library, "-batch", *rate, *flags)
    recorded, _ = soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)
    return Played(recorded.T, lines, code)
