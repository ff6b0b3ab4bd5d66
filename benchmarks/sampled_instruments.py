"""Renders sampled notes with fluidsynth into training and test folders, in the dataset layout.

    python -m benchmarks.sampled_instruments OUT

OUT/train: flute, violin, cello, trumpet, clarinet, 24 notes each at velocity 90.
OUT/known: the same instruments, 6 notes each at velocities 50 and 110.
OUT/fresh: the same, 6 other notes each at velocities 40 and 80; no setting was chosen by these.
OUT/unseen: oboe and viola, 24 notes each at velocity 80.
OUT/tenth: OUT/train, of which 12 notes in 120 keep their labels, two or three of each instrument,
drawn with seed 0.
All have metadata: pitch, octave and instrument of every note.
Needs Debian's fluidsynth and fluid-soundfont-gm.
"""

import argparse
import random
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from vschaos2.pitch_classes import OCTAVE_CLASSES, PITCH_CLASSES

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SAMPLE_RATE_HZ = 44_100
TICKS_PER_SECOND = 960
NOTE_S, FILE_S, SPACING_S, LEAD_S = 1.25, 1.5, 3.0, 0.5
PROGRAMS = {  # General MIDI program (from 0) and lowest note
    "flute": (73, 60),
    "violin": (40, 55),
    "cello": (42, 36),
    "trumpet": (56, 52),
    "clarinet": (71, 50),
    "oboe": (68, 58),
    "viola": (41, 48),
    "bassoon": (70, 36),
    "horn": (60, 41),
    "saxophone": (65, 49),
}
KNOWN = ("flute", "violin", "cello", "trumpet", "clarinet")
UNSEEN = ("oboe", "viola")
LABELLED = (*KNOWN, *UNSEEN)


def variable_length(value: int) -> bytes:
    """A MIDI delta time: seven bits a byte, all but the last marked."""
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(0x80 | (value & 0x7F))
    return bytes(reversed(octets))


def midi_file(program: int, notes: list[int], velocity: int) -> bytes:
    """A standard MIDI file that plays notes one after another, SPACING_S apart."""
    ticks = [round(s * TICKS_PER_SECOND) for s in (LEAD_S, NOTE_S, SPACING_S - NOTE_S, 3.0)]
    lead, hold, rest, end = ticks
    events = [(0, b"\xff\x51\x03" + (1_000_000).to_bytes(3, "big")), (0, bytes([0xC0, program]))]
    for i, note in enumerate(notes):
        events.append((rest if i else lead, bytes([0x90, note, velocity])))
        events.append((hold, bytes([0x80, note, 0])))
    events.append((end, b"\xff\x2f\x00"))
    track = b"".join(variable_length(delta) + event for delta, event in events)
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_SECOND)
    return header + b"MTrk" + struct.pack(">I", len(track)) + track


def render(folder: Path, instrument: str, notes: list[int], velocity: int) -> None:
    """Write folder/data/<instrument>_<note>_v<velocity>.wav for every note."""
    program, _ = PROGRAMS[instrument]
    (folder / "data").mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        score, sound = Path(scratch, "score.mid"), Path(scratch, "sound.wav")
        score.write_bytes(midi_file(program, notes, velocity))
        command = ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "2.0"]
        command += ["-r", str(SAMPLE_RATE_HZ), "-F", str(sound), str(SOUNDFONT), str(score)]
        subprocess.run(command, check=True, capture_output=True)
        samples = soundfile.read(sound, always_2d=True)[0].mean(axis=1)
    fade = int(0.01 * SAMPLE_RATE_HZ)
    for i, note in enumerate(notes):
        start = round((LEAD_S + i * SPACING_S) * SAMPLE_RATE_HZ)
        tone = samples[start : start + int(FILE_S * SAMPLE_RATE_HZ)].copy()
        tone[-fade:] *= np.linspace(1.0, 0.0, fade)
        path = folder / "data" / f"{instrument}_{note:03d}_v{velocity}.wav"
        soundfile.write(path, tone, SAMPLE_RATE_HZ, "PCM_16")


def label(folder: Path, keep: frozenset[str] | None = None) -> None:
    """Write folder/metadata/{pitch,octave,instrument} from the names of its files.

    Args:
        folder: holds data/<instrument>_<note>_v<velocity>.wav.
        keep: names of the files whose labels are told; None for all.
    """
    files = sorted(path.name for path in (folder / "data").iterdir())
    classes = {"pitch": PITCH_CLASSES, "octave": OCTAVE_CLASSES, "instrument": LABELLED}
    rows: dict[str, list[str]] = {task: [] for task in classes}
    for file in files:
        instrument, note, _ = file.split("_")
        key = int(note) + 3  # counted from A, as extract_pitch.py does
        values = {"pitch": key % 12, "octave": key // 12 - 1}
        values["instrument"] = LABELLED.index(instrument)
        for task, value in values.items():
            known = keep is None or file in keep
            rows[task].append(f"data/{file}\t{value if known else 'none'}\n")
    for task, names in classes.items():
        place = folder / "metadata" / task
        place.mkdir(parents=True, exist_ok=True)
        (place / "metadata.txt").write_text("".join(rows[task]), "utf-8")
        listed = (f"{index}\t{name}\n" for index, name in enumerate(names))
        (place / "classes.txt").write_text("".join(listed), "utf-8")


def draw_of_each(files: list[str], count: int, seed: int) -> frozenset[str]:
    """Some of the files, drawn from the instruments in turn.

    Args:
        files: names, <instrument>_<note>_v<velocity>.wav.
        count: how many are drawn.
        seed: of the draw.
    """
    rng = random.Random(seed)
    notes: dict[str, list[str]] = {}
    for file in files:
        notes.setdefault(file.split("_")[0], []).append(file)
    for drawn in notes.values():
        rng.shuffle(drawn)
    turns = sorted(notes)
    rng.shuffle(turns)
    return frozenset(notes[turns[i % len(turns)]][i // len(turns)] for i in range(count))


def main() -> None:
    """Render all folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    if shutil.which("fluidsynth") is None or not SOUNDFONT.exists():
        sys.exit("needs fluidsynth and its sounds: apt-get install fluidsynth fluid-soundfont-gm")
    for name in LABELLED:
        lowest = PROGRAMS[name][1]
        notes = list(range(lowest, lowest + 24))
        if name in UNSEEN:
            render(out / "unseen", name, notes, 80)
        else:
            render(out / "train", name, notes, 90)
            for velocity in (50, 110):
                render(out / "known", name, notes[2::4], velocity)
            for velocity in (40, 80):
                render(out / "fresh", name, notes[1::4], velocity)
    for name in ("train", "known", "fresh", "unseen"):
        label(out / name)
    shutil.copytree(out / "train" / "data", out / "tenth" / "data", dirs_exist_ok=True)
    files = sorted(path.name for path in (out / "tenth" / "data").iterdir())
    label(out / "tenth", draw_of_each(files, len(files) // 10, seed=0))
    print(f"{out}: {len(list(out.rglob('*.wav')))} files")


if __name__ == "__main__":
    main()
