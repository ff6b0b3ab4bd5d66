"""The principal components of frames: the best that a linear model of so many latents can do.

Source: Pearson (1901), "On lines and planes of closest fit to systems of points in space".
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

NO_STD = 1e-6  # of a component, relative to the first: what varies less is rounding


class Components(NamedTuple):
    """The principal components of frames.

    Attributes:
        mean: [K].
        directions: orthonormal rows, the one with the greatest variance first, [Z, K].
        stds: deviations along them, [Z].
    """

    mean: Tensor
    directions: Tensor
    stds: Tensor


def principal_components(frames: Tensor, dims: int) -> Components:
    """The `dims` directions in which frames vary most: [N, K] → components, in float32.

    Where there are fewer, the others have no direction and no variance.
    """
    mean = frames.double().mean(0)
    x = (frames.double() - mean) / math.sqrt(len(frames))
    is_tall = len(x) >= x.shape[1]
    # Of XᵀX or of XXᵀ, whichever is smaller: X = U S Vᵀ gives both S², and V = XᵀU S⁻¹.
    variances, vectors = torch.linalg.eigh(x.T @ x if is_tall else x @ x.T)  # rising
    count = min(dims, len(variances))
    stds = variances.flip(0)[:count].clamp_min(0.0).sqrt()
    directions = vectors.flip(1)[:, :count].T
    if not is_tall:
        directions = directions @ x / stds.clamp_min(NO_STD * float(stds[0]) + 1e-300)[:, None]
    missing = dims - count
    stds = torch.cat((stds, stds.new_zeros(missing)))
    directions = torch.cat((directions, directions.new_zeros(missing, directions.shape[1])))
    return Components(mean.float(), directions.float(), stds.float())


def restored(found: Components, frames: Tensor, dims: int) -> Tensor:
    """What the first `dims` components keep of frames: the nearest points of their plane.

    Shape: [N, K] → [N, K].
    """
    directions = found.directions[:dims]
    return found.mean + (frames - found.mean) @ directions.T @ directions


def at_all_levels(magnitude: Tensor, gain_db: float) -> Tensor:
    """Magnitudes as they are, and each once more at another level: [N, K] → [2N, K].

    Args:
        magnitude: of frames.
        gain_db: the greatest change of level, as in `Augment`.
    """
    generator = torch.Generator().manual_seed(0)
    draws = torch.rand(len(magnitude), 1, generator=generator) * 2.0 - 1.0
    return torch.cat((magnitude, magnitude * 10.0 ** (draws * gain_db / 20.0)))
