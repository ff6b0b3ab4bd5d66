"""The latent axes a player sees: rotated, ordered, signed and scaled.

A VAE's own axes have no order, and turn as they please from one training to the next. Seen from
the training data they can be turned so that few axes carry most of what changes:

    none   the model's own axes
    pca    orthogonal axes of greatest variance (Pearson 1901)
    ica    axes as independent as can be (FastICA; Hyvärinen & Oja 2000)

In each, axes stand in order of the variance that they explain, point to where the sound is louder
(or, where loudness does not change, brighter), and are scaled so that the training data lie within
[-3, 3].
"""

import math
import warnings
from collections.abc import Callable
from typing import NamedTuple

import torch
from sklearn.decomposition import FastICA
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor

from vschaos2.errors import InputError

PROJECTIONS = ("none", "pca", "ica")
RANGE = 3.0  # the training data lie within ± this on every axis
LOUDNESS_STEP_DB = 1.0  # axes that change the level by less are signed by brightness


class LatentAxes(NamedTuple):
    """Coordinates a = (z - centre) · to_axes, and back z = centre + a · from_axes.

    Attributes:
        centre: mean of the training latents, [Z].
        to_axes: [Z, Z].
        from_axes: its inverse, [Z, Z]; row i is the step in z for one unit on axis i.
        explained: part of the total variance that each axis explains, [Z], falling, sum 1.
        lowest: least coordinate of the training data on each axis, [Z].
        highest: greatest coordinate, [Z].
    """

    centre: Tensor
    to_axes: Tensor
    from_axes: Tensor
    explained: Tensor
    lowest: Tensor
    highest: Tensor


def own_axes(latent_dim: int) -> LatentAxes:
    """The model's own axes, as they are: nothing turned, ordered or scaled."""
    identity = torch.eye(latent_dim)
    zeros, share = torch.zeros(latent_dim), torch.full((latent_dim,), 1.0 / latent_dim)
    return LatentAxes(zeros, identity, identity, share, zeros - RANGE, zeros + RANGE)


def fit_axes(
    latents: Tensor, kind: str, magnitude_of: Callable[[Tensor], Tensor], seed: int = 0
) -> LatentAxes:
    """The axes of training latents.

    Args:
        latents: posterior means of training windows, [N, Z].
        kind: one of `PROJECTIONS`.
        magnitude_of: latents [M, Z] → linear magnitudes [M, K], to find which way is up.
        seed: of FastICA's start.

    Raises:
        InputError: for an unknown kind.
    """
    if kind not in PROJECTIONS:
        raise InputError(f"projection must be one of {', '.join(PROJECTIONS)}, got {kind!r}")
    latents = latents.double()
    centre = latents.mean(0)
    spread = latents - centre
    directions = _directions(spread, kind, seed)
    coordinates = spread @ torch.linalg.inv(directions)
    # What axis i adds to the total variance: its coordinate's variance times its length squared.
    variance = coordinates.var(0, unbiased=False) * directions.square().sum(1)
    order = variance.argsort(descending=True)
    directions, coordinates, variance = directions[order], coordinates[:, order], variance[order]
    extent = coordinates.abs().amax(0).clamp_min(1e-9) / RANGE
    directions = directions * extent[:, None]
    directions = directions * _upward(centre, directions, magnitude_of)[:, None]
    to_axes = torch.linalg.inv(directions)
    coordinates = spread @ to_axes
    return LatentAxes(
        centre.float(),
        to_axes.float(),
        directions.float(),
        (variance / variance.sum().clamp_min(1e-30)).float(),
        coordinates.amin(0).float(),
        coordinates.amax(0).float(),
    )


def count_axes(explained: Tensor, wanted: float) -> int:
    """How many axes to show: an exact count ≥ 1, or enough for a fidelity between 0 and 1.

    Args:
        explained: part of the variance that each axis explains, falling, [Z].
        wanted: a whole number of axes from 1 to Z, or a part of the variance in (0, 1).

    Raises:
        InputError: for anything else.
    """
    total = explained.shape[0]
    if 0.0 < wanted < 1.0:
        reached = torch.cumsum(explained.double(), 0) >= wanted
        return min(total, int((~reached).sum()) + 1)
    if not (math.isfinite(wanted) and wanted == int(wanted) and 1 <= wanted <= total):
        raise InputError(
            f"latent dims must be a count from 1 to {total} or a fidelity between 0 and 1, "
            f"got {wanted:g}"
        )
    return int(wanted)


def _directions(spread: Tensor, kind: str, seed: int) -> Tensor:
    """One direction in latent space a row, [Z, Z]."""
    size = spread.shape[1]
    if kind == "none":
        return torch.eye(size, dtype=torch.float64)
    # Eigenvectors of the covariance; unlike scikit-learn's PCA, also for fewer latents than axes.
    variances, vectors = torch.linalg.eigh(spread.T @ spread)
    principal = vectors.T.flip(0)
    if kind == "pca":
        return principal
    # Independent axes are sought among those along which the data vary at all.
    varying = int((variances > 1e-10 * variances.max()).sum())
    if varying < 2:
        return principal
    with warnings.catch_warnings():
        # Independent axes are sought, not promised: where they are not found within the limit,
        # the last estimate is still an invertible rotation of the whitened data.
        warnings.simplefilter("ignore", ConvergenceWarning)
        ica = FastICA(varying, whiten="unit-variance", random_state=seed, max_iter=500)
        ica.fit((spread @ principal[:varying].T).numpy())
    independent = torch.from_numpy(ica.mixing_.T.copy()) @ principal[:varying]
    return torch.cat((independent, principal[varying:]))


def _upward(centre: Tensor, directions: Tensor, magnitude_of: Callable[[Tensor], Tensor]) -> Tensor:
    """+1 or -1 for each direction, so that following it is louder or else brighter, [Z]."""
    with torch.no_grad():
        above = magnitude_of((centre + 2.0 * directions).float()).double()
        below = magnitude_of((centre - 2.0 * directions).float()).double()
    loudness = 10.0 * torch.log10((above.square().sum(1) + 1e-12) / (below.square().sum(1) + 1e-12))
    brightness = _centroid(above) - _centroid(below)
    rise = torch.where(loudness.abs() >= LOUDNESS_STEP_DB, loudness, brightness)
    return torch.where(rise < 0, -1.0, 1.0).double()


def _centroid(magnitude: Tensor) -> Tensor:
    """Centre of gravity of spectra [M, K], in bins."""
    bins = torch.arange(magnitude.shape[1], dtype=magnitude.dtype)
    return (magnitude * bins).sum(1) / magnitude.sum(1).clamp_min(1e-12)
