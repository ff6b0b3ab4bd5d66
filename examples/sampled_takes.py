"""Clean takes of sampled instruments: what the estimators of the package learn from, beside others.

    python examples/sampled_takes.py OUT [--takes N] [--unheard]

Notes, chords and phrases of the General MIDI instruments of FluidR3 (MIT licence), without reverb
and chorus, as files of eight seconds. --unheard renders the instruments that are left out of that:
what an estimator says of these was not learnt. Needs Debian's fluidsynth and fluid-soundfont-gm.
"""

import argparse
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.sampled_instruments import SOUNDFONT, TICKS_PER_SECOND, variable_length
from vschaos2.command_line import fail

RATE_HZ, SECONDS = 44_100, 8.0
# General MIDI program, from 0 → lowest and highest note. Guitars come several times.
LEARNT = {24: (40, 76), 25: (40, 79), 27: (40, 79), 28: (40, 74), 33: (28, 55), 0: (36, 84),
          4: (36, 84), 11: (53, 84), 40: (55, 88), 42: (36, 69), 56: (55, 82), 66: (44, 75),
          73: (60, 91)}  # fmt: skip
GUITARS = (24, 25, 27, 28)
UNHEARD = {26: (40, 79), 15: (48, 79), 46: (36, 84), 68: (58, 84), 70: (36, 65), 104: (48, 76),
           105: (48, 79), 106: (48, 79)}  # fmt: skip
SHAPES = ((0, 7, 12), (0, 4, 7, 12), (0, 3, 7, 12, 15), (0, 7, 12, 16, 19))
LENGTHS_S = (0.15, 0.25, 0.4, 0.6, 1.0)

Event = tuple[float, bytes]


def take(rng: np.random.Generator, lowest: int, highest: int) -> list[Event]:
    """A note or two, chords, or a phrase, as times in seconds and MIDI messages."""
    kind = rng.choice(("note", "chord", "phrase"), p=(0.3, 0.25, 0.45))
    events: list[Event] = []
    now_s, note = 0.1, int(rng.integers(lowest, highest))
    while now_s < SECONDS - 1.0:
        lasts_s = float(rng.choice(LENGTHS_S)) if kind == "phrase" else rng.uniform(1.2, 4.0)
        shape = SHAPES[rng.integers(len(SHAPES))] if kind == "chord" else (0,)
        velocity = int(rng.integers(40, 120))
        for number, step in enumerate(shape):
            key = note + step
            if key > highest:
                continue
            events.append((now_s + 0.008 * number, bytes([0x90, key, velocity])))
            events.append((now_s + lasts_s * rng.uniform(0.8, 1.0), bytes([0x80, key, 0])))
        note = int(np.clip(note + rng.integers(-7, 8), lowest, highest))
        now_s += lasts_s * (1.0 if kind == "phrase" else rng.uniform(1.0, 1.6))
    return sorted(((min(time_s, SECONDS), message) for time_s, message in events))


def midi_file(program: int, events: list[Event]) -> bytes:
    """A standard MIDI file of one track."""
    track = b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big") + b"\x00" + bytes([0xC0, program])
    now = 0
    for time_s, message in [*events, (SECONDS, b"\xff\x2f\x00")]:
        at = round(time_s * TICKS_PER_SECOND)
        track += variable_length(at - now) + message
        now = at
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_SECOND)
    return header + b"MTrk" + struct.pack(">I", len(track)) + track


def rendered(program: int, events: list[Event]) -> np.ndarray:
    """What fluidsynth plays, in mono. Shape: → [T]."""
    with tempfile.TemporaryDirectory() as scratch:
        score, sound = Path(scratch, "score.mid"), Path(scratch, "sound.wav")
        score.write_bytes(midi_file(program, events))
        command = ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "1.0", "-r", str(RATE_HZ)]
        subprocess.run([*command, "-F", sound, SOUNDFONT, score], check=True, capture_output=True)
        samples, _ = soundfile.read(sound, always_2d=True)
    return samples.mean(1)[: round(SECONDS * RATE_HZ)]


def main() -> None:
    """Render the takes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--takes", type=int, default=240)
    parser.add_argument("--unheard", action="store_true")
    arguments = parser.parse_args()
    if not SOUNDFONT.is_file():
        fail(f"{SOUNDFONT}: is not there: apt install fluidsynth fluid-soundfont-gm", 2)
    arguments.out.mkdir(parents=True, exist_ok=True)
    instruments = UNHEARD if arguments.unheard else LEARNT
    programs = list(instruments) + ([] if arguments.unheard else [*GUITARS, *GUITARS])
    rng = np.random.default_rng(1 if arguments.unheard else 0)
    for number in range(arguments.takes):
        program = programs[number % len(programs)]
        sound = rendered(program, take(rng, *instruments[program]))
        sound = sound / max(float(np.abs(sound).max()), 1e-6) * 0.8
        soundfile.write(arguments.out / f"{program:03d}_{number:04d}.wav", sound, RATE_HZ, "PCM_16")


if __name__ == "__main__":
    main()
