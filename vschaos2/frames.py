"""Where the frames of a stream lie in its sound."""

import numpy as np
import numpy.typing as npt


def frame_centres(frames: npt.ArrayLike, n_fft: int, hop: int) -> npt.NDArray[np.float64]:
    """The samples at the centres of frames: (f + 1)·hop - n_fft/2.

    Frame f of a stream ends with the newest sample of hop f: it covers the samples
    [(f + 1)·hop - n_fft, (f + 1)·hop). A label of a frame is the one at its centre, which lies
    before the first sample for the first frames.

    Args:
        frames: numbers of frames, from 0.
        n_fft: samples of a frame.
        hop: samples from frame to frame.

    Shape: that of `frames`.
    """
    return (np.asarray(frames) + 1.0) * hop - n_fft / 2
