"""How loud a recording is, in LUFS: K-weighted, and gated, so that pauses do not count.

Blocks of 400 ms, a quarter of one apart, are heard through a shelf of 4 dB above 1.7 kHz and a
high pass at 38 Hz; their loudness is -.691 + 10 log₁₀ Σ power, over channels. Those above -70 LUFS
count, and of these those that are less than 10 below the mean of them.

Sources: ITU-R BS.1770-4 for the measure, whose coefficients are given for 48 kHz; those of other
rates follow from the analogue filters behind them: B. De Man, "Evaluation of implementations of the
EBU R128 loudness measurement" (2018).
"""

import math

import numpy as np
import numpy.typing as npt
from scipy.signal import sosfilt

BLOCK_S, OVERLAP = 0.4, 4
OFFSET = -0.691
SILENT_LUFS, BELOW = -70.0, -10.0
SHELF_HZ, SHELF_DB, SHELF_Q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
SHELF_BEND = 0.4996667741545416
PASS_HZ, PASS_Q = 38.13547087602444, 0.5003270373238773


def loudness_lufs(sound: npt.NDArray[np.floating], rate_hz: float) -> float:
    """The integrated loudness of a sound; that of silence is -inf.

    Args:
        sound: [C, T], one or two channels; a sound shorter than 400 ms is one block.
        rate_hz: of it.
    """
    heard = sosfilt(k_weighting(rate_hz), np.asarray(sound, dtype=np.float64), axis=1)
    size = min(heard.shape[1], round(BLOCK_S * rate_hz))
    hop = max(1, size // OVERLAP)
    summed = np.concatenate(([0.0], np.square(heard).sum(0).cumsum()))
    power = (summed[size:] - summed[:-size])[::hop] / size
    power = power[_lufs(power) > SILENT_LUFS]
    if not len(power):
        return -math.inf
    power = power[_lufs(power) > _lufs(power.mean()) + BELOW]
    return float(_lufs(power.mean()))


def k_weighting(rate_hz: float) -> npt.NDArray[np.float64]:
    """Its two filters, as sections. Shape: → [2, 6]."""
    k, high = math.tan(math.pi * SHELF_HZ / rate_hz), 10.0 ** (SHELF_DB / 20.0)
    band = high**SHELF_BEND
    a0 = 1.0 + k / SHELF_Q + k * k
    shelf = [
        (high + band * k / SHELF_Q + k * k) / a0,
        2.0 * (k * k - high) / a0,
        (high - band * k / SHELF_Q + k * k) / a0,
        1.0,
        2.0 * (k * k - 1.0) / a0,
        (1.0 - k / SHELF_Q + k * k) / a0,
    ]
    k = math.tan(math.pi * PASS_HZ / rate_hz)
    a0 = 1.0 + k / PASS_Q + k * k
    high_pass = [1.0, -2.0, 1.0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / PASS_Q + k * k) / a0]
    return np.array([shelf, high_pass])


def _lufs(power: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    with np.errstate(divide="ignore"):
        return np.asarray(OFFSET + 10.0 * np.log10(power))
