import math

import pytest
import torch
from torch import Tensor

from vschaos2.data.augment import TILT_TERMS, Augment
from vschaos2.errors import InputError


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def decibels(ratio: Tensor) -> Tensor:
    return 20.0 * torch.log10(ratio)


def ramps(batch: int, samples: int) -> Tensor:
    """x[t] = t: linear interpolation reads it exactly, so y[t] / t is the speed itself."""
    return torch.arange(float(samples)).repeat(batch, 1)


def test_nothing_asked_for_changes_nothing():
    augment = Augment()
    waveform, magnitude = torch.randn(4, 64), torch.rand(4, 33)
    assert augment.drawn_samples(64) == 64
    assert torch.equal(augment.resample(waveform, 64)[0], waveform)
    assert torch.equal(augment.response(magnitude), torch.ones(4, 33))


def test_every_second_window_keeps_its_speed_to_the_sample():
    augment = Augment(speed=0.1)
    waveform = torch.randn(7, augment.drawn_samples(64))
    heard, _ = augment.resample(waveform, 64)
    assert heard.shape == (7, 64)
    assert torch.equal(heard[3:], waveform[3:, :64])
    assert not any(torch.equal(heard[i], waveform[i, :64]) for i in range(3))


@pytest.mark.parametrize(("share", "moved"), [(0.0, 0), (0.3, 3), (0.8, 8), (1.0, 10)])
def test_a_share_of_the_windows_changes_its_speed(share: float, moved: int):
    augment = Augment(speed=0.1, share=share)
    heard, _ = augment.resample(ramps(10, augment.drawn_samples(64)), 64)
    kept = (heard == torch.arange(64.0)).all(1)
    assert kept.tolist() == [False] * moved + [True] * (10 - moved)


def test_windows_of_another_key_are_among_those_that_keep_their_speed():
    Augment(transpose=1, share=0.75, other_key=0.25)
    with pytest.raises(InputError, match=r"share=0\.8 and data\.augment\.other_key=0\.25 are more"):
        Augment(transpose=1, share=0.8, other_key=0.25)


@pytest.mark.parametrize("semitones", [-2, 1, 2])
def test_a_transposed_sine_is_a_sine_of_the_other_key(
    semitones: int, monkeypatch: pytest.MonkeyPatch
):
    augment = Augment(transpose=2, share=1.0)
    monkeypatch.setattr(torch, "randint", lambda *_, **__: torch.tensor([semitones]))
    per_sample = 2.0 * math.pi * 0.01  # radians: a hundred samples a cycle
    time = torch.arange(float(augment.drawn_samples(512)))
    heard, moved = augment.resample((per_sample * time).sin()[None], 512)
    wanted = (per_sample * 2.0 ** (semitones / 12) * torch.arange(512.0)).sin()
    assert moved.tolist() == [semitones]
    # Between two samples a line falls short of a sine by at most an eighth of its curvature.
    torch.testing.assert_close(heard[0], wanted, rtol=0.0, atol=per_sample**2 / 8 + 1e-5)


def test_one_window_alone_keeps_its_speed():
    augment = Augment(speed=0.5)
    waveform = torch.randn(1, augment.drawn_samples(16))
    assert torch.equal(augment.resample(waveform, 16)[0], waveform[:, :16])


def test_speed_is_one_ratio_per_window_uniform_in_its_logarithm():
    augment = Augment(speed=0.25)
    heard = augment.resample(ramps(8000, augment.drawn_samples(65)), 65)[0][:4000]
    speed = heard[:, 64:] / 64.0
    torch.testing.assert_close(heard, torch.arange(65.0) * speed, rtol=1e-5, atol=1e-4)
    draws = speed.log() / math.log(1.25)
    assert float(draws.abs().max()) <= 1.0 + 1e-5
    # Uniform in [-1, 1]: mean 0, variance 1/3, fourth moment 1/5; bounds are five deviations.
    assert abs(float(draws.mean())) < 5 * math.sqrt(1 / 3 / 4000)
    assert abs(float(draws.square().mean()) - 1 / 3) < 5 * math.sqrt((1 / 5 - 1 / 9) / 4000)


@pytest.mark.parametrize("speed", [0.01, 0.06, 0.3, 1.0])
@pytest.mark.parametrize("n_fft", [2, 64, 2048])
def test_the_highest_speed_stays_inside_the_window_and_wastes_no_more_than_two_samples(
    speed: float, n_fft: int, monkeypatch: pytest.MonkeyPatch
):
    augment = Augment(speed=speed)
    samples = augment.drawn_samples(n_fft)
    monkeypatch.setattr(torch, "rand", torch.ones)  # a draw of +1: the highest speed
    heard, _ = augment.resample(ramps(2, samples), n_fft)
    last = float(heard[0, -1])
    assert last == pytest.approx((n_fft - 1) * (1 + speed), rel=1e-5)
    assert samples - 3 <= last <= samples - 1


def test_transposition_is_whole_semitones_all_equally_likely():
    augment = Augment(transpose=2)
    heard, semitones = augment.resample(ramps(8000, augment.drawn_samples(65)), 65)
    assert torch.equal(semitones[4000:], torch.zeros(4000))
    speed = torch.exp2(semitones / 12)[:, None]
    torch.testing.assert_close(heard, torch.arange(65.0) * speed, rtol=1e-5, atol=1e-4)
    counts = torch.bincount((semitones[:4000] + 2).long(), minlength=5)
    assert len(counts) == 5
    # Each of 5 has 800 of 4000, deviation √(4000 · 0.2 · 0.8) = 25; the bound is five deviations.
    assert float((counts - 800).abs().max()) < 5 * math.sqrt(4000 * 0.2 * 0.8)


def test_the_highest_transposition_stays_inside_the_window(monkeypatch: pytest.MonkeyPatch):
    augment = Augment(speed=0.1, transpose=12)
    samples = augment.drawn_samples(64)
    monkeypatch.setattr(torch, "rand", torch.ones)
    monkeypatch.setattr(torch, "randint", lambda low, high, size, **_: torch.full(size, high - 1))
    heard, semitones = augment.resample(ramps(2, samples), 64)
    assert float(semitones[0]) == 12.0
    assert float(heard[0, -1]) == pytest.approx(63 * 2 * 1.1, rel=1e-5)
    assert samples - 3 <= float(heard[0, -1]) <= samples - 1


def test_a_transposition_of_half_semitones_is_refused():
    with pytest.raises(ValueError, match=r"augment\.transpose must be a whole number .* got 0.5"):
        Augment(transpose=0.5)


def test_gain_is_one_factor_per_window_uniform_in_db():
    magnitude = 1.0 + torch.rand(4000, 9)
    gain_db = decibels(Augment(gain_db=6.0).response(magnitude))
    torch.testing.assert_close(gain_db, gain_db[:, :1].expand(-1, 9), rtol=0, atol=1e-4)
    draws = gain_db[:, 0] / 6.0
    assert 0.99 < float(draws.abs().max()) <= 1.0 + 1e-5
    assert abs(float(draws.mean())) < 5 * math.sqrt(1 / 3 / 4000)
    assert abs(float(draws.square().mean()) - 1 / 3) < 5 * math.sqrt((1 / 5 - 1 / 9) / 4000)


def slow_variance(position: float, tilt_db: float) -> float:
    """Of the filter in dB at v: Σ s_i² cos²(πiv), with the mean over v, Σ s_i²/2, at tilt_db²."""
    spread = [1.0 / (1.0 + i / 2) for i in range(1, TILT_TERMS + 1)]
    scale = tilt_db / math.sqrt(sum(s**2 for s in spread) / 2)
    terms = enumerate(spread, start=1)
    return sum((scale * s * math.cos(math.pi * i * position)) ** 2 for i, s in terms)


def test_tilt_has_the_variance_of_its_cosines_at_every_bin():
    count, bins = 20_000, 41
    gain_db = decibels(Augment(tilt_db=4.0).response(torch.ones(count, bins)))
    above_knee = [math.log1p(40.0 * k / (bins - 1)) / math.log(41.0) for k in range(bins)]
    expected = torch.tensor([slow_variance(v, 4.0) for v in above_knee])
    variance = gain_db.square().mean(0)
    # The estimate's relative deviation is √(2/N) = 1 %.
    torch.testing.assert_close(variance, expected, rtol=0.05, atol=0.0)
    even = [slow_variance((n + 0.5) / 1000, 4.0) for n in range(1000)]
    assert sum(even) / 1000 == pytest.approx(16.0)


def test_tilt_is_smooth_over_an_octave_at_the_top():
    gain_db = decibels(Augment(tilt_db=4.0).response(torch.ones(200, 1025)))
    # The slope of Σ n_i cos(πiv) is at most Σ |n_i| πi; between neighbours at the top v moves by
    # 40/(41·1024·ln 41), so that a step is far below the filter's own size.
    assert float(gain_db[:, 512:].diff(dim=1).abs().max()) < 0.3
    assert float(gain_db.abs().max()) > 8.0


def test_filters_are_finite_in_silence_and_each_window_has_its_own():
    augment = Augment(gain_db=6.0, tilt_db=4.0)
    heard = augment.response(torch.zeros(3, 17))
    assert bool(heard.isfinite().all())
    assert not torch.allclose(heard[0], heard[1])
    assert not torch.allclose(heard[1], heard[2])


def test_draws_follow_the_global_generator():
    augment = Augment(gain_db=6.0, speed=0.1, tilt_db=4.0)
    waveform = torch.randn(4, augment.drawn_samples(32))
    results = []
    for draw in (1, 1, 2):
        torch.manual_seed(draw)
        heard = augment.resample(waveform, 32)[0].abs()
        results.append(heard * augment.response(heard))
    assert torch.equal(results[0], results[1])
    assert not torch.allclose(results[0], results[2])


@pytest.mark.parametrize("name", ["gain_db", "speed", "tilt_db", "transpose"])
@pytest.mark.parametrize("value", [-0.1, math.nan])
def test_negative_ranges_are_refused_by_name(name: str, value: float):
    with pytest.raises(ValueError, match=rf"augment\.{name} must be .* 0 .* got {value}"):
        Augment(**{name: value})
