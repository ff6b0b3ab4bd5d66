"""Effect devices by code, to be modelled: what enters is dry, what leaves is wet, sample by sample.

Every device takes a dry signal [T] in full scale (±1) and its rate, and its knobs by name; it gives
the wet signal [T], float64, without any delay beyond its own physics. All are deterministic.

    wet = diode_clipper(dry, 44_100, drive_db=24.0)
"""

import math
from collections.abc import Callable

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.signal import lfilter, resample_poly

Signal = NDArray[np.float64]

OVERSAMPLING = 8
# An RC low pass into two antiparallel silicon diodes, as in many an overdrive.
RESISTANCE_OHM, CAPACITANCE_F = 2.2e3, 10e-9
SATURATION_A, EMISSION_V = 2.52e-9, 1.75 * 25.8e-3
NEWTON_STEPS, NEWTON_V, LARGEST_STEP_V = 30, 1e-10, 0.1
SWING_V = 1.0  # of full scale, before the drive


@njit(cache=True)
def _diode_voltage(source_v: Signal, step_s: float) -> Signal:
    """dv/dt = (u - v)/RC - 2 I/C sinh(v/nV), by the trapezoidal rule and Newton's method."""
    rate = 1.0 / (RESISTANCE_OHM * CAPACITANCE_F)
    leak = 2.0 * SATURATION_A / CAPACITANCE_F
    out = np.empty_like(source_v)
    v = slope = 0.0
    for t in range(len(source_v)):
        guess = v
        for _ in range(NEWTON_STEPS):
            e = math.exp(guess / EMISSION_V)
            here = (source_v[t] - guess) * rate - leak * 0.5 * (e - 1.0 / e)
            steepness = -rate - leak / EMISSION_V * 0.5 * (e + 1.0 / e)
            wrong = guess - v - 0.5 * step_s * (here + slope)
            move = wrong / (1.0 - 0.5 * step_s * steepness)
            move = min(max(move, -LARGEST_STEP_V), LARGEST_STEP_V)
            guess -= move
            if abs(move) < NEWTON_V:
                break
        e = math.exp(guess / EMISSION_V)
        slope = (source_v[t] - guess) * rate - leak * 0.5 * (e - 1.0 / e)
        v = guess
        out[t] = v
    return out


def diode_clipper(dry: Signal, sample_rate_hz: int, drive_db: float = 18.0) -> Signal:
    """Two diodes across a capacitor behind a resistor: a static curve with a memory of its own.

    Args:
        dry: [T].
        sample_rate_hz: samples per second; the circuit is solved at 8 times as many.
        drive_db: gain before the diodes, 0 to 40.

    Source: Yeh, Abel & Smith (2007), "Simulation of the diode limiter in guitar distortion
    circuits by numerical solution of ordinary differential equations", DAFx-07.
    """
    source_v = SWING_V * 10.0 ** (drive_db / 20.0) * resample_poly(dry, OVERSAMPLING, 1)
    voltage = _diode_voltage(source_v, 1.0 / (OVERSAMPLING * sample_rate_hz))
    return resample_poly(voltage, 1, OVERSAMPLING)


@njit(cache=True)
def _cell_gain_db(
    dry: Signal, rate_hz: float, threshold_db: float, ratio: float, memory_s: float
) -> Signal:
    knee_db = 10.0
    power_part = 1.0 - math.exp(-1.0 / (0.005 * rate_hz))
    attack = 1.0 - math.exp(-1.0 / (0.010 * rate_hz))
    quick = 1.0 - math.exp(-1.0 / (0.08 * rate_hz))
    slow = 1.0 - math.exp(-1.0 / (0.9 * rate_hz))
    memory = 1.0 - math.exp(-1.0 / (memory_s * rate_hz))
    gains = np.empty_like(dry)
    power, gain, held = 1e-9, 0.0, 0.0
    for t in range(len(dry)):
        power += power_part * (dry[t] * dry[t] - power)
        over = 10.0 * math.log10(power + 1e-12) - threshold_db
        target = 0.0
        if over > knee_db / 2:
            target = -(1.0 - 1.0 / ratio) * over
        elif over > -knee_db / 2:
            target = -(1.0 - 1.0 / ratio) * (over + knee_db / 2) ** 2 / (2 * knee_db)
        held += memory * (target - held)
        if target < gain:
            gain += attack * (target - gain)
        else:  # the longer the cell was lit, the slower it lets go
            lit = min(1.0, -held / 12.0)
            gain += (quick * (1.0 - lit) + slow * lit) * (target - gain)
        gains[t] = gain
    return gains


def opto_compressor(
    dry: Signal,
    sample_rate_hz: int,
    threshold_db: float = -34.0,
    ratio: float = 4.0,
    makeup_db: float = 9.0,
    memory_s: float = 0.8,
) -> Signal:
    """A compressor whose light cell remembers: after long loud passages it lets go slowly.

    Args:
        dry: [T].
        sample_rate_hz: samples per second.
        threshold_db: level from which it turns down, dB of full scale, RMS over 5 ms.
        ratio: dB in per dB out above it, at least 1; the knee is 10 dB wide.
        makeup_db: gain behind it.
        memory_s: time constant of the cell's memory.
    """
    gain_db = _cell_gain_db(dry, float(sample_rate_hz), threshold_db, ratio, memory_s)
    return dry * 10.0 ** ((gain_db + makeup_db) / 20.0)


@njit(cache=True)
def _all_passes(dry: Signal, coefficient: Signal, stages: int, feedback: float) -> Signal:
    before, after = np.zeros(stages), np.zeros(stages)
    out = np.empty_like(dry)
    last = 0.0
    for t in range(len(dry)):
        x = dry[t] + feedback * last
        c = coefficient[t]
        for s in range(stages):
            y = c * x + before[s] - c * after[s]
            before[s], after[s] = x, y
            x = y
        last = x
        out[t] = x
    return out


def phaser(
    dry: Signal,
    sample_rate_hz: int,
    rate_hz: float = 0.7,
    feedback: float = 0.3,
    lowest_hz: float = 300.0,
    highest_hz: float = 2400.0,
    mix: float = 0.5,
) -> Signal:
    """Four all-pass stages whose corner an oscillator moves, beside the dry sound.

    Args:
        dry: [T].
        sample_rate_hz: samples per second.
        rate_hz: of the oscillator, a triangle over the octaves from lowest to highest.
        feedback: from the last stage to the first, below 1.
        lowest_hz: of the corner.
        highest_hz: of the corner.
        mix: part of the moved sound, 0 to 1.
    """
    turns = np.arange(len(dry)) * rate_hz / sample_rate_hz
    triangle = 2.0 * np.abs(turns % 1.0 - 0.5)
    corner = np.pi * lowest_hz * (highest_hz / lowest_hz) ** triangle / sample_rate_hz
    coefficient = (np.tan(corner) - 1.0) / (np.tan(corner) + 1.0)
    return (1.0 - mix) * dry + mix * _all_passes(dry, coefficient, 4, feedback)


def chorus(
    dry: Signal,
    sample_rate_hz: int,
    rate_hz: float = 0.9,
    delay_ms: float = 12.0,
    depth_ms: float = 3.0,
    mix: float = 0.5,
) -> Signal:
    """One voice whose delay a sine moves, read between samples by a cubic, beside the dry sound.

    Args:
        dry: [T].
        sample_rate_hz: samples per second.
        rate_hz: of the sine.
        delay_ms: in the middle.
        depth_ms: to either side of it, less than delay_ms.
        mix: part of the voice, 0 to 1.
    """
    samples = np.arange(len(dry), dtype=np.float64)
    swing = np.sin(2.0 * np.pi * rate_hz * samples / sample_rate_hz)
    place = samples - (delay_ms + depth_ms * swing) * sample_rate_hz / 1000.0
    whole = np.floor(place).astype(np.int64)
    f = place - whole
    weights = (
        -f * (f - 1.0) * (f - 2.0) / 6.0, (f + 1.0) * (f - 1.0) * (f - 2.0) / 2.0,
        -(f + 1.0) * f * (f - 2.0) / 2.0, (f + 1.0) * f * (f - 1.0) / 6.0,
    )  # fmt: skip
    voice = np.zeros(len(dry))
    for offset, weight in enumerate(weights, -1):
        taken = whole + offset
        inside = (taken >= 0) & (taken < len(dry))
        voice[inside] += weight[inside] * dry[taken[inside]]
    return (1.0 - mix) * dry + mix * voice


def peak_filter(
    dry: Signal, sample_rate_hz: int, centre_hz: float, gain_db: float, q: float
) -> Signal:
    """A bell in the frequency response.

    Source: Bristow-Johnson, "Cookbook formulae for audio EQ biquad filter coefficients".
    """
    w = 2.0 * np.pi * centre_hz / sample_rate_hz
    amplitude, alpha = 10.0 ** (gain_db / 40.0), np.sin(w) / (2.0 * q)
    b = [1.0 + alpha * amplitude, -2.0 * np.cos(w), 1.0 - alpha * amplitude]
    a = [1.0 + alpha / amplitude, -2.0 * np.cos(w), 1.0 - alpha / amplitude]
    return lfilter(b, a, dry)


def one_pole(dry: Signal, sample_rate_hz: int, cutoff_hz: float) -> Signal:
    """A low pass of 6 dB an octave, 1 at 0 Hz."""
    kept = np.exp(-2.0 * np.pi * cutoff_hz / sample_rate_hz)
    return lfilter([1.0 - kept], [1.0, -kept], dry)


def equaliser(dry: Signal, sample_rate_hz: int, middle_db: float = -9.0) -> Signal:
    """A device that is linear: a bass and a treble bell, and one in the middle as its knob."""
    sound = peak_filter(dry, sample_rate_hz, 110.0, 5.0, 0.7)
    sound = peak_filter(sound, sample_rate_hz, 900.0, middle_db, 1.0)
    return peak_filter(sound, sample_rate_hz, 4000.0, 6.0, 0.8)


def drive_chain(dry: Signal, sample_rate_hz: int, drive_db: float = 25.0) -> Signal:
    """Treble up, a soft clipper, treble down, a hollow at 800 Hz, and a compressor behind it all.

    Args:
        dry: [T].
        sample_rate_hz: samples per second; it clips at 8 times as many.
        drive_db: gain before the clipper, 0 to 40.
    """
    bright = dry + 1.0 * (dry - one_pole(dry, sample_rate_hz, 1500.0))
    driven = 10.0 ** (drive_db / 20.0) * resample_poly(bright, OVERSAMPLING, 1)
    clipped = resample_poly(np.tanh(driven), 1, OVERSAMPLING)
    shaped = peak_filter(
        one_pole(clipped, sample_rate_hz, 5000.0), sample_rate_hz, 800.0, -6.0, 1.0
    )
    return 0.5 * opto_compressor(shaped, sample_rate_hz, -20.0, 4.0, 6.0, memory_s=0.1)


def high_shelf(dry: Signal, sample_rate_hz: int, corner_hz: float, gain_db: float) -> Signal:
    """A shelf above a frequency, half of whose gain lies at it.

    Source: Bristow-Johnson, as `peak_filter`, of slope 1.
    """
    w = 2.0 * np.pi * corner_hz / sample_rate_hz
    amplitude, c = 10.0 ** (gain_db / 40.0), np.cos(w)
    up, down, beside = amplitude + 1.0, amplitude - 1.0, np.sqrt(2.0 * amplitude) * np.sin(w)
    b = [up + down * c + beside, -2.0 * (down + up * c), up + down * c - beside]
    a = [up - down * c + beside, 2.0 * (down - up * c), up - down * c - beside]
    return lfilter(amplitude * np.array(b), a, dry)


@njit(cache=True)
def _peak_gain(
    dry: Signal, rate_hz: float, threshold: float, ratio: float, attack_s: float, release_s: float
) -> Signal:
    attack = 1.0 - math.exp(-1.0 / (attack_s * rate_hz))
    release = 1.0 - math.exp(-1.0 / (release_s * rate_hz))
    gains, level = np.ones_like(dry), 0.0
    for t in range(len(dry)):
        peak = abs(dry[t])
        level += (attack if peak > level else release) * (peak - level)
        if level > threshold:
            gains[t] = (level / threshold) ** (1.0 / ratio - 1.0)
    return gains


def peak_compressor(
    dry: Signal,
    sample_rate_hz: int,
    threshold_db: float = -20.0,
    ratio: float = 4.0,
    attack_ms: float = 0.32,
    release_ms: float = 16.0,
) -> Signal:
    """A compressor that follows peaks, with a hard knee.

    Args:
        dry: [T].
        sample_rate_hz: samples per second.
        threshold_db: peak level from which it turns down, dB of full scale.
        ratio: dB in per dB out above it, at least 1.
        attack_ms: time constant of a rising level.
        release_ms: time constant of a falling one.
    """
    threshold, rate_hz = 10.0 ** (threshold_db / 20.0), float(sample_rate_hz)
    times = (attack_ms * 0.001, release_ms * 0.001)
    return dry * _peak_gain(np.asarray(dry, np.float64), rate_hz, threshold, ratio, *times)


def fast_chain(dry: Signal, sample_rate_hz: int, drive_db: float = 25.0) -> Signal:
    """Treble up, a soft clipper, treble down, a hollow at 800 Hz, and a fast compressor.

    As plug-ins are chained: nothing is oversampled, and its aliases are part of its sound.

    Args:
        dry: [T].
        sample_rate_hz: samples per second.
        drive_db: gain before the clipper, 0 to 40.
    """
    bright = high_shelf(dry, sample_rate_hz, 1500.0, 6.0)
    clipped = np.tanh(10.0 ** (drive_db / 20.0) * bright)
    dull = one_pole(clipped, sample_rate_hz, 5000.0)
    return peak_compressor(peak_filter(dull, sample_rate_hz, 800.0, -6.0, 1.0), sample_rate_hz)


def echo(
    dry: Signal,
    sample_rate_hz: int,
    delay_ms: float = 310.0,
    feedback: float = 0.45,
    level: float = 0.5,
) -> Signal:
    """The sound again and again, each time softer, beside the dry one.

    Args:
        dry: [T].
        sample_rate_hz: samples per second.
        delay_ms: from one to the next.
        feedback: what each has of the one before, below 1.
        level: of the first.
    """
    period = round(delay_ms * sample_rate_hz / 1000.0)
    wet = np.zeros(len(dry) + period)
    for first in range(0, len(dry), period):
        now = slice(first, first + period)
        heard = dry[now] + feedback * wet[now][: len(dry[now])]
        wet[first + period : first + period + len(heard)] = heard
    return dry + level * wet[: len(dry)]


Device = Callable[..., Signal]
DEVICES: dict[str, Device] = {
    "diode_clipper": diode_clipper,
    "opto_compressor": opto_compressor,
    "drive_chain": drive_chain,
    "fast_chain": fast_chain,
    "phaser": phaser,
    "chorus": chorus,
    "equaliser": equaliser,
    "echo": echo,
}
