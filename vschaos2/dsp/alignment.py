"""How a wet recording lies against the dry one it was made of: delay, polarity, gain, drift.

    W(f) = |X|² / (|X|² + ε),   h = F⁻¹{ Y X* / (|X|² + ε) }

h is the device's response, as far as a linear filter can say it, to a pulse of the spectrum W. Its
strongest tap tells the delay and the polarity, whatever music was played. A device may answer more
softly before that: where h first comes to a quarter of that tap, a causal model must already hear
what is dry. The pulse itself has two equal sides and comes there too early. Widths add as their
squares, so that of a rise of r samples under a pulse of p samples the device's part is √(r² - p²).
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.errors import InputError

BAND_HZ = (60.0, 8000.0)  # below is hum, above little of most instruments
EDGE_OCTAVES = 0.5  # over which the band opens and closes, as a cliff rings
FLOOR = 1e-3  # ε, of the mean power
ONSET = 0.25  # of the strongest tap
ONSET_TOLERANCE = 0.2  # samples: what an onset may be wrong by, and no reason to wait for one more
STEEP = 1.05  # times the rise of the pulse itself: what is as steep begins at once
ONSET_BEFORE_S = 0.05  # how long before the strongest tap an onset is looked for
ONSET_OVER_FLOOR = 14.0  # an onset's level, too
# Peaks of foreign pairs came to 48 times their floor, and to 1.8 times the next of them. Pairs of
# vibratos, of noise and of few seconds have high floors, too, but no other peak that is near; those
# of reverbs alone have many peaks, and low floors.
SURE_PEAK_TO_FLOOR, LEAST_PEAK_TO_FLOOR = 100.0, 12.0
LEAST_LEAD = 2.0  # over the strongest tap elsewhere
APART_S = 0.05  # what is elsewhere
MOST_DRIFT_PPM = 500.0  # no clock is so wrong: it is the device that moves
LEAST_SECONDS = 0.1
LONGEST_S = 120.0  # of both, of which the delay is read; what is longer is read around its loudest
SLACK_S = 60.0  # by which a long wet recording may be early or late
DRIFT_SLACK_S = 0.05  # by which a third may lie elsewhere than the whole


class NoAlignment(InputError):  # noqa: N818 - it is the recordings that are wrong
    """A wet recording that is not, in any way a filter could tell, made of the dry one."""


class Alignment(NamedTuple):
    """How a wet recording lies against a dry one.

    Attributes:
        delay_samples: where the response is strongest, with the device's own fraction of a sample;
            negative where the wet recording begins late.
        onset_samples: where the response begins, by no more than a fraction of a sample wrong.
        shift: whole samples to take off the wet recording's beginning, so that the onset of the
            response lies at 0 or up to one sample after it; negative: off the dry one's.
        polarity: 1, or -1 where the wet sound is turned over.
        gain: of the wet sound over the dry one, a ratio of RMS where both sound.
        peak_to_floor: the strongest tap over the standard deviation of all others, robustly.
        drift_ppm: by how many millionths the clock of the wet recording runs fast.
    """

    delay_samples: float
    onset_samples: float
    shift: int
    polarity: int
    gain: float
    peak_to_floor: float
    drift_ppm: float


def align(dry: Tensor, wet: Tensor, sample_rate_hz: int) -> Alignment:
    """How a wet recording lies against the dry one.

    Args:
        dry: what entered the device.
        wet: what left it, of any length, early or late by up to the whole of the shorter one;
            of recordings beyond two minutes, by up to one minute.
        sample_rate_hz: of both.

    Shape: [T], [S].

    Raises:
        NoAlignment: if one is silent or too short, or no tap stands out of the response.
    """
    for name, signal in (("dry", dry), ("wet", wet)):
        if len(signal) < LEAST_SECONDS * sample_rate_hz or not signal.abs().max() > 0.0:
            raise NoAlignment(
                f"the {name} recording is silent or shorter than {LEAST_SECONDS} s: record it again"
            )
    dry, wet = dry.double(), wet.double()
    dry_at, dry_end, wet_at, wet_end = _stretch(dry, len(wet), sample_rate_hz)
    offset = wet_at - dry_at
    whole = _Response(dry[dry_at:dry_end], wet[wet_at:wet_end], sample_rate_hz)
    strongest = whole.strongest()
    peak_to_floor = whole.peak_to_floor(strongest)
    lead = whole.lead(strongest)
    if peak_to_floor < SURE_PEAK_TO_FLOOR and (
        peak_to_floor < LEAST_PEAK_TO_FLOOR or lead < LEAST_LEAD
    ):
        raise NoAlignment(
            "nothing in the wet recording follows the dry one (the strongest tap of the response "
            f"is {peak_to_floor:.1f} times its floor and {lead:.2f} times the next): is it of "
            "another take? record both at once"
        )
    delay = whole.peak_at(strongest) + offset
    onset = delay - whole.rise(strongest, max(ONSET, ONSET_OVER_FLOOR / peak_to_floor))
    lag = round(delay)
    common = slice(max(0, -lag), min(len(dry), len(wet) - lag))
    x, y = dry[common], wet[common.start + lag : common.stop + lag]
    return Alignment(
        delay_samples=delay,
        onset_samples=onset,
        shift=math.floor(onset + ONSET_TOLERANCE),
        polarity=whole.sign(strongest),
        gain=float((y.square().sum() / x.square().sum().clamp_min(1e-30)).sqrt()),
        peak_to_floor=peak_to_floor,
        drift_ppm=_drift_ppm(x, y, sample_rate_hz),
    )


class _Response:
    """The regularised deconvolution of a wet signal by a dry one; taps at negative lags, too.

    Shape: dry [T], wet [S].
    """

    def __init__(self, dry: Tensor, wet: Tensor, sample_rate_hz: int) -> None:
        self.before = len(dry)  # lags from -T to S
        self.rate_hz = sample_rate_hz
        n = self.length = fast_length(len(dry) + len(wet))
        spectrum = torch.fft.rfft(dry, n)
        power = spectrum.abs().square()
        frequency_hz = torch.arange(len(power), dtype=torch.float64) * (sample_rate_hz / n)
        band = _band(frequency_hz, sample_rate_hz)
        floor = FLOOR * (power * band).sum() / band.sum()
        gains = band / (power + floor)
        response = torch.fft.rfft(wet, n) * spectrum.conj() * gains
        heard = slice(int(band.nonzero()[0]), int(band.nonzero()[-1]) + 1)
        # Of the response, and of what a device that does nothing would give in its place.
        self.series, self.pulse_series = response[heard], (power * gains)[heard]
        self.angles = torch.arange(heard.start, heard.stop, dtype=torch.float64) * (
            2.0 * math.pi / n
        )
        self.pulse = torch.fft.irfft(power * gains, n)[: n // 2]  # its right side
        taps = torch.fft.irfft(response, n)
        self.taps = torch.cat([taps[n - self.before :], taps[: len(wet)]])

    def strongest(self) -> int:
        """The index of the strongest tap."""
        return int(self.taps.abs().argmax())

    def sign(self, index: int) -> int:
        """1 or -1: of a tap."""
        return 1 if self.taps[index] > 0 else -1

    def peak_to_floor(self, index: int) -> float:
        """A tap against the standard deviation of a normal floor of the same median."""
        floor = float(self.taps.abs().median()) / 0.6745
        return float(self.taps[index].abs()) / max(floor, 1e-30)

    def peak_at(self, index: int) -> float:
        """The lag of a peak between samples: the top of a parabola through it and two neighbours.

        One more parabola, a tenth as wide, is laid through the band-limited response itself.
        """
        lag = float(index - self.before)
        inside = 0 < index < len(self.taps) - 1
        near = self.taps[index - 1 : index + 2].tolist() if inside else [0.0, 1.0, 0.0]
        lag += _top(*near)
        return lag + 0.1 * _top(*(self._at(lag + step) for step in (-0.1, 0.0, 0.1)))

    def lead(self, index: int) -> float:
        """A tap against the strongest of those that lie `APART_S` or more from it."""
        apart = round(APART_S * self.rate_hz)
        sides = self.taps[: max(0, index - apart)], self.taps[index + apart :]
        others = max([float(side.abs().max()) for side in sides if len(side)], default=0.0)
        return float(self.taps[index].abs()) / max(others, 1e-30)

    def rise(self, index: int, level: float) -> float:
        """How long before a tap the device answers in a part of its strength, samples, 0 or more.

        Args:
            index: of the tap.
            level: the part, at most 1.
        """
        level = min(level, 0.9)
        lag = self.peak_at(index)
        peak, scale = abs(self._at(lag)), 2.0 / self.length  # of the series, to taps
        first = max(0, index - round(ONSET_BEFORE_S * self.rate_hz))
        strong = self.taps[first : index + 1].abs() >= level * peak * scale
        begins = first + int(strong.int().argmax()) - self.before
        rise = lag - _crossing(lambda moment: abs(self._at(moment)), begins, level * peak)
        own_end = int((self.pulse < level * self.pulse[0]).int().argmax())
        own = _crossing(self._pulse_at, own_end, level * self._pulse_at(0.0))
        return math.sqrt(max(0.0, rise * abs(rise) - (STEEP * own) ** 2))

    def _at(self, lag: float) -> float:
        """The response between samples, by its own Fourier series (but for a factor)."""
        angle = self.angles * lag
        return float((self.series.real * angle.cos() - self.series.imag * angle.sin()).sum())

    def _pulse_at(self, lag: float) -> float:
        return float((self.pulse_series * (self.angles * lag).cos()).sum())


def _top(low: float, middle: float, high: float) -> float:
    """The place of the extremum of a parabola through three values at -1, 0 and 1, within them."""
    bend = low - 2.0 * middle + high
    return min(max(0.5 * (low - high) / bend, -1.0), 1.0) if bend * middle < 0.0 else 0.0


def _crossing(at: Callable[[float], float], index: int, level: float) -> float:
    """Where a function passes a level between index - 1 and index: halved once, then by a line."""
    left, right = float(index - 1), float(index)
    low, high = at(left) - level, at(right) - level
    middle = at(index - 0.5) - level
    if (middle < 0.0) == (low < 0.0):
        left, low = index - 0.5, middle
    else:
        right, high = index - 0.5, middle
    return left + (right - left) * low / (low - high) if (low < 0.0) != (high < 0.0) else right


def _band(frequency_hz: Tensor, sample_rate_hz: int) -> Tensor:
    """1 within `BAND_HZ`, raised-cosine edges within it, 0 outside."""
    low, high = BAND_HZ[0], min(BAND_HZ[1], 0.5 * sample_rate_hz)
    octaves = frequency_hz.clamp_min(1e-6).log2()
    rise = ((octaves - math.log2(low)) / EDGE_OCTAVES).clamp(0.0, 1.0)
    fall = ((math.log2(high) - octaves) / EDGE_OCTAVES).clamp(0.0, 1.0)
    return (0.5 - 0.5 * (math.pi * rise).cos()) * (0.5 - 0.5 * (math.pi * fall).cos())


def _stretch(dry: Tensor, wet_length: int, sample_rate_hz: int) -> tuple[int, int, int, int]:
    """Ends of the parts of a dry and a wet recording that are compared: all, if they are short."""
    longest, slack = round(LONGEST_S * sample_rate_hz), round(SLACK_S * sample_rate_hz)
    if max(len(dry), wet_length) <= longest + 2 * slack:
        return 0, len(dry), 0, wet_length
    energy = dry.square().cumsum(0)
    first = 0
    if len(dry) > longest:
        usable = max(1, min(len(dry), wet_length + slack) - longest)
        first = int((energy[longest - 1 :] - energy[: len(dry) - longest + 1])[:usable].argmax())
    end = min(first + longest, len(dry))
    return first, end, max(0, first - slack), min(wet_length, end + slack)


def _drift_ppm(dry: Tensor, wet: Tensor, sample_rate_hz: int) -> float:
    """By how many millionths of a sample two aligned signals of one length part, a sample.

    The delay of the last third against that of the first, over the distance of their centres, of
    energy: where a third is loud decides its delay. 0 for more than `MOST_DRIFT_PPM`.
    """
    third, slack = len(dry) // 3, round(DRIFT_SLACK_S * sample_rate_hz)
    if third < sample_rate_hz:
        return 0.0
    delays, centres = [], []
    moments = torch.arange(third, dtype=torch.float64)
    for first in (0, 2 * third):
        x, y = dry[first : first + third], wet[first : first + third]
        if not (x.abs().max() > 0.0 and y.abs().max() > 0.0):
            return 0.0
        response = _Response(x, y, sample_rate_hz)
        response.taps = response.taps[third - slack : third + slack]
        response.before = slack
        delays.append(response.peak_at(response.strongest()))
        centres.append(first + float((moments * x.square()).sum() / x.square().sum()))
    drift_ppm = 1e6 * (delays[1] - delays[0]) / (centres[1] - centres[0])
    return drift_ppm if abs(drift_ppm) < MOST_DRIFT_PPM else 0.0


def fast_length(least: int) -> int:
    """The smallest even number from `least` on that has no prime factor above 5."""
    best = 2 ** math.ceil(math.log2(least))
    for fives in range(8):
        for threes in range(8):
            odd = 5**fives * 3**threes
            twos = max(1, math.ceil(math.log2(max(1.0, least / odd))))
            if least <= odd * 2**twos < best:
                best = odd * 2**twos
    return best
