"""How far one waveform is from another: what models of effects minimise and are judged by.

The error-to-signal ratio under a weighting w is

    ESR = Σ (w * (y - t))² / Σ (w * t)²

0 for a perfect copy, 1 for silence. Plain, it hears what is loud and low; under a pre-emphasis
1 - .95 z⁻¹ also what is bright; under the curve A what ears hear best.

Sources: Damskägg et al. (2019) and Wright & Välimäki (2020), "Perceptual loss function for neural
modelling of audio systems"; IEC 61672-1 for the curve A.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv1d, pad

PRE_EMPHASIS = 0.95
A_TAPS = 101
SILENT_POWER = 1e-12  # -120 dB: below it a target is silence, and no ratio is formed


def flat(rate_hz: int) -> Tensor:
    """The weighting that changes nothing, [1]."""
    return torch.ones(1)


def pre_emphasis(rate_hz: int) -> Tensor:
    """1 - .95 z⁻¹, [2]."""
    return torch.tensor([1.0, -PRE_EMPHASIS])


def a_weighting(rate_hz: int) -> Tensor:
    """The curve A as a symmetric filter, 0 dB at 1 kHz, [A_TAPS].

    Its gain is drawn at 4096 frequencies and windowed: below 1 kHz, where the filter is short, it
    is off by 1 dB at 500 Hz and more below, and at rates above 48 kHz further up.
    """
    f2 = np.square(np.fft.rfftfreq(8192, 1.0 / rate_hz))
    gain = _a_gain(f2) / _a_gain(np.array(1000.0**2))
    taps = np.roll(np.fft.irfft(gain), A_TAPS // 2)[:A_TAPS] * np.hanning(A_TAPS + 2)[1:-1]
    return torch.from_numpy(taps.astype(np.float32))


def _a_gain(f2: np.ndarray) -> np.ndarray:
    poles = [(20.6**2, 1.0), (107.7**2, 0.5), (737.9**2, 0.5), (12194.0**2, 1.0)]
    below = np.prod([(f2 + pole) ** power for pole, power in poles], axis=0)
    return 12194.0**2 * f2 * f2 / below


WEIGHTINGS: dict[str, Callable[[int], Tensor]] = {
    "esr": flat,
    "esr_pre_emphasised": pre_emphasis,
    "esr_a_weighted": a_weighting,
}


def weighted(x: Tensor, taps: Tensor) -> Tensor:
    """A sound under a weighting, silence before it: [B, T, C] → [B, T, C]."""
    if len(taps) == 1:
        return x * taps
    rows = x.transpose(1, 2).reshape(-1, 1, x.shape[1])
    made = conv1d(pad(rows, (len(taps) - 1, 0)), taps.flip(0).reshape(1, 1, -1))
    return made.reshape(x.shape[0], x.shape[2], x.shape[1]).transpose(1, 2)


def esr(y: Tensor, t: Tensor, taps: Tensor | None = None) -> Tensor:
    """The error-to-signal ratio of all of a batch together, a scalar.

    Args:
        y: what was made, [B, T, C].
        t: what was wanted, the same.
        taps: of a weighting; None for the plain ratio.

    Example:
        >>> t = torch.randn(1, 100, 1)
        >>> round(float(esr(0.9 * t, t)), 4)
        0.01
    """
    error, target = (y - t, t) if taps is None else (weighted(y - t, taps), weighted(t, taps))
    return error.square().sum() / target.square().sum().clamp(min=SILENT_POWER)


def dc_error(y: Tensor, t: Tensor) -> Tensor:
    """The power of the difference of the means over that of the target, a scalar."""
    difference = (y - t).mean(1).square().sum()
    return difference / t.square().mean(1).sum().clamp(min=SILENT_POWER)


def log_cosh(y: Tensor, t: Tensor) -> Tensor:
    """Mean log cosh(y - t): squares near 0, absolute values beyond, a scalar."""
    e = (y - t).abs()
    return (e + torch.nn.functional.softplus(-2.0 * e) - float(np.log(2.0))).mean()


def mr_stft(y: Tensor, t: Tensor, sizes: tuple[int, ...] = (512, 1024, 2048)) -> Tensor:
    """Spectral convergence and mean log difference, summed, over several windows; a scalar.

    Args:
        y: what was made, [B, T, C], T at least the longest window.
        t: what was wanted, the same.
        sizes: of the windows, in samples; hops are a quarter.

    Source: Yamamoto et al. (2020), "Parallel WaveGAN", eq. 4-6.
    """
    total = y.new_zeros(())
    for size in sizes:
        window = torch.hann_window(size, device=y.device)
        ours, theirs = (
            torch.stft(
                x.transpose(1, 2).reshape(-1, x.shape[1]), size, size // 4, window=window,
                return_complex=True,
            ).abs().clamp(min=1e-7)
            for x in (y, t)
        )  # fmt: skip
        total = total + (ours - theirs).norm() / theirs.norm().clamp(min=1e-7)
        total = total + (ours.log() - theirs.log()).abs().mean()
    return total / len(sizes)


def edc_error_db(y: Tensor, t: Tensor) -> Tensor:
    """Mean difference of the energy decay curves in dB, down to -60 dB of the target's; a scalar.

    The curve at a moment is the energy that is still to come (Schroeder 1965).
    """
    ours, theirs = (x.square().sum(2).flip(1).cumsum(1).flip(1) for x in (y, t))
    floor = 1e-6 * theirs[:, :1].clamp(min=SILENT_POWER)
    heard = (theirs > floor).to(y.dtype)
    difference = 10.0 * (
        ours.clamp(min=SILENT_POWER).log10() - theirs.clamp(min=SILENT_POWER).log10()
    )
    return (difference.abs() * heard).sum() / heard.sum().clamp(min=1.0)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "dc": dc_error,
    "l1": lambda y, t: (y - t).abs().mean(),
    "mse": lambda y, t: (y - t).square().mean(),
    "log_cosh": log_cosh,
    "mr_stft": mr_stft,
    "edc": edc_error_db,
}
