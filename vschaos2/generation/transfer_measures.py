"""How far two melodies, and two sounds of one melody, lie apart."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.objectives.frechet import frechet_squared

BAND_FRAMES = 60  # by which moments of two melodies may be apart
HEARD = 0.02  # part of the frames that a pitch class must sound in to count
DECIBELS = 20.0 / np.log(10.0)  # of a natural logarithm of magnitudes
Keys = npt.NDArray[np.int64]


def melody_distance(keys: Keys, others: Keys) -> float:
    """Mean distance of two melodies along their best alignment, in semitones, octaves folded.

    Pitch classes lie on a circle: B and C are one apart. NaN for a melody without a frame.

    Args:
        keys: of the frames with a pitch, [N]; silence is none of them.
        others: of the other melody, [M].
    """
    if not len(keys) or not len(others):
        return float("nan")
    apart = np.abs(keys[:, None] - others[None]) % 12
    cost = np.minimum(apart, 12 - apart).astype(np.float64)
    count, width = cost.shape
    best = np.full((count + 1, width + 1), np.inf)
    length = np.zeros((count + 1, width + 1))
    best[0, 0] = 0.0
    slack = max(BAND_FRAMES, abs(count - width) + 1)
    for i in range(1, count + 1):
        for j in range(max(1, i - slack), min(width, i + slack) + 1):
            ways = ((i - 1, j - 1), (i - 1, j), (i, j - 1))
            before = min(ways, key=lambda way: best[way])
            best[i, j] = best[before] + cost[i - 1, j - 1]
            length[i, j] = length[before] + 1
    return float(best[count, width] / length[count, width])


def class_distance(keys: Keys, others: Keys) -> float:
    """Jaccard distance of the pitch classes of two melodies: 0 for the same, 1 for none shared."""
    sets = [
        {int(c) for c in np.unique(of % 12) if (of % 12 == c).mean() > HEARD}
        for of in (keys, others)
    ]
    together = sets[0] | sets[1]
    return 1.0 - len(sets[0] & sets[1]) / len(together) if together else float("nan")


def spectral_distance_db(levels: Tensor, others: Tensor) -> float:
    """Mean distance of spectra, frame by frame, whatever their levels: [F, B], [F, B] → dB."""
    ours, theirs = (of - of.mean(1, keepdim=True) for of in (levels, others))
    return float((ours - theirs).abs().mean() * DECIBELS)


def cloud_distance(points: Tensor, others: Tensor) -> float:
    """Fréchet distance, squared, of two clouds taken for Gaussians: [N, Z], [M, Z]."""
    (mean, covariance), (other_mean, other) = (
        (of.double().mean(0).numpy(), torch.cov(of.double().T).numpy()) for of in (points, others)
    )
    return frechet_squared(mean, covariance, other_mean, other)


def correlation(values: Tensor, others: Tensor) -> float:
    """Of two rows of numbers, NaN where one does not vary: [F], [F]."""
    if len(values) < 2:
        return float("nan")
    return float(torch.corrcoef(torch.stack((values, others)))[0, 1])
