"""What a device answers to a pulse, read from music: echoes and decay.

    h = F⁻¹{ Y X* / (|X|² + ε) }

with ε a part of the mean power around each frequency: where little was played, little is known.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from scipy.ndimage import median_filter
from torch import Tensor

FLOOR = 1e-4  # ε, of the power around
AROUND = 2001  # bins over which power is averaged for ε
LEAST_ECHO_MS, MOST_ECHO_MS = 98.0, 1000.0
STEP = 16  # samples: the background of echoes is looked at in these
ONSET_S = 0.0007  # of a tap, its own ringing included
ECHO_STANDS_OUT = 4.0  # times what is around it
ALONE_S = 0.3  # that a decay is read from, at least, where there are echoes


def response(dry: Tensor, wet: Tensor, samples: int) -> Tensor:
    """h, as far as dry tells of it. Shape: dry [T], wet [C, T] → [C, samples], float64."""
    size = len(dry) + samples
    spectrum = torch.fft.rfft(dry.double(), size)
    power = spectrum.real.square() + spectrum.imag.square()
    around = torch.nn.functional.avg_pool1d(power[None, None], AROUND, 1, AROUND // 2)[0, 0]
    regular = power + FLOOR * around + 1e-6 * power.mean()
    answered = torch.fft.rfft(wet.double(), size) * spectrum.conj() / regular
    taps = torch.fft.irfft(answered, size)[:, :samples]
    # An answer after d samples is missing where the recording ends d samples too early.
    late = torch.arange(samples, dtype=torch.float64).clamp(max=0.8 * len(dry))
    return taps * (len(dry) / (len(dry) - late))


class Echoes(NamedTuple):
    """Echoes in a response.

    Attributes:
        time_ms: of the first.
        level_db: of the first, over the direct sound.
        feedback: of the second, over the first.
        prominence: of the first, over what is around it.
    """

    time_ms: float
    level_db: float
    feedback: float
    prominence: float


def echoes(answer: Tensor, rate_hz: float) -> Echoes:
    """The most prominent train of echoes. Shape: [2, T], T of 1.1 s or more."""
    h = answer.numpy()
    level = np.sqrt((h**2).sum(0))
    smooth = np.convolve(level, np.hanning(17) / 8.0, "same")
    background = median_filter(_average(level, 2 * STEP)[::STEP], 301).repeat(STEP)[: len(level)]
    first, end = (round(ms * rate_hz / 1000.0) for ms in (LEAST_ECHO_MS, MOST_ECHO_MS))
    prominence = (smooth / (background + 1e-9))[first:end]
    found = int(prominence.argmax()) + first
    around = slice(max(0, found - 30), found + 31)
    at = around.start + int(level[around].argmax())
    width = max(30, round(ONSET_S * rate_hz * 2))
    direct = _strength(h, 0, width)
    once, twice = _strength(h, at, width), _strength(h, 2 * at, width)
    return Echoes(
        time_ms=1000.0 * (at + _fraction(level, at)) / rate_hz,
        level_db=20.0 * float(np.log10(once / (direct + 1e-9) + 1e-9)),
        feedback=float(twice / (once + 1e-9)),
        prominence=float(prominence.max()),
    )


def arrivals(answer: Tensor, samples: list[int]) -> Tensor:
    """What a response has at each of these times, with its ringing. Shape: [2, T] → [2, N]."""
    return torch.stack([answer[:, at - 8 : at + 24].sum(1) for at in samples], 1)


def in_band(answer: Tensor, rate_hz: float, lowest_hz: float, highest_hz: float) -> Tensor:
    """A response between two frequencies, with edges of an octave. Shape: [2, T] → [2, T]."""
    spectrum = torch.fft.rfft(answer)
    hz = torch.arange(spectrum.shape[1], dtype=torch.float64) * (rate_hz / answer.shape[1])
    octaves = torch.minimum(torch.log2(hz / lowest_hz), torch.log2(highest_hz / hz))
    gain = 0.5 - 0.5 * torch.cos(math.pi * (octaves + 1.0).clamp(0.0, 1.0))
    return torch.fft.irfft(spectrum * gain, answer.shape[1])


def decay_s(answer: Tensor, rate_hz: float, around: Echoes | None = None) -> float | None:
    """Time in which a response falls by 60 dB, from the slope of its level; None: none is heard.

    Shape: [2, T].
    """
    frame = round(0.02 * rate_hz)
    whole = answer.square().sum(0)
    power = whole[: len(whole) // frame * frame].reshape(-1, frame).mean(1).numpy()
    time = (np.arange(len(power)) + 0.5) * 0.02
    floor = np.median(power[-len(power) // 8 :])
    between = time > 0.05
    if around is not None:
        turns = time / (around.time_ms / 1000.0)
        between &= np.abs(turns - np.round(turns)) * around.time_ms / 1000.0 > 0.03
        # What echoes leave in the room is heard later, and falls as slowly as they do.
        between &= time < max(around.time_ms / 1000.0, ALONE_S)
    lost = np.flatnonzero(between & (power < 3.0 * floor))
    known = between & (np.arange(len(power)) < (lost[0] if len(lost) else len(power)))
    if known.sum() < 5:
        return None
    slope = np.polyfit(time[known], 10.0 * np.log10(power[known] - floor), 1)[0]
    return float(np.clip(60.0 / max(-slope, 1.0), 0.1, 10.0))


def high_ratio(low_s: float, at_s: float, at_hz: float, line_s: float, rate_hz: float) -> float:
    """What a one-pole that shortens a decay to `at_s` at a frequency makes of it at f_s / 2.

    Args:
        low_s: decay at 0 Hz.
        at_s: at `at_hz`.
        at_hz: such a frequency.
        line_s: how often the sound passes the one-pole.
        rate_hz: f_s.

    Returns:
        The decay at f_s / 2 over that at 0 Hz.
    """
    wanted = 10.0 ** (-3.0 * line_s * (1.0 / min(at_s, 0.99 * low_s) - 1.0 / low_s))
    turn = math.cos(2.0 * math.pi * at_hz / rate_hz)
    least, most = 1e-4, 1.0  # of the one-pole's a
    for _ in range(40):
        a = 0.5 * (least + most)
        passed = a / math.sqrt(1.0 - 2.0 * (1.0 - a) * turn + (1.0 - a) ** 2)
        least, most = (least, a) if passed > wanted else (a, most)
    rest = a / (2.0 - a)
    return 1.0 / (1.0 - math.log10(rest) * low_s / (3.0 * line_s))


def _average(x: np.ndarray, count: int) -> np.ndarray:
    return np.convolve(x, np.ones(count) / count, "same")


def _strength(h: np.ndarray, at: int, width: int) -> float:
    """Amplitude of what a tap and its ringing add up to, over both sides."""
    return float(np.sqrt((h[:, max(0, at - 10) : at + width].sum(1) ** 2).sum()))


def _fraction(level: np.ndarray, at: int) -> float:
    """Where between samples a peak is highest, by a parabola."""
    if not 0 < at < len(level) - 1:
        return 0.0
    before, here, after = level[at - 1 : at + 2]
    bend = before - 2.0 * here + after
    return float(np.clip(0.5 * (before - after) / bend, -0.5, 0.5)) if bend < 0.0 else 0.0
