"""How right and how fast the pitch trackers are, on single notes whose names carry their keys.

    python -m benchmarks.pitch FOLDER [--methods swift pyin crepe-tiny crepe-full] [--every N]

FOLDER holds sound files `<instrument>_<midi>_<anything>.wav`, such as examples/demo_dataset.py
renders. A cell of 256 samples sounds if the 32 ms around it are within 40 dB of the file's
loudest. Printed are, for every method and instrument,

    right    of the cells called voiced, the part within 50 cents of the key
    recall   of the sounding cells, the part called voiced
    labels   of the sounding cells, the part called voiced and within 50 cents
    speed    duration of the sound / time taken, all cores, files read and resampled included
"""

import argparse
import os
import re
import sys
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vschaos2.audio import find_audio_files, read_audio
from vschaos2.pitch.following import PitchTrack, follow_pitch
from vschaos2.pitch.methods import make_tracker
from vschaos2.pitch.trackers import NOMINAL_RATE_HZ, Tracker

HOP_LENGTH = 256
NAME = re.compile(r"(?P<instrument>.+)_(?P<midi>\d+)_.+")
SOUNDING = 10.0 ** (-40 / 20)


def sounding(track: PitchTrack, path: Path) -> npt.NDArray[np.bool_]:
    """Which cells sound, [N]."""
    rate_hz = track.sample_rate_hz
    waveform = read_audio(path, rate_hz).astype(np.float64)
    half = round(0.016 * rate_hz)
    energy = np.concatenate([[0.0], np.cumsum(waveform**2)])
    centre = (np.diff(track.cells(HOP_LENGTH)[2]).cumsum() * rate_hz).astype(int) - HOP_LENGTH // 2
    first, last = (np.clip(centre + step, 0, len(waveform)) for step in (-half, half))
    rms = np.sqrt((energy[last] - energy[first]) / np.maximum(last - first, 1))
    return rms >= SOUNDING * rms.max()


def cells(track: PitchTrack, path: Path, midi: int, threshold: float) -> npt.NDArray[np.bool_]:
    """Whether each cell sounds, is called voiced and is within 50 cents of the key, [3, N]."""
    f0_hz, periodicity, _ = track.cells(HOP_LENGTH)
    voiced = periodicity >= threshold
    key_hz = 440.0 * 2.0 ** ((midi - 69) / 12)
    cents = 1200 * np.log2(np.where(voiced, f0_hz, key_hz) / key_hz)
    return np.stack([sounding(track, path), voiced, np.abs(cents) < 50])


def measure(tracker: Tracker, notes: dict[Path, re.Match[str]]) -> list[tuple[str, list[float]]]:
    """Rows of name and right, recall, labels; the last one, of all notes, with its speed."""
    follow_pitch(next(iter(notes)), tracker)  # compiles and loads
    workers = (os.cpu_count() or 1) if tracker.threads else 1
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        tracks = list(pool.map(follow_pitch, notes, repeat(tracker)))
    seconds = time.perf_counter() - start
    found = defaultdict(list)
    for track, (path, name) in zip(tracks, notes.items(), strict=True):
        seen = cells(track, path, int(name["midi"]), tracker.threshold)
        found[name["instrument"]].append(seen)
        found["all"].append(seen)
    rows = []
    for instrument in sorted(found, key=lambda key: (key == "all", key)):
        sounds, voiced, near = np.concatenate(found[instrument], 1)
        part = [near[voiced].mean(), voiced[sounds].mean(), (voiced & near)[sounds].mean()]
        rows.append((instrument, [float(value) for value in part]))
    duration = sum(track.samples / track.sample_rate_hz for track in tracks)
    rows[-1][1].append(duration / seconds)
    return rows


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--methods", nargs="+", default=["swift", "pyin", "crepe-tiny"])
    parser.add_argument("--every", type=int, default=1, help="take every Nth note (%(default)s)")
    arguments = parser.parse_args()
    matches = {path: NAME.fullmatch(path.stem) for path in find_audio_files(arguments.folder)}
    notes = {path: name for path, name in matches.items() if name is not None}
    notes = dict(list(notes.items())[:: arguments.every])
    if not notes:
        sys.exit(f"no files named <instrument>_<midi>_….wav in {arguments.folder}")
    print(f"{len(notes)} notes, {os.cpu_count()} cores")
    print(f"{'':22}{'right':>8}{'recall':>8}{'labels':>8}{'speed':>8}")
    for method in arguments.methods:
        name, _, model = method.partition("-")
        hop_s = HOP_LENGTH / NOMINAL_RATE_HZ
        tracker = make_tracker(name, hop_s, 50.0, 2000.0, model or "full")
        for instrument, parts in measure(tracker, notes):
            speed = f"{parts[3]:7.1f}x" if len(parts) > 3 else ""
            figures = "".join(f"{part:8.4f}" for part in parts[:3])
            print(f"{method:11}{instrument:11}{figures}{speed}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
