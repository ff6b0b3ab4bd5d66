"""What an exported instrument costs in real time, and whether it stays exact.

    python -m benchmarks.realtime FILE.ts [--minutes 10]

Prints, on one thread: the real-time factor (median processing time over sound time) of every
method and inversion at blocks of one hop to 4096 samples; the first calls after loading, in fresh
processes; the deviation of a stream cut at random from the whole, and the growth of memory over
it. How far the refining modes depend on the block is told by `benchmarks.phase_recovery`.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import torch

from vschaos2.dsp.inversion_modes import MODES

BLOCKS = 600
FIRST_CALLS = """
import sys, time, torch
torch.set_num_threads(1)
model = torch.jit.load(sys.argv[1]); model.get_methods()
method, shape = getattr(model, sys.argv[2]), [int(n) for n in sys.argv[3].split(",")]
with torch.inference_mode():
    block = torch.randn(shape) * 0.1
    for _ in range(50):
        start = time.perf_counter(); method(block); print(1000 * (time.perf_counter() - start))
"""


def block_of(name: str, model: torch.jit.ScriptModule, samples: int) -> torch.Tensor:
    """Input of a method for so many samples."""
    if name != "decode":
        return 0.1 * torch.randn(1, 1, samples)
    channels, hop = (int(n) for n in model.decode_params[:2])
    return torch.randn(1, channels, samples // hop)


def load_table(path: Path) -> None:
    """Real-time factors."""
    model = torch.jit.load(str(path))
    model.get_methods()
    rate_hz, hop = model.sample_rate_hz, int(model.encode_params[3])
    sizes = sorted({hop, 512, 1024, 2048, 4096} - set(range(hop)))
    print("| method, inversion | " + " | ".join(map(str, sizes)) + " |")
    print("|---" * (len(sizes) + 1) + "|")
    cases = [("encode", "default"), ("forward", "keep_input"), ("forward", "eco")]
    cases += [("decode", mode) for mode in MODES]
    for name, mode in cases:
        model.set_inversion(mode)
        factors = []
        for size in sizes:
            block, seconds = block_of(name, model, size), []
            for _ in range(BLOCKS):
                start = time.perf_counter()
                getattr(model, name)(block)
                seconds.append(time.perf_counter() - start)
            factors.append(statistics.median(seconds[20:]) * rate_hz / size)
        print(f"| {name}, {mode} | " + " | ".join(f"{f:.4f}" for f in factors) + " |", flush=True)


def first_calls(path: Path) -> None:
    """Milliseconds of the first calls after load, each method in three fresh processes."""
    model = torch.jit.load(str(path))
    for name in ("forward", "encode", "decode"):
        shape = ",".join(map(str, block_of(name, model, 2048).shape))
        worst: list[list[float]] = []
        for _ in range(3):
            command = [sys.executable, "-W", "ignore", "-c", FIRST_CALLS, str(path), name, shape]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            calls = [float(line) for line in done.stdout.split()]
            worst.append([calls[0], calls[1], max(calls[2:])])
        first, second, later = (statistics.median(column) for column in zip(*worst, strict=True))
        duration_ms = 2048 / model.sample_rate_hz * 1000
        print(
            f"{name}: first call {first:.1f} ms, second {second:.1f} ms, slowest of the next 48 "
            f"{later:.1f} ms (a block lasts {duration_ms:.1f} ms)",
            flush=True,
        )


def smooth_latents(channels: int, count: int) -> torch.Tensor:
    """A slow random walk of latents within ±3, [1, channels, count]."""
    steps = torch.randn(1, channels, count // 20 + 2)
    return torch.nn.functional.interpolate(steps, size=count, mode="linear")


def long_stream(path: Path, minutes: float) -> None:
    """Random block sizes against blocks of 16 hops: deviation, and growth of memory."""
    model = torch.jit.load(str(path))
    model.get_methods()
    hop = int(model.encode_params[3])
    hops = int(minutes * 60 * model.sample_rate_hz / hop)
    for name, mode in (("forward", "keep_input"), ("forward", "eco"), ("decode", "eco")):
        whole, parts = torch.jit.load(str(path)), torch.jit.load(str(path))
        for copy in (whole, parts):
            copy.set_inversion(mode)
        generator = torch.Generator().manual_seed(0)
        peak, deviation, done = 0.0, 0.0, 0
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        while done < hops:
            if name == "forward":
                sound = 0.1 * torch.randn(1, 1, 256 * hop, generator=generator)
            else:
                sound = smooth_latents(int(model.decode_params[0]), 256)
            expected, cut, at = getattr(whole, name)(sound), [], 0
            while at < 256:
                n = int(torch.randint(1, 17, (), generator=generator))
                scale = hop if name == "forward" else 1
                cut.append(getattr(parts, name)(sound[..., at * scale : (at + n) * scale]))
                at += n
            deviation = max(deviation, float((torch.cat(cut, -1) - expected).abs().max()))
            peak = max(peak, float(expected.abs().max()))
            done += 256
            if done == 512:  # everything is allocated by now
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print(
            f"{name}, {mode}: {minutes:g} minutes in blocks of 1 to 16 hops deviate by "
            f"{deviation / peak:.1e} of the peak; memory grew by {grown / 1024:.1f} MB",
            flush=True,
        )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with torch.inference_mode():
        load_table(arguments.file)
        first_calls(arguments.file)
        long_stream(arguments.file, arguments.minutes)


if __name__ == "__main__":
    main()
