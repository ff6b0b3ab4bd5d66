"""How fast `generate.py` renders files, and in how much memory.

    python -m benchmarks.generation_speed RUN [--minutes 10] [--threads 2]

Makes a file of so many minutes, passes it through `generate.py reconstruct`, plays a path of the
same length with `generate.py trajectories`, and prints for each inversion: the wall-clock time of
the whole program, and the sound's duration over it; that without what the program takes for a
tenth of a second; its processor time over all threads (the fairer figure on a busy machine) and
the duration over that, without start; and its peak resident memory.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from vschaos2.audio import AudioWriter
from vschaos2.families.loading import load_run

PROGRAM = Path(__file__).resolve().parent.parent / "generate.py"
BAR_SPEED, BAR_MEGABYTES = 40.0, 600.0
CASES = (
    ("reconstruct", "keep_input"),
    ("reconstruct", "balanced"),
    ("trajectories", "balanced"),
    ("trajectories", "live"),
)


class Cost(NamedTuple):
    """Of one program: wall-clock and processor seconds, megabytes (10^6 bytes) at the most."""

    seconds: float
    processor: float
    megabytes: float


def cost_of(arguments: list[str], threads: int) -> Cost:
    """What `generate.py` with these arguments takes."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    start = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, str(PROGRAM), *arguments], stderr=subprocess.DEVNULL, env=environment
    )
    _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - start
    if status != 0:
        raise SystemExit(f"generate.py {' '.join(arguments)} failed: run it by hand to see why")
    return Cost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6)


def write_sound(path: Path, seconds: float, rate_hz: int) -> None:
    """A gliding tone under noise, in blocks of a second."""
    rng = np.random.default_rng(0)
    with AudioWriter(path, rate_hz) as writer:
        for second in range(max(1, round(seconds))):
            count = rate_hz if seconds >= 1 else round(seconds * rate_hz)
            t = second + np.arange(count) / rate_hz
            tone = 0.2 * np.sin(2 * np.pi * (220.0 * t + 40.0 * np.sin(0.3 * t)))
            writer.write(tone + 0.02 * rng.standard_normal(count))


def arguments_of(command: str, mode: str, run: Path, sound: Path, steps: int) -> list[str]:
    """The command line of a case, but for --out."""
    if command == "reconstruct":
        given = ["--files", str(sound)]
    else:
        given = ["--trajectories", "sin", "-b", "1", "-s", str(steps)]
    return [command, str(run), *given, "--inversion", mode]


def main() -> None:
    """Print a table and whether the bars are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    transform = load_run(arguments.run).model.transform
    rate_hz, hop = transform.sample_rate_hz, transform.hop
    print(f"{arguments.minutes:g} minutes, {arguments.threads} threads, {os.cpu_count()} cores")
    print("| command | inversion | s | × | without start × | processor s | × | peak MB |")
    print("|---|---|--:|--:|--:|--:|--:|--:|")
    durations = (0.1, 60.0 * arguments.minutes)
    with tempfile.TemporaryDirectory() as folder:
        for duration in durations:
            write_sound(Path(folder) / f"{duration:g}.wav", duration, rate_hz)
        for command, mode in CASES:
            start, whole = (
                cost_of(
                    [
                        *arguments_of(
                            command,
                            mode,
                            arguments.run,
                            Path(folder) / f"{duration:g}.wav",
                            max(1, round(duration * rate_hz / hop)),
                        ),
                        *("--out", str(Path(folder) / "out")),
                    ],
                    arguments.threads,
                )
                for duration in durations
            )
            print(
                f"| {command} | {mode} | {whole.seconds:.1f} | {durations[1] / whole.seconds:.0f} "
                f"| {durations[1] / max(whole.seconds - start.seconds, 1e-3):.0f} "
                f"| {whole.processor:.1f} "
                f"| {durations[1] / max(whole.processor - start.processor, 1e-3):.0f} "
                f"| {whole.megabytes:.0f} |",
                flush=True,
            )
    print(f"bars: at least {BAR_SPEED:g} × real time, less than {BAR_MEGABYTES:g} MB")


if __name__ == "__main__":
    main()
