"""Fundamentals that are heard, and models that play every key as one."""

import math
from functools import partial

import pytest
import torch
from torch import Tensor

from vschaos2.dsp.fundamental import Fundamental, HarmonicNumbers
from vschaos2.dsp.spectral import SpectralTransform
from vschaos2.errors import InputError
from vschaos2.families.vae.linear_start import begin_linear
from vschaos2.families.vae.vae import VAE
from vschaos2.nets.decoders import DenseDecoder
from vschaos2.nets.harmonic import HarmonicDecoder, HarmonicEncoder

RATE_HZ, N_FFT = 44100, 2048
BINS = N_FFT // 2 + 1


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def log_bins(frequency_hz: float) -> float:
    return math.log2(frequency_hz * N_FFT / RATE_HZ)


def frames_of(waveform: Tensor) -> Tensor:
    """Frames of a sound whose mean magnitude is the transform's level: [T] → [F, K]."""
    transform = SpectralTransform(RATE_HZ, N_FFT)
    magnitude = transform.analyse(waveform[None]).abs()[0]
    transform.fit_level(float(magnitude.mean()))
    return transform.to_frames(magnitude)


def note(frequency_hz: float, tilt: float = 1.0) -> Tensor:
    """All harmonics below 10 kHz, the nth at 1/n^tilt."""
    time = torch.arange(6 * N_FFT, dtype=torch.float64) / RATE_HZ
    numbers = torch.arange(1, int(10_000 / frequency_hz) + 1)
    phases = 2.0 * math.pi * frequency_hz * numbers[:, None] * time + numbers[:, None] ** 2
    return 0.1 * (phases.sin() / numbers[:, None] ** tilt).sum(0).float()


def harmonic_model(linear: bool = True, **options) -> VAE:
    return VAE(
        SpectralTransform(RATE_HZ, N_FFT),
        partial(HarmonicEncoder, hidden_dim=8, linear=linear),
        partial(HarmonicDecoder, hidden_dim=8, linear=linear),
        **{"latent_dim": 4, **options},
    )


@pytest.mark.parametrize("frequency_hz", [65.0, 110.0, 196.0, 440.0, 1000.0, 2000.0])
@pytest.mark.parametrize("tilt", [0.5, 1.5])
def test_the_fundamental_of_a_note_is_heard_to_a_tenth_of_a_semitone(frequency_hz, tilt):
    heard = Fundamental(BINS)(frames_of(note(frequency_hz, tilt)))
    cents = 1200.0 * (heard - log_bins(frequency_hz))
    assert float(cents.abs().max()) < 10.0


def test_noise_and_silence_have_no_fundamental():
    fundamental = Fundamental(BINS)
    noise = fundamental(frames_of(torch.randn(100 * N_FFT)))
    assert float((noise == fundamental.centre).float().mean()) > 0.95
    assert fundamental(torch.zeros(3, BINS)).tolist() == pytest.approx(3 * [fundamental.centre])


def test_a_spectrum_of_harmonics_is_the_same_in_every_key():
    harmonics = HarmonicNumbers(BINS)

    def timbre(number: Tensor) -> Tensor:
        return 2.0 + (0.5 * number).cos()

    log_fundamental = torch.tensor([3.0, 4.0, 4.0 + 1 / 12])  # an octave, and a semitone
    bins = torch.arange(float(BINS))
    frames = timbre(bins / torch.exp2(log_fundamental)[:, None])
    heard = harmonics(frames, log_fundamental)
    # Between bins a line falls short of the cosine by an eighth of its curvature, (0.5 / f)².
    shared = harmonics.numbers * 2.0 ** (4 + 1 / 12) <= BINS - 1
    wanted = timbre(harmonics.numbers[shared]).expand(3, -1)
    torch.testing.assert_close(heard[:, shared], wanted, rtol=0.0, atol=(0.5 / 8) ** 2 / 8 + 1e-4)


def test_harmonics_above_the_last_bin_are_silent():
    harmonics = HarmonicNumbers(BINS)
    heard = harmonics(torch.ones(1, BINS), torch.tensor([5.0]))[0]
    assert torch.equal(heard, (harmonics.numbers * 32 <= BINS - 1).float())


@pytest.mark.parametrize("n_bins", [65, 257, 1025])
def test_harmonics_go_back_to_their_bins(n_bins):
    harmonics = HarmonicNumbers(n_bins)
    fundamentals = torch.exp2(torch.tensor([math.log2(2.5), 3.0, 4.3]))
    back = harmonics.back(harmonics.numbers.expand(3, -1), fundamentals.log2())
    wanted = torch.arange(float(n_bins)) / fundamentals[:, None]
    # Exact up to the knee; above it a line lies above the exponential by (1 %)² / 8 at most.
    torch.testing.assert_close(back, wanted, rtol=2e-5, atol=1e-4)


def test_latent_0_is_the_fundamental_in_octaves():
    model = harmonic_model()
    frames = frames_of(note(220.0))
    posterior = model.encode(frames)
    heard = Fundamental(BINS)
    assert torch.equal(posterior.mean[:, 0], heard(frames) - heard.centre)
    assert float(1200.0 * posterior.std[:, 0].max()) < 3.0  # cents
    octave = model.encode(frames_of(note(440.0))).mean[:, 0] - posterior.mean[:, 0]
    assert octave.tolist() == pytest.approx(len(frames) * [1.0], abs=0.01)


@pytest.mark.parametrize("octaves", [1, 2])
def test_an_octave_of_latent_0_is_an_octave_of_every_bin(octaves):
    decoder = HarmonicDecoder(4, BINS, hidden_dim=8, linear=True)
    dense = decoder.dense
    assert dense.linear is not None
    with torch.no_grad():  # a timbre that is the same in every key
        dense.layers[0].weight[:, 0] = 0.0
        dense.linear.weight[:, 0] = 0.0
    latent = torch.randn(5, 4)
    latent[:, 0] = -1.0
    low = decoder(latent)
    latent[:, 0] += octaves
    high = decoder(latent)[:, :: 2**octaves]
    torch.testing.assert_close(high, low[:, : high.shape[1]], rtol=1e-4, atol=1e-4)


def test_it_begins_at_the_components_of_one_key():
    """Two timbres in five keys: one component tells all there is."""
    frequencies_hz = [196.0, 247.0, 311.0, 392.0, 494.0]
    transform = SpectralTransform(RATE_HZ, N_FFT)
    both = [note(f, tilt) for f in frequencies_hz for tilt in (0.6, 1.4)]
    magnitude = transform.analyse(torch.stack(both)).abs().flatten(0, 1)
    model = harmonic_model(latent_dim=3)
    model.transform.fit_level(float(magnitude.mean()))
    begin_linear(model, magnitude)
    frames = model.transform.to_frames(magnitude)
    means = model.encode(frames).mean[:, 1:]
    torch.testing.assert_close(means.mean(0), torch.zeros(2), rtol=0.0, atol=1e-3)
    torch.testing.assert_close(means.std(0, correction=0), torch.ones(2), rtol=1e-3, atol=0.0)
    made = model.transform.to_magnitude(model(frames))
    assert float((made - magnitude).norm() / magnitude.norm()) < 0.25


@pytest.mark.parametrize(("options", "told"), [
    ({"latent_dim": 1}, "model.latent_dim must be 2 or more"),
    ({"output": "normal"}, "model.output must be softplus"),
    ({"temporal": "gru"}, "model.temporal must be null"),
    ({"conditioning": {"pitch": {"dim": 12}}}, "model.conditioning.pitch must be null"),
])  # fmt: skip
def test_what_harmonics_have_no_use_for_is_refused(options, told):
    with pytest.raises(InputError, match=told):
        harmonic_model(**options)


def test_encoder_and_decoder_are_harmonic_together():
    with pytest.raises(InputError, match=r"HarmonicEncoder and DenseDecoder; use model=harmonic"):
        VAE(SpectralTransform(), HarmonicEncoder, DenseDecoder)
    with pytest.raises(InputError, match=r"data\.transform\.n_mels must be 0"):
        VAE(SpectralTransform(n_mels=128), HarmonicEncoder, HarmonicDecoder)


def test_few_bins_are_too_few():
    with pytest.raises(ValueError, match=r"65 bins or more, got 33: set data\.transform\.n_fft"):
        Fundamental(33)
