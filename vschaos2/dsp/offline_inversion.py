"""Magnitudes of a whole file → waveform, refined at length."""

import torch
from torch import Tensor

from vschaos2.dsp.inversion import MagnitudeInversion


def invert_offline(
    magnitudes: Tensor,
    n_fft: int,
    hop: int,
    iterations: int = 100,
    open_frames: int = 16,
    segment_frames: int = 512,
) -> Tensor:
    """The waveform of a whole file's magnitudes, refined at length: the best this package has.

    The same inversion with look-ahead, long calls and many steps. Memory is bounded, for however
    long a file, by calls of `segment_frames` frames; the last `open_frames` of each are refined
    again with the next. The first and the last frame are held still at the edges, so that every
    sample returned is covered by as many frames as any other.

    Args:
        magnitudes: linear, of Gaussian-window frames.
        n_fft: window and FFT length in samples.
        hop: in samples, a divisor of n_fft/2.
        iterations: refinement steps per segment.
        open_frames: frames shared by neighbouring segments.
        segment_frames: frames per call.

    Shape: [B, F, K] → [B, (F - 1)·hop + n_fft]; frame f covers [f·hop, f·hop + n_fft).

    Raises:
        InputError: if the sizes do not fit each other.
    """
    inversion = MagnitudeInversion(n_fft, hop, "eco").to(magnitudes.device)
    inversion.configure_offline(iterations, open_frames)
    before = n_fft // hop - 1
    after = before + 1 + open_frames
    held = torch.cat(
        (
            magnitudes[:, :1].expand(-1, before, -1),
            magnitudes,
            magnitudes[:, -1:].expand(-1, after, -1),
        ),
        1,
    )
    signal = torch.cat([inversion(part) for part in held.split(segment_frames, dim=1)], 1)
    # Sample 0 of frame 0 comes out where the first frame's does, `before` hops and the frames
    # kept back later.
    start = (before + 1 + open_frames) * hop
    return signal[:, start : start + (magnitudes.shape[1] - 1) * hop + n_fft]
