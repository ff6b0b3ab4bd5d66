"""Whether a model keeps up in Pd, by the clock, while the machine is busy.

    make external
    python -m benchmarks.pd_realtime FILE.ts [--buffer 2048] [--seconds 300] [--busy 1]
    python -m benchmarks.pd_realtime FILE.ts --method decode --voices 16 --set inversion eco

Noise goes through `vschaos~` in a real Pd without a sound card: Pd then runs by the system's clock,
a block of 64 samples every 1.45 ms at 44.1 kHz. Meanwhile other processes keep one core busy.
Prints the xruns (chunks that were not ready when they were due), the processor time of Pd, how far
Pd itself fell behind the clock, and the most memory that it held. Exit code 1 if there was an xrun.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.pd.runner import Patch, start_pd

WATCH_MS = 100.0  # how often Pd's time is held against the clock
REPORT_S = 30.0


def watched(
    path: Path, method: str, buffer: int, voices: int, message: list[str], seconds: float
) -> Patch:
    """A patch that plays, asks for xruns again and again, and tells how late Pd itself is."""
    patch = Patch()
    box = patch.box(f"vschaos~ {path} {method} {buffer} {voices}")
    patch.connect(patch.box("noise~"), box)
    start = patch.box("loadbang")
    if message:
        patch.send(start, 0, f"set {' '.join(message)}", box)
    patch.send(start, 0, "; pd dsp 1")
    # Counted from when the model has been loaded.
    begin, ticks = patch.box("delay 2000"), patch.box(f"metro {WATCH_MS}")
    patch.connect(start, begin)
    elapsed, clock, late = patch.box("timer"), patch.box("realtime"), patch.box("-")
    order, reset = patch.box("t b b"), patch.box("t b b b")
    patch.connect(begin, reset)
    patch.connect(reset, elapsed, 2, 0)
    patch.connect(reset, clock, 1, 0)
    patch.connect(reset, ticks, 0, 0)
    patch.connect(ticks, order)
    patch.connect(order, elapsed, 1, 1)
    patch.connect(order, clock, 0, 1)
    patch.connect(elapsed, late, 0, 1)
    patch.connect(clock, late)
    patch.connect(late, patch.box("print late"))
    outlets = voices * signal_outlets(path, method)
    patch.connect(box, patch.box("print info"), outlets)
    patch.send(start, 2000, "xruns", box)
    report = patch.box(f"metro {1000 * REPORT_S}")
    ask = patch.box("xruns", "msg")
    patch.connect(begin, report)
    patch.connect(report, ask)
    patch.connect(ask, box)
    patch.send(start, 2000 + 1000 * seconds, "xruns", box)
    patch.send(start, 2100 + 1000 * seconds, "; pd quit")
    return patch


def signal_outlets(path: Path, method: str) -> int:
    """How many signal outlets a method has."""
    import torch

    return int(getattr(torch.jit.load(str(path)), f"{method}_params")[2])


def processor_seconds(process: subprocess.Popen[str]) -> float:
    """Processor time that a process has used, all of its threads."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_mb(process: subprocess.Popen[str]) -> float:
    """The most memory that a process has held at once."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1000
    return 0.0


def main() -> None:
    """Play, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--method", default="forward")
    parser.add_argument("--buffer", type=int, default=2048)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--voices", type=int, default=1)
    parser.add_argument("--set", nargs=2, default=[], metavar=("NAME", "VALUE"), dest="message")
    parser.add_argument("--busy", type=int, default=1, help="processes that keep a core busy each")
    parser.add_argument("--library", type=Path, default=Path("build/external"))
    arguments = parser.parse_args()
    path, library = arguments.file.resolve(), arguments.library.resolve()
    patch = watched(
        *(path, arguments.method, arguments.buffer, arguments.voices),
        *(arguments.message, arguments.seconds),
    )
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(arguments.busy)
    ]
    lines: list[str] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            pd = start_pd(patch, Path(folder), library, "-lib", "vschaos~")
            assert pd.stderr is not None
            spent_s, most_mb = 0.0, 0.0
            for line in pd.stderr:
                lines.append(line.strip())
                if line.startswith("info: xruns"):
                    spent_s, most_mb = processor_seconds(pd), memory_mb(pd)
                    print(f"  {line.strip().removeprefix('info: ')}", flush=True)
            pd.wait()
    finally:
        for process in busy:
            process.kill()
            process.wait()
    counts = [int(line.split()[-1]) for line in lines if line.startswith("info: xruns")]
    late_ms = [float(line.split()[-1]) for line in lines if line.startswith("late: ")]
    errors = [line for line in lines if line.startswith("error")]
    if not counts or not late_ms or errors:
        sys.exit("Pd did not play: " + "; ".join(errors or lines[-3:]))
    xruns = counts[-1] - counts[0]
    print(
        f"{path.name}, {arguments.voices} of {arguments.method}, buffer {arguments.buffer}: "
        f"{xruns} xruns in {arguments.seconds:g} s with {arguments.busy} of {os.cpu_count()} cores "
        f"kept busy; Pd took {100 * spent_s / (arguments.seconds + 2):.1f} % of one core and was "
        f"at most {max(late_ms):.1f} ms behind the clock; it held {most_mb:.0f} MB at most"
    )
    sys.exit(1 if xruns else 0)


if __name__ == "__main__":
    main()
