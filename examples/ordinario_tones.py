"""Renders a labelled dataset of sustained orchestral tones from Debian's FluidR3 soundfont.

    apt-get install fluidsynth fluid-soundfont-gm
    python examples/ordinario_tones.py OUT [--soundfont FILE]

Eight instruments, every semitone that is theirs, at two dynamics: 568 tones of 1.4 s, 44.1 kHz,
mono, 16 bits, as dry as the soundfont has them (no reverb, no chorus), with pitch, octave and
instrument as metadata in the layout of `demo_dataset`:

    OUT/data/<instrument>/<instrument>_<midi>_<velocity>.wav
    OUT/metadata/<task>/metadata.txt    data/<instrument>/<file>.wav<TAB>class index
    OUT/metadata/<task>/classes.txt     class index<TAB>name
"""

import argparse
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
import soundfile
from demo_dataset import CLASSES, FolderError

SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
SAMPLE_RATE_HZ = 44_100
ON_S, LENGTH_S, STEP_S = 1.3, 1.4, 3.0  # key held; file; from one key to the next
FADE_S = 0.01
GAIN = 1.5  # of fluidsynth, its 0.2 is for whole orchestras; the loudest tone stays below 1
VELOCITIES = (60, 115)
TICKS_PER_SECOND = 960
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Player:
    """An instrument of General MIDI: its program, from 0, and its lowest and highest key."""

    program: int
    lowest: int
    highest: int


PLAYERS = {  # first one that has the first key of a patch, A below middle C
    "violin": Player(40, 55, 93),
    "cello": Player(42, 36, 74),
    "flute": Player(73, 60, 93),
    "oboe": Player(68, 58, 88),
    "clarinet": Player(71, 50, 86),
    "bassoon": Player(70, 34, 69),
    "horn": Player(60, 41, 77),
    "trumpet": Player(56, 54, 84),
}


@dataclass(frozen=True)
class Tone:
    """One file of the dataset: who plays which key how loudly."""

    instrument: str
    midi: int
    velocity: int

    @property
    def path(self) -> str:
        """Where the file lies, relative to the dataset folder, with forward slashes."""
        return f"data/{self.instrument}/{self.instrument}_{self.midi}_{self.velocity}.wav"

    @property
    def labels(self) -> dict[str, int]:
        """The class index of each task; pitch classes and octaves count from A (midi 69)."""
        octave, pitch = divmod(self.midi - 9, 12)
        return {
            "pitch": pitch,
            "octave": octave,
            "instrument": list(PLAYERS).index(self.instrument),
        }


def tones() -> Iterator[Tone]:
    """Every tone of the dataset, instrument by instrument, soft before loud, upwards."""
    for instrument, player in PLAYERS.items():
        for velocity in VELOCITIES:
            for midi in range(player.lowest, player.highest + 1):
                yield Tone(instrument, midi, velocity)


def midi_file(program: int, keys: list[tuple[int, int]]) -> bytes:
    """A standard MIDI file that plays (key, velocity) one after another, `STEP_S` apart."""

    def after(seconds: float, *message: int) -> bytes:
        ticks = round(seconds * TICKS_PER_SECOND)
        digits = [ticks & 127]
        while ticks := ticks >> 7:
            digits.insert(0, ticks & 127 | 128)
        return bytes([*digits, *message])

    track = after(0, 0xFF, 0x51, 3, *(1_000_000).to_bytes(3))  # a quarter lasts a second
    track += after(0, 0xC0, program)
    for key, velocity in keys:
        track += after(0, 0x90, key, velocity) + after(ON_S, 0x80, key, 0)
        track += after(STEP_S - ON_S, 0xB0, 20, 0)  # a controller that nothing listens to: time
    track += after(0, 0xFF, 0x2F, 0)
    head = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS_PER_SECOND)
    return head + struct.pack(">4sI", b"MTrk", len(track)) + track


def render(program: int, keys: list[tuple[int, int]], soundfont: Path, scratch: Path) -> Samples:
    """The sound of each key, [N, T], mono.

    Raises:
        FolderError: if fluidsynth is missing or fails.
    """
    score, sound = scratch / "score.mid", scratch / "sound.wav"
    score.write_bytes(midi_file(program, keys))
    dry = ("-R", "0", "-C", "0", "-g", str(GAIN), "-r", str(SAMPLE_RATE_HZ))
    command = ["fluidsynth", "-n", "-i", "-q", *dry, "-F", sound, soundfont, score]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError as error:
        raise FolderError("fluidsynth is not installed: apt-get install fluidsynth") from error
    except subprocess.CalledProcessError as error:
        raise FolderError(f"fluidsynth cannot render {soundfont}: {error.stderr!r}") from error
    waveform = soundfile.read(sound, dtype="float32", always_2d=True)[0].mean(1)
    score.unlink()
    sound.unlink()
    begins = np.round(np.arange(len(keys)) * STEP_S * SAMPLE_RATE_HZ).astype(int)
    cut = np.stack([waveform[begin : begin + round(LENGTH_S * SAMPLE_RATE_HZ)] for begin in begins])
    fade = round(FADE_S * SAMPLE_RATE_HZ)
    cut[:, -fade:] *= np.linspace(1.0, 0.0, fade, dtype=np.float32)
    return cut


def render_dataset(folder: Path, soundfont: Path = SOUNDFONT) -> int:
    """The number of sound files written to `folder`, which is whole or absent.

    Raises:
        FolderError: if `folder` exists, the soundfont does not, or fluidsynth cannot render it.
    """
    if folder.exists():
        raise FolderError(f"{folder} exists: remove it, or give a folder that does not exist yet")
    if not soundfont.is_file():
        raise FolderError(
            f"{soundfont} is not there: apt-get install fluid-soundfont-gm, or say where it is "
            "with --soundfont FILE"
        )
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True)
        written = list(tones())
        for instrument, player in PLAYERS.items():
            group = [tone for tone in written if tone.instrument == instrument]
            keys = [(tone.midi, tone.velocity) for tone in group]
            for tone, sound in zip(
                group, render(player.program, keys, soundfont, partial), strict=True
            ):
                path = partial / tone.path
                path.parent.mkdir(parents=True, exist_ok=True)
                soundfile.write(path, sound, SAMPLE_RATE_HZ, subtype="PCM_16")
        _write_metadata(partial, written)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return len(written)


def _write_metadata(folder: Path, written: list[Tone]) -> None:
    for task, names in {**CLASSES, "instrument": list(PLAYERS)}.items():
        metadata = folder / "metadata" / task
        metadata.mkdir(parents=True)
        labels = [f"{tone.path}\t{tone.labels[task]}\n" for tone in written]
        classes = [f"{index}\t{name}\n" for index, name in enumerate(names)]
        (metadata / "metadata.txt").write_text("".join(labels), "utf-8", newline="\n")
        (metadata / "classes.txt").write_text("".join(classes), "utf-8", newline="\n")


class _OneLineParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; usage: {self.prog} OUT [--soundfont FILE]\n")


def main(arguments: list[str] | None = None) -> int:
    """The exit code of the command line: 0, or 2 with one line on stderr."""
    parser = _OneLineParser(description="Render a labelled dataset of eight instruments.")
    parser.add_argument("out", metavar="OUT", type=Path, help="folder to create")
    parser.add_argument("--soundfont", metavar="FILE", type=Path, default=SOUNDFONT)
    options = parser.parse_args(arguments)
    try:
        count = render_dataset(options.out, options.soundfont)
    except (FolderError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    print(f"{options.out}: {count} files, {count * LENGTH_S / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
