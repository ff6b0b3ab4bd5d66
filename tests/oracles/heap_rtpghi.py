"""Phase gradient heap integration as published: a heap, one frame and one bin at a time.

Slow, in float64, written from Průša & Søndergaard (2016), "Real-time spectrogram inversion using
phase gradient heap integration", DAFx-16, algorithm 1. What `vschaos2.dsp.phase` is held against.
"""

import heapq
import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
FROM_PAST, FROM_HERE = 0, 1


def heap_frame(
    current: Array,
    previous: Array,
    low: NDArray[np.bool_],
    phase_before: Array,
    time_gradients: tuple[Array, Array],
    frequency_gradient: Array,
) -> tuple[Array, NDArray[np.int64]]:
    """Phases of one frame, and for each bin the bin of the frame before that it came from.

    Low bins keep their own past's phase and are their own source; the caller adds the noise.

    Shape: all [K]; `time_gradients` are those of the frame before and of this one.
    """
    bins = len(current)
    source = np.arange(bins)
    phase = phase_before.copy()
    done = low.copy()
    heap = [(-previous[k], FROM_PAST, k) for k in range(bins) if not low[k]]
    heapq.heapify(heap)
    while heap:
        _, kind, k = heapq.heappop(heap)
        if kind == FROM_PAST:
            if not done[k]:
                phase[k] = phase_before[k] + (time_gradients[0][k] + time_gradients[1][k]) / 2
                done[k] = True
                heapq.heappush(heap, (-current[k], FROM_HERE, k))
            continue
        for neighbour in (k - 1, k + 1):
            if 0 <= neighbour < bins and not done[neighbour]:
                slope = (frequency_gradient[k] + frequency_gradient[neighbour]) / 2
                phase[neighbour] = phase[k] + (neighbour - k) * slope
                source[neighbour] = source[k]
                done[neighbour] = True
                heapq.heappush(heap, (-current[neighbour], FROM_HERE, neighbour))
    return phase, source


def heap_phases(
    logs: Array, noise: Array, n_fft: int, hop: int, gamma: float, tolerance: float
) -> Array:
    """Phases of all frames but the first and the last, with one frame of look-ahead.

    The frame before the first has phase 0. Bin 0 moves to the nearer of 0 and π.

    Shape: log-magnitudes [F + 2, K], noise [F, K] in radians → [F, K] in radians.
    """
    bins = logs.shape[1]
    tau = np.zeros_like(logs)
    for n in range(len(logs)):
        for k in range(bins):
            across = (logs[n, k + 1] - logs[n, k - 1]) / 2 if 0 < k < bins - 1 else 0.0
            tau[n, k] = 2 * math.pi * k * hop / n_fft + hop * n_fft / gamma * across
    phase = np.zeros(bins)
    phases = []
    for n in range(1, len(logs) - 1):
        phi = -gamma / (hop * n_fft) * (logs[n + 1] - logs[n - 1]) / 2
        low = logs[n] <= max(logs[n].max(), logs[n - 1].max()) + math.log(tolerance)
        phase, _ = heap_frame(logs[n], logs[n - 1], low, phase, (tau[n - 1], tau[n]), phi)
        phase[low] += noise[n - 1][low]
        phase[0] = 0.0 if math.cos(phase[0]) > 0 else math.pi
        phases.append(phase)
    return np.stack(phases)
