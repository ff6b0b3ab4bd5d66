"""Dry sounds to drive a device with: plucked strings, chords, silences, a sweep and noise, by code.

    python examples/plucked_strings.py OUT.wav [--seconds N] [--seed N] [--rate N]

Everything is a function of its arguments and a seed: the same ones give the same samples.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile
from numba import njit
from numpy.typing import NDArray
from scipy.signal import chirp

Signal = NDArray[np.float64]

PEAK = 0.9
LOWEST_MIDI, HIGHEST_MIDI = 40, 76  # of a guitar, nearly
CHORD_SEMITONES = np.array([0, 7, 12, 16, 19])
SOFTEST_DB = -24.0  # of a note, against the loudest
STRUM_S = 0.008  # from one string of a chord to the next
SILENCE = 0.15  # part of the events that are none
SWEEP_HZ = (20.0, 18_000.0)
NOISE_STEP_S = 0.25


def midi_to_hz(midi: float) -> float:
    """The frequency of a MIDI note, A4 (69) at 440 Hz."""
    return 440.0 * 2.0 ** ((midi - 69.0) / 12.0)


@njit(cache=True)
def _ringing(pluck: Signal, period: float, loss: float, count: int) -> Signal:
    """A string: y[t] = x[t] + g·(y̅[t - P] + y̅[t - P - 1])/2, y̅ read between two samples."""
    whole = int(np.floor(period - 0.5))
    part = period - 0.5 - whole
    before = whole + 2  # samples of silence, so that the loop reads what is there
    y = np.zeros(before + count)
    for t in range(before, before + count):
        value = pluck[t - before] if t - before < len(pluck) else 0.0
        near, middle, far = y[t - whole], y[t - whole - 1], y[t - whole - 2]
        y[t] = value + loss * 0.5 * ((1.0 - part) * near + middle + part * far)
    return y[before:]


def plucked_string(
    f0_hz: float,
    duration_s: float,
    brightness: float,
    loss: float,
    rng: np.random.Generator,
    sample_rate_hz: int,
) -> Signal:
    """One string from its pluck until it is damped, within ±1.

    Args:
        f0_hz: fundamental, above 20 Hz and below a tenth of the rate.
        duration_s: until it is damped; the last sixth fades.
        brightness: of the pluck, 0 (a thumb) to 1 (a nail).
        loss: what is left of it after one period, below 1.
        rng: of the pluck's noise.
        sample_rate_hz: samples per second.

    Shape: [round(duration_s · sample_rate_hz)].

    Source: Karplus & Strong (1983), "Digital synthesis of plucked-string and drum timbres".
    """
    count = round(duration_s * sample_rate_hz)
    period = sample_rate_hz / f0_hz
    pluck = rng.uniform(-1.0, 1.0, int(period))
    kept = 0.8 * (1.0 - brightness)  # a one-pole low pass
    for t in range(1, len(pluck)):
        pluck[t] = (1.0 - kept) * pluck[t] + kept * pluck[t - 1]
    tone = _ringing(pluck - pluck.mean(), period, loss, count)
    fade = np.minimum(1.0, 6.0 * np.linspace(1.0, 0.0, count))
    return tone * fade / max(float(np.abs(tone).max()), 1e-9)


def strings(duration_s: float, seed: int, sample_rate_hz: int = 44_100) -> Signal:
    """Single notes, chords and silences, soft and loud, each ringing into the next.

    Shape: [round(duration_s · sample_rate_hz)], peak `PEAK`.
    """
    rng = np.random.default_rng(seed)
    count = round(duration_s * sample_rate_hz)
    sound = np.zeros(count)
    now_s = 0.0
    while now_s < duration_s:
        lasts_s = float(rng.choice([0.12, 0.2, 0.3, 0.5, 0.9, 1.6]))
        silent = now_s > 0.0 and rng.random() < SILENCE
        midi = [float(rng.integers(LOWEST_MIDI, HIGHEST_MIDI))]
        if rng.random() < 0.45:
            root = LOWEST_MIDI + rng.integers(0, 12)
            midi = [float(root + step) for step in CHORD_SEMITONES[: rng.integers(2, 6)]]
        amplitude = 10.0 ** (rng.uniform(SOFTEST_DB, 0.0) / 20.0)
        for number, note in enumerate([] if silent else midi):
            tone = plucked_string(
                midi_to_hz(note), min(1.5 * lasts_s + 0.05, 2.5), rng.uniform(0.0, 0.9),
                rng.uniform(0.985, 0.9985), rng, sample_rate_hz,
            )  # fmt: skip
            first = round((now_s + number * STRUM_S) * sample_rate_hz)
            end = min(first + len(tone), count)
            sound[first:end] += amplitude * tone[: max(end - first, 0)]
        now_s += lasts_s * rng.uniform(0.8, 1.3)
    return sound * (PEAK / np.abs(sound).max())


def sweep(duration_s: float, sample_rate_hz: int = 44_100) -> Signal:
    """A sine that rises by equal ratios from 20 Hz to 18 kHz, and in level from -33 dB to `PEAK`.

    Shape: [round(duration_s · sample_rate_hz)].
    """
    times_s = np.arange(round(duration_s * sample_rate_hz)) / sample_rate_hz
    highest_hz = min(SWEEP_HZ[1], 0.45 * sample_rate_hz)
    tone = chirp(times_s, SWEEP_HZ[0], duration_s, highest_hz, "logarithmic")
    return tone * np.linspace(0.02, PEAK, len(times_s))


def noise(duration_s: float, seed: int, sample_rate_hz: int = 44_100) -> Signal:
    """White noise whose level steps every quarter of a second, between -16 and -46 dB RMS.

    Shape: [round(duration_s · sample_rate_hz)], limited to ±`PEAK`.
    """
    rng = np.random.default_rng(seed)
    count = round(duration_s * sample_rate_hz)
    step = round(NOISE_STEP_S * sample_rate_hz)
    levels = 0.15 * 10.0 ** (-rng.uniform(0.0, 30.0, -(-count // step)) / 20.0)
    return np.clip(rng.standard_normal(count) * levels.repeat(step)[:count], -PEAK, PEAK)


def dry_sounds(duration_s: float, seed: int, sample_rate_hz: int = 44_100) -> Signal:
    """What shows most of a device in a given time: nine tenths strings, then a sweep, then noise.

    Half a second of silence stands between them, and at the end.

    Args:
        duration_s: of the whole, 10 or more.
        seed: another seed is another piece of music.
        sample_rate_hz: samples per second.

    Shape: [round(duration_s · sample_rate_hz)], float64, within ±`PEAK`.
    """
    count = round(duration_s * sample_rate_hz)
    gap = np.zeros(round(0.5 * sample_rate_hz))
    others_s = 0.05 * duration_s
    parts = [gap, sweep(others_s, sample_rate_hz), gap, noise(others_s, seed, sample_rate_hz), gap]
    rest = count - sum(map(len, parts))
    return np.concatenate([strings(rest / sample_rate_hz, seed, sample_rate_hz), *parts])


def main() -> None:
    """Write a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="WAV file to write")
    parser.add_argument("--seconds", type=float, default=60.0, help="its length (%(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of the music (%(default)s)")
    parser.add_argument("--rate", type=int, default=44_100, help="in Hz (%(default)s)")
    arguments = parser.parse_args()
    sound = dry_sounds(arguments.seconds, arguments.seed, arguments.rate)
    soundfile.write(arguments.out, sound, arguments.rate, subtype="PCM_24")


if __name__ == "__main__":
    main()
