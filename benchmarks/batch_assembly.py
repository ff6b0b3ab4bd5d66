"""Time and resident memory of assembling batches of random windows.

    python -m benchmarks.batch_assembly

First five minutes of noise that are in memory already, with the alternatives to the gather the
dataset uses; then ten hours in a sparse file, which takes no disk space. One thread.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from vschaos2.data.cache import CachedFile, SampleCache
from vschaos2.data.dataset import WindowBatches, WindowReader

SAMPLE_RATE_HZ = 44100


def median_ms(assemble: Callable[[int], object], repeats: int) -> float:
    """Median duration of a call in milliseconds; the calls are numbered."""
    durations = []
    for step in range(repeats):
        start = time.perf_counter()
        assemble(step)
        durations.append(time.perf_counter() - start)
    return 1e3 * statistics.median(durations)


def resident_mb() -> float:
    """Resident memory of this process in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


def make_cache(path: Path, seconds: int, n_files: int, sparse: bool) -> SampleCache:
    """Files of equal length: noise, or a sparse file of silence."""
    length = seconds * SAMPLE_RATE_HZ // n_files
    if sparse:
        with path.open("wb") as file:
            file.truncate(4 * length * n_files)
    else:
        np.random.default_rng(0).standard_normal(length * n_files, np.float32).tofile(path)
    files = [CachedFile(f"{i}.wav", i * length, length, 1.0, 4.0) for i in range(n_files)]
    return SampleCache(path, files, SAMPLE_RATE_HZ, length * n_files)


def alternatives(flat: np.ndarray, window: int, batch: int) -> dict[str, Callable[[int], object]]:
    """Other ways to copy [batch, window] samples from random places."""
    tensor = torch.from_numpy(flat)
    span = np.arange(window)

    def starts(step: int) -> np.ndarray:
        return np.random.default_rng(step).integers(len(flat) - window, size=batch)

    def loop(step: int) -> np.ndarray:
        return np.stack([flat[start : start + window] for start in starts(step)])

    return {
        "sliding_window_view[starts]": lambda s: sliding_window_view(flat, window)[starts(s)],
        "torch unfold + index_select": lambda s: tensor.unfold(0, window, 1).index_select(
            0, torch.from_numpy(starts(s))
        ),
        "flat[starts + arange]": lambda s: flat[starts(s)[:, None] + span],
        "Python loop": loop,
    }


def main() -> None:
    """Print milliseconds per batch and megabytes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=256, help="windows in a batch")
    parser.add_argument("--window", type=int, default=2048, help="samples in a window")
    parser.add_argument("--repeats", type=int, default=400, help="batches per measurement")
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(f"batches of {args.batch} x {args.window}, median of {args.repeats}")

    with tempfile.TemporaryDirectory() as folder:
        for name, n_files in (("5 minutes, 5 files", 5), ("5 minutes, 3000 files", 3000)):
            cache = make_cache(Path(folder) / f"{n_files}.f32", 300, n_files, sparse=False)
            reader = WindowReader(cache, range(n_files), args.window, args.window // 4)
            batches = WindowBatches(reader, args.batch, args.repeats, 0)
            ms = median_ms(lambda step, batches=batches: batches.batch_at(0, step), args.repeats)
            print(f"{ms:8.3f} ms  WindowBatches, {name}")
        flat = np.fromfile(Path(folder) / f"{n_files}.f32", np.float32)
        for name, assemble in alternatives(flat, args.window, args.batch).items():
            print(f"{median_ms(assemble, args.repeats):8.3f} ms  only the gather: {name}")

        cache = make_cache(Path(folder) / "hours.f32", 36000, 10, sparse=True)
        reader = WindowReader(cache, range(10), args.window, args.window // 4)
        batches = WindowBatches(reader, args.batch, args.repeats, 0)
        before, most = resident_mb(), 0.0

        def assemble_and_watch(step: int) -> None:
            nonlocal most
            batches.batch_at(0, step)
            most = max(most, resident_mb())

        cold = median_ms(assemble_and_watch, args.repeats)
        with (Path(folder) / "hours.f32").open("rb") as file:
            while file.read(2**24):
                pass
        warm = median_ms(assemble_and_watch, args.repeats)
        print(f"{cold:8.3f} ms  WindowBatches, ten hours, pages read for the first time")
        print(f"{warm:8.3f} ms  WindowBatches, ten hours, pages in the system's cache")
        print(
            f"{before:8.0f} MB resident before drawing from ten hours, {most:.0f} MB at most since"
        )


if __name__ == "__main__":
    main()
