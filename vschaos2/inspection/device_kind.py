"""Which kind of device a pair of recordings looks like, by what explains the wet sound.

Everything is an ESR, the energy of an error over that of the wet sound: 1 explains nothing.

    short    y ≈ h·x            a filter of 1024 taps: where it is small, there is no more to learn
    long     y ≈ h·x            one of two seconds, of those of its taps that stand out
    static   … + Σ hₖ·fₖ(x)     curves of x through filters of their own, beside the short one
    dynamic  y ≈ g(t) (h·x)     a gain that moves slowly, behind the short one

and a rhythm: how much of the movement of the gains and phases of single bands repeats with a steady
period, more than with those beside it, after what the level explains is taken off. A distortion is
explained by curves, a compressor by a gain that follows the level, an oscillator by nothing but its
own time.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, solve, solve_toeplitz

Signal = npt.NDArray[np.float64]

LONGEST_S = 20.0  # of the pair that is looked at, where it is loudest
SHORT_TAPS, AHEAD_TAPS = 1024, 32  # AHEAD_TAPS of them before the moment itself
LONG_S = 2.0
LONG_FLOOR = 6.0  # times the median of taps, that one has to stand out by
CURVE_TAPS = 48
CURVE_DRIVES = (1.0, 8.0)  # of the standard deviation
GAIN_FRAME_S = 0.01
RIDGE = 1e-6  # of the power, that keeps what nothing excites at nought
BAND_FRAME, BAND_HOP_S = 1024, 0.02
SLOWEST_HZ, FASTEST_HZ = 0.1, 12.0
PHASES = 8  # of a rhythm, into which its period is folded
NEIGHBOURS = 20  # rhythms to either side that one has to stand out of
PHASE_DB = 6.0  # what a phase of one radian weighs, against gains

# Below these, chosen on other devices than those that the tests and the figures are about.
LINEAR_ESR = 2e-4
NOISY_ESR, NOISE_PART = 0.05, 0.9  # as much may be noise, if nothing explains it
LONG_PART = 0.5
PERIODIC = 0.04
TREMOLO = 0.4  # of a rhythm that is a slow gain as well
STATIC_PART = 0.8
DYNAMIC_PART = 0.5

# What fits which kind best.
CONFIGURATIONS = {
    "linear": "effect_grey_eq",
    "static": "effect_drive",
    "dynamic": "effect_grey_compressor",
    "modulated": "effect_modulation",
    "with delay or reverb": "effect_chain",
    "of several kinds": "effect_drive",
}


class DeviceKind(NamedTuple):
    """What a device looks like, and why.

    Attributes:
        kind: a key of `CONFIGURATIONS`.
        linear_esr: what the best filter of `SHORT_TAPS` leaves.
        long_esr: what one of `LONG_S` leaves.
        static_esr: what curves beside the short filter leave.
        dynamic_esr: what a slow gain behind the short filter leaves.
        periodic: part of the movement of the bands that repeats, 0 to 1.
        rhythm_hz: how often a second; 0 where nothing moves.
    """

    kind: str
    linear_esr: float
    long_esr: float
    static_esr: float
    dynamic_esr: float
    periodic: float
    rhythm_hz: float

    @property
    def configuration(self) -> str:
        """The configuration that fits it best."""
        return CONFIGURATIONS[self.kind]


def device_kind(dry: Signal, wet: Signal, sample_rate_hz: int) -> DeviceKind:
    """Which kind of device made a wet signal of a dry one.

    Args:
        dry: what entered.
        wet: what left, aligned.
        sample_rate_hz: of both.

    Shape: [T], [T]; T at least four times `SHORT_TAPS`, and neither silent.
    """
    x, y = _loudest_stretch(dry.astype(np.float64), wet.astype(np.float64), sample_rate_hz)
    energy = float(np.square(y).sum())

    def esr(error: Signal) -> float:
        return float(np.square(error).sum()) / energy

    linear = filtered(x, y)
    error = y - linear
    short = esr(error)
    long = min(short, _long_esr(x, y, sample_rate_hz))
    static = esr(error - _curves(x, error))
    dynamic = esr(y - _slow_gain(linear, y, sample_rate_hz))
    periodic, rhythm_hz = _rhythm(x, y, sample_rate_hz)
    kind = _named(short, long, static, dynamic, periodic)
    return DeviceKind(kind, short, long, static, dynamic, periodic, rhythm_hz)


def linear_esr(dry: Signal, wet: Signal) -> float:
    """What the best filter of `SHORT_TAPS` leaves of a wet signal, a part of its energy.

    Shape: [T], [T].
    """
    return float(np.square(wet - filtered(dry, wet)).sum() / np.square(wet).sum())


def _named(short: float, long: float, static: float, dynamic: float, periodic: float) -> str:
    noise_alone = min(long, static, dynamic) > NOISE_PART * short and periodic < PERIODIC
    if short < LINEAR_ESR or (short < NOISY_ESR and noise_alone):
        return "linear"
    if long < LONG_PART * short:
        return "with delay or reverb"
    explained = static < STATIC_PART * short or dynamic < DYNAMIC_PART * short
    tremolo = periodic > TREMOLO and static > STATIC_PART * short
    if tremolo or (periodic > PERIODIC and not explained):
        return "modulated"
    if min(static / STATIC_PART, dynamic / DYNAMIC_PART) > short:
        return "of several kinds"
    return "static" if static / STATIC_PART < dynamic / DYNAMIC_PART else "dynamic"


def _loudest_stretch(x: Signal, y: Signal, sample_rate_hz: int) -> tuple[Signal, Signal]:
    longest = round(LONGEST_S * sample_rate_hz)
    if len(x) <= longest:
        return x, y
    energy = np.concatenate([[0.0], np.cumsum(np.square(y))])
    first = int((energy[longest:] - energy[:-longest]).argmax())
    return x[first : first + longest], y[first : first + longest]


def _correlation(a: Signal, b: Signal, before: int, count: int) -> Signal:
    """Σ a[t] b[t + lag] for lags from -before: [T], [T] → [count]."""
    n = 2 ** int(np.ceil(np.log2(len(a) + count)))
    full = np.fft.irfft(np.fft.rfft(a, n).conj() * np.fft.rfft(b, n), n)
    return np.roll(full, before)[:count]


def filtered(x: Signal, y: Signal, taps: int = SHORT_TAPS, ahead: int = AHEAD_TAPS) -> Signal:
    """The signal nearest to y that a filter can make of x: least squares, by normal equations.

    Shape: [T], [T] → [T].
    """
    power = _correlation(x, x, 0, taps)
    power[0] *= 1.0 + RIDGE
    response = solve_toeplitz(power, _correlation(x, y, ahead, taps))
    return _through(x, response, ahead)


def _through(x: Signal, response: Signal, ahead: int = 0) -> Signal:
    n = 2 ** int(np.ceil(np.log2(len(x) + len(response))))
    full = np.fft.irfft(np.fft.rfft(x, n) * np.fft.rfft(response, n), n)
    return np.roll(full, -ahead)[: len(x)]


def _long_esr(x: Signal, y: Signal, sample_rate_hz: int) -> float:
    """What a long filter leaves; its taps are those that the first and the second half agree on."""
    half, taps = len(x) // 2, min(round(LONG_S * sample_rate_hz), len(x) // 4)
    responses = []
    for first in (0, half):
        part = slice(first, first + half)
        n = 2 ** int(np.ceil(np.log2(2 * half)))
        spectrum = np.fft.rfft(x[part], n)
        power = np.square(np.abs(spectrum))
        response = np.fft.rfft(y[part], n) * spectrum.conj() / (power + 1e-3 * power.mean())
        responses.append(np.fft.irfft(response, n)[:taps])
    mean, apart = 0.5 * (responses[0] + responses[1]), responses[0] - responses[1]
    floor = np.median(np.abs(apart))
    mean[np.abs(mean) < LONG_FLOOR * floor] = 0.0
    heard = _through(x, mean)
    rest = y - heard
    both = rest - filtered(x, rest)  # near taps are better told by the short filter
    return float(np.square(both).sum() / np.square(y).sum())


def _curves(x: Signal, error: Signal) -> Signal:
    """The nearest to an error that curves of x can make, each through a filter of its own."""
    scaled = x / (np.std(x) + 1e-12)
    curves = [np.tanh(drive * scaled) for drive in CURVE_DRIVES]
    features = [x, *curves, *(np.square(curve) - np.square(curve).mean() for curve in curves)]
    n = 2 ** int(np.ceil(np.log2(len(x) + CURVE_TAPS)))
    spectra = [np.fft.rfft(feature / (np.std(feature) + 1e-12), n) for feature in features]
    wanted = np.fft.rfft(error, n)
    count, ahead = len(features), CURVE_TAPS // 8
    matrix = np.zeros((count * CURVE_TAPS, count * CURVE_TAPS))
    right = np.zeros(count * CURVE_TAPS)
    lags = np.arange(CURVE_TAPS)[:, None] - np.arange(CURVE_TAPS)[None, :]
    for i, one in enumerate(spectra):
        rows = slice(i * CURVE_TAPS, (i + 1) * CURVE_TAPS)
        right[rows] = np.roll(np.fft.irfft(one.conj() * wanted, n), ahead)[:CURVE_TAPS]
        for j, other in enumerate(spectra[: i + 1]):
            columns = slice(j * CURVE_TAPS, (j + 1) * CURVE_TAPS)
            between = np.fft.irfft(other.conj() * one, n)  # Σ other[t] one[t + lag]
            matrix[rows, columns] = between[-lags]
            matrix[columns, rows] = matrix[rows, columns].T
    matrix[np.diag_indices_from(matrix)] += RIDGE * matrix.diagonal().max()
    try:
        weights = solve(matrix, right, assume_a="pos").reshape(count, CURVE_TAPS)
    except LinAlgError:
        return np.zeros_like(error)
    total = sum(s * np.fft.rfft(w, n) for s, w in zip(spectra, weights, strict=True))
    return np.roll(np.fft.irfft(total, n), -ahead)[: len(x)]


def _slow_gain(linear: Signal, y: Signal, sample_rate_hz: int) -> Signal:
    """A linear answer with the gain of every 10 ms set right, and lines between them."""
    frame = max(1, round(GAIN_FRAME_S * sample_rate_hz))
    count = max(2, len(y) // frame)
    window = np.hanning(3 * frame)

    def framed(values: Signal) -> Signal:
        smooth = _through(values, window, len(window) // 2)
        return smooth[frame // 2 :: frame][:count]

    power = framed(np.square(linear))
    gains = framed(linear * y) / (power + 1e-6 * power.mean())
    centres = frame // 2 + frame * np.arange(len(gains))
    return linear * np.interp(np.arange(len(y)), centres, gains)


def _rhythm(x: Signal, y: Signal, sample_rate_hz: int) -> tuple[float, float]:
    """How much of the bands' gains over time repeats with a steady period, and how often a second.

    Of every band, the gain in dB and, of the low ones, cosine and sine of the phase, where the band
    sounds; of them, what the band's own level explains (a parabola) is taken off. What is left is
    folded by each of many periods: the means of its phases hold a part of its variance. A rhythm
    stands out of its neighbours; what merely moves slowly does not.
    """
    hop = round(BAND_HOP_S * sample_rate_hz)
    if len(x) < 4 * sample_rate_hz:
        return 0.0, 0.0
    (levels, turned), (levels_y, turned_y) = (_bands(s, hop, sample_rate_hz) for s in (x, y))
    loud = levels > np.percentile(levels, 95, axis=0) - 30.0
    between = turned_y * turned.conj()
    low = np.s_[:, : between.shape[1]]
    moved = [(levels_y - levels, levels, loud)]
    moved += [(PHASE_DB * part, levels[low], loud[low]) for part in (between.real, between.imag)]
    residual = np.concatenate([_without_level(*each) for each in moved], 1)
    counted = np.concatenate([used for _, _, used in moved], 1).astype(np.float64)
    seconds = np.arange(len(residual)) * hop / sample_rate_hz
    rhythms = np.arange(max(SLOWEST_HZ, 3.0 / seconds[-1]), FASTEST_HZ, 0.25 / seconds[-1])
    explained = np.zeros(len(rhythms))
    for number, hz in enumerate(rhythms):
        folded = np.eye(PHASES)[np.floor(seconds * hz % 1.0 * PHASES).astype(int)].T
        sums, numbers = folded @ residual, folded @ counted
        explained[number] = (np.square(sums) / np.maximum(numbers, 1.0)).sum()
    padded = np.pad(explained, NEIGHBOURS, mode="reflect")
    beside = np.lib.stride_tricks.sliding_window_view(padded, 2 * NEIGHBOURS + 1)
    explained -= np.median(beside, axis=1)
    best = int(explained.argmax())
    return float(explained[best] / max(np.square(residual).sum(), 1e-12)), float(rhythms[best])


def _without_level(values: Signal, levels: Signal, used: npt.NDArray[np.bool_]) -> Signal:
    """What a parabola of its level does not explain of each band; 0 where it is not used.

    Shape: [F, B] each → [F, B].
    """
    residual = np.zeros_like(values)
    for band in range(values.shape[1]):
        at = used[:, band]
        if at.sum() > 4 * PHASES:
            level = levels[at, band]
            rest = values[at, band] - np.polyval(np.polyfit(level, values[at, band], 2), level)
            residual[at, band] = np.clip(rest, -20.0, 20.0)
    return residual


def _bands(
    signal: Signal, hop: int, sample_rate_hz: int
) -> tuple[Signal, npt.NDArray[np.complex128]]:
    """Levels in dB of single bins up to 1 kHz and of sixths of an octave above; phases of the bins.

    Shape: [T] → [F, B], and [F, A] numbers of modulus 1, A below B.
    """
    frames = np.lib.stride_tricks.sliding_window_view(signal, BAND_FRAME)[::hop]
    spectra = np.fft.rfft(frames * np.hanning(BAND_FRAME), axis=1)
    bin_hz = sample_rate_hz / BAND_FRAME
    edges = [*range(2, max(3, round(1000.0 / bin_hz)))]
    single = len(edges)
    edge = float(edges[-1] + 1)
    while edge * bin_hz < min(8000.0, 0.45 * sample_rate_hz):
        edges.append(round(edge))
        edge = max(edge + 1.0, edge * 2.0 ** (1.0 / 6.0))
    sums = np.add.reduceat(np.square(np.abs(spectra)), edges, axis=1)[:, :-1]
    low = spectra[:, edges[: min(single, sums.shape[1])]]
    return 10.0 * np.log10(sums + 1e-10), low / np.maximum(np.abs(low), 1e-10)
