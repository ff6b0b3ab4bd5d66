"""What a network hears of a sound: a mel spectrogram, and what only long times tell.

Everything is independent of the sound's level, and a window is judged as a whole. Beside the
spectrogram stand

    flux       autocorrelation of the attacks in four bands: echoes, at their time
    cepstrum   of the whole window and of short frames: echoes and combs; see `cepstra`
    swings     spectrum of the levels in four bands below 14 Hz: what oscillates
    falls      how fast levels rise and fall in four bands: rooms, and what a compressor evens out
    levels     quantiles of the level over time
    waveform   quantiles of the samples, of the crest of short frames and of their lean: clipping
    attacks    the level around attacks, in steps of 3 ms; see `fine_features`
    partials   how single partials swing and move
"""

import functools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.fft import next_fast_len, rfft

from vschaos2.chains.cepstra import ECHOES, PLACES, binned, cepstrum, echoes, ripples
from vschaos2.chains.fine_features import attacks, fine_spectra, partials

Samples = npt.NDArray[np.float32]

RATE_HZ = 22_050
FFT, HOP, MELS = 1024, 256, 64
LEVEL = 0.1  # root mean square that sounds are brought to
FLOOR = 1e-3  # magnitude that is added before a logarithm: noise 80 dB below the peak
BANDS = 4
LAGS = np.arange(5, 53)  # of attacks, in frames: 58 to 604 ms
SWINGS = 28  # bins of half a Hz
FALLS = np.array([-6.0, -3.5, -2.0, -1.2, -0.7, -0.35, 0.0, 0.7, 3.0])  # dB per frame
DB = 8.685889638  # of a logarithm


class Heard(NamedTuple):
    """What a network hears of a window.

    Attributes:
        mel: logarithm of the magnitudes, two frames in one, [F, 64].
        summary: the rest, [`SUMMARY`].
    """

    mel: npt.NDArray[np.float16]
    summary: npt.NDArray[np.float16]


@functools.cache
def filters() -> npt.NDArray[np.float32]:
    """Triangles from 40 Hz to half the rate, evenly spaced in mel: [513, 64]."""
    hz = np.linspace(0.0, RATE_HZ / 2, FFT // 2 + 1)

    def mel(of: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(2595.0 * np.log10(1.0 + of / 700.0))

    lowest, highest = mel(np.array([40.0, RATE_HZ / 2])).tolist()
    edges = np.linspace(lowest, highest, MELS + 2)
    centres = np.interp(edges, mel(hz), hz)
    rise = (hz[:, None] - centres[:-2]) / np.diff(centres)[:-1]
    fall = (centres[2:] - hz[:, None]) / np.diff(centres)[1:]
    return np.maximum(0.0, np.minimum(rise, fall)).astype(np.float32)


def levelled(sound: Samples) -> Samples:
    """A sound at the level that all are heard at; silence as it is."""
    level = float(np.sqrt(np.square(sound, dtype=np.float64).mean()))
    return np.asarray(sound * np.float32(LEVEL / max(level, 1e-7)), np.float32)


def log_mel(sound: Samples, hop: int = HOP) -> npt.NDArray[np.float32]:
    """The logarithm of magnitudes in mel bands. Shape: [T] → [frames, 64]."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, FFT)[::hop]
    window = np.hanning(FFT + 1)[:-1].astype(np.float32)
    spectra = np.abs(rfft(frames * window, axis=1))
    # By torch, whose threads are as many as it is told: numpy's own would wait in all cores.
    power = torch.from_numpy(spectra) @ torch.from_numpy(filters())
    return np.asarray(np.log(power.numpy() + FLOOR), np.float32)


def apart_db(a: npt.NDArray[np.float32], b: npt.NDArray[np.float32]) -> float:
    """How far two mel spectrograms are apart: the mean of |dB|. Shape: [frames, 64] twice."""
    return float(np.abs(a - b).mean()) * DB


def difference_db(a: Samples, b: Samples) -> float:
    """How far two sounds are apart, level aside: the mean of |dB| over mel bands and frames."""
    return apart_db(log_mel(levelled(a)), log_mel(levelled(b)))


def heard(sound: Samples) -> Heard:
    """What a network hears of a sound. Shape: [T], half a second or more at `RATE_HZ`."""
    sound = levelled(sound)
    mel = log_mel(sound)
    even = len(mel) // 2 * 2
    pooled = 0.5 * (mel[0:even:2] + mel[1:even:2])
    ripple, spectra = cepstrum(sound), fine_spectra(sound)
    found = (
        _flux(mel), binned(ripple, RATE_HZ), _swings(mel), _falls(mel), _levels(mel),
        _waveform(sound), attacks(sound), partials(spectra), echoes(ripple, RATE_HZ),
        ripples(spectra),
    )  # fmt: skip
    summary = np.concatenate([np.ravel(each) for each in found])
    return Heard(pooled.astype(np.float16), np.clip(summary, -60.0, 60.0).astype(np.float16))


def _bands(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Levels of four bands: [frames, 64] → [4, frames], logarithms."""
    power = np.exp(mel).reshape(len(mel), BANDS, -1).mean(2)
    return np.asarray(np.log(power).T)


def _flux(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    rise = np.maximum(np.diff(mel, axis=0), 0.0).reshape(len(mel) - 1, BANDS, -1).mean(2).T
    rise = rise - rise.mean(1, keepdims=True)
    rise = rise / (np.sqrt(np.square(rise).mean(1, keepdims=True)) + 1e-3)
    size = next_fast_len(len(mel) + int(LAGS[-1]) + 1, real=True)
    spectra = np.fft.rfft(rise, size, axis=1)
    turned = np.fft.irfft(np.square(np.abs(spectra)), size, axis=1)
    most = len(mel) - 1 - LAGS
    return np.asarray(turned[:, LAGS] / np.maximum(most, 20))


def _swings(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    levels = _bands(mel)
    levels = levels - levels.mean(1, keepdims=True)
    size = round(2.0 * RATE_HZ / HOP)
    spectra = np.abs(np.fft.rfft(levels * np.hanning(levels.shape[1]), size, axis=1))
    return np.asarray(np.log(spectra[:, 1 : SWINGS + 1] + 0.1))


def _falls(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    levels = _bands(mel) * DB
    slopes = (levels[:, 4:] - levels[:, :-4]) / 4.0
    below = (slopes[..., None] < FALLS).mean(1)
    return np.asarray(np.diff(below, axis=1, prepend=0.0) * 4.0)


def _levels(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    whole = np.log(np.exp(2.0 * mel).sum(1)) / 2.0
    quantiles = np.quantile(whole, np.linspace(0.0, 1.0, 21)) - whole.max()
    moved = np.abs(np.diff(whole)).mean()
    return np.array([*quantiles, whole.std(), moved, mel.mean()], np.float32)


def _waveform(sound: Samples) -> npt.NDArray[np.float32]:
    some = np.abs(sound[::5])  # a fifth of them has the same quantiles
    samples = np.quantile(some, [0.1, 0.3, 0.5, 0.7, 0.85, 0.93, 0.97, 0.99, 0.999, 1.0])
    frames = sound[: len(sound) // FFT * FFT].reshape(-1, FFT)
    spread = np.sqrt(np.square(frames).mean(1)) + 1e-5
    crest = np.log(np.abs(frames).max(1) / spread + 1e-3)
    lean = (frames.max(1) + frames.min(1)) / spread
    flat = (np.abs(frames) > 0.9 * np.abs(frames).max(1, keepdims=True)).mean(1)
    at = [0.05, 0.25, 0.5, 0.75, 0.95]
    quantiles = [np.quantile(each, at) for each in (crest, lean, 10.0 * flat)]
    return np.concatenate((np.log(samples / LEVEL + 1e-3), *quantiles)).astype(np.float32)


@functools.cache
def echoes_place() -> slice:
    """Where in a summary the peaks of the cepstrum stand."""
    end = summary_size() - 4 * (len(PLACES) - 1)
    return slice(end - ECHOES, end)


@functools.cache
def summary_size() -> int:
    """Numbers in a summary."""
    return len(heard(np.random.default_rng(0).standard_normal(RATE_HZ).astype(np.float32)).summary)
