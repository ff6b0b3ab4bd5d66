"""Fréchet distances against their closed forms."""

import math

import numpy as np
import pytest
import torch

from vschaos2.objectives.frechet import (
    BANDS,
    FEWEST,
    band_powers,
    features,
    frechet_db,
    frechet_squared,
    mel_bands,
)

RATE = 16_000


@pytest.fixture
def t() -> torch.Tensor:
    return torch.randn(1, 2 * RATE, 1, generator=torch.Generator().manual_seed(0))


def test_of_gaussians_that_stand_along_their_axes_it_is_that_of_means_and_deviations():
    """d² = Σ (μ₁ - μ₂)² + Σ (σ₁ - σ₂)², in any rotation of both."""
    rng = np.random.default_rng(0)
    means, deviations = rng.standard_normal((2, 5)), rng.random((2, 5)) + 0.1
    due = np.square(means[0] - means[1]).sum() + np.square(deviations[0] - deviations[1]).sum()
    turn = np.linalg.qr(rng.standard_normal((5, 5)))[0]
    first, second = (turn @ np.diag(np.square(each)) @ turn.T for each in deviations)
    found = frechet_squared(turn @ means[0], first, turn @ means[1], second)
    assert found == pytest.approx(due, rel=1e-9)


def test_of_any_two_in_two_dimensions():
    """tr (AB)^½ = (tr AB + 2 (det AB)^½)^½ in two dimensions."""
    rng = np.random.default_rng(1)
    a, b = (m @ m.T for m in rng.standard_normal((2, 2, 2)))
    shared = math.sqrt(np.trace(a @ b) + 2.0 * math.sqrt(np.linalg.det(a @ b)))
    due = 1.0 + np.trace(a) + np.trace(b) - 2.0 * shared
    assert frechet_squared(np.zeros(2), a, np.array([0.0, 1.0]), b) == pytest.approx(due, rel=1e-9)
    assert frechet_squared(np.zeros(2), b, np.array([0.0, 1.0]), a) == pytest.approx(due, rel=1e-9)


def test_a_gain_is_as_far_as_it_is_loud_and_equals_are_one(t):
    assert frechet_db(t, t, RATE) == pytest.approx(0.0, abs=1e-4)
    for gain_db in (-12.0, 3.0, 6.0):
        y = 10.0 ** (gain_db / 20.0) * t
        assert frechet_db(y, t, RATE) == pytest.approx(abs(gain_db), abs=1e-3)


def test_it_hears_kinds_and_not_moments(t):
    later = torch.randn(t.shape, generator=torch.Generator().manual_seed(1))
    dull = later.clone()
    dull[:, 1:] += later[:, :-1]
    assert frechet_db(-t, t, RATE) == pytest.approx(0.0, abs=1e-4)
    # Two draws of one kind are apart by what 2 s do not tell.
    assert frechet_db(later, t, RATE) < 1.3
    assert frechet_db(dull, t, RATE) > 4.0


def test_silence_beside_a_sound_is_as_far_as_the_floor(t):
    assert 60.0 < frechet_db(torch.zeros_like(t), t, RATE) < 90.0
    assert frechet_db(torch.zeros_like(t), torch.zeros_like(t), RATE) == 0.0


def test_what_is_too_short_has_none(t):
    assert math.isnan(frechet_db(t[:, :500], t[:, :500], RATE))
    assert math.isnan(frechet_db(t[:, :1500], t[:, :1500], RATE))


def test_features_are_levels_and_their_movements():
    levels = np.random.default_rng(0).random((1, 10, 3))
    found = features(levels)
    np.testing.assert_array_equal(found[:, :3], levels[0, 4:])
    np.testing.assert_array_equal(found[:, 3:], levels[0, 4:] - levels[0, :-4])
    assert FEWEST > 4


@pytest.mark.parametrize("rate_hz", [8_000, 44_100, 96_000])
def test_bands_rise_and_fall_around_their_centres(rate_hz):
    size = round(0.046 * rate_hz)
    bands = mel_bands(size, rate_hz)
    assert bands.shape == (size // 2 + 1, BANDS)
    assert bands.max() <= 1.0 and (bands.max(0) > 0.5).all()
    peaks = bands.argmax(0)
    assert (np.diff(peaks) > 0).all()
    # Between the first centre and the last, what one band loses the next one hears.
    inside = slice(peaks[0] + 1, peaks[-1])
    np.testing.assert_allclose(bands[inside].sum(1), 1.0, atol=1e-9)


def test_a_tone_is_heard_in_its_band():
    tone = torch.sin(2.0 * math.pi * 1000.0 * torch.arange(RATE) / RATE)[None, :, None]
    powers = band_powers(tone, RATE)[0].mean(0)
    bands = mel_bands(round(0.046 * RATE), RATE)
    assert powers.argmax() == bands[round(1000.0 * 0.046)].argmax()
