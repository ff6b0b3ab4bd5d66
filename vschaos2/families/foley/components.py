"""The principal components of whole hits: a few numbers that all of their latents follow from.

Latents of a frame move as far where it is soft as where it is loud, since a VAE hears logarithms.
So each frame counts by the root of how loud hits are there: what is heard comes first.
"""

import torch
from torch import Tensor

from vschaos2.families.foley.hit_model import HitModel
from vschaos2.families.foley.hit_sound import HitSound
from vschaos2.families.foley.velocities import Velocities

EXPLAINED = 0.95  # of the variance of hits, counted so
MOST = 16  # components, however many hits there are: more of them are noise that no flow can learn
LEAST_DEVIATION = 1e-4
SOFTEST = 1e-3  # of the loudest frame: no frame counts less than the root of this
HEARD = 64  # hits, from which is known how loud frames are


@torch.no_grad()
def frame_weights(sounding: HitSound, latents: Tensor) -> Tensor:
    """How much each frame counts: of hits [N, F, Z] → [F], 1 where they are loudest."""
    some = latents[:: -(-len(latents) // HEARD)]
    levels = torch.cat([sounding.magnitudes(part).norm(dim=2) for part in some.split(16)])
    levels = levels / levels.amax(1, keepdim=True).clamp_min(1e-12)
    return levels.square().mean(0).sqrt().clamp_min(SOFTEST).sqrt()


def count_components(latents: Tensor, weights: Tensor) -> int:
    """How many components hold most of the variance of hits: [N, F, Z], [F] → 1 to 16."""
    rows = (latents * weights[:, None]).flatten(1)
    powers = torch.linalg.svdvals((rows - rows.mean(0)).double()).square()
    held = powers.cumsum(0) / powers.sum().clamp_min(1e-12)
    needed = int((held < EXPLAINED).sum()) + 1
    return max(1, min(needed, MOST, len(rows) - 1))


def fit_components(model: HitModel, latents: Tensor, velocity: Velocities) -> None:
    """Set what a model knows of its hits without learning: of training hits [N, F, Z]."""
    weights = frame_weights(model.sounding, latents)
    model.weights.copy_(weights[:, None].expand(-1, model.latent_dim).flatten())
    rows = latents.flatten(1) * model.weights
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
