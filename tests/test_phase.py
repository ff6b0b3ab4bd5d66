import math

import numpy as np
import pytest
import torch
from oracles.heap_rtpghi import heap_frame, heap_phases

from vschaos2.dsp.framing import GAUSSIAN_CONSTANT, dual_window, gaussian_window, overlap_add
from vschaos2.dsp.gabor import analyse
from vschaos2.dsp.phase import (
    bin_advance,
    consensus_windows,
    frequency_integral,
    gradient_coupling,
    log_magnitude,
    phase_steps,
    propagate,
    refine,
    spanning_roots,
    time_derivative,
    time_step,
)

N_FFT, HOP = 512, 128
SIZES = [(512, 128), (512, 64), (256, 128), (1024, 256)]


def noise_like(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def bumpy_logs(frames: int, bins: int, seed: int) -> torch.Tensor:
    """Log-magnitudes with hills and valleys some ten bins wide, no two values equal."""
    rough = noise_like(1, frames, bins + 15, seed=seed)
    hills = rough.unfold(-1, 16, 1).mean(-1)
    return 12.0 * hills + 0.3 * noise_like(1, frames, bins, seed=seed + 100)


def wrapped(radians: torch.Tensor) -> torch.Tensor:
    return torch.remainder(radians + math.pi, 2 * math.pi) - math.pi


# --- Gradients ------------------------------------------------------------------------------


def test_bin_advance_is_the_turn_of_each_bin_in_one_hop():
    expected = 2 * np.pi * np.arange(513) * 256 / 1024
    error = wrapped(bin_advance(1024, 256) - torch.from_numpy(expected))
    assert error.abs().max() < 1e-9


@pytest.mark.parametrize("lookahead", [0, 1])
@pytest.mark.parametrize("frames", [1, 2, 5])
def test_time_derivative_is_exact_for_parabolas(lookahead, frames):
    n = torch.arange(frames + 2, dtype=torch.float64)
    logs = (0.7 * n**2 - 2.0 * n + 3.0).reshape(1, -1, 1)
    wanted = (1.4 * n - 2.0).narrow(0, 2 - lookahead, frames)
    torch.testing.assert_close(time_derivative(logs, lookahead).flatten(), wanted)


@pytest.mark.parametrize("n_fft, hop", SIZES)
def test_every_bin_of_a_sinusoid_turns_at_its_frequency(n_fft, hop):
    cycles_per_sample = 50.3 / 512
    wave = torch.cos(2 * math.pi * cycles_per_sample * torch.arange(4 * n_fft).double())
    magnitudes = analyse(wave[None], gaussian_window(n_fft), hop).abs()
    logs = log_magnitude(magnitudes)
    step = time_step(
        logs[:, 1:], logs[:, :-1], bin_advance(n_fft, hop), gradient_coupling(n_fft, hop)
    )
    peak = round(cycles_per_sample * n_fft)
    error = wrapped(step[..., peak - 1 : peak + 2] - 2 * math.pi * cycles_per_sample * hop)
    assert error.abs().max() < 0.03


@pytest.mark.parametrize("n_fft, hop", SIZES)
def test_an_impulse_has_the_slope_of_its_distance_from_the_centre(n_fft, hop):
    wave = torch.zeros(1, 4 * n_fft, dtype=torch.float64)
    impulse = 2 * n_fft + 3
    wave[0, impulse] = 1.0
    first = impulse // hop - n_fft // hop + 1
    frames = analyse(wave, gaussian_window(n_fft), hop)[:, first : first + n_fft // hop]
    integral = frequency_integral(
        time_derivative(log_magnitude(frames.abs(), floor=0.0), 1), gradient_coupling(n_fft, hop)
    )
    for n in range(integral.shape[1]):
        distance = impulse - ((first + 1 + n) * hop + n_fft // 2)
        slopes = integral[0, n].diff()
        torch.testing.assert_close(slopes, torch.full_like(slopes, -2 * math.pi * distance / n_fft))


def test_frequency_integral_is_the_sum_of_trapezoids():
    derivative = noise_like(1, 1, 40)
    integral = frequency_integral(derivative, 0.6)[0, 0]
    slope = -0.6 * derivative[0, 0]
    walked = sum((slope[i] + slope[i + 1]) / 2 for i in range(7, 31))
    assert integral[31] - integral[7] == pytest.approx(float(walked))


# --- The tree -------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("bins", [5, 64, 129])
def test_roots_are_those_of_the_heap(bins, seed):
    logs = bumpy_logs(9, bins, seed)
    current, previous = logs[:, 1:], logs[:, :-1]
    low = current < current.mean() - 1.5 * current.std()
    roots = spanning_roots(current, previous, low, levels=math.ceil(math.log2(bins)))
    nothing = np.zeros(bins)
    for n in range(8):
        arguments = (current[0, n].numpy(), previous[0, n].numpy(), low[0, n].numpy())
        _, expected = heap_frame(*arguments, nothing, (nothing, nothing), nothing)
        np.testing.assert_array_equal(roots[0, n], expected)


@pytest.mark.parametrize("n_fft, hop", [(128, 32), (128, 16), (64, 32)])
def test_phases_are_those_of_the_heap(n_fft, hop):
    bins, gamma = n_fft // 2 + 1, GAUSSIAN_CONSTANT * n_fft**2
    logs = bumpy_logs(12, bins, seed=3)
    noise = noise_like(10, bins, seed=4)
    roots, steps = phase_steps(
        logs,
        noise,
        lookahead=1,
        advance=bin_advance(n_fft, hop),
        coupling=gradient_coupling(n_fft, hop),
        levels=10,
        log_tolerance=math.log(1e-3),
    )
    phases = propagate(torch.zeros(1, bins, dtype=torch.float64), roots, steps)
    expected = heap_phases(logs[0].numpy(), noise.numpy(), n_fft, hop, gamma, tolerance=1e-3)
    assert wrapped(phases[0] - torch.from_numpy(expected)).abs().max() < 1e-8


def test_phases_do_not_depend_on_where_frames_are_cut():
    logs = bumpy_logs(12, 65, seed=5)
    noise = noise_like(10, 65, seed=6)
    settings = (1, bin_advance(128, 32), gradient_coupling(128, 32), 3)
    start = torch.zeros(1, 65, dtype=torch.float64)
    whole = propagate(start, *phase_steps(logs, noise, *settings))
    phase, parts = start, []
    for first, last in ((0, 1), (1, 4), (4, 10)):
        cut = phase_steps(logs[:, first : last + 2], noise[first:last], *settings)
        parts.append(propagate(phase, *cut))
        phase = parts[-1][:, -1]
    assert torch.equal(torch.cat(parts, 1), whole)


# --- Refinement -----------------------------------------------------------------------------


def refinement_case(n_fft, hop, frames=6):
    """Spectra of noise, what earlier frames left behind, and the two kinds of windows."""
    window = gaussian_window(n_fft)
    earlier = n_fft // hop - 1
    wave = noise_like(1, (earlier + frames - 1) * hop + n_fft, seed=8)
    spectra = analyse(wave, window, hop)
    finished = overlap_add(torch.fft.irfft(spectra[:, :earlier], n=n_fft) * window, hop)
    past = finished[:, earlier * hop :]
    return spectra[:, earlier:], past, window, consensus_windows(window, frames, hop)


@pytest.mark.parametrize("n_fft, hop", SIZES)
def test_consensus_windows_undo_the_sum_of_squares(n_fft, hop):
    window = gaussian_window(n_fft)
    windows = consensus_windows(window, 40, hop)
    # Far from the last frame the sum is complete: the dual window.
    torch.testing.assert_close(windows[0], dual_window(window, hop))
    assert (windows[-1] >= windows[0] - 1e-12).all()


@pytest.mark.parametrize("n_fft, hop", SIZES)
def test_true_phases_stay_where_they_are(n_fft, hop):
    spectra, past, window, windows = refinement_case(n_fft, hop)
    refined = refine(spectra, spectra.abs(), past, window, windows, hop, 5, 0.9)
    torch.testing.assert_close(refined, spectra)


def test_refinement_keeps_magnitudes_and_brings_frames_closer():
    spectra, past, window, windows = refinement_case(N_FFT, HOP, frames=20)
    magnitudes = spectra.abs()
    guess = torch.polar(magnitudes, noise_like(*magnitudes.shape, seed=9) * 3.0)

    def disagreement(candidate):
        signal = overlap_add(torch.fft.irfft(candidate, n=N_FFT) * window, HOP)
        signal[:, : N_FFT - HOP] += past
        again = torch.fft.rfft(signal.unfold(-1, N_FFT, HOP) * windows)
        return float((again.abs() - magnitudes).norm() / magnitudes.norm())

    scores = [
        disagreement(refine(guess, magnitudes, past, window, windows, HOP, steps, 0.9))
        for steps in (0, 2, 8, 32)
    ]
    refined = refine(guess, magnitudes, past, window, windows, HOP, 8, 0.9)
    torch.testing.assert_close(refined.abs(), magnitudes)
    assert scores == sorted(scores, reverse=True)
    assert scores[-1] < 0.6 * scores[0]
