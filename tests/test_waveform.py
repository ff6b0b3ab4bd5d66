"""Losses of waveforms against closed forms."""

import math

import numpy as np
import pytest
import torch

from vschaos2.objectives import waveform, weightings
from vschaos2.objectives.linear_fit import best_filter, best_filter_esr


@pytest.fixture
def t() -> torch.Tensor:
    return torch.randn(2, 8192, 1, generator=torch.Generator().manual_seed(0))


def test_esr_is_the_square_of_a_wrong_gain(t):
    assert float(waveform.esr(0.9 * t, t)) == pytest.approx(0.01, rel=1e-5)
    assert float(waveform.esr(0.0 * t, t)) == 1.0
    for taps in weightings.WEIGHTINGS.values():
        assert float(waveform.esr(1.1 * t, t, taps(44_100))) == pytest.approx(0.01, rel=1e-4)


def test_esr_of_silence_is_finite():
    silence = torch.zeros(1, 100, 1)
    assert float(waveform.esr(silence, silence)) == 0.0


def test_dc_error_hears_nothing_but_a_constant(t):
    t = t - t.mean(1, keepdim=True)
    power = float(t.square().mean())
    assert float(waveform.dc_error(t + 0.1, t)) == pytest.approx(0.01 / power, rel=1e-4)
    assert float(waveform.dc_error(-t, t)) == pytest.approx(0.0, abs=1e-9)


def test_log_cosh_is_log_cosh(t):
    y = t.roll(1, 1)
    due = torch.log(torch.cosh((y - t).double())).mean()
    assert float(waveform.log_cosh(y, t)) == pytest.approx(float(due), rel=1e-5)


def test_decay_curves_differ_by_the_gain(t):
    assert float(waveform.edc_error_db(0.5 * t, t)) == pytest.approx(20 * math.log10(2), rel=1e-3)


def test_every_loss_of_equals_is_nothing_and_every_one_hears_a_difference(t):
    for loss in waveform.LOSSES.values():
        assert float(loss(t, t, 8000)) == pytest.approx(0.0, abs=1e-6)
        y = (t * torch.linspace(1.0, 0.1, t.shape[1])[:, None] + 0.1).requires_grad_()
        value = loss(y, t, 8000)
        value.backward()
        assert (
            float(value.detach()) > 0.0
            and bool(y.grad.isfinite().all())
            and float(y.grad.norm()) > 0.0
        )


def test_spectral_distance_is_zero_for_equals_and_hears_a_gain(t):
    assert float(waveform.mr_stft(t, t)) == 0.0
    # |1 - .5| of the norm, and log 2 of each bin.
    assert float(waveform.mr_stft(0.5 * t, t)) == pytest.approx(0.5 + math.log(2), rel=1e-4)


def test_the_best_filter_is_the_filter_and_leaves_nothing():
    rng = np.random.default_rng(0)
    dry, taps = rng.standard_normal(20_000), rng.standard_normal(40) * np.exp(-np.arange(40) / 8)
    wet = np.convolve(dry, taps)[: len(dry)]
    np.testing.assert_allclose(best_filter(dry, wet, 64)[:40], taps, atol=2e-3)
    assert best_filter_esr(dry[None], wet[None]) < 1e-5


def test_what_no_filter_explains_is_left():
    dry = np.random.default_rng(1).standard_normal(20_000)
    # Noise and its square are uncorrelated: the best filter is nothing.
    wet = dry**2 - 1.0
    assert best_filter_esr(dry[None], wet[None]) == pytest.approx(1.0, abs=0.05)
