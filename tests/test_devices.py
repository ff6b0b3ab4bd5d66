import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.signal import freqz, lfilter

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))
devices = importlib.import_module("devices")
plucked = importlib.import_module("plucked_strings")
sys.path.remove(str(EXAMPLES))

RATE_HZ = 16_000


def impulse(count=4000):
    return np.eye(1, count).ravel()


@pytest.mark.parametrize("name", list(devices.DEVICES))
def test_devices_are_causal_and_silent_in_silence(name):
    """What comes later changes nothing before, but for the reach of the filters of a rate."""
    device = devices.DEVICES[name]
    dry = plucked.noise(0.5, 1, RATE_HZ)
    changed = dry.copy()
    changed[4000:] = 0.3
    one, other = device(dry, RATE_HZ), device(changed, RATE_HZ)
    assert len(one) == len(dry)
    assert np.array_equal(one[:3950], other[:3950]) and not np.allclose(one[4010:], other[4010:])
    assert np.abs(device(np.zeros(1000), RATE_HZ)).max() < 1e-12


def test_the_diodes_rest_where_their_current_is_the_resistors():
    """(u - v)/R = 2 I sinh(v/nV) for a steady voltage u."""
    wet = devices.diode_clipper(np.full(4000, 0.5), RATE_HZ, drive_db=20.0)

    def left_over(v):
        diodes = 2 * devices.SATURATION_A * np.sinh(v / devices.EMISSION_V)
        return (5.0 - v) / devices.RESISTANCE_OHM - diodes

    assert wet[2000] == pytest.approx(brentq(left_over, 0.0, 1.0), rel=1e-4)


def test_the_compressor_turns_down_by_its_ratio():
    """A steady sine 20 dB above the threshold leaves 20/ratio above it."""
    times_s = np.arange(5 * RATE_HZ) / RATE_HZ
    level_db = -14.0
    dry = np.sqrt(2.0) * 10 ** (level_db / 20) * np.sin(2 * np.pi * 1000 * times_s)
    wet = devices.opto_compressor(dry, RATE_HZ, threshold_db=-34.0, ratio=4.0, makeup_db=0.0)
    rms_db = 10 * np.log10(np.mean(wet[-RATE_HZ:] ** 2))
    assert rms_db == pytest.approx(-34.0 + 20.0 / 4.0, abs=0.1)


def test_a_peak_compressor_turns_down_by_its_ratio_in_its_times():
    """A steady level of twice 16, 24 dB over the threshold, leaves a quarter of the dB."""
    dry = np.concatenate((np.full(400, 0.1 * 16), np.full(4000, 0.1)))
    said = {"threshold_db": -20.0, "ratio": 4.0, "attack_ms": 1.0, "release_ms": 10.0}
    wet = devices.peak_compressor(dry, RATE_HZ, **said)
    over_db = 20.0 * np.log10(16.0)
    assert 20.0 * np.log10(wet[399] / 0.1) == pytest.approx(over_db / 4.0, abs=1e-3)
    # Falling, its level is 1 + 15 e⁻ᵗ of the threshold, t in time constants: that of 10 ms here.
    level = 1.0 + 15.0 * np.exp(-1.0)
    assert wet[400 + 159] / 0.1 == pytest.approx(level**-0.75, rel=1e-3)


def test_a_high_shelf_is_flat_below_and_raised_above():
    w, response = freqz(devices.high_shelf(impulse(), RATE_HZ, 1500.0, 6.0), worN=4096, fs=RATE_HZ)
    gain_db = 20.0 * np.log10(np.abs(response))
    assert gain_db[w < 30].max() == pytest.approx(0.0, abs=0.02)
    assert gain_db[np.searchsorted(w, 1500.0)] == pytest.approx(3.0, abs=0.05)
    assert gain_db[-1] == pytest.approx(6.0, abs=0.02)


def test_the_phasers_stages_pass_everything():
    moved = devices.phaser(impulse(), RATE_HZ, feedback=0.0, lowest_hz=700, highest_hz=700, mix=1.0)
    assert np.abs(np.fft.rfft(moved)) == pytest.approx(1.0, abs=1e-6)


def test_a_chorus_that_does_not_swing_is_a_delay():
    voice = devices.chorus(impulse(), RATE_HZ, delay_ms=10.0, depth_ms=0.0, mix=1.0)
    assert voice == pytest.approx(np.eye(1, 4000, 160).ravel(), abs=1e-12)


def test_echoes_fall_by_their_feedback():
    heard = devices.echo(impulse(), RATE_HZ, delay_ms=50.0, feedback=0.5, level=0.4)
    assert np.flatnonzero(heard).tolist() == [0, 800, 1600, 2400, 3200]
    assert heard[::800] == pytest.approx([1.0, 0.4, 0.2, 0.1, 0.05])


def test_a_bell_lifts_its_centre_alone():
    response = devices.peak_filter(impulse(), RATE_HZ, 1000.0, 9.0, 2.0)
    _, gains = freqz(response, worN=[0.0, 1000.0, 8000.0], fs=2 * 8000.0001)
    assert 20 * np.log10(np.abs(gains)) == pytest.approx([0.0, 9.0, 0.0], abs=0.01)


def test_a_string_sounds_at_its_pitch():
    tone = plucked.plucked_string(220.0, 2.0, 0.5, 0.999, np.random.default_rng(0), 44_100)
    windowed = np.abs(np.fft.rfft(tone * np.hanning(len(tone)), 2**19))
    near = slice(round(180 * 2**19 / 44_100), round(260 * 2**19 / 44_100))
    hz = (near.start + windowed[near].argmax()) * 44_100 / 2**19
    assert 1200 * np.log2(hz / 220.0) == pytest.approx(0.0, abs=2.0)


def test_a_string_is_the_filter_of_its_formula():
    """Karplus and Strong's loop as one filter, where the period is whole and a half."""
    pluck = np.random.default_rng(0).uniform(-1, 1, 50)
    loop = np.zeros(52)
    loop[[0, 50, 51]] = 1.0, -0.45, -0.45
    wanted = lfilter([1.0], loop, np.concatenate([pluck, np.zeros(950)]))
    assert plucked._ringing(pluck, 50.5, 0.9, 1000) == pytest.approx(wanted, abs=1e-12)


def test_dry_sounds_are_those_of_their_seed():
    one, again, other = (plucked.dry_sounds(11.0, seed, RATE_HZ) for seed in (1, 1, 2))
    assert len(one) == 11 * RATE_HZ and np.array_equal(one, again)
    assert not np.array_equal(one, other)
    assert np.abs(one).max() <= plucked.PEAK
    assert (one[-RATE_HZ // 2 :] == 0.0).all()
