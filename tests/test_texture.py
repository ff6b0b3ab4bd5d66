import math

import numpy as np
import pytest
import torch

from vschaos2.dsp.framing import dual_window, gaussian_window
from vschaos2.dsp.gabor import analyse, synthesise
from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.dsp.texture import (
    RAYLEIGH_BIAS,
    attack_weight,
    learnt_weight,
    low_bins,
    neighbour_mean,
    onset_weight,
    parted,
    textured_gain,
    tone_weight,
)
from vschaos2.dsp.white_noise import STARTS, WhiteNoise
from vschaos2.objectives.noise_measures import hop_tone_db, roughness

N_FFT, HOP = 2048, 512
BINS = N_FFT // 2 + 1


def spectra(waveform: torch.Tensor) -> torch.Tensor:
    return analyse(waveform[None], gaussian_window(N_FFT).float(), HOP)


def weight_of(logs: torch.Tensor) -> torch.Tensor:
    return tone_weight(logs, neighbour_mean(logs), low_bins(logs.shape[-1]))


# --- noise that is known at every moment ---


def test_samples_of_the_noise_are_independent_and_of_deviation_one():
    x = WhiteNoise(N_FFT, HOP).samples(0, 400).double()
    assert float(x.std()) == pytest.approx(1.0, abs=0.01)
    power = torch.fft.rfft(x, n=2 * len(x)).abs().square()
    correlation = torch.fft.irfft(power)[1 : len(x) // 2] / power.mean()
    # As those of a table so long; a stretch that came again would have a hundred times as much.
    assert float(correlation.abs().max()) < 4.0 / math.sqrt(STARTS)


def test_coefficients_of_the_noise_have_rayleigh_magnitudes_of_mean_one():
    magnitudes = WhiteNoise(N_FFT, HOP)(0, 600).abs()[::4, 8:-8].numpy()
    assert magnitudes.mean() == pytest.approx(1.0, abs=0.01)
    assert magnitudes.std() == pytest.approx(math.sqrt(4 / math.pi - 1), abs=0.01)
    assert np.log(magnitudes).mean() == pytest.approx(-RAYLEIGH_BIAS, abs=0.01)


def test_frames_of_the_noise_are_those_of_one_sound():
    noise = WhiteNoise(N_FFT, HOP)
    sound = noise.samples(0, 40)
    dual = dual_window(gaussian_window(N_FFT), HOP).float()
    whole = synthesise(noise(0, 37)[None], dual, HOP)[0]
    scale = math.sqrt(math.pi / 4) * float(gaussian_window(N_FFT).norm())
    middle = slice(N_FFT, 30 * HOP)
    torch.testing.assert_close(whole[middle] * scale, sound[middle], rtol=0, atol=1e-4)


def test_any_frames_of_the_noise_come_alone_as_in_company():
    noise = WhiteNoise(256, 64)
    whole = noise(5, 12)
    torch.testing.assert_close(noise(9, 1), whole[4:5], rtol=0, atol=1e-6)
    torch.testing.assert_close(noise(5 + STARTS, 12), whole, rtol=0, atol=1e-6)


# --- tone, onset, noise ---


@pytest.mark.parametrize("bins", [129, 1025])
def test_mean_of_neighbours_is_the_one_of_a_loop(bins: int):
    logs = 5.0 * torch.randn(2, 3, bins, generator=torch.Generator().manual_seed(0))
    row = logs[1, 2].numpy()
    whole = [min(max(k, 7), bins - 7) for k in range(bins)]  # what has six neighbours on each side
    expected = [row[k - 6 : k + 7].mean() for k in whole]
    np.testing.assert_allclose(neighbour_mean(logs)[1, 2], expected, atol=2e-4)


def test_sines_are_tone_and_the_mean_of_noise_is_none():
    k = torch.arange(BINS)
    sine = -math.pi * math.pi / (4 * math.log(100)) * (k - 400.0).square()
    logs = torch.logaddexp(sine, torch.tensor(-12.0))[None, None]
    weight = weight_of(logs)[0, 0]
    assert bool((weight[398:403] == 1.0).all())
    # Smooth as the mean of noise, 60 dB over the whole band.
    assert float(weight_of(-7.0 * k[None, None] / BINS)[0, 0, 120:].max()) == 0.0
    assert bool((weight[:10] == 1.0).all())  # below a hundredth of the sample rate


def test_the_more_coherent_the_less_need_stand_out():
    low, smooth = low_bins(BINS), torch.zeros(1, 1, BINS)
    for coherence, begins in ((0.3, 0.3), (0.5, 0.3), (0.6125, -0.075), (0.725, -0.45), (1, -0.45)):
        known = torch.full((1, 1, BINS), float(coherence))
        for height, weight in ((-0.1, 0.0), (0.0, 0.0), (0.2, 0.4), (0.5, 1.0), (0.9, 1.0)):
            found = learnt_weight(smooth + begins + height, smooth, known, low)[0, 0]
            assert float(found[200]) == pytest.approx(weight, abs=1e-5)
            assert float(found[10]) == 1.0


def test_clicks_are_onsets_and_slow_fades_are_none():
    waveform = torch.zeros(20 * HOP)
    waveform[10 * HOP] = 1.0
    logs = torch.log(spectra(waveform).abs() + 1e-6)
    smooth = neighbour_mean(logs)
    weight = onset_weight(smooth[:, 1:], smooth[:, :-1])[0, :, 8:-8]
    heard = (logs[0, 1:, 8:-8] > -10.0).any(-1)
    assert int(heard.sum()) >= 3
    assert bool((weight[heard] == 1.0).all())
    fade = torch.linspace(0.0, -0.35 * 9, 10)[None, :, None].expand(1, 10, BINS)
    assert float(onset_weight(fade[:, 1:], fade[:, :-1]).max()) == 0.0


def test_attacks_rise_and_what_falls_is_none():
    waveform = torch.zeros(20 * HOP)
    waveform[10 * HOP] = 1.0
    smooth = neighbour_mean(torch.log(spectra(waveform).abs() + 1e-6))
    weight = attack_weight(smooth[:, 1:], smooth[:, :-1])[0, :, 8:-8]
    rising = smooth[0, 1:, 500] > smooth[0, :-1, 500] + 1.0
    assert int(rising.sum()) >= 2
    assert bool((weight[rising] == 1.0).all())
    falling = smooth[0, 1:, 500] < smooth[0, :-1, 500]
    assert int(falling.sum()) >= 2
    assert float(weight[falling].max()) == 0.0


@pytest.mark.parametrize("texture", [0.0, 0.3, 1.0])
def test_parts_have_the_power_of_the_whole(texture: float):
    generator = torch.Generator().manual_seed(0)
    m, w = torch.rand(2, 3, 65, generator=generator), torch.rand(2, 3, 65, generator=generator)
    tone, noise = parted(m, w, texture)
    torch.testing.assert_close(tone.square() + noise.square(), m.square())
    torch.testing.assert_close(noise.square(), texture * m.square() * (1 - w.square()))
    if texture == 0.0:
        assert torch.equal(tone, m)


def test_gain_brings_tones_to_the_model_and_noise_to_its_mean():
    noise = WhiteNoise(N_FFT, HOP)(0, 200)[None]
    heard = noise.abs() * 0.01
    wanted = torch.full_like(heard, 0.05)
    gain = textured_gain(wanted, heard, low_bins(BINS), 1.0)[:, :, 150:]
    played = (gain * heard[:, :, 150:]).numpy()
    assert played.mean() == pytest.approx(0.05, rel=0.05)
    # Magnitudes keep their spread, which without a texture would be none at all.
    assert played.std() / played.mean() == pytest.approx(math.sqrt(4 / math.pi - 1), rel=0.1)
    exact = textured_gain(wanted, heard, low_bins(BINS), 0.0) * heard
    torch.testing.assert_close(exact, wanted)
    low = (textured_gain(wanted, heard, low_bins(BINS), 1.0) * heard)[:, :, :20]
    torch.testing.assert_close(low, wanted[:, :, :20])


# --- in phase recovery ---


def smooth_noise(frames: int) -> torch.Tensor:
    """What a model makes of noise under a filter: its mean magnitudes, [1, F, K]."""
    k = torch.arange(BINS) / BINS
    return (10.0 * torch.exp(-4.0 * (k - 0.25).square())).expand(1, frames, BINS)


def played(inversion, magnitudes, frames: int = 4, coherence=None) -> torch.Tensor:
    parts = magnitudes.split(frames, 1)
    known = [None] * len(parts) if coherence is None else coherence.split(frames, 1)
    return torch.cat([inversion(*both) for both in zip(parts, known, strict=True)], 1)


@pytest.mark.parametrize("mode", ["eco", "balanced", "live"])
def test_smooth_magnitudes_without_coherence_are_white_noise(mode: str):
    magnitudes = smooth_noise(24)
    one = MagnitudeInversion(N_FFT, HOP, mode, texture=1.0)
    noise = played(one, magnitudes, 4, torch.zeros(1, 24, BINS))
    # Frame n ends with the samples of hop n: it begins three hops earlier.
    found = spectra(noise[0, one.delay_samples :])[0, 8:12, 200:-1]
    expected = (magnitudes[0] * WhiteNoise(N_FFT, HOP)(0, 24))[11:15, 200:-1]
    assert float((found - expected).norm() / expected.norm()) < 0.1


@pytest.mark.parametrize("mode", [*MODES, "offline"])
def test_noise_is_played_as_noise_in_every_mode(mode: str):
    magnitudes = smooth_noise(344)
    sounds = []
    for texture in (0.0, 1.0):
        known = "balanced" if mode == "offline" else mode
        inversion = MagnitudeInversion(N_FFT, HOP, known, texture=texture)
        if mode == "offline":
            inversion.configure_offline()
        sounds.append(played(inversion, magnitudes, 86)[0, 8 * N_FFT :])
    buzz, noise = sounds
    assert hop_tone_db(noise, HOP) < 2.0
    assert roughness(noise) == pytest.approx(0.45, abs=0.03)
    assert mode == "random" or hop_tone_db(buzz, HOP) > 8.0
    found = spectra(noise).abs().mean((0, 1))[125:925].reshape(-1, 50).mean(1)
    wanted = magnitudes[0, 0, 125:925].reshape(-1, 50).mean(1)
    torch.testing.assert_close(found, wanted, rtol=0.05, atol=0.0)


@pytest.mark.parametrize("mode", list(MODES))
@pytest.mark.parametrize("frames", [1, 4])
def test_a_texture_of_zero_changes_nothing(mode: str, frames: int):
    generator = torch.Generator().manual_seed(0)
    magnitudes = smooth_noise(24) * torch.rand(1, 24, BINS, generator=generator)
    without = MagnitudeInversion(N_FFT, HOP, mode)
    at_zero = MagnitudeInversion(N_FFT, HOP, mode, texture=1.0)
    at_zero.set_texture(0.0)
    assert at_zero.texture.is_on  # or nothing would be tried
    assert torch.equal(played(without, magnitudes, frames), played(at_zero, magnitudes, frames))


@pytest.mark.parametrize("mode", ["random", "eco"])
@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize("learnt", [False, True])
def test_textures_are_the_same_in_blocks_of_any_size(mode: str, script: bool, learnt: bool):
    generator = torch.Generator().manual_seed(0)
    magnitudes = smooth_noise(24) * (0.5 + torch.rand(2, 24, BINS, generator=generator))
    coherence = 0.4 + 0.4 * torch.rand(2, 24, BINS, generator=generator) if learnt else None
    wholes = MagnitudeInversion(N_FFT, HOP, mode, texture=0.7)(magnitudes, coherence)
    inversion = MagnitudeInversion(N_FFT, HOP, mode, texture=0.7)
    for frames in (1, 3, 4, 24):
        inversion.reset()
        tried = torch.jit.script(inversion) if script else inversion
        found = played(tried, magnitudes, frames, coherence)
        torch.testing.assert_close(found, wholes, rtol=0, atol=1e-5 * float(wholes.abs().max()))


@pytest.mark.parametrize("mode", ["eco", "live", "balanced"])
def test_noise_that_is_on_its_way_arrives_after_the_texture_is_gone(mode: str):
    magnitudes = smooth_noise(24)
    inversion = MagnitudeInversion(N_FFT, HOP, mode, texture=1.0)
    never = MagnitudeInversion(N_FFT, HOP, mode, texture=1.0)
    before, as_before = inversion(magnitudes[:, :4]), never(magnitudes[:, :4])
    assert torch.equal(before, as_before)
    waiting = inversion.lookahead + inversion.open_frames
    inversion.set_texture(0.0)
    inversion(magnitudes[:, :4])
    assert inversion.texture.queue.shape[1] == waiting
    assert float(inversion.texture.queue.abs().sum()) == 0.0
    inversion.reset()
    assert not inversion.has_texture()


@pytest.mark.parametrize("mode", list(MODES))
def test_a_textured_silence_is_exact(mode: str):
    inversion = MagnitudeInversion(N_FFT, HOP, mode, texture=1.0)
    played(inversion, smooth_noise(8))
    after = played(inversion, torch.zeros(1, 16, BINS))
    assert float(after[:, 12 * HOP :].abs().max()) == 0.0


def test_a_sine_keeps_its_recovered_phase():
    sine = torch.sin(2 * math.pi * 0.0213 * torch.arange(60 * HOP))
    magnitudes = spectra(sine).abs()
    plain = played(MagnitudeInversion(N_FFT, HOP), magnitudes)
    textured = played(MagnitudeInversion(N_FFT, HOP, texture=1.0), magnitudes)
    middle = slice(8 * N_FFT // 2, None)
    error = (plain - textured)[:, middle].norm() / plain[:, middle].norm()
    assert float(error) < 0.01
