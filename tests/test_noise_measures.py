import math

import numpy as np
import pytest
import torch

from vschaos2.errors import InputError
from vschaos2.objectives.noise_measures import hop_tone_db, roughness

RATE, HOP = 44100, 512
RAYLEIGH = math.sqrt(4 / math.pi - 1)


def noise(seconds: float, seed: int = 0) -> torch.Tensor:
    return torch.randn(int(seconds * RATE), generator=torch.Generator().manual_seed(seed))


def hann_noise(frames: int) -> np.ndarray:
    """Magnitudes of independent frames of white noise: a Hann window is a kernel of three bins."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((frames, 13)) + 1j * rng.standard_normal((frames, 13))
    return np.abs(z[:, 1:-1] - 0.5 * (z[:, 2:] + z[:, :-2]))


def test_magnitudes_of_the_model_of_noise_are_rayleigh():
    magnitudes = hann_noise(200_000)[:, 5]
    assert magnitudes.std() / magnitudes.mean() == pytest.approx(
        math.sqrt(4 / math.pi - 1), rel=0.01
    )


def test_roughness_of_white_noise_is_that_of_rayleigh_magnitudes_under_a_hann_window():
    groups = hann_noise(200_000)
    counts = groups.mean(1) > np.quantile(groups.mean(1), 0.3)
    expected = np.median((groups.std(1) / groups.mean(1))[counts])
    assert roughness(noise(10.0)) == pytest.approx(expected, rel=0.01)


def test_clicks_are_smooth():
    clicks = torch.zeros(RATE)
    clicks[1000::4096] = 0.5
    assert roughness(clicks) == pytest.approx(0.0, abs=1e-4)


def test_a_sine_on_quiet_noise_is_rougher_than_noise():
    sine = torch.sin(2 * math.pi * 0.1 * torch.arange(RATE))
    harmonics = sum(torch.sin(2 * math.pi * 0.01 * h * torch.arange(RATE)) for h in range(1, 30))
    assert roughness(harmonics + 1e-3 * noise(1.0)) > 0.9
    assert roughness(sine + 1e-3 * noise(1.0)) == pytest.approx(roughness(noise(1.0)), abs=0.03)


@pytest.mark.parametrize("hop", [128, 512])
@pytest.mark.parametrize("depth", [0.1, 0.3])
def test_hop_tone_of_noise_under_a_sine_is_the_one_derived(hop: int, depth: float):
    sound = noise(40.0)
    moving = sound * (1.0 + depth * torch.sin(2 * math.pi * torch.arange(len(sound)) / hop))
    expected = 10 * math.log10(1 + depth**2 * 32 * hop / 6 * 0.135 / 0.26)
    assert hop_tone_db(moving, hop) == pytest.approx(expected, abs=1.0)


def test_hop_tone_of_noise_is_none():
    assert hop_tone_db(noise(40.0), HOP) == pytest.approx(0.0, abs=0.8)
    # Nor is one found at any other rate than the frames'.
    other = noise(40.0) * (1 + 0.3 * torch.sin(2 * math.pi * torch.arange(40 * RATE) / 700))
    assert hop_tone_db(other, HOP) == pytest.approx(0.0, abs=0.8)


@pytest.mark.parametrize("measure", [roughness, lambda x: hop_tone_db(x, HOP)])
def test_neither_depends_on_the_level_and_silence_has_no_value(measure):
    sound = noise(2.0)
    assert measure(1e-3 * sound) == pytest.approx(measure(sound), rel=1e-3, abs=1e-3)
    assert math.isnan(measure(torch.zeros(2 * RATE)))
    assert math.isnan(measure(sound[:1000]))
    with pytest.raises(InputError, match="floats"):
        measure(torch.zeros(2 * RATE, dtype=torch.int16))


def test_hop_tone_counts_quiet_moments_as_loud_ones():
    sound = noise(20.0)
    moving = sound * (1.0 + 0.3 * torch.sin(2 * math.pi * torch.arange(len(sound)) / HOP))
    halves = torch.cat((moving[: 10 * RATE], 1e-2 * sound[: 10 * RATE]))
    reverse = torch.cat((1e-2 * moving[: 10 * RATE], sound[: 10 * RATE]))
    assert hop_tone_db(halves, HOP) == pytest.approx(hop_tone_db(reverse, HOP), abs=1.0)
