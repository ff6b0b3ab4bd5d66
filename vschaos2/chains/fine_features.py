"""What a mel spectrogram is too coarse for: how attacks rise, and how single partials move.

attacks    the level around the strongest attacks, in steps of 3 ms and more: what a compressor
           lets through before it holds, what a clipper flattens, what echoes add
partials   levels and frequencies of the strongest partials over time, each for itself: a chorus
           moves all of them apart, a tremolo all of them together
"""

import numpy as np
import numpy.typing as npt
from scipy.fft import rfft

Samples = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float32]

BLOCK = 64  # samples of a step: 2.9 ms at 22.05 kHz
BEFORE = 8  # steps before an attack
STEPS = np.array([0, 4, *range(8, 17), 18, 20, 22, 24, 28, 32, 36, 40, 48, 56, 64, 72, 84, 96])
ATTACKS = 8  # at most
APART = 34  # steps between two attacks: 100 ms
LEAST_RISE_DB = 3.0
SCALE_DB = 6.0  # to about ±1

FFT, HOP = 4096, 1024  # of partials: 5 Hz, 46 ms
FIRST, LAST = 4, 740  # bins: 20 Hz to 4 kHz
PARTIALS = 24  # at most
LEAST = 5.0  # of a logarithm below the strongest: 43 dB
TURNS, SWINGS = 40, 20  # bins of half a Hz, up to 10 Hz


def attacks(sound: Samples) -> Numbers:
    """The mean level around attacks, how it differs between them, and how many and strong they are.

    Shape: [T], levelled → [2 · 24 + 2].
    """
    shape = len(STEPS) - 1
    count = len(sound) // BLOCK
    power = np.square(sound[: count * BLOCK].reshape(count, BLOCK)).mean(1)
    power[1:] = 0.5 * (power[1:] + power[:-1])
    level = 10.0 * np.log10(power + 1e-6)
    rise = np.zeros(count)
    if count > 8:
        rise[4:-3] = np.maximum.reduce([level[4 + n : count - 3 + n] for n in range(3)])
        rise[4:-3] -= level[: count - 7]
    rise[: BEFORE + 1] = 0.0
    rise[max(0, count - (STEPS[-1] - BEFORE)) :] = 0.0
    around, strengths = [], []
    for _ in range(ATTACKS):
        at = int(rise.argmax())
        if rise[at] < LEAST_RISE_DB:
            break
        part = level[at - BEFORE : at - BEFORE + STEPS[-1]]
        around.append(np.add.reduceat(part, STEPS[:-1]) / np.diff(STEPS) - part.max())
        strengths.append(rise[at])
        rise[max(0, at - APART) : at + APART + 1] = 0.0
    if not around:
        return np.zeros(2 * shape + 2, np.float32)
    every = np.array(around) / SCALE_DB
    told = (len(around) / 4.0, float(np.mean(strengths)) / SCALE_DB)
    return np.concatenate((every.mean(0), every.std(0), told)).astype(np.float32)


def fine_spectra(sound: Samples) -> Numbers:
    """Magnitudes of the spectra of long frames.

    Shape: [T], levelled, a fifth of a second or more at 22.05 kHz → [frames, 2049].
    """
    frames = np.lib.stride_tricks.sliding_window_view(sound, FFT)[::HOP]
    window = np.hanning(FFT + 1)[:-1].astype(np.float32)
    return np.asarray(np.abs(rfft(frames * window, axis=1)), np.float32)


def partials(magnitudes: Numbers) -> Numbers:
    """Spectra of the levels of partials, of what is common to them, and of their frequencies.

    Shape: `fine_spectra`, [frames, 2049] → [3 · 20 + 2].
    """
    levels = np.log(magnitudes[:, FIRST:LAST] + 1e-2)
    mean = levels.mean(0)
    is_peak = (mean[1:-1] > mean[:-2]) & (mean[1:-1] >= mean[2:])
    is_peak &= mean[1:-1] > mean.max() - LEAST
    peaks = np.flatnonzero(is_peak) + 1
    peaks = peaks[np.argsort(-mean[peaks], kind="stable")[:PARTIALS]]
    if len(peaks) < 2 or len(levels) < 3:
        return np.zeros(3 * SWINGS + 2, np.float32)
    below, at, above = levels[:, peaks - 1], levels[:, peaks], levels[:, peaks + 1]
    level = np.maximum(at, np.maximum(below, above))
    # A parabola through three bins says where between them a partial is.
    place = np.clip(0.5 * (below - above) / (below - 2.0 * at + above - 1e-3), -1.0, 1.0)
    own = _swings(level).mean(1)
    common = _swings(level.mean(1, keepdims=True))[:, 0]
    moved = _swings(place).mean(1)
    told = (place.std(), np.abs(np.diff(level, axis=0)).mean())
    return np.concatenate(
        (
            np.log(own + 0.1),
            np.log(common + 0.1) - np.log(own + 0.1),
            np.log(moved + 0.1),
            told,
        )
    ).astype(np.float32)


def _swings(x: Numbers) -> Numbers:
    """Magnitudes of what oscillates in each column, its mean and its slope left out."""
    x = x - x.mean(0)
    line = np.linspace(-1.0, 1.0, len(x), dtype=np.float32)[:, None]
    x = x - line * (x * line).sum(0) / np.square(line).sum()
    window = np.hanning(len(x) + 2)[1:-1, None]
    size = max(TURNS, len(x))
    spectrum = np.abs(np.fft.rfft(x * window, size, axis=0))
    at = np.round(np.arange(1, SWINGS + 1) * size / TURNS).astype(int)
    return np.asarray(spectrum[np.minimum(at, len(spectrum) - 1)], np.float32)
