"""Copies in a sound, by its cepstrum: echoes at their time, and what is late by some milliseconds.

A copy that is late by d leaves a ripple of 1/d in the logarithm of the spectrum, whatever was
played: the Fourier transform of that logarithm, the cepstrum, has a peak at d (Bogert, Healy &
Tukey, 1963, "The quefrency alanysis of time series for echoes").

cepstrum   of the whole window, in bins of 5 %: a room, a delay, a comb
echoes     its highest peaks beyond 90 ms, against all that is there: whether there is an echo, and
           when. No network finds one sample in thousands by what bins hold
ripples    of short frames over time: a chorus moves them, a clipper fills what is between partials
"""

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft

Samples = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.float32]

QUEFRENCIES_S = np.geomspace(0.004, 0.62, 97)  # edges of 96 bins of 5 %
ECHO_S = (0.09, 0.62)  # where an echo may be
CENTRE_S = 0.25
PEAKS = 4
ECHOES = PEAKS + 7  # numbers that are told of them
NEAR = 30  # samples around a peak that are of it
BODY = 12  # samples around an echo, which its low pass makes wide
FRAME = 4096  # samples of a short frame, as in `fine_features`
PLACES = np.unique(np.round(np.geomspace(2, 600, 50)).astype(int))  # edges of bins of its cepstrum
RIPPLE = 50.0  # to about ±1


def cepstrum(sound: Samples) -> Numbers:
    """The cepstrum of a whole sound, up to half its length. Shape: [T], levelled → [T'].

    Under a window that fades, or the clicks where it begins and ends are what is heard.
    """
    window = np.hanning(len(sound) + 1)[:-1].astype(np.float32)
    size = next_fast_len(len(sound), real=True)
    log = np.log(np.abs(rfft(sound * window, size)) + np.float32(1e-3))  # in single precision
    return np.asarray(irfft(log - log.mean(), size)[: size // 2], np.float32)


def binned(ripple: Numbers, rate_hz: int) -> Numbers:
    """Of each bin the highest, the spread and the lowest. Shape: [T'] → [3, 96]."""
    edges = np.minimum(np.round(QUEFRENCIES_S * rate_hz).astype(int), len(ripple) - 1)
    counts = np.maximum(np.diff(edges), 1)
    inside, firsts = ripple[: edges[-1] + 1], edges[:-1]
    spread = np.sqrt(np.add.reduceat(np.square(inside), firsts) / counts) + 1e-6
    highest, lowest = np.maximum.reduceat(inside, firsts), np.minimum.reduceat(inside, firsts)
    return np.array((highest / spread, np.log(spread) + 8.0, -lowest / spread), np.float32)


def echoes(ripple: Numbers, rate_hz: int) -> Numbers:
    """The highest peaks among all times that echoes may have, and what the first of them is like.

    Its time; the lowest of all; what is there at twice the time, below zero without feedback; how
    wide it is; what is usual there; and its height.

    Shape: [T'] → [4 + 7].
    """
    first, end = (min(round(at * rate_hz), len(ripple)) for at in ECHO_S)
    part = ripple[first:end].copy()
    if len(part) <= 2 * NEAR:
        return np.zeros(ECHOES, np.float32)
    usual = float(np.median(np.abs(part))) / 0.6745 + 1e-7  # the spread, were it all noise
    lowest = max(-float(part.min()), 1e-7)
    at = first + int(part.argmax())
    height = max(float(ripple[at]), 1e-7)
    heights = []
    for _ in range(PEAKS):
        place = int(part.argmax())
        heights.append(np.log(max(float(part[place]), 0.0) / usual + 1e-3))
        part[max(0, place - NEAR) : place + NEAR + 1] = 0.0
    twice = ripple[2 * at - 3 : 2 * at + 4]
    again = (twice.max() / height, twice.min() / height) if len(twice) else (0.0, 0.0)
    width = max(float(np.abs(ripple[at - BODY : at + BODY + 1]).sum()) / height, 1.0)
    told = (
        np.log(at / rate_hz / CENTRE_S), np.log(lowest / usual), *again, np.log(width),
        np.log(usual) + 8.0, np.log(height) + 4.0,
    )  # fmt: skip
    return np.array((*heights, *told), np.float32)


def ripples(magnitudes: Numbers) -> Numbers:
    """Cepstra of short frames: their mean, its highest, their spread, and how they move.

    Shape: magnitudes of spectra of frames of `FRAME` samples [frames, 2049] → [4 · bins].
    """
    log = np.log(magnitudes + np.float32(1e-3))
    every = irfft(log - log.mean(1, keepdims=True), FRAME, axis=1)[:, : PLACES[-1]]
    mean, spread = every.mean(0), every.std(0)
    moved = np.abs(np.diff(every, axis=0)).mean(0) if len(every) > 1 else np.zeros_like(mean)
    firsts, counts = PLACES[:-1], np.diff(PLACES)
    found = [np.add.reduceat(each, firsts) / counts for each in (mean, spread, moved)]
    found.append(np.maximum.reduceat(np.abs(mean), firsts))
    return np.asarray(RIPPLE * np.concatenate(found), np.float32)
