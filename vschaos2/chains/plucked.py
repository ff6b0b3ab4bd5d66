"""Guitars by code: plucked strings through pickups, as much of them as is asked for.

Notes, chords and phrases, each drawn with its own strings, pick, pickup, tone and hum.

Source of the string: Karplus & Strong (1983), "Digital synthesis of plucked-string and drum
timbres"; of the comb that a pick's and a pickup's place make: Jaffe & Smith (1983), "Extensions of
the Karplus-Strong plucked-string algorithm".
"""

import numpy as np
import numpy.typing as npt
from numba import njit
from scipy.signal import lfilter

Samples = npt.NDArray[np.float32]
Signal = npt.NDArray[np.float64]

KINDS = ("note", "chord", "phrase")
SHARES = (0.2, 0.2, 0.6)
LOWEST_MIDI, HIGHEST_MIDI = 40, 79
SHAPES = ((0, 7, 12, 16, 19, 24), (0, 7, 12, 15, 19, 24), (0, 7, 12), (0, 5, 10, 15), (0, 4, 7, 11))
LENGTHS_S = (0.12, 0.2, 0.25, 0.4, 0.5, 0.8, 1.2)


@njit(cache=True)
def _string(pluck: Signal, period: float, loss: float, bright: float, count: int) -> Signal:
    """y[t] = x[t] + loss · ((1 - b) y̅[t - P] + b (y̅[t - P + ½] + y̅[t - P - ½]) / 2)."""
    whole = int(np.floor(period - 0.5))
    part = period - 0.5 - whole
    before = whole + 2
    y = np.zeros(before + count)
    for t in range(before, before + count):
        value = pluck[t - before] if t - before < len(pluck) else 0.0
        near = (1.0 - part) * y[t - whole] + part * y[t - whole - 1]
        far = (1.0 - part) * y[t - whole - 1] + part * y[t - whole - 2]
        y[t] = value + loss * (bright * near + (1.0 - bright) * far)
    return y[before:]


class Guitar:
    """One instrument, drawn by chance.

    Args:
        rng: of what it is like.
        rate_hz: of its sound.
    """

    def __init__(self, rng: np.random.Generator, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.pick_place = rng.uniform(0.08, 0.4)  # of the string's length
        self.pickup_place = rng.uniform(0.05, 0.3)
        self.nail = rng.uniform(0.1, 0.95)
        self.ringing_s = np.exp(rng.uniform(np.log(0.5), np.log(6.0)))  # to -60 dB, at A3
        self.bright = rng.uniform(0.35, 0.5)
        self.tone_hz = np.exp(rng.uniform(np.log(1_200.0), np.log(9_000.0)))
        self.body_hz, self.body = rng.uniform(90.0, 260.0), rng.uniform(0.0, 0.35)
        self.damped_s = np.exp(rng.uniform(np.log(0.02), np.log(0.5)))  # until a string is still
        # Two strings for one, as a piano or a guitar of twelve has: they beat.
        self.apart = rng.uniform(0.01, 0.06) if rng.random() < 0.1 else 0.0  # semitones

    def pluck(self, midi: float, lasts_s: float, rng: np.random.Generator) -> Signal:
        """A string, or a pair, from its pluck until it is damped. Shape: [T]."""
        midi = midi + rng.normal(0.0, 0.04)
        tone = self._string(midi, lasts_s, rng)
        if self.apart:
            tone = tone + rng.uniform(0.4, 1.0) * self._string(midi + self.apart, lasts_s, rng)
        return np.asarray(tone / max(float(np.abs(tone).max()), 1e-9))

    def _string(self, midi: float, lasts_s: float, rng: np.random.Generator) -> Signal:
        hz = 440.0 * 2.0 ** ((midi - 69.0) / 12.0)
        period, count = self.rate_hz / hz, round((lasts_s + self.damped_s) * self.rate_hz)
        noise = rng.uniform(-1.0, 1.0, int(period) + 1)
        kept = 0.75 * (1.0 - self.nail * rng.uniform(0.7, 1.0))
        noise = lfilter([1.0 - kept], [1.0, -kept], noise - noise.mean())
        late = max(1, round(self.pick_place * period))
        pluck = np.concatenate((noise, np.zeros(late)))
        pluck[late:] -= noise
        ringing = self.ringing_s * (220.0 / hz) ** 0.5
        tone = _string(pluck, period, 10.0 ** (-3.0 / (ringing * hz)), self.bright, count)
        late = max(1, round(self.pickup_place * period))
        tone[late:] -= 0.8 * tone[:-late].copy()
        damped = min(round(self.damped_s * self.rate_hz), count)
        tone[-damped:] *= np.square(np.linspace(1.0, 0.0, damped))
        return np.asarray(tone)

    def finished(self, sound: Signal) -> Signal:
        """Through the tone knob and the body."""
        kept = np.exp(-2.0 * np.pi * self.tone_hz / self.rate_hz)
        sound = lfilter([1.0 - kept], [1.0, -kept], sound)
        angle, radius = 2.0 * np.pi * self.body_hz / self.rate_hz, 0.995
        boxy = lfilter([1.0 - radius], [1.0, -2.0 * radius * np.cos(angle), radius**2], sound)
        return np.asarray(sound + 20.0 * self.body * boxy)


def take(
    rng: np.random.Generator, seconds: float, rate_hz: int, kind: str | None = None
) -> Samples:
    """A guitar that plays a note, a chord or a phrase, and nothing else on it.

    Args:
        rng: of everything.
        seconds: how long.
        rate_hz: of the sound.
        kind: one of `KINDS`; drawn if None.

    Shape: → [T], within ±1.
    """
    guitar = Guitar(rng, rate_hz)
    kind = str(rng.choice(KINDS, p=SHARES)) if kind is None else kind
    sound = np.zeros(round(seconds * rate_hz))
    now_s = rng.uniform(0.0, 0.15)
    midi = float(rng.integers(LOWEST_MIDI + 4, HIGHEST_MIDI - 4))
    # Some lift their fingers, some let strings ring on while others are plucked.
    held = rng.uniform(1.0, 5.0) if rng.random() < 0.4 else 1.0
    while now_s < seconds - 0.1:
        amplitude = 10.0 ** (rng.uniform(-14.0, 0.0) / 20.0)
        lasts_s = rng.uniform(1.2, 3.0) if kind != "phrase" else float(rng.choice(LENGTHS_S))
        is_chord = kind == "chord" or (kind == "phrase" and rng.random() < 0.2)
        notes = [midi]
        if is_chord:
            shape = SHAPES[rng.integers(len(SHAPES))]
            root = float(rng.integers(LOWEST_MIDI, LOWEST_MIDI + 16))
            notes = [root + step for step in shape]
        strum_s = rng.uniform(0.002, 0.02)
        for number, note in enumerate(notes):
            first = round((now_s + number * strum_s) * rate_hz)
            rings = min(held * lasts_s * rng.uniform(0.85, 1.1), seconds - first / rate_hz)
            if rings < 0.03:
                continue
            tone = amplitude * guitar.pluck(note, rings, rng)
            end = min(first + len(tone), len(sound))
            sound[first:end] += tone[: end - first]
        midi = float(np.clip(midi + rng.integers(-7, 8), LOWEST_MIDI, HIGHEST_MIDI))
        rests_s = rng.choice(LENGTHS_S) if rng.random() < 0.12 else 0.0
        now_s += lasts_s * (1.0 if kind == "phrase" else rng.uniform(0.9, 1.5)) + rests_s
    sound = guitar.finished(sound)
    return (sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32)
