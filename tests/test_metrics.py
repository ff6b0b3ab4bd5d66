import math

import librosa
import numpy as np
import pytest
import torch

from vschaos2.errors import InputError
from vschaos2.objectives.measures import (
    gain_db,
    log_spectral_distance_db,
    measure,
    multi_resolution_stft,
    snr_db,
    spectral_convergence,
)


def noise(samples: int = 20_000, seed: int = 0) -> torch.Tensor:
    return 0.1 * torch.randn(samples, generator=torch.Generator().manual_seed(seed)).double()


def magnitudes(waveform: torch.Tensor, n_fft: int) -> np.ndarray:
    """librosa's STFT, [K, F]."""
    stft = librosa.stft(
        waveform.numpy(), n_fft=n_fft, hop_length=n_fft // 4, window="hann", pad_mode="reflect"
    )
    return np.abs(stft)


def tone_and_noise() -> tuple[torch.Tensor, torch.Tensor]:
    """A sound of more than 100 dB range, so that both floors are reached, and a damaged copy."""
    t = torch.arange(44_100, dtype=torch.float64) / 44_100
    sound = torch.sin(2 * math.pi * 440 * t) * torch.exp(-12 * t) + 1e-6 * noise(44_100)
    return sound, 0.8 * sound + 1e-5 * noise(44_100, seed=1)


def test_equal_sounds_measure_zero_and_infinite_snr():
    assert measure(noise(), noise()) == {
        "spectral_convergence": 0.0,
        "log_spectral_distance_db": 0.0,
        "multi_resolution_stft": 0.0,
        "snr_db": math.inf,
        "gain_db": 0.0,
    }


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_every_measure_of_a_gain(gain: float):
    # White noise has no bin 80 dB below its maximum, so no floor is touched.
    values = measure(noise(), gain * noise())
    level_db = 20.0 * math.log10(gain)
    distance = abs(1.0 - gain)
    assert values["spectral_convergence"] == pytest.approx(distance)
    assert values["log_spectral_distance_db"] == pytest.approx(abs(level_db), rel=1e-3)
    assert values["multi_resolution_stft"] == pytest.approx(distance + math.log(2.0), rel=1e-3)
    assert values["snr_db"] == pytest.approx(-20.0 * math.log10(distance))
    assert values["gain_db"] == pytest.approx(level_db)


def test_sign_changes_no_spectral_measure():
    values = measure(noise(), -noise())
    assert values["spectral_convergence"] == 0.0
    assert values["multi_resolution_stft"] == 0.0
    assert values["snr_db"] == pytest.approx(-20.0 * math.log10(2.0))


def test_silence_is_at_distance_one_and_at_the_floor():
    values = measure(noise(), torch.zeros(20_000))
    assert values["spectral_convergence"] == pytest.approx(1.0)
    assert 50.0 < values["log_spectral_distance_db"] <= 80.0
    assert values["snr_db"] == pytest.approx(0.0)
    assert values["gain_db"] == -math.inf


def test_spectral_convergence_agrees_with_librosa():
    reference, estimate = tone_and_noise()
    r, e = magnitudes(reference, 2048), magnitudes(estimate, 2048)
    oracle = np.linalg.norm(r - e) / np.linalg.norm(r)
    assert spectral_convergence(reference, estimate) == pytest.approx(oracle, rel=1e-9)


def test_log_spectral_distance_agrees_with_librosa():
    reference, estimate = tone_and_noise()
    r, e = magnitudes(reference, 2048), magnitudes(estimate, 2048)
    floor = r.max() * 1e-4
    assert (r < floor).mean() > 0.1  # the floor is at work
    difference_db = 20 * np.log10(np.maximum(r, floor)) - 20 * np.log10(np.maximum(e, floor))
    oracle = np.sqrt((difference_db**2).mean(0)).mean()
    assert log_spectral_distance_db(reference, estimate) == pytest.approx(oracle, rel=1e-9)


def test_multi_resolution_stft_agrees_with_librosa():
    reference, estimate = tone_and_noise()
    oracle = []
    for n_fft in (2048, 1024, 512):
        r, e = magnitudes(reference, n_fft), magnitudes(estimate, n_fft)
        floor = r.max() * 1e-5
        nats = np.abs(np.log(np.maximum(r, floor)) - np.log(np.maximum(e, floor))).mean()
        oracle.append(np.linalg.norm(r - e) / np.linalg.norm(r) + nats)
    value = multi_resolution_stft(reference, estimate)
    assert value == pytest.approx(np.mean(oracle), rel=1e-9)


def test_measure_holds_the_value_of_each_function():
    reference, estimate = tone_and_noise()
    assert measure(reference, estimate) == {
        function.__name__: function(reference, estimate)
        for function in (
            spectral_convergence,
            log_spectral_distance_db,
            multi_resolution_stft,
            snr_db,
            gain_db,
        )
    }


def test_block_size_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    expected = measure(*tone_and_noise())
    monkeypatch.setattr("vschaos2.objectives.measures.BLOCK_FRAMES", 7)
    assert measure(*tone_and_noise()) == pytest.approx(expected, rel=1e-12)


def test_silent_reference_is_zero_or_infinitely_far():
    silence = torch.zeros(3000)
    both = measure(silence, silence)
    assert both["spectral_convergence"] == both["multi_resolution_stft"] == both["gain_db"] == 0.0
    assert both["log_spectral_distance_db"] == 0.0 and both["snr_db"] == math.inf
    one = measure(silence, silence + 0.1)
    assert one["spectral_convergence"] == one["log_spectral_distance_db"] == math.inf
    assert one["multi_resolution_stft"] == one["gain_db"] == math.inf
    assert one["snr_db"] == -math.inf


def test_read_only_arrays_are_welcome():
    sound = noise(4000).float().numpy()
    sound.flags.writeable = False
    assert spectral_convergence(sound, 0.5 * sound) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("reference", "estimate", "complaint"),
    [
        (torch.zeros(4000), torch.zeros(4001), r"differ in length, got \[4000\] and \[4001\]"),
        (torch.zeros(1, 4000), torch.zeros(1, 4000), "mix to mono"),
        (torch.zeros(1024), torch.zeros(1024), "exceed 1024 samples"),
        (torch.zeros(4000).short(), torch.zeros(4000).short(), "int16"),
    ],
)
def test_waveforms_that_cannot_be_compared_are_refused(
    reference: torch.Tensor, estimate: torch.Tensor, complaint: str
):
    with pytest.raises(InputError, match=complaint):
        measure(reference, estimate)
