"""Renders melodies by several instruments with fluidsynth, and the scores they were played from.

    python -m benchmarks.melodies OUT [--instruments flute violin …] [--files 24] [--test-files 8]

OUT/train/data/flute/flute00.wav …: melodies of 15 s, others for each instrument, as a dataset with
`instrument` in OUT/train/metadata.
OUT/test/flute/melody0.wav …: melodies of 12 s that no training heard, the same by all instruments:
what a transfer of one should become is the other's file.
OUT/train/scores/flute00.csv, OUT/test/scores/melody0.csv: start_s, end_s, key, velocity of each
note; keys as MIDI counts them.

Keys are 60 … 84 for all, notes do not overlap, there is neither reverberation nor chorus, and each
file peaks at 0.7. The same again gives the same files.
Needs Debian's fluidsynth and fluid-soundfont-gm.
"""

import argparse
import csv
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks.sampled_instruments import (
    SAMPLE_RATE_HZ,
    SOUNDFONT,
    TICKS_PER_SECOND,
    variable_length,
)

PROGRAMS = {  # of General MIDI, from 0; the voice sings "ooh": "aah" rings on into the next note
    "flute": 73,
    "violin": 40,
    "trumpet": 56,
    "clarinet": 71,
    "voice": 53,
    "oboe": 68,
    "cello": 42,
    "saxophone": 65,
}
USUAL = ("flute", "violin", "trumpet", "clarinet", "voice")
LOWEST_KEY, HIGHEST_KEY = 60, 84
TRAIN_S, TEST_S, TAIL_S = 15.0, 12.0, 0.3
PEAK = 0.7
TEST_SEED = 99  # no instrument's place, which are the seeds of training
LENGTHS_S = (0.12, 0.2, 0.25, 0.4, 0.5, 0.8, 1.2)
LENGTH_ODDS = (0.1, 0.2, 0.2, 0.2, 0.15, 0.1, 0.05)
REST_ODDS, LARGEST_LEAP = 0.12, 7


class Note(NamedTuple):
    """A note of a score: from when to when, in seconds; its MIDI key and velocity."""

    start_s: float
    end_s: float
    key: int
    velocity: int


def melody(rng: np.random.Generator, seconds: float) -> list[Note]:
    """A random walk over keys, in notes and rests of uneven lengths."""
    time_s, notes = 0.0, []
    key = int(rng.integers(LOWEST_KEY + 4, HIGHEST_KEY - 4))
    while time_s < seconds - 0.3:
        length_s = float(rng.choice(LENGTHS_S, p=LENGTH_ODDS))
        if rng.random() >= REST_ODDS:
            leap = int(rng.integers(-LARGEST_LEAP, LARGEST_LEAP + 1))
            key = min(max(key + leap, LOWEST_KEY), HIGHEST_KEY)
            end_s = min(time_s + length_s * rng.uniform(0.8, 1.0), seconds)
            notes.append(Note(time_s, end_s, key, int(rng.integers(50, 120))))
        time_s += length_s
    return notes


def midi_file(program: int, notes: Sequence[Note]) -> bytes:
    """A standard MIDI file that plays notes at their times."""
    events = [(0, 0, bytes([0xC0, program]))]
    for note in notes:
        start, end = (round(s * TICKS_PER_SECOND) for s in (note.start_s, note.end_s))
        events.append((start, 2, bytes([0x90, note.key, note.velocity])))
        events.append((end, 1, bytes([0x80, note.key, 0])))  # an end before a start at one time
    track = variable_length(0) + b"\xff\x51\x03" + (1_000_000).to_bytes(3, "big")
    now = 0
    for tick, _, event in sorted(events):
        track += variable_length(tick - now) + event
        now = tick
    track += variable_length(2 * TICKS_PER_SECOND) + b"\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_SECOND)
    return header + b"MTrk" + struct.pack(">I", len(track)) + track


def sound_of(program: int, notes: Sequence[Note]) -> npt.NDArray[np.float64]:
    """The samples of a score played by a program, up to its last note and a tail, [T]."""
    with tempfile.TemporaryDirectory() as scratch:
        score, sound = Path(scratch, "score.mid"), Path(scratch, "sound.wav")
        score.write_bytes(midi_file(program, notes))
        command = ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "0.8"]
        command += ["-r", str(SAMPLE_RATE_HZ), "-F", str(sound), str(SOUNDFONT), str(score)]
        subprocess.run(command, check=True, capture_output=True)
        samples = soundfile.read(sound, always_2d=True)[0].mean(axis=1)
    samples = samples[: round((notes[-1].end_s + TAIL_S) * SAMPLE_RATE_HZ)]
    return np.asarray(samples * (PEAK / max(1e-6, float(np.abs(samples).max()))))


def write(path: Path, program: int, notes: Sequence[Note]) -> None:
    """A score as a sound file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, sound_of(program, notes), SAMPLE_RATE_HZ, "PCM_16")


def write_score(path: Path, notes: Sequence[Note]) -> None:
    """A score as a table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(Note._fields)
        for note in notes:
            table.writerow((f"{note.start_s:.6f}", f"{note.end_s:.6f}", note.key, note.velocity))


def read_score(path: Path) -> list[Note]:
    """A score from its table."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Note(float(row["start_s"]), float(row["end_s"]), int(row["key"]), int(row["velocity"]))
            for row in csv.DictReader(file)
        ]


def keys_at(
    notes: Sequence[Note], times_s: npt.NDArray[np.float64], margin_s: float = 0.03
) -> npt.NDArray[np.int64]:
    """The key that sounds at each moment, -1 where none does or one begins or ends nearby: [F]."""
    keys = np.full(len(times_s), -1)
    for note in notes:
        inside = (times_s >= note.start_s + margin_s) & (times_s < note.end_s - margin_s / 3)
        keys[inside] = note.key
    return keys


def scores(seed: int, count: int, seconds: float) -> Iterator[list[Note]]:
    """Melodies of a seed."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        yield melody(rng, seconds)


def render_train(out: Path, instrument: str, count: int) -> None:
    """Melodies of one instrument's own."""
    for index, notes in enumerate(scores(list(PROGRAMS).index(instrument), count, TRAIN_S)):
        name = f"{instrument}{index:02d}"
        write(out / "data" / instrument / f"{name}.wav", PROGRAMS[instrument], notes)
        write_score(out / "scores" / f"{name}.csv", notes)


def render_test(out: Path, instruments: Sequence[str], count: int) -> None:
    """The same melodies by every instrument."""
    for index, notes in enumerate(scores(TEST_SEED, count, TEST_S)):
        write_score(out / "scores" / f"melody{index}.csv", notes)
        for instrument in instruments:
            write(out / instrument / f"melody{index}.wav", PROGRAMS[instrument], notes)


def label(out: Path, instruments: Sequence[str]) -> None:
    """The instrument of every file, as metadata of a dataset."""
    place = out / "metadata" / "instrument"
    place.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{path.relative_to(out).as_posix()}\t{index}\n"
        for index, instrument in enumerate(instruments)
        for path in sorted((out / "data" / instrument).glob("*.wav"))
    ]
    (place / "metadata.txt").write_text("".join(rows), "utf-8")
    listed = (f"{index}\t{name}\n" for index, name in enumerate(instruments))
    (place / "classes.txt").write_text("".join(listed), "utf-8")


def main() -> None:
    """Render all that is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument(
        "--instruments", nargs="+", choices=tuple(PROGRAMS), default=list(USUAL), metavar="NAME"
    )
    parser.add_argument("--files", type=int, default=24, help="of each instrument, to train with")
    parser.add_argument("--test-files", type=int, default=8)
    arguments = parser.parse_args()
    if shutil.which("fluidsynth") is None or not SOUNDFONT.exists():
        sys.exit("needs fluidsynth and its sounds: apt-get install fluidsynth fluid-soundfont-gm")
    if arguments.files < 1 or arguments.test_files < 0:
        sys.exit(f"--files must be 1 or more, --test-files 0 or more, got {arguments.files} and "
                 f"{arguments.test_files}")  # fmt: skip
    instruments = list(dict.fromkeys(arguments.instruments))
    for instrument in instruments:
        render_train(arguments.out / "train", instrument, arguments.files)
    label(arguments.out / "train", instruments)
    render_test(arguments.out / "test", instruments, arguments.test_files)
    print(f"{arguments.out}: {len(list(arguments.out.rglob('*.wav')))} files")


if __name__ == "__main__":
    main()
