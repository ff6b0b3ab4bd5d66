"""Pitch trackers: a waveform at 16 kHz -> f0 and periodicity, one value for every cell of a hop.

Cell n is [n·hop, (n+1)·hop); every tracker looks at a window centred on the middle of the cell.

Measured on sampled notes of cello, clarinet, flute, trumpet and violin by `benchmarks/pitch.py`,
hop 256 at 44.1 kHz, on two shared CPU cores (right: of the cells called voiced, within 50 cents;
recall: of the sounding ones, called voiced; speed in times real time):

    method       notes    right   recall    speed
    swift          120    .998     .997     35–55
    pyin           120   1.000     .995      1.2
    crepe full      15    .996     .992       0.1
    crepe tiny      40    .949     .993       1.3     (.755 right on the cello)

`swift` is the default: it alone is both right in 98.5 % and 20 times real time. It stays the
default where there is a GPU, which would only speed up CREPE, so that a dataset gets the same
labels wherever they are made. pYIN is the most right of all and needs no trained weights: choose
it for a small set. Of inharmonic sounds mind the labels: on the struck bars of
examples/demo_dataset.py swift is right in .91 only, for it takes some second modes for the pitch.
"""

from importlib import import_module
from importlib.metadata import version
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError

SAMPLE_RATE_HZ = 16_000
NOMINAL_RATE_HZ = 44_100  # of the recordings whose samples a hop is given in

Signal = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]


class Tracker(Protocol):
    """What `vschaos2.pitch.extraction` needs of a pitch tracker.

    Attributes:
        hop_samples: length of a cell at `SAMPLE_RATE_HZ`.
        threshold: periodicity from which a cell is voiced, unless the user knows better.
        settings: name, version and range in one line; two trackers of the same settings agree.
        threads: whether several threads may call it at once, and gain by it.
    """

    hop_samples: int
    threshold: float
    settings: str
    threads: bool

    def __call__(self, waveform: Signal) -> tuple[Values, Values]:
        """Pitch in Hz and periodicity in [0, 1] of every whole cell.

        Shape: [T] float32 → [F] and [F] with F = T // hop_samples; T is at least one hop.
        """
        ...


class SwiftTracker:
    """SwiftF0, a network of convolutions over an STFT, run by ONNX Runtime on the CPU.

    Its hop is fixed: 256 samples, 16 ms. Below `REFINED_HZ` its pitch of sounds with few
    harmonics is up to 130 cents off (its STFT resolves 15.6 Hz), so it is moved to the nearest
    peak of the autocorrelation there (see `refine_f0`).

    Args:
        fmin_hz: pitches below are never voiced; 46.875 Hz at least.
        fmax_hz: pitches above are never voiced; 2093.75 Hz at most.

    Raises:
        InputError: for a range that the network does not know, or if swift-f0 is not installed.

    Source: Nieradzik (2025), "SwiftF0: Fast and Accurate Monophonic Pitch Detection",
    arXiv:2508.18440. Version 0.1.2, since the smaller network of 0.2 and 0.3 jumps by octaves on
    clarinet and flute: .957 instead of .997 right on the notes above (before refining).
    """

    REFINED_HZ = 250.0

    hop_samples = 256
    threshold = 0.55
    threads = True

    def __init__(self, fmin_hz: float, fmax_hz: float) -> None:
        check_range("swift", fmin_hz, fmax_hz, 46.875, 2093.75)
        self._detector = installed("swift_f0").SwiftF0()
        self._range_hz = fmin_hz, fmax_hz
        self.settings = f"swift-f0 {version('swift-f0')} fmin={fmin_hz:g} fmax={fmax_hz:g}"

    def __call__(self, waveform: Signal) -> tuple[Values, Values]:
        """See `Tracker`."""
        result = self._detector.detect_from_array(waveform, SAMPLE_RATE_HZ)
        f0_hz = result.pitch_hz.astype(np.float64)
        periodicity = result.confidence.astype(np.float64)
        low = (f0_hz < self.REFINED_HZ) & (periodicity >= self.threshold / 2)
        f0_hz[low] = refine_f0(waveform, f0_hz[low], np.flatnonzero(low) * 256 + 128)
        periodicity[(f0_hz < self._range_hz[0]) | (f0_hz > self._range_hz[1])] = 0.0
        return f0_hz, periodicity


def refine_f0(waveform: Signal, f0_hz: Values, centres: npt.NDArray[np.intp]) -> Values:
    """Each f0 moved to the highest normalised autocorrelation within two semitones of it.

    Of the 64 ms x[0..W) around each centre: n(τ) = 2 Σ_j x[j] x[j+τ] / Σ_j (x[j]² + x[j+τ]²),
    j < W - τ, which is 1 at the period of any periodic sound; a parabola through the highest
    value and its neighbours gives the lag between samples.

    Args:
        waveform: at `SAMPLE_RATE_HZ`.
        f0_hz: estimates below 500 Hz (above, a sample is too long a step of the lag).
        centres: the sample each estimate is for.

    Shape: [T], [N], [N] → [N].

    Source: McLeod & Wyvill (2005), "A smarter way to find pitch", ICMC, eq. 9.
    """
    if len(f0_hz) == 0:
        return f0_hz
    W = 1024
    padded = np.pad(waveform, W // 2)
    x = np.lib.stride_tricks.sliding_window_view(padded, W)[centres].astype(np.float64)
    products = np.fft.irfft(np.abs(np.fft.rfft(x, 2 * W)) ** 2)[:, :W]
    # Σ_{j<W-τ} x[j]² is the energy of the first W - τ samples, Σ x[j+τ]² that of the last.
    energy = np.cumsum(x**2, 1)[:, ::-1] + np.cumsum(x[:, ::-1] ** 2, 1)[:, ::-1]
    n = 2 * products / np.maximum(energy, 1e-12)
    lags = np.arange(W)
    semitones = np.abs(12 * np.log2(np.maximum(lags, 1) * f0_hz[:, None] / SAMPLE_RATE_HZ))
    peak = np.where(semitones <= 2, n, -np.inf).argmax(1).clip(1, W - 2)
    rows = np.arange(len(f0_hz))
    before, top, after = (n[rows, peak + step] for step in (-1, 0, 1))
    curvature = 2 * top - before - after
    is_peak = (before <= top) & (after <= top) & (curvature > 0)
    lag = peak + 0.5 * (after - before) / np.where(is_peak, curvature, 1.0)
    return np.where(is_peak, SAMPLE_RATE_HZ / lag, f0_hz)


class PyinTracker:
    """Probabilistic YIN as in librosa: no trained weights, slow.

    Args:
        hop_s: wanted length of a cell in seconds.
        fmin_hz: lowest pitch searched; 20 Hz at least.
        fmax_hz: highest pitch searched; 4000 Hz at most.

    Raises:
        InputError: for values outside these.

    Source: Mauch & Dixon (2014), "pYIN: A fundamental frequency estimator using probabilistic
    threshold distributions", ICASSP.
    """

    threads = True

    def __init__(self, hop_s: float, fmin_hz: float, fmax_hz: float) -> None:
        check_range("pyin", fmin_hz, fmax_hz, 20.0, 4000.0)
        self._librosa = installed("librosa")
        self._range_hz = fmin_hz, fmax_hz
        # The window holds four of the longest periods: half of it is summed at every lag.
        self._window = 2 ** int(np.ceil(np.log2(max(1024.0, 4 * SAMPLE_RATE_HZ / fmin_hz))))
        self.hop_samples = hop_samples_of(hop_s)
        self.threshold = 0.05
        self.settings = (
            f"pyin librosa {version('librosa')} hop={self.hop_samples} "
            f"fmin={fmin_hz:g} fmax={fmax_hz:g}"
        )

    def __call__(self, waveform: Signal) -> tuple[Values, Values]:
        """See `Tracker`."""
        count, hop = len(waveform) // self.hop_samples, self.hop_samples
        f0_hz, _, periodicity = self._librosa.pyin(
            waveform[hop // 2 :],  # librosa's frame n is centred on sample n·hop
            fmin=self._range_hz[0],
            fmax=self._range_hz[1],
            sr=SAMPLE_RATE_HZ,
            frame_length=self._window,
            hop_length=hop,
            fill_na=None,
        )
        return f0_hz[:count], periodicity[:count]


def hop_samples_of(hop_s: float) -> int:
    """The nearest whole number of samples, one at least, to a hop in seconds."""
    return max(1, round(hop_s * SAMPLE_RATE_HZ))


def check_range(
    method: str, fmin_hz: float, fmax_hz: float, lowest_hz: float, highest_hz: float
) -> None:
    """Raise InputError unless lowest ≤ fmin < fmax ≤ highest, in Hz, a semitone apart or more."""
    if not lowest_hz <= fmin_hz <= fmax_hz / 2 ** (1 / 12) <= fmax_hz <= highest_hz:
        raise InputError(
            f"--method {method} follows {lowest_hz:g} to {highest_hz:g} Hz, "
            f"got --fmin {fmin_hz:g} --fmax {fmax_hz:g}: choose a semitone or more inside, "
            "or another method"
        )


def installed(name: str) -> Any:
    """The module of that name, imported now; InputError if it is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed: run pip install --no-deps {error.name}, or choose "
            "another --method"
        ) from error
