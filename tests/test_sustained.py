"""Curves of loudness, and textures that follow them."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from vschaos2.errors import InputError
from vschaos2.generation.loudness_curve import RANGE_DB, LoudnessCurve, curve_of_sound, gain_of
from vschaos2.generation.player import Player
from vschaos2.generation.sustained import LEVEL, by_loudness, following, path_along, sustained

RATE_HZ = 44_100


@pytest.fixture
def steps(tmp_path) -> Path:
    """A tone of half a second at full scale, 20 dB softer, silent."""
    t = np.arange(RATE_HZ // 2) / RATE_HZ
    tone = np.sin(2 * np.pi * 440 * t)
    path = tmp_path / "steps.wav"
    soundfile.write(path, np.concatenate((tone, 0.1 * tone, 0 * tone)), RATE_HZ)
    return path


def test_a_curve_is_even_in_decibels(steps):
    curve = curve_of_sound(steps)
    assert curve.duration_s == pytest.approx(1.5, abs=1e-3)
    at = curve.at([0.25, 0.75, 1.25])
    assert at == pytest.approx([1.0, 1.0 - 20.0 / RANGE_DB, 0.0], abs=0.01)
    assert 20 * np.log10(gain_of(at[:2])) == pytest.approx([0, -20], abs=0.3)
    assert gain_of(np.zeros(1))[0] == 0.0


def test_silence_leads_nowhere(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(1000), RATE_HZ)
    with pytest.raises(InputError, match="is silent"):
        curve_of_sound(tmp_path / "a.wav")


def test_a_sound_becomes_as_loud_as_its_guide_in_blocks_of_any_size(steps):
    curve = curve_of_sound(steps)
    noise = np.random.default_rng(0).standard_normal(66_150).astype(np.float32) * 0.1
    whole = np.concatenate(list(following(iter([noise]), curve, RATE_HZ)))
    parts = np.concatenate(list(following(iter(np.split(noise, [7, 500, 30_000])), curve, RATE_HZ)))
    assert len(whole) == len(parts) == len(noise)
    assert np.allclose(whole, parts, atol=1e-6)
    loud, soft, silent = (
        float(np.sqrt(np.square(whole[round(at * RATE_HZ) :][:8000]).mean()))
        for at in (0.2, 0.7, 1.2)
    )
    assert loud == pytest.approx(LEVEL, rel=0.05)
    assert soft == pytest.approx(LEVEL / 10, rel=0.1)
    assert silent == 0.0


def test_peaks_bend_at_full_scale():
    click = np.zeros(4410, np.float32)
    click[::441] = 1.0  # all of a hundredth in one sample
    always = LoudnessCurve(np.array([0.0]), np.array([1.0]), 0.1)
    made = np.concatenate(list(following(iter([click]), always, RATE_HZ)))
    assert 0.9 < np.abs(made).max() <= 1.0


def test_a_path_goes_along_points_as_loud_as_the_guide():
    points = np.arange(1000.0)[:, None]  # the number of a point is how loud it is
    curve = LoudnessCurve(np.array([0.0, 10.0]), np.array([0.0, 1.0]), 10.0)
    path = path_along(curve, points, 860, 86.0, seed=1)
    assert path.shape == (860, 1)
    due = curve.at((np.arange(860) + 0.5) / 86.0) * 999
    assert np.abs(path[:, 0] - due).max() < 110
    assert not np.array_equal(path, path_along(curve, points, 860, 86.0, seed=2))


def test_an_instrument_follows_a_sound(tiny_run, steps, tmp_path):
    player = Player(tiny_run)
    points = by_loudness(player)
    assert points.shape == (256, 4)
    sustained(player, curve_of_sound(steps), tmp_path / "texture.wav", seed=0)
    sound, rate_hz = soundfile.read(tmp_path / "texture.wav")
    assert len(sound) == round(1.5 * rate_hz)
    loudness = curve_of_sound(tmp_path / "texture.wav").at([0.25, 0.75, 1.25])
    assert loudness == pytest.approx([1.0, 0.6, 0.0], abs=0.06)
    again = tmp_path / "again.wav"
    sustained(player, curve_of_sound(steps), again, seed=0)
    assert np.array_equal(sound, soundfile.read(again)[0])
