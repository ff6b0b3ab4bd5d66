"""Eleven test sounds: what phase recovery, reconstruction and metrics are measured on.

All are synthesised here, mono, at 44.1 kHz, the same on every run: two voices, harmonic tones with
and without vibrato, plucked strings, bells, a bass, a reverberant chord, sweeps, noise bursts,
drums, and a mix. The voices are spoken by espeak-ng where that program is installed; elsewhere
two synthetic voices of gliding vowels stand in, and figures will differ.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from scipy import signal

SAMPLE_RATE = 44100
SECONDS = 4.0
COUNT = int(SECONDS * SAMPLE_RATE)

Samples = NDArray[np.float64]


def speech_source() -> str:
    """Who speaks the two voices here: "espeak-ng" or "synthetic vowels"."""
    return "espeak-ng" if shutil.which("espeak-ng") else "synthetic vowels"


def make_sounds() -> dict[str, NDArray[np.float32]]:
    """The eleven sounds by name, each [T], peak 0.7."""
    sounds = {
        "voice_low": voice(
            "The quick brown fox jumps over the lazy dog, while she sells sea shells.",
            name="en-us", pitch=30, words_per_minute=150, f0_hz=110.0,
        ),
        "voice_high": voice(
            "Magnitude spectrograms carry no phase, so we have to invent one.",
            name="en-gb+f3", pitch=65, words_per_minute=155, f0_hz=220.0,
        ),
        "vibrato": vibrato(),
        "plucks": plucks(),
        "bells": bells(),
        "bass": bass(),
        "chord": chord(),
        "sweeps": sweeps(),
        "bursts": bursts(),
        "drums": drums(),
    }  # fmt: skip
    scaled = {name: normalise(samples) for name, samples in sounds.items()}
    spoken = np.zeros(COUNT)
    spoken[: len(scaled["voice_high"])] = scaled["voice_high"][:COUNT]
    scaled["mix"] = 0.5 * scaled["chord"] + 0.6 * scaled["drums"] + 0.5 * scaled["plucks"]
    scaled["mix"] = normalise(scaled["mix"] + 0.5 * spoken)
    return {name: samples.astype(np.float32) for name, samples in scaled.items()}


def normalise(samples: Samples, peak: float = 0.7) -> Samples:
    """The samples, scaled to that peak."""
    return peak * samples / np.abs(samples).max()


def seconds(duration: float) -> Samples:
    """Sample times in seconds from 0 to that duration."""
    return np.arange(int(duration * SAMPLE_RATE)) / SAMPLE_RATE


def fade(attack: float, release: float) -> Samples:
    """A linear envelope over the whole sound, attack and release in seconds."""
    time = seconds(SECONDS)
    return np.minimum(1.0, time / attack) * np.minimum(1.0, (SECONDS - time) / release)


def harmonics(f0_hz: float | Samples, amplitudes: Sequence[float], seed: int) -> Samples:
    """A sum of harmonics in random phase, below 18 kHz, following f0 over the whole sound."""
    rng = np.random.default_rng(seed)
    f0 = np.broadcast_to(np.asarray(f0_hz, dtype=np.float64), COUNT)
    phase = 2 * np.pi * np.cumsum(f0) / SAMPLE_RATE
    starts = rng.uniform(0, 2 * np.pi, len(amplitudes))
    audible = int(18000 / f0.max())
    total = np.zeros(COUNT)
    for h, (amplitude, start) in enumerate(zip(amplitudes, starts, strict=True), 1):
        if h <= audible:
            total += amplitude * np.sin(h * phase + start)
    return total


def voice(text: str, name: str, pitch: int, words_per_minute: int, f0_hz: float) -> Samples:
    """That text spoken by espeak-ng, or gliding vowels at `f0_hz` where it is not installed."""
    program = shutil.which("espeak-ng")
    if program is None:
        return vowels(f0_hz)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        speed = str(words_per_minute)
        command = [program, "-v", name, "-p", str(pitch), "-s", speed, "-w", str(path), text]
        subprocess.run(command, check=True, capture_output=True)
        samples, rate = soundfile.read(path)
    return np.asarray(soxr.resample(samples, rate, SAMPLE_RATE))


def vowels(f0_hz: float) -> Samples:
    """Glottal pulses with jitter through three gliding formants, in syllables with breath noise."""
    rng = np.random.default_rng(int(f0_hz))
    time = seconds(SECONDS)
    wander = signal.lfilter([0.001], [1, -0.999], rng.standard_normal(COUNT))
    f0 = f0_hz * (1 + 0.12 * np.sin(2 * np.pi * 0.4 * time) + 0.3 * wander)
    pulses = np.diff(np.floor(np.cumsum(f0) / SAMPLE_RATE), prepend=0.0)
    source = signal.lfilter([1.0], [1, -0.97], pulses) + 0.01 * rng.standard_normal(COUNT)
    formants_hz = [(730, 1090, 2440), (270, 2290, 3010), (300, 870, 2240), (530, 1840, 2480)]
    total = np.zeros(COUNT)
    syllable = COUNT // 16
    for i in range(16):
        spoken = source[i * syllable : (i + 1) * syllable].copy()
        for formant in formants_hz[i % 4]:
            radius = np.exp(-np.pi * 90 / SAMPLE_RATE)
            angle = 2 * np.pi * formant / SAMPLE_RATE
            spoken = signal.lfilter([1.0], [1, -2 * radius * np.cos(angle), radius**2], spoken)
            spoken /= np.abs(spoken).max()
        hold = np.hanning(syllable) ** 0.3
        total[i * syllable : (i + 1) * syllable] = spoken * hold
    return total


def vibrato() -> Samples:
    """A bowed-like tone of 330 Hz with a resonance at 2.8 kHz and a vibrato of ±60 cents."""
    f0 = 330 * 2 ** (0.05 * np.sin(2 * np.pi * 5.5 * seconds(SECONDS)))
    amplitudes = [
        h**-1.1 * (1 + 2 * np.exp(-(((h * 330 - 2800) / 500) ** 2))) for h in range(1, 60)
    ]
    return harmonics(f0, amplitudes, seed=1) * fade(0.1, 0.3)


def pluck(f0_hz: float, duration: float, rng: np.random.Generator) -> Samples:
    """A plucked string: noise in a loop of one period, with a two-point average and a fraction.

    Source: Karplus & Strong (1983); Jaffe & Smith (1983) for the tuning.
    """
    period = SAMPLE_RATE / f0_hz - 0.5
    whole = int(period)
    fraction = period - whole
    loop = 0.498 * np.convolve([1.0, 1.0], [1.0 - fraction, fraction])
    excitation = np.zeros(int(duration * SAMPLE_RATE))
    excitation[:whole] = rng.uniform(-1, 1, whole)
    return signal.lfilter([1.0], np.concatenate(([1.0], np.zeros(whole - 1), -loop)), excitation)


def plucks() -> Samples:
    """Eight strings of an A major chord, plucked one after the other and left to ring."""
    rng = np.random.default_rng(2)
    total = np.zeros(COUNT)
    for i, f0 in enumerate([110, 164.8, 220, 277.2, 329.6, 440, 554.4, 659.3]):
        start = int(i * 0.4 * SAMPLE_RATE)
        string = pluck(f0, SECONDS - i * 0.4, rng)[: COUNT - start]
        total[start : start + len(string)] += string
    return total


def bells() -> Samples:
    """Four bells of inharmonic, slowly beating partials."""
    rng = np.random.default_rng(3)
    total = np.zeros(COUNT)
    ratios = [0.5, 1.0, 1.2, 1.5, 2.0, 2.51, 3.01, 4.1, 5.4, 6.8]
    for i, strike_hz in enumerate([392, 523.3, 330, 440]):
        start = int(i * 0.9 * SAMPLE_RATE)
        time = seconds(SECONDS)[: COUNT - start]
        for ratio in ratios:
            for detune in (0.9995, 1.0005):
                partial = np.sin(
                    2 * np.pi * strike_hz * ratio * detune * time + rng.uniform(0, 2 * np.pi)
                )
                total[start:] += partial * np.exp(-time * (0.6 + 0.7 * ratio)) / (1 + ratio)
    return total


def bass() -> Samples:
    """A sawtooth bass of 65 to 98 Hz, its brightness falling on each of eight notes."""
    total = np.zeros(COUNT)
    step = COUNT // 8
    for i, f0 in enumerate([65.4, 65.4, 98.0, 77.8, 65.4, 87.3, 98.0, 77.8]):
        time = np.arange(step) / SAMPLE_RATE
        note = np.zeros(step)
        for h in range(1, 80):
            note += np.sin(2 * np.pi * h * f0 * time) / h * np.exp(-time * h * 0.6)
        total[i * step : (i + 1) * step] = note * np.minimum(1.0, (time[-1] - time) / 0.02)
    return total


def chord() -> Samples:
    """Four detuned sawtooth notes, low-passed at 5 kHz, in a reverberant room."""
    rng = np.random.default_rng(4)
    total = np.zeros(COUNT)
    for i, f0 in enumerate([130.8, 164.8, 196.0, 246.9]):
        for cents in (-7, 0, 8):
            detuned = f0 * 2 ** (cents / 1200)
            total += harmonics(detuned, [1 / h for h in range(1, 90)], seed=100 * i + cents + 10)
    numerator, denominator = signal.butter(2, 5000, fs=SAMPLE_RATE)
    total = signal.lfilter(numerator, denominator, total) * fade(0.4, 0.8)
    room = 0.02 * rng.standard_normal(SAMPLE_RATE) * np.exp(-seconds(1.0) / 0.25)
    room[0] = 1.0
    return signal.fftconvolve(total, room)[:COUNT]


def sweeps() -> Samples:
    """A rising logarithmic sweep and a falling linear one that cross."""
    time = seconds(SECONDS)
    rising = signal.chirp(time, 60, SECONDS, 14000, "logarithmic")
    return rising + 0.5 * signal.chirp(time, 9000, SECONDS, 300, "linear")


def bursts() -> Samples:
    """Ten decaying bursts of band-passed noise between 200 Hz and 15 kHz."""
    rng = np.random.default_rng(5)
    total = np.zeros(COUNT)
    for i in range(10):
        start = int(i * 0.38 * SAMPLE_RATE)
        count = int(rng.uniform(0.05, 0.35) * SAMPLE_RATE)
        band = np.sort(rng.uniform(200, 15000, 2))
        numerator, denominator = signal.butter(2, band, "bandpass", fs=SAMPLE_RATE)
        noise = signal.lfilter(numerator, denominator, rng.standard_normal(count))
        total[start : start + count] += noise * np.exp(-np.arange(count) / (0.3 * count))
    return total


def drums() -> Samples:
    """Kick, hat, snare, hat: four bars at 240 hits a minute."""
    rng = np.random.default_rng(6)
    time = seconds(0.25)
    numerator, denominator = signal.butter(4, 7000, "highpass", fs=SAMPLE_RATE)
    hits = []
    for i in range(16):
        noise = rng.standard_normal(len(time))
        if i % 4 == 0:
            sweep = 50 * time + 8 * (1 - np.exp(-time * 40))
            hit = 1.5 * np.sin(2 * np.pi * sweep) * np.exp(-time * 14)
        elif i % 4 == 2:
            tone = np.sin(2 * np.pi * 190 * time) * np.exp(-time * 20)
            hit = 0.7 * (noise * np.exp(-time * 25) + tone)
        else:
            hit = 0.7 * signal.lfilter(numerator, denominator, noise) * np.exp(-time * 60)
        hit[:8] *= np.linspace(0, 1, 8)
        hits.append(hit)
    return np.concatenate(hits)
