"""Loudness ranges of steps and of gains, against closed forms."""

import math

import numpy as np
import pytest
import torch

from vschaos2.objectives.loudness_range import followed, loudness_range_db, mldr_db

RATE = 8_000


def switched(high: float, low: float, seconds: float = 2.0) -> torch.Tensor:
    """±high, then ±low: power is that of the step at every sample, [1, T, 1]."""
    half = round(seconds * RATE / 2)
    level = torch.cat((torch.full((half,), high), torch.full((half,), low)))
    return (level * (1.0 - 2.0 * (torch.arange(2 * half) % 2)))[None, :, None]


def test_a_power_is_followed_as_by_its_difference_equation():
    power = np.random.default_rng(0).random(400) + 0.1
    kept, total, weight, due = math.exp(-1.0 / 20.0), 0.0, 0.0, []
    for p in power:
        total, weight = kept * total + p, kept * weight + 1.0
        due.append(total / weight)
    found = followed(torch.from_numpy(power)[None], 20.0)[0]
    np.testing.assert_allclose(found, due, rtol=1e-9)


def test_what_stays_as_loud_has_no_range():
    found = loudness_range_db(switched(0.3, 0.3), RATE)
    assert found.shape == (1, 2, 400)
    torch.testing.assert_close(found, torch.zeros_like(found), rtol=0, atol=1e-4)


def test_a_step_is_followed_at_two_speeds():
    """Behind a fall of 20 dB at n₀: r = 10 log₁₀ of the two means of 1, …, 1, .01, …, .01."""
    found = loudness_range_db(switched(1.0, 0.1), RATE)[0, 0]
    n = np.arange(1, 201)  # steps of 5 ms behind it
    means = []
    for steps in (10.0, 200.0):
        kept = math.exp(-1.0 / steps)
        behind, before = 1.0 - kept**n, kept**n * (1.0 - kept**200)
        means.append((0.01 * behind + before) / (behind + before))
    due = 10.0 * np.log10(means[0] / means[1])
    np.testing.assert_allclose(found[200:], due, atol=0.01)
    assert due.min() < -8.0


def test_a_gain_changes_no_range_and_a_compressor_does():
    t = torch.randn(1, 2 * RATE, 1, generator=torch.Generator().manual_seed(0))
    t = t * torch.cat((torch.ones(RATE), torch.full((RATE,), 0.1)))[None, :, None]
    assert float(mldr_db(0.25 * t, t, RATE)) == pytest.approx(0.0, abs=1e-4)
    # The harder it is squeezed, the farther it is.
    level = t.abs().clamp(min=1e-6)
    squeezed = [float(mldr_db(t / level**part, t, RATE)) for part in (0.25, 0.5, 0.75)]
    assert 0.3 < squeezed[0] < squeezed[1] < squeezed[2]


def test_silence_has_no_range_and_short_sounds_have_one():
    t = switched(1.0, 0.1)
    wanted = loudness_range_db(t, RATE).abs().mean()
    silence = torch.zeros_like(t)
    assert torch.equal(loudness_range_db(silence, RATE), torch.zeros(1, 2, 400))
    assert float(wanted) > 1.0
    assert loudness_range_db(t[:, :40], RATE).shape == (1, 2, 1)
