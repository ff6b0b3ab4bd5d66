"""Renders a labelled demo dataset by code: about two minutes of five instruments.

    python examples/demo_dataset.py OUT [--seed N]

Five instruments, every second semitone over two octaves, two dynamics: 130 tones of 0.9 s,
44.1 kHz, mono, 16 bits, with pitch, octave and instrument as metadata:

    OUT/data/<instrument>/<instrument>_<midi>_<dynamic>.wav
    OUT/metadata/<task>/metadata.txt    data/<instrument>/<file>.wav<TAB>class index
    OUT/metadata/<task>/classes.txt     class index<TAB>name
    OUT/demo.json                       version and seed: the folder is complete
"""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import soundfile
from synthesis import Signal
from tones import blown, bowed, plucked, struck, sung

VERSION = 1  # raise it whenever the same seed no longer gives the same bytes
SAMPLE_RATE_HZ = 44_100
DURATION_S = 0.9
MIDI_NOTES = range(48, 73, 2)
DYNAMICS = {"soft": 0.5, "loud": 1.0}  # loudness; 12 dB apart
Instrument = Callable[[float, float, float, np.random.Generator, int], Signal]
INSTRUMENTS: dict[str, Instrument] = {
    "struck": struck,
    "plucked": plucked,
    "bowed": bowed,
    "blown": blown,
    "sung": sung,
}
CLASSES = {
    "pitch": ["A", "A#", "B", "C", "C#", "D", "D#", "E", "F", "F#", "G", "G#"],
    "octave": [str(octave) for octave in range(9)],
    "instrument": list(INSTRUMENTS),
}


class FolderError(ValueError):
    """The output folder cannot be used; the message is one line that says why and what to do."""


@dataclass(frozen=True)
class Note:
    """One file of the dataset: who plays which key how loudly."""

    instrument: str
    midi: int
    dynamic: str

    @property
    def path(self) -> str:
        """Where the file lies, relative to the dataset folder, with forward slashes."""
        return f"data/{self.instrument}/{self.instrument}_{self.midi}_{self.dynamic}.wav"

    @property
    def labels(self) -> dict[str, int]:
        """The class index of each task; pitch classes and octaves count from A (midi 69)."""
        return {
            "pitch": (self.midi + 3) % 12,
            "octave": int((self.midi + 3) / 12 - 1),
            "instrument": list(INSTRUMENTS).index(self.instrument),
        }


def demo_notes() -> Iterator[Note]:
    """Every note of the dataset, instrument by instrument, upwards, soft before loud."""
    for instrument in INSTRUMENTS:
        for midi in MIDI_NOTES:
            for dynamic in DYNAMICS:
                yield Note(instrument, midi, dynamic)


def midi_to_hz(midi: float) -> float:
    """Equal temperament, 440 Hz at midi 69."""
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


def render_note(note: Note, seed: int) -> Signal:
    """The sound of one note, [T], 44.1 kHz; each note has its own random stream."""
    labels = note.labels
    stream = [seed, labels["instrument"], note.midi, list(DYNAMICS).index(note.dynamic)]
    play = INSTRUMENTS[note.instrument]
    loudness = DYNAMICS[note.dynamic]
    rng = np.random.default_rng(stream)
    return play(midi_to_hz(note.midi), DURATION_S, loudness, rng, SAMPLE_RATE_HZ)


def render_demo_dataset(folder: Path, seed: int = 0) -> int:
    """The number of sound files in the complete dataset, rendered unless it is already there.

    The dataset is rendered beside `folder` and renamed at the end: `folder` is whole or absent.

    Args:
        folder: where the dataset goes; absent, empty, or this very dataset from before.
        seed: 0 or more; the same seed gives the same bytes.

    Raises:
        FolderError: if `folder` holds anything else.
    """
    folder = folder.resolve()
    notes = list(demo_notes())
    marker = {"version": VERSION, "seed": seed, "files": len(notes)}
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        _require_complete(folder, marker, notes)
        return len(notes)
    partial = folder.with_name(f".{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    try:
        _write_dataset(partial, marker, notes, seed)
        if folder.exists():
            folder.rmdir()  # empty: not every system renames onto an existing folder
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return len(notes)


def _write_dataset(folder: Path, marker: dict[str, int], notes: list[Note], seed: int) -> None:
    for note in notes:
        path = folder / note.path
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, render_note(note, seed), SAMPLE_RATE_HZ, subtype="PCM_16")
    for task, names in CLASSES.items():
        metadata = folder / "metadata" / task
        metadata.mkdir(parents=True)
        labels = [f"{note.path}\t{note.labels[task]}\n" for note in notes]
        classes = [f"{index}\t{name}\n" for index, name in enumerate(names)]
        (metadata / "metadata.txt").write_text("".join(labels), "utf-8", newline="\n")
        (metadata / "classes.txt").write_text("".join(classes), "utf-8", newline="\n")
    (folder / "demo.json").write_text(json.dumps(marker) + "\n", "utf-8", newline="\n")


def _require_complete(folder: Path, marker: dict[str, int], notes: list[Note]) -> None:
    path = folder / "demo.json"
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise FolderError(
            f"{folder} exists and is no demo dataset (no readable demo.json in it): "
            "give a folder that does not exist yet"
        ) from error
    if found != marker:
        raise FolderError(
            f"{folder} holds another demo dataset, {found} where {marker} is wanted: "
            "remove it or give another folder"
        )
    missing = [note.path for note in notes if not (folder / note.path).is_file()]
    if missing:
        raise FolderError(
            f"{folder} lacks {len(missing)} of {len(notes)} files, the first {missing[0]}: "
            "remove the folder to render it again"
        )


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; usage: {self.prog} OUT [--seed N]\n")


def _seed(text: str) -> int:
    seed = int(text)
    if seed < 0:
        raise ValueError
    return seed


def main(arguments: list[str] | None = None) -> int:
    """The exit code of the command line: 0, or 2 with one line on stderr."""
    parser = _OneLineParser(description="Render a labelled demo dataset of five instruments.")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to create")
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="0 or more (default 0)")
    options = parser.parse_args(arguments)
    try:
        count = render_demo_dataset(options.out, options.seed)
    except (FolderError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    minutes = count * DURATION_S / 60
    print(f"{options.out}: {count} files, {minutes:.1f} minutes, {len(CLASSES)} metadata tasks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
