"""The principal components of whole hits: a few numbers that all of their latents follow from."""

import torch
from torch import Tensor

from vschaos2.families.foley.hit_model import HitModel
from vschaos2.families.foley.velocities import Velocities

EXPLAINED = 0.985  # of the variance of hits
MOST = 64  # components, however many hits there are
LEAST_DEVIATION = 1e-4


def count_components(latents: Tensor) -> int:
    """How many components hold most of the variance of hits: [N, F, Z] → 1 to 64."""
    rows = latents.flatten(1)
    powers = torch.linalg.svdvals((rows - rows.mean(0)).double()).square()
    held = powers.cumsum(0) / powers.sum().clamp_min(1e-12)
    needed = int((held < EXPLAINED).sum()) + 1
    return max(1, min(needed, MOST, len(rows) - 1))


def fit_components(model: HitModel, latents: Tensor, velocity: Velocities) -> None:
    """Set what a model knows of its hits without learning: of training hits [N, F, Z]."""
    rows = latents.flatten(1)
    mean = rows.mean(0)
    _, scale, basis = torch.linalg.svd(rows - mean, full_matrices=False)
    count = min(model.components, len(scale))
    model.mean.copy_(mean)
    model.basis.zero_()
    model.basis[:count] = basis[:count]
    deviation = scale[:count] / max(1, len(rows) - 1) ** 0.5
    model.deviation.fill_(1.0)
    model.deviation[:count] = deviation.clamp_min(LEAST_DEVIATION)
    model.level.copy_(
        torch.tensor([velocity.full_db, velocity.range_db, velocity.slope_db, velocity.rest_db])
    )
    model.is_fitted.fill_(1.0)
