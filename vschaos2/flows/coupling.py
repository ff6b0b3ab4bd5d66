"""Which noise goes with which data: of a minibatch, so that the ways between them are short.

A flow that learns from pairs at random learns ways that cross, and its own way, which cannot, bends
where they do. Pairs that lie near each other leave straighter ways, which few steps can follow, and
an end that says more of where it began.

Source: Pooladian et al. (2023), "Multisample flow matching: straightening flows with minibatch
couplings"; Tong et al. (2024), "Improving and generalizing flow-based generative models with
minibatch optimal transport".
"""

import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor


@torch.no_grad()
def coupled(x: Tensor, noise: Tensor, domain: Tensor, frames: int) -> Tensor:
    """Noise in the order in which the sum of squared distances to data is least.

    Nothing but the order changes, and nothing leaves its domain, so that noise keeps its
    distribution there: of whole windows for pieces as long as they are, of short pieces for these.

    Args:
        x: standardised latents, [B, F, Z].
        noise: [B, F, Z].
        domain: of each window, [B].
        frames: of a piece, which stays as it is; a window's last piece may be shorter, and stays
            where it is.

    Shape: → [B, F, Z].
    """
    count = x.shape[1] // frames
    whole = count * frames
    found = noise.clone()
    for value in domain.unique():
        rows = (domain == value).nonzero()[:, 0]
        size = len(rows) * count, frames * x.shape[2]
        data, pieces = (of[rows, :whole].reshape(size) for of in (x, noise))
        # |x - n|² = |x|² - 2·x·n + |n|², of which only the middle depends on the order.
        _, order = linear_sum_assignment((data @ pieces.T).cpu().numpy(), maximize=True)
        best = pieces[torch.from_numpy(order).to(x.device)]
        found[rows, :whole] = best.reshape(len(rows), whole, x.shape[2])
    return found
