"""What a linear filter alone would explain of a device: the baseline of every model of it."""

import numpy as np
import numpy.typing as npt
from scipy.linalg import solve_toeplitz

TAPS = 512
REGULARISATION = 1e-6  # of the power of the input


def best_filter(
    dry: npt.NDArray[np.floating], wet: npt.NDArray[np.floating], taps: int = TAPS
) -> npt.NDArray[np.float64]:
    """The causal filter whose output is nearest to the wet sound, in least squares, [taps].

    By the normal equations of whole sounds with silence around them, which are Toeplitz.

    Args:
        dry: [T].
        wet: [T].
        taps: of the filter.
    """
    length = len(dry) + taps
    size = 1 << (length - 1).bit_length()
    x, y = (np.fft.rfft(np.asarray(of, np.float64), size) for of in (dry, wet))
    auto = np.fft.irfft(x * x.conj(), size)[:taps]
    cross = np.fft.irfft(y * x.conj(), size)[:taps]
    auto[0] += REGULARISATION * auto[0] + 1e-12
    return np.asarray(solve_toeplitz(auto, cross))


def best_filter_esr(
    dry: npt.NDArray[np.floating], wet: npt.NDArray[np.floating], taps: int = TAPS
) -> float:
    """What the best filter of each output channel leaves, error over signal.

    Args:
        dry: [C, T]; mixed to mono, or as many channels as wet.
        wet: [O, T].
        taps: of each filter.
    """
    error = signal = 0.0
    for channel, sound in enumerate(wet):
        source = dry[channel] if len(dry) == len(wet) else dry.mean(0)
        made = np.convolve(source, best_filter(source, sound, taps))[: len(sound)]
        error += float(np.square(sound - made, dtype=np.float64).sum())
        signal += float(np.square(sound, dtype=np.float64).sum())
    return error / max(signal, 1e-12)
