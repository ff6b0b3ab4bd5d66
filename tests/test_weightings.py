"""Weightings against the formulas of their standards."""

import numpy as np
import pytest
import torch
from scipy.signal import freqz

from vschaos2.objectives import weightings


def curve_a_db(hz: np.ndarray) -> np.ndarray:
    """IEC 61672-1, annex E, of the analogue poles."""
    low, mid, high, top = 20.598997, 107.65265, 737.86223, 12194.217
    gain = top**2 * hz**4 / ((hz**2 + low**2) * (hz**2 + top**2))
    return 20.0 * np.log10(gain / np.sqrt((hz**2 + mid**2) * (hz**2 + high**2))) + 2.0


@pytest.mark.parametrize("rate_hz", [44_100, 48_000, 96_000])
def test_the_curve_a_is_that_of_the_standard(rate_hz):
    hz = np.geomspace(30.0, 16_000.0, 300)
    taps = weightings.a_weighting(rate_hz).numpy()
    found_db = 20.0 * np.log10(np.abs(freqz(taps, worN=hz, fs=rate_hz)[1]))
    np.testing.assert_allclose(found_db, curve_a_db(hz), atol=0.02)


def test_the_curve_a_has_the_values_of_the_standard_s_table():
    hz = np.array([63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16_000.0])
    due_db = [-26.2, -16.1, -8.6, -3.2, 0.0, 1.2, 1.0, -1.1, -6.6]  # IEC 61672-1, table 3
    taps = weightings.a_weighting(44_100).numpy()
    # The table's frequencies are nominal, and its values are rounded.
    found_db = 20.0 * np.log10(np.abs(freqz(taps, worN=hz, fs=44_100)[1]))
    np.testing.assert_allclose(found_db, due_db, atol=0.12)


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 192_000])
def test_the_curve_a_is_soon_over(rate_hz):
    """So a window can be weighted from its own beginning."""
    energy = np.cumsum(np.square(weightings.a_weighting(rate_hz).double().numpy()))
    settled = weightings.settling(weightings.a_weighting(rate_hz), rate_hz, 10**6)
    assert settled == round(0.002 * rate_hz)
    assert energy[settled] > 0.999 * energy[-1]


def test_pre_emphasis_is_its_difference_equation():
    t = torch.randn(2, 500, 1, generator=torch.Generator().manual_seed(0))
    due = t.clone()
    due[:, 1:] -= 0.95 * t[:, :-1]
    torch.testing.assert_close(weightings.weighted(t, weightings.pre_emphasis(44_100)), due)


@pytest.mark.parametrize("samples", [1, 50, 3000, 8000])
def test_long_and_short_ways_to_weigh_are_one_convolution(samples):
    rng = np.random.default_rng(0)
    sound = rng.standard_normal((2, samples, 2))
    for count in (2, weightings.SHORT, weightings.SHORT + 1, 3000):
        taps = rng.standard_normal(count) * np.exp(-np.arange(count) / 100.0)
        found = weightings.weighted(torch.from_numpy(sound), torch.from_numpy(taps))
        for row in range(2):
            for channel in range(2):
                due = np.convolve(sound[row, :, channel], taps)[:samples]
                np.testing.assert_allclose(found[row, :, channel], due, atol=1e-10)


def test_of_a_short_window_at_least_half_is_judged():
    assert weightings.settling(weightings.flat(44_100), 44_100, 256) == 0
    assert weightings.settling(weightings.pre_emphasis(44_100), 44_100, 256) == 1
    assert weightings.settling(weightings.a_weighting(96_000), 96_000, 256) == 128
