"""Whether an instrument of sampled tones plays what its labels say, whatever its latents.

    python -m benchmarks.label_swaps RUN FOLDER [--swaps N] [--every N] [--inversion MODE]

FOLDER is the dataset that RUN was trained on, single tones <instrument>_<midi>_<velocity>.wav with
metadata, as `examples/ordinario_tones.py` renders it. Latents come from files of it, and from the
instrument's presets, held still. The labels of another tone of FOLDER take the place of their own:

    none        their own
    pitch       another pitch class, in the same octave and of the same instrument
    octave      another octave of the same instrument
    instrument  another instrument that has the key
    all         another key of another instrument; all that presets know

key: the share of sounds heard within 50 cents of the key that they were told, by SwiftF0, for
more than half of what is voiced, which must be a quarter at least. instrument: the share of sounds
nearer to a recording of their instrument at that key than to any of another instrument, in the
decibels of third octaves, each spectrum less its mean. How many recordings of FOLDER this judge
calls by their names, by the others, is printed first.
"""

import argparse
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

from vschaos2.audio import read_audio
from vschaos2.families.loading import load_run
from vschaos2.families.vae.signal_path import Samples, hear, sound_of
from vschaos2.generation.file_labels import labels_for
from vschaos2.generation.player import Player
from vschaos2.pitch.methods import make_tracker
from vschaos2.pitch.trackers import SAMPLE_RATE_HZ

SECONDS = 0.8  # played
BEGIN_S, END_S = 0.25, 0.75  # listened to
RANGE_HZ = (48.0, 2093.0)
KINDS = ("pitch", "octave", "instrument", "all")
Spectrum = npt.NDArray[np.float64]


class Key(NamedTuple):
    """A tone: the index of its instrument, and its key."""

    instrument: int
    midi: int


class Judge:
    """Hears keys and instruments.

    Args:
        recordings: by tone, all there are of it.
        rate_hz: of them, and of all that is judged.
    """

    def __init__(self, recordings: dict[Key, list[Samples]], rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.tracker = make_tracker("swift", 0.01, *RANGE_HZ)
        self.templates = {
            key: [self.spectrum(sound) for sound in each] for key, each in recordings.items()
        }

    def spectrum(self, sound: Samples) -> Spectrum:
        """Third octaves from 40 Hz, in dB, at most 60 below the loudest, less their mean: [27]."""
        part = sound[round(BEGIN_S * self.rate_hz) : round(END_S * self.rate_hz)]
        power = np.abs(np.fft.rfft(part * np.hanning(len(part)))) ** 2
        edges_hz = 40.0 * 2.0 ** (np.arange(28) / 3.0)
        bands = np.histogram(np.fft.rfftfreq(len(part), 1 / self.rate_hz), edges_hz, weights=power)
        decibels = 10.0 * np.log10(np.maximum(bands[0], 1e-12))
        decibels = np.maximum(decibels, decibels.max() - 60.0)
        return decibels - decibels.mean()

    def plays(self, sound: Samples, midi: int) -> bool:
        """Whether a sound has the pitch of a key."""
        part = sound[round(BEGIN_S * self.rate_hz) : round(END_S * self.rate_hz)]
        f0_hz, periodicity = self.tracker(
            np.asarray(soxr.resample(part, self.rate_hz, SAMPLE_RATE_HZ), dtype=np.float32)
        )
        voiced = periodicity >= self.tracker.threshold
        off = np.abs(69.0 + 12.0 * np.log2(f0_hz[voiced] / 440.0) - midi) < 0.5
        return bool(voiced.mean() >= 0.25 and off.mean() > 0.5)

    def instrument(self, heard: Spectrum, midi: int, but: int | None = None) -> int:
        """The instrument that has the nearest recording of this key; `but` one that is left out."""
        distances = [
            (float(((each - heard) ** 2).sum()), key.instrument)
            for key, spectra in self.templates.items()
            if key.midi == midi
            for each in spectra
            if id(each) != but
        ]
        return min(distances)[1]


def moved(kind: str, own: Key, keys: list[Key], rng: np.random.Generator) -> Key | None:
    """Another tone: of the same instrument, at the same key, or another in both."""
    octaves = [k for k in keys if k.instrument == own.instrument and k.midi != own.midi]
    wanted = {
        "pitch": [k for k in octaves if (k.midi - 9) // 12 == (own.midi - 9) // 12],
        "octave": [k for k in octaves if (k.midi - own.midi) % 12 == 0],
        "instrument": [k for k in keys if k.midi == own.midi and k != own],
        "all": [k for k in keys if k.midi != own.midi and k.instrument != own.instrument],
    }[kind]
    return wanted[rng.integers(len(wanted))] if wanted else None


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--swaps", type=int, default=1, help="of each kind per file (%(default)s)")
    parser.add_argument("--every", type=int, default=8, help="take every Nth file (%(default)s)")
    parser.add_argument("--inversion", help="phase recovery (the run's own)")
    arguments = parser.parse_args()
    run = load_run(arguments.run)
    rate_hz = run.model.transform.sample_rate_hz
    player = Player(run, inversion=arguments.inversion)
    core = player.core
    labels_of = labels_for(run, (), arguments.folder)
    tasks, names = list(run.model.conditioning.tasks), run.kept.classes["instrument"]
    files: dict[Key, list[Path]] = defaultdict(list)
    for path in sorted((arguments.folder / "data").rglob("*.wav")):
        name, midi, *_ = path.stem.split("_")
        files[Key(names.index(name), int(midi))].append(path)
    keys = list(files)
    recordings = {key: [read_audio(path, rate_hz) for path in each] for key, each in files.items()}
    judge = Judge(recordings, rate_hz)
    right = [
        judge.instrument(spectrum, key.midi, but=id(spectrum)) == key.instrument
        for key, spectra in judge.templates.items()
        for spectrum in spectra
    ]
    print(f"judge of instruments  {np.mean(right):.3f} of {len(right)} recordings")
    rng = np.random.default_rng(0)
    length = round(SECONDS * rate_hz)
    followed: dict[str, list[tuple[bool, bool]]] = defaultdict(list)

    def play(source: str, latents: Samples, kind: str, key: Key) -> None:
        octave, pitch = divmod(key.midi - 9, 12)
        value = {"pitch": pitch, "octave": octave, "instrument": key.instrument}
        told = np.tile(np.float32([value[task] for task in tasks]), (len(latents), 1))
        sound = np.concatenate(list(sound_of(core, latents, told, 0, length)))
        name = judge.instrument(judge.spectrum(sound), key.midi)
        followed[f"{source}, {kind}"].append((judge.plays(sound, key.midi), name == key.instrument))

    every = [(k, path) for k, each in files.items() for path in each][:: arguments.every]
    for key, path in every:
        heard = hear(core, path, labels_of(path))
        play("files", heard.latents, "none", key)
        for kind in KINDS * arguments.swaps:
            to = moved(kind, key, keys, rng)
            if to is not None:
                play("files", heard.latents, kind, to)
    for place in player.windows.places():
        still = np.tile(place.numpy(), (2 + length // core.hop, 1))
        for index in rng.choice(len(keys), 8 * arguments.swaps, replace=False):
            play("presets", still, "all", keys[index])
    for name, each in followed.items():
        key_share, instrument_share = np.mean(each, 0)
        print(f"{name:20}  key {key_share:.3f}, instrument {instrument_share:.3f} of {len(each)}")


if __name__ == "__main__":
    main()
