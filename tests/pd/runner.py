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


def start_pd(
    patch: Patch, folder: Path, library: Path, *flags: str, **environment: str
) -> subprocess.Popen[str]:
    """Pd with a patch open, without the real-time priority that it takes where it may.

    At that priority it would keep the machine's other work from running for minutes.

    Args:
        patch: must send `; pd quit` some time.
        folder: to write the patch to.
        library: folder of the external.
        flags: of Pd; "-batch" renders as fast as it can, without it Pd runs by the clock.
        environment: variables of its process.
    """
    path = folder / "patch.pd"
    path.write_text(patch.text())
    command = ["pd", "-nogui", "-noprefs", "-stderr", "-nosound", "-nrt", "-path", str(library)]
    return subprocess.Popen(
        [*command, *flags, "-open", str(path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", **environment},
    )


def run_pd(patch: Patch, folder: Path, library: Path, *flags: str) -> tuple[list[str], int]:
    """The console's lines and the exit code of Pd with a patch, once it has quit."""
    process = start_pd(patch, folder, library, *flags)
    try:
        _, text = process.communicate(timeout=300)
    finally:
        process.kill()
    return text.splitlines(), process.returncode


def record(
    folder: Path,
    library: Path,
    patch: Patch,
    taps: Sequence[tuple[int, int]],
    length: int,
    events: Sequence[tuple[float, str, int | None]] = (),
    sounds: np.ndarray | None = None,
    players: Sequence[tuple[int, int]] = (),
    sample_rate_hz: int = 44100,
    flags: Sequence[str] = ("-lib", "vschaos~"),
    is_batch: bool = True,
) -> Played:
    """Run a patch and record signals of it, sample by sample.

    Args:
        folder: scratch.
        library: folder of the external.
        patch: to which the recorder is added.
        taps: (box, outlet) of the signals to record.
        length: in samples, a multiple of the block.
        events: (time in samples, text, box): messages; of texts like "; receiver …" there is no
            box. Pd does what is due before the end of a
            block's time ahead of that block.
        sounds: [players, T], float32, played from the first sample on.
        players: (box, inlet) that each of the sounds goes to.
        sample_rate_hz: of Pd.
        flags: more flags of Pd.
        is_batch: as fast as Pd can; else by the clock.
    """
    sample_ms = 1000.0 / sample_rate_hz
    files = patch.box("soundfiler")
    start = patch.box("t b b b b b")
    patch.connect(patch.box("loadbang"), start)
    for channel in range(len(taps)):
        patch.box(f"array define out{channel} {length}")
    if sounds is not None:
        soundfile.write(folder / "in.wav", sounds.T, sample_rate_hz, subtype="FLOAT")
        for channel in range(len(players)):
            patch.box(f"array define in{channel} {sounds.shape[1]}")
        names = " ".join(f"in{channel}" for channel in range(len(players)))
        read = patch.box(f"read {folder}/in.wav {names}", "msg")
        patch.connect(start, read, 4)
        patch.connect(read, files)
    for channel, (box, inlet) in enumerate(players):
        source = patch.box(f"tabplay~ in{channel}")
        patch.connect(start, source, 3)
        patch.connect(source, box, 0, inlet)
    for channel, (box, outlet) in enumerate(taps):
        sink = patch.box(f"tabwrite~ out{channel}")
        patch.connect(start, sink, 2)
        patch.connect(box, sink, outlet)
    patch.connect(start, patch.box("; pd dsp 1", "msg"), 1)
    later = patch.box("t b")
    patch.connect(start, later)
    for sample, text, box in events:
        patch.send(later, sample * sample_ms, text, box)
    names = " ".join(f"out{channel}" for channel in range(len(taps)))
    end_ms = (length + 2 * BLOCK) * sample_ms
    patch.send(later, end_ms, f"write -wave -bytes 4 {folder}/out.wav {names}", files)
    patch.send(later, end_ms + 1.0, "; pd quit")

    pace = ("-batch",) if is_batch else ()
    rate = ("-r", str(sample_rate_hz))
    lines, code = run_pd(patch, folder, library, *pace, *rate, *flags)
    recorded, _ = soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)
    return Played(recorded.T, lines, code)


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
    patch = Patch()
    boxes = [patch.box(text) for text, _ in chain]
    for (_, count), source, target in zip(chain, boxes, boxes[1:], strict=False):
        for channel in range(count):
            patch.connect(source, target, channel, channel)
    patch.connect(boxes[0], patch.box("print info"), chain[0][1])
    inlets, length = signals.shape
    return record(
        folder,
        library,
        patch,
        taps=[(boxes[-1], channel) for channel in range(chain[-1][1])],
        length=length,
        events=[((block + 0.5) * BLOCK, text, boxes[0]) for block, text in messages],
        sounds=signals,
        players=[(boxes[0], channel) for channel in range(inlets)],
        sample_rate_hz=sample_rate_hz,
        flags=flags,
    )
