"""Bowed and blown tones by code: a wave that is read at a pitch that moves, and some breath.

What is played on such an instrument swells, shakes and hisses by itself; whoever knows plucked
strings alone takes every flute for a tremolo.
"""

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Samples = npt.NDArray[np.float32]
Signal = npt.NDArray[np.float64]

LOWEST_MIDI, HIGHEST_MIDI = 43, 88
LENGTHS_S = (0.15, 0.25, 0.4, 0.6, 1.0, 2.0)
WAVE = 2048  # samples of a period
HARMONICS = 60


class Player:
    """One instrument and who plays it, drawn by chance.

    Args:
        rng: of what they are like.
        rate_hz: of the sound.
    """

    def __init__(self, rng: np.random.Generator, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.slope = rng.uniform(0.8, 2.2)  # harmonic n is n^-slope
        self.even = rng.uniform(0.1, 1.0)  # of even harmonics
        self.formants_hz = np.exp(rng.uniform(np.log(300.0), np.log(4_000.0), 2))
        self.formants = rng.uniform(0.0, 3.0, 2)
        self.attack_s = np.exp(rng.uniform(np.log(0.01), np.log(0.15)))
        self.release_s = np.exp(rng.uniform(np.log(0.03), np.log(0.3)))
        self.vibrato_hz = rng.uniform(4.0, 7.0)
        self.vibrato = rng.uniform(0.0, 0.4) * (rng.random() < 0.6)  # semitones
        self.shake = rng.uniform(0.0, 0.15) * (rng.random() < 0.5)  # of the level with it
        self.breath = 10.0 ** (rng.uniform(-50.0, -18.0) / 20.0)
        self.phases = rng.uniform(0.0, 2.0 * np.pi, HARMONICS)

    def tone(self, midi: float, lasts_s: float, rng: np.random.Generator) -> Signal:
        """A tone with its attack and its release. Shape: → [T]."""
        hz = 440.0 * 2.0 ** ((midi - 69.0 + rng.normal(0.0, 0.05)) / 12.0)
        count = round((lasts_s + self.release_s) * self.rate_hz)
        time_s = np.arange(count) / self.rate_hz
        turn = np.sin(2.0 * np.pi * self.vibrato_hz * time_s + rng.uniform(0.0, 6.28))
        turn *= np.clip(time_s / 0.4 - 0.3, 0.0, 1.0)  # a held tone begins to shake
        phase = np.cumsum(hz * 2.0 ** (self.vibrato * turn / 12.0)) / self.rate_hz
        level = np.minimum(1.0, time_s / self.attack_s)
        level *= np.clip((lasts_s + self.release_s - time_s) / self.release_s, 0.0, 1.0)
        level *= 1.0 - rng.uniform(0.0, 0.5) * time_s / time_s[-1] + self.shake * turn
        places = (phase % 1.0) * WAVE
        bright, dull = (self._wave(hz, more) for more in (0.0, 1.0))
        at, x = np.arange(WAVE + 1), np.square(level)
        tone = x * np.interp(places, at, bright) + (1.0 - x) * np.interp(places, at, dull)
        breath = lfilter([0.3], [1.0, -0.7], rng.standard_normal(count)) * self.breath
        return np.asarray(level * (tone + breath))

    def _wave(self, hz: float, more: float) -> Signal:
        """A period of so many harmonics as the rate allows, and its first sample once more."""
        n = np.arange(1, HARMONICS + 1)
        strength = n ** -(self.slope + more) * np.where(n % 2, 1.0, self.even)
        for centre, gain in zip(self.formants_hz, self.formants, strict=True):
            strength *= 1.0 + gain * np.exp(-0.5 * (np.log2(n * hz / centre) / 0.4) ** 2)
        strength[n * hz > 0.45 * self.rate_hz] = 0.0
        spectrum = np.zeros(WAVE // 2 + 1, complex)
        spectrum[1 : HARMONICS + 1] = strength * np.exp(1j * self.phases)
        wave = np.fft.irfft(spectrum)
        wave /= max(float(np.abs(wave).max()), 1e-12)
        return np.append(wave, wave[0])


def sustained(rng: np.random.Generator, seconds: float, rate_hz: int) -> Samples:
    """Somebody who bows or blows a phrase, and nothing else on it.

    Shape: → [seconds · rate_hz], within ±1.
    """
    player = Player(rng, rate_hz)
    sound = np.zeros(round(seconds * rate_hz))
    midi = float(rng.integers(LOWEST_MIDI + 6, HIGHEST_MIDI - 6))
    now_s = rng.uniform(0.0, 0.15)
    while now_s < seconds - 0.1:
        lasts_s = float(rng.choice(LENGTHS_S))
        tone = 10.0 ** (rng.uniform(-12.0, 0.0) / 20.0) * player.tone(midi, lasts_s, rng)
        first = round(now_s * rate_hz)
        end = min(first + len(tone), len(sound))
        sound[first:end] += tone[: end - first]
        midi = float(np.clip(midi + rng.integers(-7, 8), LOWEST_MIDI, HIGHEST_MIDI))
        now_s += lasts_s + (float(rng.choice(LENGTHS_S)) if rng.random() < 0.15 else 0.0)
    return (sound / max(float(np.abs(sound).max()), 1e-9)).astype(np.float32)
