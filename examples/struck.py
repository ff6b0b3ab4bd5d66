"""Struck things by code: wood, metal, ceramic and cloth, hit softly and hard.

    python examples/struck.py OUT [--hits N] [--seed N] [--rate N]

    OUT/data/<material>/<object>_<number>.wav   one hit each, mono, 16 bits
    OUT/metadata/velocity/metadata.txt          how hard it was struck, 0 to 1

A struck thing rings in its modes, each of which dies away by itself; how hard it is struck makes
them louder, and the high ones more so. Each material has some objects, whose modes are their own.
Everything is a function of its arguments and a seed: the same ones give the same samples.

Source: van den Doel & Pai (1998), "The sounds of physical shapes", for sounds of modes; the numbers
of each material are made up.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import lfilter

Signal = NDArray[np.float64]

LOUDEST = 0.8  # peak at velocity 1
RANGE_DB = 30.0  # from velocity 0 to 1
SOFTEST = 0.1  # velocity, in a folder of hits
SILENCE_S = 0.02  # before the attack, in a file
HIGHEST_HZ = 16_000.0
SETTLED = 6.9  # a mode's time is until it has fallen to e^-6.9, 60 dB
ATTACK_S = 0.0006


class Material(NamedTuple):
    """What objects of a material have in common.

    Attributes:
        lowest_hz: range of the lowest mode.
        modes: range of their number.
        ring_s: range of the time in which the lowest one dies away.
        noise: of the contact, against the modes.
        tilt: how much weaker high modes are.
        spread: how far from each other they lie, in parts of the lowest.
    """

    lowest_hz: tuple[float, float]
    modes: tuple[int, int]
    ring_s: tuple[float, float]
    noise: float
    tilt: float
    spread: float


MATERIALS = {
    "wood": Material((180.0, 700.0), (6, 10), (0.03, 0.12), 0.5, 1.2, 0.35),
    "metal": Material((300.0, 1400.0), (10, 18), (0.35, 1.2), 0.12, 0.5, 0.9),
    "ceramic": Material((700.0, 2200.0), (7, 12), (0.08, 0.3), 0.2, 0.8, 0.6),
    "cloth": Material((60.0, 160.0), (2, 4), (0.02, 0.06), 1.5, 2.2, 0.2),
}
OBJECTS = 5  # of each material


class Modes(NamedTuple):
    """What one object rings in: frequencies in Hz, times in s, loudness, [M] each."""

    frequency_hz: Signal
    ring_s: Signal
    level: Signal


def modes_of(material: str, number: int) -> Modes:
    """The modes of an object, by the name of its material and its number."""
    of = MATERIALS[material]
    rng = np.random.default_rng([list(MATERIALS).index(material), number])
    lowest_hz = float(np.exp(rng.uniform(*np.log(of.lowest_hz))))
    count = int(rng.integers(*of.modes))
    steps = np.cumsum(1.0 + of.spread * rng.uniform(0.2, 1.4, count))
    frequency_hz = lowest_hz * steps / steps[0]
    frequency_hz = frequency_hz[frequency_hz < HIGHEST_HZ]
    ring_s = float(np.exp(rng.uniform(*np.log(of.ring_s))))
    times = ring_s * (frequency_hz / lowest_hz) ** -0.35
    return Modes(frequency_hz, times, rng.uniform(0.3, 1.0, len(frequency_hz)))


def struck(
    material: str,
    number: int,
    velocity: float,
    rng: np.random.Generator,
    sample_rate_hz: int = 44_100,
    seconds: float = 1.2,
) -> Signal:
    """One hit, from its first sample on, within ±1: [T].

    Args:
        material: one of `MATERIALS`.
        number: of the object.
        velocity: 0 to 1.
        rng: of what differs from hit to hit: where it is struck, and the noise of the contact.
        sample_rate_hz: of the samples.
        seconds: length.
    """
    of, modes = MATERIALS[material], modes_of(material, number)
    t = np.arange(round(seconds * sample_rate_hz)) / sample_rate_hz
    relative = modes.frequency_hz / modes.frequency_hz[0]
    level = relative ** (-of.tilt * (1.6 - 0.9 * velocity)) * modes.level
    level = level * rng.uniform(0.7, 1.3, len(level))
    phase = rng.uniform(0.0, 2.0 * np.pi, len(level))
    angles = 2.0 * np.pi * modes.frequency_hz[:, None] * t + phase[:, None]
    ringing = (level[:, None] * np.sin(angles) * np.exp(-SETTLED * t / modes.ring_s[:, None])).sum(
        0
    )
    ringing *= 1.0 - np.exp(-t / ATTACK_S)
    contact = rng.standard_normal(len(t)) * np.exp(-t / 0.012 * (1.4 - 0.5 * velocity))
    pole = np.exp(-2.0 * np.pi * (600.0 + 5000.0 * velocity) / sample_rate_hz)
    contact = lfilter([1.0 - pole], [1.0, -pole], contact)
    hit = ringing / np.abs(ringing).max() + of.noise * contact / np.abs(contact).max()
    peak = LOUDEST * 10.0 ** (RANGE_DB * (velocity - 1.0) / 20.0)
    return peak * hit / np.abs(hit).max()


def write_hits(folder: Path, count: int, seed: int = 0, sample_rate_hz: int = 44_100) -> None:
    """A dataset folder of hits of all materials, with their velocities as metadata.

    Args:
        folder: where data/ and metadata/ go.
        count: hits, of all materials together.
        seed: of objects, velocities and noise.
        sample_rate_hz: of the files.
    """
    rng = np.random.default_rng(seed)
    lines = []
    for number in range(count):
        material = list(MATERIALS)[number % len(MATERIALS)]
        thing, velocity = int(rng.integers(OBJECTS)), float(rng.uniform(SOFTEST, 1.0))
        hit = struck(material, thing, velocity, rng, sample_rate_hz)
        hit = np.pad(hit, (round(SILENCE_S * sample_rate_hz), 0))
        path = folder / "data" / material / f"{material}{thing}_{number:03d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, hit, sample_rate_hz, subtype="PCM_16")
        lines.append(f"{path.relative_to(folder).as_posix()}\t{velocity:.4f}\n")
    told = folder / "metadata" / "velocity"
    told.mkdir(parents=True, exist_ok=True)
    (told / "metadata.txt").write_text("".join(lines), "utf-8", newline="\n")


def main() -> None:
    """Write a folder of hits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("out", type=Path, help="folder to be made")
    parser.add_argument("--hits", type=int, default=320, help="of all materials together (320)")
    parser.add_argument("--seed", type=int, default=0, help="another one, other hits (0)")
    parser.add_argument("--rate", type=int, default=44_100, help="sample rate in Hz (44100)")
    options = parser.parse_args()
    if options.out.exists() and any(options.out.iterdir()):
        parser.error(f"{options.out} is there already: choose a new folder")
    write_hits(options.out, options.hits, options.seed, options.rate)
    print(f"{options.out}: {options.hits} hits of {', '.join(MATERIALS)}")


if __name__ == "__main__":
    main()
