"""Instruments in hosts of another sample rate than their own."""

import math

import pytest
import torch
from exports import export_run
from test_label_export import labelled_run

from vschaos2.dsp.host_rate import HostRate, RecentSound, between, cubic, window_factors
from vschaos2.dsp.streaming import StreamingAnalysis
from vschaos2.errors import InputError
from vschaos2.families.vae.instrument_core import InstrumentCore
from vschaos2.families.vae.projection import PROJECTIONS, own_axes

N_FFT, HOP = 2048, 512
PAIRS = [(44100, 48000), (48000, 44100), (44100, 96000), (44100, 88200), (48000, 88200)]


def sine(frequency_hz: float, rate_hz: int, samples: int) -> torch.Tensor:
    time = torch.arange(samples, dtype=torch.float64) / rate_hz
    return (0.5 * torch.sin(2.0 * math.pi * frequency_hz * time)).float()[None]


def frame(sound: torch.Tensor, n_fft: int) -> torch.Tensor:
    """The last frame of a sound, complex [1, 1, K]."""
    return StreamingAnalysis(n_fft, n_fft)(sound[:, -n_fft:])


def hear(host: HostRate, sound: torch.Tensor) -> torch.Tensor:
    """What a model hears in a sound: [1, F, K]."""
    hop = host.factor * HOP
    recent = RecentSound(host.longest - hop)
    return host.heard(recent(sound[:, : sound.shape[1] // hop * hop]), hop)


def peak_bin(magnitude: torch.Tensor) -> float:
    """Where a lobe is highest, by the parabola through its logarithm, in bins."""
    logs = magnitude.flatten().double().log()
    at = int(logs.argmax())
    before, best, after = logs[at - 1 : at + 2].tolist()
    return at + 0.5 * (before - after) / (before - 2.0 * best + after)


def cents(one: float, other: float) -> float:
    return 1200.0 * abs(math.log2(one / other))


@pytest.mark.parametrize(
    ("model_hz", "factors"),
    [
        (44100, {44100: 1, 48000: 1, 88200: 2, 96000: 2}),
        (48000, {48000: 1, 44100: 1, 88200: 2, 96000: 2}),
        (22050, {22050: 1, 44100: 2, 48000: 2, 88200: 4, 96000: 4}),
        (32000, {32000: 1}),
    ],
)
def test_rates_are_those_near_a_multiple(model_hz, factors):
    assert window_factors(model_hz) == factors


def test_another_rate_is_refused_in_words():
    with pytest.raises(ValueError, match=r"44100, 48000, 88200, 96000 .* got 8000"):
        HostRate(44100, N_FFT, 8000)


def test_own_rate_is_no_warp_at_all():
    host = HostRate(44100, N_FFT)
    assert not host.is_warped
    magnitude = torch.rand(1, 3, 1025)
    assert host.played(magnitude) is magnitude


def test_a_rate_that_is_none_changes_nothing():
    host = HostRate(44100, N_FFT)
    host.set_rate(48000)
    for wrong in (0, -1, 8000, 96000):
        host.set_rate(wrong)
        assert (host.rate_hz, host.is_warped) == (48000, True)
    host.set_rate(44100)
    assert not host.is_warped


def test_places_on_bins_are_read_as_they_are():
    at_bins = torch.zeros(1, dtype=torch.float64)
    torch.testing.assert_close(between(at_bins, 0.5)[0], torch.eye(8, dtype=torch.float64)[3])
    torch.testing.assert_close(cubic(at_bins)[0], torch.eye(4, dtype=torch.float64)[1])


@pytest.mark.parametrize(("model_hz", "host_hz"), PAIRS)
@pytest.mark.parametrize("frequency_hz", [130.81, 441.7, 3000.0, 15000.0])
def test_a_sine_is_heard_and_played_at_its_frequency(model_hz, host_hz, frequency_hz):
    host = HostRate(model_hz, N_FFT, host_hz)
    n_fft = host.factor * N_FFT
    heard = hear(host, sine(frequency_hz, host_hz, 3 * n_fft))[:, -1:]
    assert cents(peak_bin(heard) * model_hz / N_FFT, frequency_hz) < 2.0
    played = host.played(heard)
    assert cents(peak_bin(played) * host_hz / n_fft, frequency_hz) < 2.0


@pytest.mark.parametrize(("model_hz", "host_hz"), PAIRS)
def test_what_is_heard_is_heard_with_the_model_s_own_window(model_hz, host_hz):
    """Held against the sum that defines it: the window is as long in seconds as the model's."""
    host = HostRate(model_hz, N_FFT, host_hz)
    length = 2 * round(N_FFT * host_hz / model_hz / 2)
    sound = torch.randn(1, 8 * host.factor * HOP, generator=torch.Generator().manual_seed(0))
    seconds = (torch.arange(length, dtype=torch.float64) - length / 2) / host_hz
    window = torch.exp(-4.0 * math.log(100.0) * (seconds * model_hz / N_FFT).square())
    windowed = sound[0, -length:].double() * window * model_hz / host_hz
    bins = torch.tensor([1, 2, 10, 137, 500, 800])
    turns = bins[:, None] * model_hz / N_FFT * seconds
    exact = (windowed * torch.polar(torch.ones_like(turns), -2.0 * math.pi * turns)).sum(1).abs()
    heard = hear(host, sound)[0, -1, bins].double()
    torch.testing.assert_close(
        heard, exact, rtol=0.0, atol=2e-4 * float(exact.square().mean().sqrt())
    )


@pytest.mark.parametrize(("model_hz", "host_hz"), PAIRS)
def test_levels_of_noise_hold(model_hz, host_hz):
    """Noise of the same power in every Hz has the same mean square in a model's bins."""
    host = HostRate(model_hz, N_FFT, host_hz)
    n_fft, generator = host.factor * N_FFT, torch.Generator().manual_seed(0)
    own = torch.randn(1, 64 * N_FFT, generator=generator)
    hosts = torch.randn(1, 64 * n_fft, generator=generator) * math.sqrt(host_hz / model_hz)
    expected = StreamingAnalysis(N_FFT, HOP)(own)[:, 8:].abs().square().mean()
    coefficients = StreamingAnalysis(n_fft, n_fft // 4)(hosts)[:, 8:]
    heard = hear(host, hosts)[:, 8:]
    end = int(0.9 * min(model_hz, host_hz / host.factor) / model_hz * 1025)
    assert abs(10.0 * math.log10(heard[..., 4:end].square().mean() / expected)) < 0.15
    given = coefficients.abs()[..., 8 : end // 2].square().mean()
    back = host.played(heard)[..., 8 : end // 2].square().mean()
    assert abs(10.0 * math.log10(back / given)) < 0.3


@pytest.mark.parametrize("model_hz", [44100, 48000])
def test_a_partial_is_played_as_wide_as_the_host_s_window_has_it(model_hz):
    """A lobe of the model's window becomes one of the host's, of the same level."""
    host_hz = 48000 + 44100 - model_hz
    host = HostRate(model_hz, N_FFT, host_hz)
    given = frame(sine(1000.0, model_hz, 2 * N_FFT), N_FFT).abs()
    expected = frame(sine(1000.0, host_hz, 2 * N_FFT), N_FFT).abs()
    played = host.played(given)
    assert float((played - expected).norm() / expected.norm()) < 0.05


def test_blocks_are_heard_as_the_whole_is():
    host = HostRate(44100, N_FFT, 48000)
    sound = torch.randn(1, 24 * HOP, generator=torch.Generator().manual_seed(0))
    recent, whole = RecentSound(host.longest - HOP), hear(host, sound)
    for size in (1, 3):
        recent.reset()
        parts = [host.heard(recent(block), HOP) for block in sound.split(size * HOP, 1)]
        torch.testing.assert_close(torch.cat(parts, 1), whole)


def test_above_what_a_model_knows_is_silence():
    host = HostRate(44100, N_FFT, 48000)
    top = math.floor(1024 * 44100 / 48000)
    played = host.played(torch.ones(1, 1, 1025))
    assert float(played[..., top + 2 :].abs().max()) == 0.0
    torch.testing.assert_close(
        played[..., : top - 1], torch.full((1, 1, top - 1), math.sqrt(48000 / 44100))
    )
    assert float(host.played(torch.zeros(1, 1, 1025)).abs().max()) == 0.0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_scripted_is_as_in_python():
    host = HostRate(44100, N_FFT, 48000)
    scripted = torch.jit.script(host)
    sound, magnitude = torch.randn(2, 6 * N_FFT), 100.0 * torch.rand(2, 3, 1025)
    for rate_hz in (44100, 48000, 44100):
        host.set_rate(rate_hz)
        scripted.set_rate(rate_hz)
        torch.testing.assert_close(scripted.heard(sound, HOP), host.heard(sound, HOP))
        torch.testing.assert_close(scripted.played(magnitude), host.played(magnitude))


# --- instruments ---


class Mirror(InstrumentCore):
    """Plays the very magnitudes that its encoder would hear, and `tone` where it hears nothing."""

    def sample(self, magnitude):
        return magnitude

    def magnitude_after(self, latent, labels, state):
        return (latent if latent.shape[1] == 257 else self.tone.expand(len(latent), -1)), state


def mirror(tiny_run, tiny_axes, rate_hz=None, mode="balanced", forward_mode="keep_input") -> Mirror:
    return Mirror(tiny_run.model, tiny_axes, 4, forward_mode, mode, rate_hz=rate_hz).eval()


def found_hz(sound: torch.Tensor, rate_hz: int) -> float:
    """The frequency of a steady sine, by the longest window that it fills."""
    windowed = sound.double() * torch.hann_window(len(sound), dtype=torch.float64)
    spectrum = torch.fft.rfft(windowed, n=8 * len(sound)).abs()
    return peak_bin(spectrum) * rate_hz / (8 * len(sound))


@torch.inference_mode()
@pytest.mark.parametrize("rate_hz", [44100, 48000, 88200, 96000])
@pytest.mark.parametrize("mode", ["eco", "balanced", "live"])
def test_decode_plays_a_model_s_pitch_at_every_rate(tiny_run, tiny_axes, rate_hz, mode):
    core = mirror(tiny_run, tiny_axes, rate_hz, mode)
    core.tone = frame(sine(1308.13, 44100, 1024), 512).abs()[0]
    sound = core.decode(torch.zeros(1, 4, 96))[0, 0, 4 * core.n_fft :]
    assert cents(found_hz(sound, rate_hz), 1308.13) < 5.0
    peak_db = 20.0 * math.log10(float(sound[2048:-2048].abs().median() / 0.5 * math.sqrt(2.0)))
    assert abs(peak_db) < 0.5


@torch.inference_mode()
@pytest.mark.parametrize("rate_hz", [44100, 48000, 88200, 96000])
@pytest.mark.parametrize("forward_mode", ["keep_input", "live"])
def test_forward_keeps_pitch_and_level_at_every_rate(tiny_run, tiny_axes, rate_hz, forward_mode):
    core = mirror(tiny_run, tiny_axes, rate_hz, forward_mode=forward_mode)
    given = sine(1308.13, rate_hz, 128 * core.hop)
    sound = core(given[None])[0, 0, 4 * core.n_fft :]
    assert cents(found_hz(sound, rate_hz), 1308.13) < 5.0
    assert abs(20.0 * math.log10(float(sound.abs().max()) / 0.5)) < 0.3


def tones(rate_hz: int, hop: int) -> torch.Tensor:
    """A tone of six harmonics, with empty inlets for three labels: [1, 4, 48·hop]."""
    sound = sum(sine(440.0 * n, rate_hz, 48 * hop) / n for n in range(1, 7))
    return torch.cat((sound[None], torch.full((1, 3, 48 * hop), -1.0)), 1)


@torch.inference_mode()
@pytest.mark.parametrize("rate_hz", [48000, 88200, 96000])
def test_latents_and_labels_are_those_of_the_own_rate(rate_hz):
    run = labelled_run()
    axes = {kind: own_axes(4) for kind in PROJECTIONS}
    cores = [InstrumentCore(run.model, axes, 4, rate_hz=rate).eval() for rate in (44100, rate_hz)]
    cores.append(InstrumentCore(run.model, axes, 4).eval())  # what a host would hear without a warp
    own, warped, out_of_tune = (
        core(tones(hz, core.hop))[0, 1:, :: core.hop][:, 16:]
        for core, hz in zip(cores, (44100, rate_hz, rate_hz), strict=True)
    )
    torch.testing.assert_close(warped[:2], own[:2], rtol=0.0, atol=0.0)  # classes
    assert float((warped[2] - own[2]).abs().mean()) < 0.5 * float(
        (out_of_tune[2] - own[2]).abs().mean()
    )


def test_a_way_to_another_rate_and_back_leaves_no_trace(fresh_instrument, instrument):
    sound = 0.1 * torch.randn(1, 1, 4096, generator=torch.Generator().manual_seed(0))
    latents = torch.randn(1, 4, 32, generator=torch.Generator().manual_seed(1))
    for method, block in (("forward", sound), ("encode", sound), ("decode", latents)):
        expected = getattr(instrument, method)(block)
        assert fresh_instrument.set_sample_rate(48000) == 0
        warped = getattr(fresh_instrument, method)(block)
        assert fresh_instrument.set_sample_rate(44100) == 0
        fresh_instrument.set_reset(True)
        assert torch.equal(getattr(fresh_instrument, method)(block), expected)
        assert not torch.allclose(warped, expected)


@torch.inference_mode()
def test_file_warps_as_python_does(fresh_instrument, tiny_core):
    sound = 0.1 * torch.randn(1, 1, 4096, generator=torch.Generator().manual_seed(0))
    latents = torch.randn(1, 4, 32, generator=torch.Generator().manual_seed(1))
    tiny_core.set_rate(48000)
    tiny_core.set_limits(False, True)
    fresh_instrument.set_sample_rate(48000)
    for mode in ("eco", "keep_input"):
        tiny_core.set_modes(mode, "eco")
        fresh_instrument.set_inversion(mode)
    fresh_instrument.set_inversion("eco")
    tiny_core.set_modes("eco", "eco")
    for method, block in (("forward", sound), ("encode", sound), ("decode", latents)):
        expected = getattr(tiny_core, method)(block)
        deviation = (getattr(fresh_instrument, method)(block) - expected).abs().max()
        assert float(deviation) < 1e-5 * float(expected.abs().max())


def test_hosts_are_told_what_they_can_set(fresh_instrument):
    assert fresh_instrument.host_rates_hz == [44100, 48000]
    assert fresh_instrument.get_sample_rate() == [44100]


def test_a_file_for_96_khz_has_windows_twice_as_long(tiny_run, tmp_path):
    path = export_run(tiny_run, tmp_path, "high", blocks=2, rate=96000)
    loaded = torch.jit.load(str(path))
    assert loaded.get_sample_rate() == [96000] and loaded.host_rates_hz == [88200, 96000]
    assert loaded.encode_params.tolist() == [1, 1, 4, 256]
    assert loaded.get_delay() == [768, 1024]
    assert [loaded.set_sample_rate(rate) for rate in (88200, 44100, 48000)] == [0, 1, 1]


def test_rates_that_are_none_are_refused_before_the_work(tiny_run, tmp_path):
    with pytest.raises(InputError, match=r"--rate 8000: .* 44100 Hz plays at 44100, 48000, 88200"):
        export_run(tiny_run, tmp_path, "low", rate=8000)
    assert list(tmp_path.iterdir()) == []
