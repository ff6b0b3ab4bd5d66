import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from vschaos2.dsp.alignment import NoAlignment, align

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))

from devices import DEVICES  # noqa: E402
from plucked_strings import noise, strings  # noqa: E402

sys.path.remove(str(EXAMPLES))

RATE_HZ = 16_000


def tensor(signal):
    return torch.from_numpy(np.ascontiguousarray(signal))


def delayed(signal, samples):
    """A delay of any number of samples, exact for what is band-limited: a ramp of phase."""
    n = 2 ** int(np.ceil(np.log2(len(signal) + samples + 4096)))
    ramp = np.exp(-2j * np.pi * np.arange(n // 2 + 1) * samples / n)
    return np.fft.irfft(np.fft.rfft(signal, n) * ramp, n)[: len(signal) + int(samples) + 64]


@pytest.fixture(scope="module")
def dry():
    return strings(5.0, 3, RATE_HZ)


def test_what_does_nothing_lies_at_nought(dry):
    found = align(tensor(dry), tensor(0.5 * dry), RATE_HZ)
    assert found.delay_samples == pytest.approx(0.0, abs=1e-6) and found.shift == 0
    assert found.polarity == 1 and found.gain == pytest.approx(0.5)
    assert found.drift_ppm == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("device", ["diode_clipper", "opto_compressor", "chorus"])
def test_delays_and_polarity_are_found_behind_devices_and_noise(dry, device):
    """A device has a delay of its own: what is added to it must be found."""
    wet = DEVICES[device](dry, RATE_HZ)
    own = align(tensor(dry), tensor(wet), RATE_HZ)
    assert -3.0 <= own.shift <= own.delay_samples + 0.1 < 3.0
    rng = np.random.default_rng(1)
    for samples, polarity in ((17, -1), (1234.5, 1), (8000.25, -1)):
        late = polarity * delayed(wet, samples)
        late += 0.01 * np.abs(late).max() * rng.standard_normal(len(late))
        found = align(tensor(dry), tensor(late), RATE_HZ)
        assert found.delay_samples - own.delay_samples == pytest.approx(samples, abs=0.1)
        assert found.polarity == polarity * own.polarity
        assert found.shift <= found.delay_samples + 0.1


def test_a_wet_recording_may_begin_late_and_end_early(dry):
    found = align(tensor(dry), tensor(dry[30_000:80_000]), RATE_HZ)
    assert found.shift == -30_000 and found.delay_samples == pytest.approx(-30_000, abs=0.01)


def test_a_low_rate_has_fractions_too():
    dry = noise(4.0, 1, 8000)
    found = align(tensor(dry), tensor(delayed(dry, 40.3)), 8000)
    assert found.delay_samples == pytest.approx(40.3, abs=0.02) and found.shift == 40


def test_a_clock_that_runs_fast_is_heard(dry):
    """Read at t·(1 + 20e-6), the wet sound comes earlier and earlier: minus 20 ppm."""
    n = len(dry)
    spectrum = np.fft.rfft(np.concatenate([dry, np.zeros(n)]))
    dense = np.fft.irfft(np.concatenate([spectrum, np.zeros(7 * n)]), 16 * n) * 8
    place = np.arange(n - 100) * (1.0 + 20e-6)
    wet = np.interp(place * 8, np.arange(len(dense)), dense)
    found = align(tensor(dry), tensor(wet), RATE_HZ)
    assert found.drift_ppm == pytest.approx(-20.0, abs=2.0)


def test_recordings_of_minutes_are_read_around_their_loudest(monkeypatch):
    dry = noise(6.0, 5, RATE_HZ)
    monkeypatch.setattr("vschaos2.dsp.alignment.LONGEST_S", 2.0)
    monkeypatch.setattr("vschaos2.dsp.alignment.SLACK_S", 0.5)
    for samples in (7000, -7000):
        wet = np.concatenate([np.zeros(max(samples, 0)), dry[max(-samples, 0) :]])
        found = align(tensor(dry), tensor(wet), RATE_HZ)
        assert found.delay_samples == pytest.approx(samples, abs=0.01)


def test_another_take_is_refused_in_one_line(dry):
    other = strings(6.0, 4, RATE_HZ)
    for wet in (other, noise(6.0, 2, RATE_HZ), other[::-1]):
        with pytest.raises(NoAlignment, match="nothing in the wet recording follows") as refusal:
            align(tensor(dry), tensor(wet), RATE_HZ)
        assert "\n" not in str(refusal.value)


def test_silence_is_refused(dry):
    with pytest.raises(NoAlignment, match="wet recording is silent"):
        align(tensor(dry), torch.zeros(len(dry)), RATE_HZ)
    with pytest.raises(NoAlignment, match="dry recording is silent or shorter"):
        align(torch.ones(100), tensor(dry), RATE_HZ)
