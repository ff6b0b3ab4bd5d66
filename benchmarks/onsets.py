"""How well onsets in sound are found, beside a plain rise of energy, and what it costs.

    python -m benchmarks.onsets FOLDER… [--threshold X …] [--min-gap MS] [--load]

Each FOLDER holds sounds and beside each NAME.times.csv, what is true of it. F is the harmonic mean
of precision and recall within ±50 ms (and ±20 ms), over all onsets of a folder; of several
thresholds a line each, to choose one by a folder that is not judged by. `energy` is the baseline:
10 ms whose energy is so many dB above the mean of the 50 ms before; its own threshold, of several,
is the one that is best on this very folder.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.audio import find_audio_files, read_audio
from vschaos2.errors import InputError
from vschaos2.events.hearing import listening, onsets_of_sound
from vschaos2.events.onsets import find_times, read_onsets
from vschaos2.events.options import MIN_GAP_MS, THRESHOLD, Listening
from vschaos2.events.scores import Agreement, agreement, pooled

TOLERANCES_S = (0.05, 0.02)
BASELINE_DB = (3.0, 6.0, 9.0, 12.0, 15.0, 18.0)
HOP_S, BEFORE = 0.01, 5  # of the baseline: hops, and how many of them come before
Times = npt.NDArray[np.float64]


def energy_rises(path: Path, least_db: float, min_gap_ms: float) -> Times:
    """Where 10 ms are so much louder than the 50 ms before."""
    rate_hz = 44_100
    sound = read_audio(path, rate_hz).astype(np.float64)
    hop = round(HOP_S * rate_hz)
    energy = (sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2).mean(1) + 1e-7
    padded = np.concatenate((np.full(BEFORE, 1e-7), energy))
    mean = np.convolve(padded, np.full(BEFORE, 1.0 / BEFORE), "valid")[: len(energy)]
    found: list[float] = []
    for place in np.flatnonzero(10 * np.log10(energy / mean) >= least_db):
        if not found or place * HOP_S - found[-1] >= min_gap_ms / 1000:
            found.append(float(place * HOP_S))
    return np.asarray(found)


def told(parts: Sequence[Sequence[Agreement]]) -> str:
    """Scores at both tolerances, and how late what was found is."""
    wide, narrow = pooled([each[0] for each in parts]), pooled([each[1] for each in parts])
    errors_ms = 1000 * wide.errors_s if len(wide.errors_s) else np.zeros(1)
    return (
        f"F±50 {wide.f_measure:.3f}  F±20 {narrow.f_measure:.3f}  precision {wide.precision:.3f}  "
        f"recall {wide.recall:.3f}  late {np.median(errors_ms):+.1f} ms "
        f"({np.quantile(errors_ms, 0.05):+.1f} … {np.quantile(errors_ms, 0.95):+.1f})"
    )


def score(found: Times, true: Times) -> list[Agreement]:
    """Agreement at both tolerances."""
    return [agreement(found, true, tolerance_s) for tolerance_s in TOLERANCES_S]


def judge(folder: Path, thresholds: Sequence[float], min_gap_ms: float) -> None:
    """Print the scores of a folder."""
    true = {}
    for path in find_audio_files(folder):
        times = find_times(path)
        if times is not None:
            true[path] = read_onsets(times).times_s
    if not true:
        raise InputError(f"{folder}: no sound with NAME.times.csv beside it")
    print(f"{folder}: {len(true)} sounds, {sum(map(len, true.values()))} onsets")
    for threshold in thresholds:
        options = Listening(threshold, min_gap_ms)
        parts = {path: score(onsets_of_sound(path, options).times_s, true[path]) for path in true}
        if len(thresholds) == 1:
            for path, each in parts.items():
                print(f"  {path.stem:20} {told([each])}")
        print(f"  threshold {threshold:<10g} {told(list(parts.values()))}")
    rows = []
    for least_db in BASELINE_DB:
        found = [score(energy_rises(path, least_db, min_gap_ms), true[path]) for path in true]
        rows.append((pooled([each[0] for each in found]).f_measure, least_db, found))
    _, least_db, found = max(rows, key=lambda row: row[0])
    print(f"  energy +{least_db:<4g} dB      {told(found)}")


def load() -> None:
    """Print how much of a core the detector takes in blocks, and how fast it is through a file."""
    for rate_hz in (44_100, 48_000, 96_000):
        detector = torch.jit.script(listening(rate_hz, 1, Listening()))
        sound = 0.1 * torch.randn(1, 1, 10 * rate_hz, generator=torch.Generator().manual_seed(0))
        sound[0, 0, :: rate_hz // 8] = 0.9  # eight onsets a second
        words = []
        with torch.inference_mode():
            for block in (64, 512, 2048, 65536):
                detector(sound[:, :, : 100 * block])
                start = time.process_time()
                for part in sound.split(block, 2):
                    detector(part)
                words.append(f"{block}: {10 * (time.process_time() - start):.2f} %")
        print(f"{rate_hz} Hz, of a core in blocks of {', '.join(words)}")


def main() -> None:
    """Score what is asked for."""
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=Path, nargs="*")
    parser.add_argument("--threshold", type=float, nargs="+", default=[THRESHOLD])
    parser.add_argument("--min-gap", type=float, default=MIN_GAP_MS)
    parser.add_argument("--load", action="store_true")
    arguments = parser.parse_args()
    for folder in arguments.folders:
        judge(folder, arguments.threshold, arguments.min_gap)
    if arguments.load:
        load()


if __name__ == "__main__":
    main()
