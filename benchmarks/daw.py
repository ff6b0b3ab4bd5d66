"""What a plug-in costs: CLAP, in the small host of the tests.

    python -m benchmarks.daw NAME.clap --notes 4 --rate 44100

Processor time over the time that sounds, at three block sizes of a host; the time until it plays.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from clap_host import ClapPlugin

BLOCKS = (128, 512, 2048)
LOWEST_NOTE, VELOCITY = 48, 100


def main() -> None:
    """Measure one plug-in and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plugin", type=Path, help="NAME.clap")
    parser.add_argument("--notes", type=int, default=0, help="held at once (none)")
    parser.add_argument("--rate", type=int, default=44100, help="of the host, in Hz")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each block size")
    asked = parser.parse_args()

    plugin = ClapPlugin(asked.plugin.resolve())
    began, used = time.perf_counter(), time.process_time()
    plugin.activate(asked.rate)
    by_clock, by_processor = time.perf_counter() - began, time.process_time() - used
    print(f"plays after {1e3 * by_clock:.0f} ms, {1e3 * by_processor:.0f} of the processor")
    print(f"latency {plugin.latency} frames, {1e3 * plugin.latency / asked.rate:.1f} ms")

    generator = np.random.default_rng(0)
    frames = round(asked.seconds * asked.rate)
    sound = (0.1 * generator.standard_normal((2, frames))).astype(np.float32)
    notes = [(0, bytes([0x90, LOWEST_NOTE + i, VELOCITY])) for i in range(asked.notes)]
    if notes:
        plugin.set("voices", 16.0)
    for block in BLOCKS:
        plugin.play(sound[:, : asked.rate // 2], [block], notes)
        used = time.process_time()
        plugin.play(sound, [block])
        load = (time.process_time() - used) / asked.seconds
        print(f"blocks of {block}: {load:.4f} of a core")
    plugin.close()


if __name__ == "__main__":
    main()
