"""How far one waveform is from another: what models of effects minimise and are judged by.

The error-to-signal ratio under a weighting w is

    ESR = Σ (w * (y - t))² / Σ (w * t)²

0 for a perfect copy, 1 for silence. Plain, it hears what is loud and low; under a pre-emphasis also
what is bright; under the curve A what ears hear best (see `weightings`).

Source: Damskägg et al. (2019), "Deep learning for tube amplifier emulation".
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from vschaos2.objectives.loudness_range import mldr_db
from vschaos2.objectives.weightings import weighted

SILENT_POWER = 1e-12  # -120 dB: below it a target is silence, and no ratio is formed


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


# Of what was made, what was wanted, and their rate in Hz.
LOSSES: dict[str, Callable[[Tensor, Tensor, int], Tensor]] = {
    "dc": lambda y, t, rate_hz: dc_error(y, t),
    "l1": lambda y, t, rate_hz: (y - t).abs().mean(),
    "mse": lambda y, t, rate_hz: (y - t).square().mean(),
    "log_cosh": lambda y, t, rate_hz: log_cosh(y, t),
    "mr_stft": lambda y, t, rate_hz: mr_stft(y, t),
    "edc": lambda y, t, rate_hz: edc_error_db(y, t),
    "mldr": mldr_db,
}
