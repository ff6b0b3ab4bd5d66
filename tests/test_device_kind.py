import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from vschaos2.inspection.device_kind import CONFIGURATIONS, device_kind, filtered, linear_esr
from vschaos2.inspection.repeats import find_repeat

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
sys.path.insert(0, str(EXAMPLES))
devices = importlib.import_module("devices").DEVICES
plucked = importlib.import_module("plucked_strings")
sys.path.remove(str(EXAMPLES))

RATE_HZ = 22_050


@pytest.fixture(scope="module")
def dry():
    return plucked.strings(12.0, 5, RATE_HZ)


@pytest.mark.parametrize(
    ("device", "kind", "configuration"),
    [
        ("equaliser", "linear", "effect_grey_eq"),
        ("diode_clipper", "static", "effect_drive"),
        ("opto_compressor", "dynamic", "effect_grey_compressor"),
        ("phaser", "modulated", "effect_modulation"),
        ("echo", "with delay or reverb", "effect_chain"),
    ],
)
def test_devices_look_like_what_they_are(dry, device, kind, configuration):
    found = device_kind(dry, devices[device](dry, RATE_HZ), RATE_HZ)
    assert (found.kind, found.configuration) == (kind, configuration), found


def test_an_oscillators_rate_is_told(dry):
    found = device_kind(dry, devices["phaser"](dry, RATE_HZ, rate_hz=0.7), RATE_HZ)
    assert found.rhythm_hz == pytest.approx(0.7, rel=0.06)


def test_noise_behind_a_filter_is_no_reason_for_a_network(dry):
    rng = np.random.default_rng(0)
    wet = 0.5 * dry + 0.05 * np.std(dry) * rng.standard_normal(len(dry))
    found = device_kind(dry, wet, RATE_HZ)
    assert found.kind == "linear" and found.linear_esr == pytest.approx(0.01, rel=0.15)


def test_the_best_filter_is_found(dry):
    """Any response of fewer taps is explained, but for what the ridge costs."""
    response = np.random.default_rng(1).standard_normal(500) * 0.99 ** np.arange(500)
    wet = np.convolve(dry, response)[: len(dry)]
    assert linear_esr(dry, wet) < 1e-4
    assert np.allclose(filtered(dry, dry), dry, atol=1e-3)


def test_a_rectifier_is_nothing_to_a_filter(dry):
    """What is even of an odd signal has no correlation with it."""
    noise = np.random.default_rng(2).standard_normal(200_000)
    assert linear_esr(noise, np.abs(noise) - np.abs(noise).mean()) == pytest.approx(1.0, abs=0.02)


def test_every_kind_has_a_configuration():
    assert all(name.startswith("effect_") for name in CONFIGURATIONS.values())


def test_a_passage_played_twice_is_found(dry):
    twice = np.concatenate([dry, dry[20_000:80_000]])
    wet = twice.copy()
    wet[len(dry) :] *= 0.9
    found = find_repeat(twice, wet, RATE_HZ)
    assert found.again_s - found.first_s == pytest.approx((len(dry) - 20_000) / RATE_HZ)
    # Either may be held against the other.
    assert found.esr == pytest.approx(0.01, rel=1e-6) or found.esr == pytest.approx(0.1**2 / 0.81)
    assert find_repeat(dry, dry, RATE_HZ) is None
    assert find_repeat(dry[:100], dry[:100], RATE_HZ) is None
