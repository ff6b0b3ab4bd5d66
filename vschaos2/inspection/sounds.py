"""Checks of the recordings of a dataset folder.

They are judged as training hears them, out of the sample cache (mono, at the model's rate). Only
clipping needs the files themselves, as mixing and resampling hide it.
"""

import hashlib
import os
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import numpy as np

from vschaos2.audio import SoundReader, UnreadableAudio, read_blocks
from vschaos2.data.cache import SampleCache
from vschaos2.data.splits import SILENT_PEAK
from vschaos2.inspection.findings import Finding, Recordings, findings_of
from vschaos2.progress import follow

LOUDEST_PEAK = 10.0  # +20 dB: more than the headroom that float recordings are given
# Cut off: at least four equal samples at full scale, after a step that no low tone makes.
CLIPPED_LEVEL = 0.99
CLIPPED_STEP = 1e-3
# A file whose channels together stay below this in the mix is not searched for clipping; the
# mix hides a clipped channel only if another one cancels it.
LOUD_PEAK = 0.8
BLOCK_SAMPLES = 2**16


def unreadable_reason(path: Path, sample_rate_hz: int) -> str | None:
    """Why a sound file cannot be used, or None if it can; the whole file is decoded."""
    try:
        for _ in read_blocks(path, sample_rate_hz, BLOCK_SAMPLES):
            pass
    except UnreadableAudio as error:
        return error.reason
    return None


def check_sound(
    root: Path, cache: SampleCache, clipping: bool = True
) -> tuple[Recordings, list[Finding]]:
    """The facts of the recordings in a cache, and what is wrong with them.

    Args:
        root: dataset folder.
        cache: its samples.
        clipping: look for clipping too, which decodes every loud file once more.

    Raises:
        InputError: if a file has changed since it was cached.
    """
    files, rate_hz = cache.files, cache.sample_rate_hz

    def examine(number: int) -> tuple[int, int, str]:
        return _examined(root / files[number].path, files[number].peak if clipping else 0.0)

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        jobs = pool.map(examine, range(len(files)))
        examined = list(follow(jobs, "checking", "file", len(files), leave=False))
    seconds = [file.length / rate_hz for file in files]
    recordings = Recordings(
        files=len(files),
        total_s=sum(seconds),
        shortest_s=min(seconds),
        median_s=median(seconds),
        longest_s=max(seconds),
        sample_rates_hz=dict(sorted(Counter(rate for rate, _, _ in examined).items())),
        channels=dict(sorted(Counter(channels for _, channels, _ in examined).items())),
    )
    silent = [file.path for file in files if file.peak < SILENT_PEAK]
    loud = [f"{file.path}: peak {file.peak:.3g}" for file in files if file.peak > LOUDEST_PEAK]
    clipped = [
        f"{file.path}: {clip}" for file, (_, _, clip) in zip(files, examined, strict=True) if clip
    ]
    low = [
        f"{file.path}: {rate} Hz"
        for file, (rate, _, _) in zip(files, examined, strict=True)
        if rate < rate_hz
    ]
    return recordings, [
        *findings_of(silent, "error" if len(silent) == len(files) else "warning", "silent files",
               "remove them; if they do sound, their channels cancel in the mono mix: keep one"),
        *findings_of(loud, "warning", "files far above full scale",
               "scale them to a peak of 1: next to them the others are hardly learned"),
        *findings_of(clipped, "warning", "clipped files",
               "record them at a lower level, or keep them if the distortion is meant"),
        *findings_of(_duplicates(cache), "warning", "duplicate files",
               "keep one of each: copies weigh double, and may train what is held out"),
        *findings_of(low, "note", f"files below the model's {rate_hz} Hz",
               "their highest band is empty: record at a higher rate, or lower "
               "data.dataset.sample_rate_hz"),
    ]  # fmt: skip


def _examined(path: Path, mixed_peak: float) -> tuple[int, int, str]:
    """Sample rate in Hz, channels, and where the file clips (empty if nowhere)."""
    try:
        with SoundReader(path) as sound:
            loud = mixed_peak * sound.channels >= LOUD_PEAK
            return sound.sample_rate_hz, sound.channels, clipping_of(sound) if loud else ""
    except UnreadableAudio as error:
        raise UnreadableAudio(path, "has changed while it was inspected") from error


def clipping_of(sound: SoundReader) -> str:
    """How often a file clips and where first, in words; empty if it does not."""
    count, first_s, position = 0, 0.0, 0
    # Blocks share four samples: every run of four is seen once, with the sample before it.
    kept = np.zeros((0, sound.channels), np.float32)
    for read in sound.blocks(BLOCK_SAMPLES):
        block = np.concatenate([kept, read])
        equal = (block[1:] == block[:-1]) & (np.abs(block[1:]) >= CLIPPED_LEVEL)
        run = equal[:-2] & equal[1:-1] & equal[2:]
        step = np.sign(block[1:-3]) * (block[1:-3] - block[:-4])
        begins = run[1:] & (step > CLIPPED_STEP)
        if begins.any() and count == 0:
            first_s = (position + 1 + int(begins.any(axis=1).argmax())) / sound.sample_rate_hz
        count += int(begins.sum())
        kept = block[-4:]
        position += len(block) - len(kept)
    times = "1 time" if count == 1 else f"{count} times"
    return f"{times}, first at {first_s:.3f} s" if count else ""


def _duplicates(cache: SampleCache) -> list[str]:
    """Files whose samples are the same, whatever their formats; silent ones do not count."""
    alike = defaultdict(list)
    for number, file in enumerate(cache.files):
        if file.peak >= SILENT_PEAK:
            alike[file.length, file.rms, file.peak].append(number)
    same = defaultdict(list)
    for numbers in alike.values():
        if len(numbers) > 1:
            for number in numbers:
                digest = hashlib.blake2b(cache.read(number).tobytes(), digest_size=16).digest()
                same[digest].append(cache.files[number].path)
    return [" = ".join(paths) for paths in same.values() if len(paths) > 1]
