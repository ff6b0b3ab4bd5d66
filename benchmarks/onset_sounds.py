"""Makes recordings whose onsets are known, to choose a detector's settings by, and to judge it by.

    python -m benchmarks.onset_sounds OUT --oneshots FOLDER

OUT/choose and OUT/judge hold NAME.wav and NAME.times.csv: no sound and no instrument is in both.

    struck_1 …  recorded one-shots at random moments, 70 ms to 0.8 s apart, 24 dB between the
                softest and the loudest, over a soft ambience or noise, cut after half a second
    drums_1 …   a drum kit of the General MIDI, 16 strokes of 90 ms on, two at once at times
    notes_1 …   single notes and chords of an instrument of the General MIDI

FOLDER holds the one-shots of Debian's sonic-pi-samples (CC0), its .flac files. Also needs Debian's
fluidsynth and fluid-soundfont-gm. A stroke of a MIDI file begins where its note does; a one-shot
where it passes 5 % of its peak first, and only those are taken that reach half of it within 15 ms.
"""

import argparse
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from benchmarks.sampled_instruments import SOUNDFONT, TICKS_PER_SECOND, variable_length
from vschaos2.audio import read_audio
from vschaos2.events.onsets import onsets_of, times_file, write_onsets

Samples = npt.NDArray[np.float64]
RATE_HZ = 44_100
LONGEST_S, FADE_S = 0.5, 0.05
SECONDS = 20.0
PIECES = 3  # of struck sounds, for each folder
# By the first word of their names, without those that are several strokes.
STRUCK = {"choose": ("bd", "sn", "elec"), "judge": ("tabla", "perc", "drum")}
SEVERAL = ("elec_wood", "drum_roll", "perc_till", "perc_door", "perc_swash", "perc_swoosh")
AMBIENCE = {"choose": ("ambi_drone", "noise", "ambi_lunar_land"),
            "judge": ("ambi_haunted_hum", "noise", "ambi_glass_hum")}  # fmt: skip
KITS = {"choose": (0, 24), "judge": (8, 40)}  # standard and electronic; room and brush
DRUMS = (36, 38, 42, 46, 45, 48, 49, 37, 39, 56)
# General MIDI programs, from 0: name, program, lowest note.
INSTRUMENTS = {
    "choose": (("piano", 0, 40), ("vibraphone", 11, 55), ("guitar", 25, 45), ("clarinet", 71, 52)),
    "judge": (("marimba", 12, 50), ("harp", 46, 45), ("clean_guitar", 27, 45), ("trumpet", 56, 55)),
}
Strokes = list[tuple[float, list[tuple[int, int]]]]  # seconds, and notes with their velocities


def begins(sound: Samples) -> tuple[int, int]:
    """Samples at which it passes 5 %, and half, of its peak."""
    level = np.abs(sound) / np.abs(sound).max()
    return int((level > 0.05).argmax()), int((level > 0.5).argmax())


def oneshots(folder: Path, words: tuple[str, ...]) -> list[Samples]:
    """Struck sounds, from their beginning, peak 1."""
    found = []
    for path in sorted(folder.rglob("*.flac")):
        if path.stem.split("_")[0] not in words or path.stem in SEVERAL:
            continue
        sound = read_audio(path, RATE_HZ).astype(np.float64)
        first, half = begins(sound)
        if half - first > 0.015 * RATE_HZ:
            continue
        sound = sound[first : first + round(LONGEST_S * RATE_HZ)]
        fade = min(len(sound), round(FADE_S * RATE_HZ))
        sound[-fade:] *= np.linspace(1.0, 0.0, fade)
        found.append(sound / np.abs(sound).max())
    return found


def struck(sounds: list[Samples], ambience: Samples, seed: int) -> tuple[Samples, list[float]]:
    """One-shots at random moments over an ambience, and the moments."""
    random = np.random.default_rng(seed)
    total = np.resize(ambience, round(SECONDS * RATE_HZ)).copy()
    total[: RATE_HZ // 2] *= np.linspace(0.0, 1.0, RATE_HZ // 2) ** 2
    times, at = [], 0.5
    while at < SECONDS - 1.0:
        sound = sounds[random.integers(len(sounds))] * 10 ** (-random.uniform(0.0, 24.0) / 20) / 2
        place = round(at * RATE_HZ)
        total[place : place + len(sound)] += sound
        times.append(place / RATE_HZ)
        at += 0.07 + min(0.73, random.exponential(0.25))
    return total / max(1.0, np.abs(total).max()), times


def ambience(folder: Path, name: str, seed: int) -> Samples:
    """A sound at -50 dB RMS, or pink noise."""
    if name == "noise":
        spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(2**18))
        made = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)))
    else:
        made = read_audio(next(folder.rglob(f"{name}.flac")), RATE_HZ).astype(np.float64)
        made = np.concatenate((made, made[::-1]))  # no seam when it is repeated
    scaled: Samples = made / np.sqrt(np.mean(made**2)) * 10 ** (-50 / 20)
    return scaled


def strokes(notes: list[int], least_s: float, seed: int, most_at_once: int) -> Strokes:
    """Random strokes of one or several notes."""
    random = np.random.default_rng(seed)
    made, at = [], 0.5
    while at < SECONDS - 1.5:
        count = random.integers(1, most_at_once + 1) if random.random() < 0.3 else 1
        chosen = random.choice(notes, count, replace=False)
        made.append((at, [(int(note), int(random.integers(40, 125))) for note in chosen]))
        at += least_s + min(0.9, random.exponential(0.25))
    return made


def rendered(program: int, channel: int, made: Strokes) -> Samples:
    """The strokes as fluidsynth plays them, without reverb and chorus."""
    events = [(0.0, bytes([0xC0 | channel, program]))]
    for number, (at, notes) in enumerate(made):
        ends = made[number + 1][0] if number + 1 < len(made) else at + 0.5
        for note, velocity in notes:
            events.append((at, bytes([0x90 | channel, note, velocity])))
            events.append((min(at + 0.5, ends - 0.001), bytes([0x80 | channel, note, 0])))
    events.sort(key=lambda event: event[0])
    track, before = b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big"), 0
    for at, message in events:
        tick = round(at * TICKS_PER_SECOND)
        track += variable_length(tick - before) + message
        before = tick
    track += variable_length(TICKS_PER_SECOND) + b"\xff\x2f\x00"
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_SECOND)
    with tempfile.TemporaryDirectory() as scratch:
        score, sound = Path(scratch, "score.mid"), Path(scratch, "sound.wav")
        score.write_bytes(header + b"MTrk" + struct.pack(">I", len(track)) + track)
        command = ["fluidsynth", "-niq", "-R", "0", "-C", "0", "-g", "0.8"]
        command += ["-r", str(RATE_HZ), "-F", str(sound), str(SOUNDFONT), str(score)]
        subprocess.run(command, check=True, capture_output=True)
        return read_audio(sound, RATE_HZ).astype(np.float64)


def write(folder: Path, name: str, sound: Samples, times: list[float]) -> None:
    """NAME.wav and its NAME.times.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.wav"
    soundfile.write(path, sound, RATE_HZ, subtype="PCM_16")
    write_onsets(times_file(path), onsets_of(times))
    print(f"{path}: {len(times)} onsets")


def main() -> None:
    """Make both folders."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--oneshots", type=Path, required=True)
    arguments = parser.parse_args()
    if not SOUNDFONT.exists():
        sys.exit("needs fluidsynth and its sounds: apt-get install fluidsynth fluid-soundfont-gm")
    for of, first_seed in (("choose", 100), ("judge", 200)):
        sounds = oneshots(arguments.oneshots, STRUCK[of])
        print(f"{of}: {len(sounds)} one-shots")
        for piece in range(PIECES):
            seed = first_seed + piece
            behind = ambience(arguments.oneshots, AMBIENCE[of][piece], seed)
            write(arguments.out / of, f"struck_{piece + 1}", *struck(sounds, behind, seed))
        for piece, kit in enumerate(KITS[of]):
            made = strokes(list(DRUMS), 0.09, first_seed + 10 + piece, 2)
            times = [at for at, _ in made]
            write(arguments.out / of, f"drums_{piece + 1}", rendered(kit, 9, made), times)
        for piece, (name, program, lowest) in enumerate(INSTRUMENTS[of]):
            made = strokes(list(range(lowest, lowest + 25)), 0.12, first_seed + 20 + piece, 3)
            times = [at for at, _ in made]
            write(arguments.out / of, f"notes_{name}", rendered(program, 0, made), times)


if __name__ == "__main__":
    main()
