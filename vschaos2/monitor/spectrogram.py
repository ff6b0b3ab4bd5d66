"""Spectrograms to look at: level in dB over time and a logarithmic frequency scale."""

import numpy as np
import numpy.typing as npt
import torch
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from vschaos2.dsp.spectral import SpectralTransform

FLOOR_DB = -80.0  # below the reference's maximum
ROWS = 240
LOWEST_HZ, HIGHEST_HZ = 50.0, 16_000.0
TICKS_HZ = (50, 100, 200, 500, 1000, 2000, 5000, 10_000)

Levels = npt.NDArray[np.float32]


def magnitudes(transform: SpectralTransform, sound: npt.NDArray[np.float32]) -> Levels:
    """Magnitudes of a sound with frame f centred at f·hop: [T] → [F, K]."""
    half = transform.n_fft // 2
    padded = torch.from_numpy(np.pad(sound, (half, half)))
    return transform.analyse(padded[None])[0].abs().numpy()


def edges_hz(sample_rate_hz: int) -> npt.NDArray[np.float64]:
    """The frequencies between which the rows of a picture lie, [ROWS + 1]."""
    return np.geomspace(LOWEST_HZ, min(HIGHEST_HZ, sample_rate_hz / 2), ROWS + 1)


def levels_db(magnitude: Levels, reference: float, sample_rate_hz: int) -> Levels:
    """Levels over a logarithmic frequency scale, from FLOOR_DB to 0.

    A row shows the greatest of its bins, so that no partial is lost between two rows; where bins
    are wider than rows, it interpolates between them.

    Args:
        magnitude: [F, K].
        reference: the magnitude that is 0 dB, > 0.
        sample_rate_hz: of the sound.

    Shape: → [ROWS, F], low frequencies first.
    """
    db = 20.0 * np.log10(np.maximum(magnitude / reference, 10.0 ** (FLOOR_DB / 20.0)))
    bins = edges_hz(sample_rate_hz) * (2 * (magnitude.shape[1] - 1) / sample_rate_hz)
    centre = np.sqrt(bins[1:] * bins[:-1])
    below = np.minimum(centre.astype(np.int64), magnitude.shape[1] - 2)
    weight = (centre - below).astype(db.dtype)
    rows = db[:, below] * (1 - weight) + db[:, below + 1] * weight
    first, last = np.ceil(bins[:-1]).astype(np.int64), np.ceil(bins[1:]).astype(np.int64)
    for row in np.flatnonzero(last > first):
        rows[:, row] = db[:, first[row] : last[row]].max(1, initial=FLOOR_DB)
    return rows.clip(FLOOR_DB, 0.0).T.astype(np.float32)


def show(
    axes: Axes, levels: Levels, sample_rate_hz: int, left: float, right: float, title: str
) -> None:
    """Draw levels [ROWS, F] from `left` to `right` (seconds, or whatever the axis is)."""
    edges = edges_hz(sample_rate_hz)
    low, high = np.log2(edges[0]), np.log2(edges[-1])
    axes.imshow(
        levels,
        origin="lower",
        aspect="auto",
        extent=(left, right, low, high),
        vmin=FLOOR_DB,
        vmax=0.0,
        cmap="magma",
        interpolation="nearest",
    )
    ticks = [tick for tick in TICKS_HZ if edges[0] <= tick <= edges[-1]]
    axes.set_yticks(np.log2(ticks), [f"{t}" if t < 1000 else f"{t // 1000}k" for t in ticks])
    axes.set_title(title, fontsize=9, loc="left")
    axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    axes.tick_params(labelsize=8)
