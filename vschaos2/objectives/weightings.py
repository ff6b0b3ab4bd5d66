"""What of a sound counts, and how much: all of it alike, its treble, or what ears hear best.

A weighting is a causal filter of finite length, its taps drawn for a rate. Under the curve A they
are as long as its lowest poles ring, 150 ms, so that it is right at every rate; the first of them
hold nearly all of its energy, so that it can be begun inside a sound as well.

Source: Wright & Välimäki (2020), "Perceptual loss function for neural modelling of audio systems",
for the pre-emphasis; IEC 61672-1 for the curve A.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

PRE_EMPHASIS = 0.95
A_SECONDS = 0.15  # its poles at 20.6 Hz have fallen by 160 dB
A_POINTS = 2**17  # at which its gain is drawn
A_FLOOR = 1e-7  # of its gain, which is 0 at 0 Hz
SETTLED_MS = 2.0  # after which a weighting that was begun inside a sound can be believed
SHORT = 8  # taps up to which sums of shifted sounds are quicker than a transform


def flat(rate_hz: int) -> Tensor:
    """The weighting that changes nothing, [1]."""
    return torch.ones(1)


def pre_emphasis(rate_hz: int) -> Tensor:
    """1 - .95 z⁻¹, [2]."""
    return torch.tensor([1.0, -PRE_EMPHASIS])


def a_weighting(rate_hz: int) -> Tensor:
    """The curve A, 0 dB at 1 kHz, as a filter of least phase, [.15 s].

    Its gain is drawn up to half the rate. Of all causal filters of a gain, that of least phase is
    soonest over: its cepstrum is the gain's, folded onto times from 0 on.

    Source: Oppenheim & Schafer, "Discrete-time signal processing", 13.6.
    """
    f2 = np.square(np.fft.rfftfreq(A_POINTS, 1.0 / rate_hz))
    gain = np.maximum(a_gain(f2) / a_gain(np.array(1000.0**2)), A_FLOOR)
    cepstrum = np.fft.irfft(np.log(gain))
    cepstrum[1 : A_POINTS // 2] *= 2.0
    cepstrum[A_POINTS // 2 + 1 :] = 0.0
    taps = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[: round(A_SECONDS * rate_hz)]
    return torch.from_numpy(taps.astype(np.float32))


def a_gain(f2: np.ndarray) -> np.ndarray:
    """The curve A at squares of frequencies in Hz², beside a constant."""
    poles = [(20.598997**2, 1.0), (107.65265**2, 0.5), (737.86223**2, 0.5), (12194.217**2, 1.0)]
    return f2 * f2 / np.prod([(f2 + pole) ** power for pole, power in poles], axis=0)


WEIGHTINGS: dict[str, Callable[[int], Tensor]] = {
    "esr": flat,
    "esr_pre_emphasised": pre_emphasis,
    "esr_a_weighted": a_weighting,
}


def weighted(x: Tensor, taps: Tensor) -> Tensor:
    """A sound under a weighting, silence before it: [B, T, C] → [B, T, C]."""
    heard = taps[: x.shape[1]]
    if len(heard) <= SHORT:
        made = x * heard[0]
        for late in range(1, len(heard)):
            made = made + pad(x[:, :-late] * heard[late], (0, 0, late, 0))
        return made
    size = 1 << (x.shape[1] + len(heard) - 2).bit_length()
    spectrum = torch.fft.rfft(x, size, 1) * torch.fft.rfft(heard, size)[:, None]
    return torch.fft.irfft(spectrum, size, 1)[:, : x.shape[1]]


def settling(taps: Tensor, rate_hz: int, samples: int) -> int:
    """Samples at the start of a window that a weighting does not yet know, at most half of it."""
    return min(len(taps) - 1, round(SETTLED_MS * rate_hz / 1000.0), samples // 2)
