"""Levels: octaves of a sound beside another's, and gains that make a model's levels right."""

import math

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from vschaos2.data.augment import Augment
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.levels import GREATEST_DB, level_gain
from vschaos2.families.vae.objective import VAEObjective, magnitudes
from vschaos2.objectives.losses import band_itakura_saito, third_octaves
from vschaos2.objectives.octave_levels import OCTAVES, octave_levels_db, octave_powers


def noise(count: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(seed))


# --- octave_levels ---


def test_a_gain_is_the_level_of_every_octave():
    sound = noise(40_000)
    np.testing.assert_allclose(octave_levels_db(sound, 0.5 * sound), 20.0 * math.log10(0.5))


def test_white_noise_has_half_of_its_power_in_each_next_octave():
    powers = octave_powers(noise(400_000))
    ratios_db = 10.0 * (powers[:-1] / powers[1:]).log10()
    np.testing.assert_allclose(ratios_db[:5], 10.0 * math.log10(2.0), atol=0.2)


@pytest.mark.parametrize("octave", [0, 3, 6])
def test_a_sine_stands_in_its_octave(octave):
    frequency = 0.75 * 2.0 ** -(octave + 1)  # cycles per sample, the middle of it
    sine = torch.sin(2.0 * math.pi * frequency * torch.arange(20_000))
    powers = octave_powers(sine)
    assert int(powers.argmax()) == octave
    louder_db = octave_levels_db(noise(20_000), noise(20_000) + 100.0 * sine)
    assert int(np.argmax(louder_db)) == octave and len(louder_db) == OCTAVES


def test_what_the_reference_has_none_of_does_not_count():
    spectrum = torch.fft.rfft(noise(65_536))
    spectrum[len(spectrum) * 2 // 5 :] = 0.0  # a window leaks a little upwards
    lower = torch.fft.irfft(spectrum) * torch.hann_window(65_536)  # and so do abrupt ends
    levels_db = octave_levels_db(lower, lower)
    assert math.isnan(levels_db[0])
    np.testing.assert_allclose(levels_db[1:], 0.0, atol=1e-9)


# --- level_gain ---


def test_gains_of_regions_are_found_again():
    made = torch.rand(50, 1025, generator=torch.Generator().manual_seed(1)) + 0.5
    gain = torch.ones(1025)
    gain[300:] = 2.0
    found = level_gain(made * gain, made)
    torch.testing.assert_close(found[:260], gain[:260])
    torch.testing.assert_close(found[350:], gain[350:])
    assert bool((found[260:350].diff() > -1e-3).all())


def test_the_power_is_right_however_uncertain_the_magnitudes():
    """Of Rayleigh magnitudes, a model that says the median lacks 1.6 dB: power 2σ², not 2 ln 2."""
    target = -torch.rand(4000, 64, generator=torch.Generator().manual_seed(2)).log()
    target = (2.0 * target).sqrt()
    median = torch.full_like(target, math.sqrt(2.0 * math.log(2.0)))
    found_db = 20.0 * level_gain(target, median).log10()
    due_db = -10.0 * math.log10(math.log(2.0))
    torch.testing.assert_close(found_db, torch.full((64,), due_db), atol=0.1, rtol=0)


def test_gains_stay_within_bounds_and_silence_changes_nothing():
    made = torch.ones(3, 40)
    limit = 10.0 ** (GREATEST_DB / 20.0)
    torch.testing.assert_close(level_gain(1e6 * made, made), torch.full((40,), limit))
    torch.testing.assert_close(level_gain(1e-6 * made, made), torch.full((40,), 1.0 / limit))
    torch.testing.assert_close(level_gain(0.0 * made, 0.0 * made), torch.ones(40))


def test_a_model_plays_and_stores_the_gain(tiny_config):
    config = OmegaConf.merge(tiny_config, {"model": {"calibrated": True}})
    model = build_model(config)
    frames = torch.rand(4, model.transform.n_features)
    before = model.to_magnitude(frames)
    gain = torch.linspace(0.5, 2.0, model.transform.n_bins)
    model.gain.copy_(gain)
    torch.testing.assert_close(model.to_magnitude(frames), before * gain)
    torch.testing.assert_close(model.state_dict()["gain"], gain)
    latent = torch.zeros(1, model.latent_dim)
    plain = model.transform.to_magnitude(model.decode(latent).mean)
    torch.testing.assert_close(model.unlabelled_magnitude(latent), plain * gain)


def objective_of(model):
    beta = {"target": 1e-3, "start": 0.0, "warmup": 1, "unit": "epoch"}
    return VAEObjective(model, Augment(), {"l1": 1.0}, {"name": "kl"}, beta)


class Noise:
    """Material of coloured noise, as a data module gives it."""

    def probe_batches(self, count):
        for seed in range(count // 256):
            spectra = torch.fft.rfft(noise(256 * 512, seed).reshape(256, 512))
            colour = torch.linspace(0.5, 2.0, 257)
            yield {"waveform": torch.fft.irfft(spectra * colour), "labels": {}}


def test_a_model_that_is_off_by_any_gain_comes_out_right(tiny_config):
    """Its frames, before it has learnt anything, have the powers of its material in each region."""
    config = OmegaConf.merge(tiny_config, {"model": {"calibrated": True}})
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model, optimised = build_model(config), build_model(config)
    model.transform.fit_level(8.0)
    objective_of(optimised).calibrate(model, Noise())
    heard = torch.cat(
        [magnitudes(model, batch["waveform"]) for batch in Noise().probe_batches(512)]
    )
    with torch.no_grad():
        made = model.to_magnitude(model(model.transform.to_frames(heard)))
        plain = model.transform.to_magnitude(model(model.transform.to_frames(heard)))
    bands = third_octaves(257)[:, :12].reshape(257, 4, 3).sum(2)  # four octaves
    due_db = 10.0 * (heard.square().sum(0) @ bands).log10()
    before_db = 10.0 * (plain.square().sum(0) @ bands).log10() - due_db
    after_db = 10.0 * (made.square().sum(0) @ bands).log10() - due_db
    assert float(before_db.abs().max()) > 5.0 and float(after_db.abs().max()) < 0.5
    torch.testing.assert_close(optimised.gain, model.gain)


def test_a_model_that_is_not_calibrated_stays_as_it_is(tiny_config):
    model = build_model(tiny_config)
    objective_of(model).calibrate(model, Noise())
    assert torch.equal(model.gain, torch.ones(model.transform.n_bins))


# --- band_itakura_saito ---


def test_third_octaves_part_all_bins_but_the_first():
    bands = third_octaves(1025)
    torch.testing.assert_close(bands.sum(1), torch.cat((torch.zeros(1), torch.ones(1024))))
    highest = bands[:, 0].nonzero()[:, 0]
    assert highest.tolist() == list(range(math.floor(1024 * 2 ** (-1 / 3)) + 1, 1025))


@pytest.mark.parametrize("ratio", [0.25, 0.9, 3.0])
def test_the_divergence_of_bands_is_the_closed_form(ratio):
    target = torch.rand(6, 257, generator=torch.Generator().manual_seed(3)) + 1.0
    found = band_itakura_saito(target, target / math.sqrt(ratio))
    assert float(found) == pytest.approx(ratio - math.log(ratio) - 1.0, rel=1e-3)


def test_far_too_soft_bands_pull_in_a_straight_line():
    target = torch.full((1, 257), 10.0)
    losses = [float(band_itakura_saito(target, 10.0 * torch.full((1, 257), math.exp(-x / 2))))
              for x in (6.0, 7.0, 8.0)]  # fmt: skip
    slope = math.exp(4.0) - 1.0
    assert losses[1] - losses[0] == pytest.approx(slope, rel=1e-2)
    assert losses[2] - losses[1] == pytest.approx(slope, rel=1e-2)


def test_the_best_constant_is_the_mean_power():
    magnitudes = torch.tensor([1.0, 3.0])[:, None].expand(2, 257)
    level = torch.tensor(1.0, requires_grad=True)
    optimiser = torch.optim.Adam([level], lr=0.05)
    for _ in range(300):
        optimiser.zero_grad()
        band_itakura_saito(magnitudes, level.expand(2, 257)).backward()
        optimiser.step()
    assert float(level.detach()) == pytest.approx(math.sqrt((1.0 + 9.0) / 2.0), rel=1e-3)
