"""The chain waveform → frames → waveform, whole and in blocks."""

import math

import numpy as np
import pytest
import torch

from vschaos2.dsp.gabor import analyse, synthesise
from vschaos2.dsp.magnitude import CONTRASTS, InverseMel, Mel, compress, expand, mel_filterbank
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.dsp.streaming import StreamingAnalysis, StreamingSynthesis

SIZES = [(2048, 512), (1024, 256), (2048, 256), (512, 128)]


def noise(batch: int, length: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(batch, length, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("n_fft", "hop"), SIZES)
def test_gabor_round_trip(n_fft, hop):
    transform = SpectralTransform(n_fft=n_fft, hop=hop)
    x = noise(2, 8 * n_fft)
    y = transform.synthesise(transform.analyse(x))
    inner = slice(n_fft, -n_fft)
    assert (y - x)[:, inner].abs().max() <= 1e-6 * x.abs().max()


def test_analysis_equals_scipy_stft():
    scipy_signal = pytest.importorskip("scipy.signal")
    transform = SpectralTransform(n_fft=512, hop=128)
    x = noise(1, 4096)
    sft = scipy_signal.ShortTimeFFT(
        transform.window.double().numpy(), hop=128, fs=1.0, phase_shift=None
    )
    # Slice p of ShortTimeFFT is centred at p·hop: our frame f is slice f + (n_fft/2)/hop.
    oracle = sft.stft(x[0].double().numpy())[:, 2 - sft.p_min :]
    ours = transform.analyse(x)[0]
    np.testing.assert_allclose(ours.numpy(), oracle[:, : ours.shape[0]].T, atol=1e-4)


def test_sine_peaks_at_its_bin():
    n_fft, k, amplitude = 2048, 100, 0.5
    t = torch.arange(4 * n_fft, dtype=torch.float64)
    transform = SpectralTransform(n_fft=n_fft)
    sine = amplitude * torch.cos(2 * math.pi * k * t / n_fft)
    magnitude = analyse(sine[None], transform.window.double(), 512).abs()
    assert (magnitude.argmax(-1) == k).all()
    # A sine on a bin's centre: half its amplitude times the window's sum.
    expected = amplitude / 2 * transform.window.double().sum()
    torch.testing.assert_close(magnitude[0, :, k], expected.expand(13), rtol=1e-5, atol=0)


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_contrast_inverts(contrast):
    scale = torch.tensor(0.37)
    magnitude = torch.logspace(-2, 3, 200)
    back = expand(compress(magnitude, scale, contrast), scale, contrast)
    torch.testing.assert_close(back, magnitude, rtol=1e-5, atol=1e-6)


def test_contrast_closed_forms():
    scale, value = torch.tensor(2.0), torch.tensor([6.0])
    assert compress(value, scale, "log1p").item() == pytest.approx(math.log(4.0))
    assert compress(value, scale, "log").item() == pytest.approx(math.log(3.0))
    assert compress(value, scale, "linear").item() == pytest.approx(3.0)
    assert compress(torch.zeros(1), scale, "log").item() == pytest.approx(math.log(1e-5))


@pytest.mark.parametrize("contrast", CONTRASTS)
def test_expanded_magnitudes_are_finite_and_never_negative(contrast):
    wild = torch.tensor([-1e9, -1.0, 0.0, 1e3, 1e9])
    magnitude = expand(wild, torch.tensor(1.0), contrast)
    assert torch.isfinite(magnitude).all()
    assert (magnitude >= 0).all()


@pytest.mark.parametrize("n_mels", [32, 128, 512, 1025])
def test_mel_bands_come_back_from_their_inverse(n_mels):
    bank = mel_filterbank(n_mels, 2048, 44100)
    torch.testing.assert_close(bank.sum(1), torch.ones(n_mels, dtype=torch.float64))
    assert torch.linalg.matrix_rank(bank) == n_mels
    identity = bank @ torch.linalg.pinv(bank)
    torch.testing.assert_close(identity, torch.eye(n_mels, dtype=torch.float64))


def test_mel_of_a_flat_spectrum_is_flat_and_returns():
    mel, inverse = Mel(64, 2048, 44100), InverseMel(64, 2048, 44100)
    flat = torch.full((1, 1025), 0.7)
    torch.testing.assert_close(mel(flat), torch.full((1, 64), 0.7))
    # The least-energy inverse of flat bands keeps their band values.
    torch.testing.assert_close(mel(inverse(mel(flat))), mel(flat), rtol=0.05, atol=0)


def test_level_follows_the_dataset():
    transform = SpectralTransform(level=2.0)
    transform.fit_level(0.25)
    quiet, loud = SpectralTransform(), SpectralTransform()
    quiet.fit_level(0.1)
    loud.fit_level(10.0)
    assert transform.scale.item() == 0.5
    magnitude = torch.rand(3, 1025)
    torch.testing.assert_close(quiet.to_frames(magnitude), loud.to_frames(magnitude * 100))


@pytest.mark.parametrize("n_mels", [0, 80])
def test_transform_is_differentiable_and_scriptable(n_mels):
    transform = SpectralTransform(n_fft=512, hop=128, n_mels=n_mels)
    x = noise(2, 2048).requires_grad_()
    transform.to_magnitude(transform(x)).square().sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
    assert x.grad.abs().max() > 0
    scripted = torch.jit.script(transform)
    torch.testing.assert_close(scripted(x), transform(x))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"n_fft": 1000}, "n_fft must be a power of two, got 1000"),
        ({"hop": 4096}, "hop must divide"),
        ({"contrast": "sqrt"}, "contrast must be one of log1p, log, linear, got 'sqrt'"),
        ({"n_mels": 2000}, "n_mels must lie between"),
        ({"level": 0.0}, "level must be positive"),
    ],
)
def test_impossible_transforms_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        SpectralTransform(**arguments)


@pytest.mark.parametrize("scripted", [False, True])
@pytest.mark.parametrize(("n_fft", "hop"), SIZES)
def test_chunked_equals_whole(n_fft, hop, scripted):
    analysis, synthesis = StreamingAnalysis(n_fft, hop), StreamingSynthesis(n_fft, hop)
    if scripted:
        analysis, synthesis = torch.jit.script(analysis), torch.jit.script(synthesis)
    x = noise(2, 24 * hop)
    whole = synthesis(analysis(x))
    for frames_per_block in (1, 3, 4, 24):
        analysis.reset()
        synthesis.reset()
        blocks = x.split(frames_per_block * hop, -1)
        chunked = torch.cat([synthesis(analysis(block)) for block in blocks], -1)
        torch.testing.assert_close(chunked, whole, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("n_fft", "hop"), SIZES)
def test_stream_is_the_input_after_its_delay(n_fft, hop):
    analysis, synthesis = StreamingAnalysis(n_fft, hop), StreamingSynthesis(n_fft, hop)
    x = noise(1, 24 * hop)
    y = synthesis(analysis(x))
    delay = synthesis.delay_samples
    assert delay == n_fft - hop
    assert (y[:, delay:] - x[:, :-delay]).abs().max() <= 2e-6 * x.abs().max()


def test_streaming_frames_equal_offline_frames_of_the_padded_signal():
    n_fft, hop = 512, 128
    x = noise(1, 16 * hop)
    offline = SpectralTransform(n_fft=n_fft, hop=hop).analyse(
        torch.nn.functional.pad(x, (n_fft - hop, 0))
    )
    assert torch.equal(StreamingAnalysis(n_fft, hop)(x), offline)


def test_bad_samples_leave_no_trace():
    analysis = StreamingAnalysis(512, 128)
    bad = torch.full((1, 512), float("nan"))
    bad[0, 7] = float("inf")
    assert torch.isfinite(torch.view_as_real(analysis(bad))).all()
    analysis(torch.zeros(1, 512))
    assert analysis(torch.zeros(1, 512)).abs().max() == 0


def test_batch_may_change_between_blocks():
    analysis, synthesis = StreamingAnalysis(512, 128), StreamingSynthesis(512, 128)
    synthesis(analysis(noise(1, 512)))
    x = noise(3, 512, seed=1)
    fresh = StreamingSynthesis(512, 128)(StreamingAnalysis(512, 128)(x))
    assert torch.equal(synthesis(analysis(x)), fresh)


def test_reset_works_outside_inference_mode():
    analysis, synthesis = StreamingAnalysis(512, 128), StreamingSynthesis(512, 128)
    with torch.inference_mode():
        synthesis(analysis(noise(1, 512)))
    analysis.reset()
    synthesis.reset()
    assert analysis.history.value.abs().max() == 0
    assert synthesis.tail.value.abs().max() == 0


def test_synthesis_of_silence_is_silence():
    transform = SpectralTransform(n_fft=512, hop=128)
    silent = torch.zeros(1, 5, 257, dtype=torch.complex64)
    assert synthesise(silent, transform.dual, 128).abs().max() == 0
