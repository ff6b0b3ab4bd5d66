"""Words for latent axes, and places of like loudness, from what a model answers."""

import copy
import math

import pytest
import torch
from conftest import TINY
from omegaconf import OmegaConf
from test_label_export import labelled_run

from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.places import LEVEL_STEP_DB, PLACES
from vschaos2.families.vae.projection import PROJECTIONS, own_axes
from vschaos2.families.vae.response import (
    axis_word,
    axis_words,
    heard_windows,
    sound_measures,
    still_spectra,
)
from vschaos2.labels.ports import LabelPorts

N_FFT, RATE_HZ = 2048, 44100
LEVEL, BRIGHTNESS, NOISINESS, PITCH = range(4)


def spectrum_of(signal: torch.Tensor) -> torch.Tensor:
    return torch.fft.rfft(signal * torch.hann_window(N_FFT)).abs()


def tone(f0_hz: float, partials: int = 10) -> torch.Tensor:
    time = torch.arange(N_FFT) / RATE_HZ
    return torch.stack(
        [torch.sin(2 * math.pi * k * f0_hz * time + k * k) / k for k in range(1, partials + 1)]
    ).sum(0)


def measures_of(*signals: torch.Tensor) -> torch.Tensor:
    return sound_measures(torch.stack([spectrum_of(signal) for signal in signals]), RATE_HZ)


def test_a_factor_is_its_decibels_and_nothing_else():
    one, ten = measures_of(tone(440.0), 10.0 * tone(440.0))
    torch.testing.assert_close(ten - one, torch.tensor([20.0, 0.0, 0.0, 0.0]), atol=0.05, rtol=0)


@pytest.mark.parametrize("f0_hz", [110.0, 220.0, 440.0])
def test_pitch_is_that_of_a_tone_and_noise_has_none(f0_hz: float):
    noise = torch.randn(N_FFT, generator=torch.Generator().manual_seed(0))
    heard = measures_of(tone(f0_hz), noise)
    assert float(heard[0, PITCH]) == pytest.approx(math.log2(f0_hz), abs=0.02)
    assert bool(heard[1, PITCH].isnan())
    assert float(heard[1, NOISINESS]) > float(heard[0, NOISINESS]) + 10.0


def test_frames_too_short_for_a_period_have_no_pitch():
    heard = sound_measures(torch.rand(3, 33), 192_000)
    assert bool(heard[:, PITCH].isnan().all()) and bool(heard[:, :PITCH].isfinite().all())


def test_brightness_rises_with_the_partials():
    dull, bright = measures_of(tone(220.0, 3), tone(220.0, 20))
    assert float(bright[BRIGHTNESS]) > float(dull[BRIGHTNESS]) + 0.5


@pytest.mark.parametrize(
    "strengths, words",
    [
        ((2.0, 0.5, 0.1, 0.0), "louder"),
        ((-2.0, 0.5, 0.1, 0.0), "quieter"),
        ((0.5, -1.0, 0.8, math.nan), "darker, noisier"),
        ((0.0, 0.0, 0.1, -0.5), "lower"),
        ((0.01, 0.0, -0.05, math.nan), "subtle"),
    ],
)
def test_axes_are_named_after_their_strongest_effects(strengths, words):
    assert axis_word(torch.tensor(strengths)) == words


@pytest.mark.parametrize(
    "strengths, level_db, words",
    [
        ((0.9, -2.0, 0.1, 0.0), 19.0, "louder, darker"),
        ((-0.9, 0.1, 2.0, 0.0), -6.1, "quieter, noisier"),
        ((2.0, 0.5, 0.1, 0.0), 19.0, "louder"),
        ((-2.0, 1.8, 0.1, 0.0), -19.0, "quieter, brighter"),
        ((0.05, 0.09, 0.0, math.nan), 7.0, "louder"),
        ((0.9, -2.0, 0.1, 0.0), 5.9, "darker"),
    ],
)
def test_a_plain_change_of_level_is_said_first(strengths, level_db: float, words: str):
    assert axis_word(torch.tensor(strengths), level_db) == words


def test_presets_of_an_instrument_are_alike_in_level(tiny_run, tiny_axes):
    """Of a model that was never trained, its last weights raised until its level varies."""
    model = copy.deepcopy(tiny_run.model)
    *_, last = (layer for layer in model.decoder.modules() if isinstance(layer, torch.nn.Linear))
    last.weight *= 10.0
    core = InstrumentCore(model, tiny_axes, 4).eval()
    axes = tiny_axes["pca"]
    windows = heard_windows(core, tiny_run.kept.latents, axes, [])
    places = windows.places()
    assert len(axis_words(windows, axes)) == 4 and len(places) == PLACES

    def levels(latents: torch.Tensor) -> torch.Tensor:
        return sound_measures(still_spectra(core, latents, []), RATE_HZ)[:, LEVEL]

    heard = levels(axes.centre + places @ axes.from_axes)
    every = levels(tiny_run.kept.latents)
    assert float(every.max() - every.min()) > 10.0  # or the test would show nothing
    assert float(heard.max() - heard.min()) < 3.0 * LEVEL_STEP_DB


@pytest.mark.parametrize("memory", ["gru", "causal_conv"])
def test_a_decoder_with_memory_is_heard_once_it_has_settled(memory: str):
    config = OmegaConf.create(TINY)
    OmegaConf.update(config, "model.temporal", memory, force_add=True)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = build_model(config).eval().requires_grad_(False)
        latents = torch.randn(3, 4)
    core = InstrumentCore(model, dict.fromkeys(PROJECTIONS, own_axes(4)), 4).eval()
    heard = still_spectra(core, latents, [])
    for latent, expected in zip(latents, heard, strict=True):
        long, _ = core.magnitude_after(
            latent.expand(200, -1), None, torch.zeros(1, core.decode_memory.size)
        )
        first, last = float((long[0] - expected).norm()), float((long[-1] - expected).norm())
        assert last < 0.05 * float(expected.norm()) and last <= first


def test_labels_are_heard():
    run = labelled_run()
    core = InstrumentCore(run.model, dict.fromkeys(PROJECTIONS, own_axes(4)), 4).eval()
    plain = LabelPorts.of(
        run.model.conditioning, run.model.prediction, run.kept.classes, False
    ).plain
    assert plain == [0.0, 4.0, 0.0]
    heard = still_spectra(core, torch.zeros(1, 4), plain)
    assert not torch.allclose(heard, still_spectra(core, torch.zeros(1, 4), [5.0, 4.0, 0.0]))
