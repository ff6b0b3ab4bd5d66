"""How far a latent posterior is from the prior N(0, I), by name.

    kl      Σ_d KL(q_d ‖ N(0, 1)), nats
    renyi   Σ_d D_α(q_d ‖ N(0, 1)), nats, 0 < α ≤ 1: the smaller, the less narrow posteriors cost
    mmd     MMD²(samples of q, samples of N(0, I)), no unit

All take the posterior q = Normal(mean, std) of a batch, [..., Z], or samples of it. The name in
`DIVERGENCES` is also the log tag (`divergence/kl`).

Sources: Kingma & Welling (2014), "Auto-encoding variational Bayes", appendix B, for the KL. Li &
Turner (2016), "Rényi divergence variational inference", change the bound itself, while here D_α
takes the KL's place in it; orders above 1 exist only while σ² < α / (α - 1), which a network may
leave at any step, so they are refused.
"""

import torch
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.nets.distributions import Normal, normal_renyi
from vschaos2.objectives.losses import check_name
from vschaos2.ranges import check_number

DIVERGENCES = ("kl", "renyi", "mmd")


def sum_over_free_bits(per_dimension: Tensor, free_bits: float) -> Tensor:
    """Σ_d max(λ, mean over the batch of D_d): dimensions cheaper than λ feel no pull.

    The floor is on the batch mean of each dimension, as in the source, not on each element (which
    would let single frames off) nor on the sum (which would let most dimensions die).

    Args:
        per_dimension: divergence of each frame and latent dimension, in nats, [..., Z].
        free_bits: λ ≥ 0, in nats per dimension.

    Source: Kingma et al. (2016), "Improved variational inference with inverse autoregressive
    flow", the objective with free bits.
    """
    return per_dimension.flatten(0, -2).mean(0).clamp_min(free_bits).sum()


def mmd(samples: Tensor, prior_samples: Tensor) -> Tensor:
    """The squared maximum mean discrepancy between two sets of samples, unbiased.

    MMD² = mean_{i≠j} k(x_i, x_j) + mean_{i≠j} k(y_i, y_j) - 2 mean_{i,j} k(x_i, y_j) with the
    inverse multiquadric k(x, y) = C / (C + ‖x - y‖²), C = 2Z: the mean squared distance of two
    draws from N(0, I), so the kernel needs no tuning as Z grows; its heavy tail still pulls on a
    posterior far from the prior, where a Gaussian kernel is flat.

    Unbiased (pairs i = j left out) because the biased estimate has mean > 0 and a gradient towards
    the origin, both of order 1/B, even where the two distributions are the same. The price: single
    values may be slightly negative. Time and memory grow with B².

    Args:
        samples: draws z of the posterior, [B, Z], B ≥ 2.
        prior_samples: as many draws of N(0, I), [B, Z].

    Raises:
        InputError: if there are fewer than two samples.

    Source: Gretton et al. (2012), "A kernel two-sample test", eq. 3; Zhao, Song & Ermon (2017),
    "InfoVAE"; kernel of Tolstikhin et al. (2018), "Wasserstein auto-encoders", sec. 4.
    """
    count, width = samples.shape
    if count < 2:
        raise InputError(f"divergence/mmd needs 2 samples a batch, got {count}: raise batch_size")
    bandwidth = 2.0 * width

    def kernel(x: Tensor, y: Tensor) -> Tensor:
        distance = x.square().sum(1)[:, None] + y.square().sum(1) - 2.0 * x @ y.T
        return bandwidth / (bandwidth + distance.clamp_min(0.0))  # rounding may go below 0

    def mean_over_pairs(x: Tensor) -> Tensor:
        similarity = kernel(x, x)
        return (similarity.sum() - similarity.trace()) / (count * (count - 1))

    within = mean_over_pairs(samples) + mean_over_pairs(prior_samples)
    return within - 2.0 * kernel(samples, prior_samples).mean()


class Divergence(nn.Module):
    """One of `DIVERGENCES` with its settings.

    Args:
        name: one of `DIVERGENCES`.
        free_bits: least cost of a latent dimension in nats, from 0 to 1000; for kl and renyi.
        alpha: order of renyi, 0 < α ≤ 1; required there, None elsewhere.

    Raises:
        InputError: for an unknown name or an inadmissible setting.
    """

    def __init__(
        self, name: str = "kl", free_bits: float = 0.0, alpha: float | None = None
    ) -> None:
        super().__init__()
        check_name(name, DIVERGENCES, "divergence")
        check_number("training.divergence.free_bits", free_bits, 0.0, 1000.0)
        if name == "mmd" and free_bits > 0:
            raise InputError(
                f"divergence/mmd has no free bits, got {free_bits}: set 0, or use kl or renyi"
            )
        if name == "renyi" and (alpha is None or not 0 < alpha <= 1):
            raise InputError(
                f"divergence/renyi: alpha must lie in (0, 1], got {alpha}: choose for instance 0.5"
            )
        if name != "renyi" and alpha is not None:
            raise InputError(f"divergence/{name} takes no alpha, got {alpha}: set null or renyi")
        self.name = name
        self.free_bits = free_bits
        self.alpha = alpha

    def forward(self, posterior: Normal, latent: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The value to minimise, and `{name: divergence}` without free bits, detached.

        Args:
            posterior: mean and std, [..., Z].
            latent: the draws that the decoder received, [..., Z]; only mmd looks at them.
        """
        if self.name == "mmd":
            samples = latent.flatten(0, -2)
            value = mmd(samples, torch.randn_like(samples))
            return value, {self.name: value.detach()}
        alpha = 1.0 if self.alpha is None else self.alpha  # order 1 is the KL
        per_dimension = normal_renyi(posterior, alpha)
        value = sum_over_free_bits(per_dimension, self.free_bits)
        return value, {self.name: sum_over_free_bits(per_dimension.detach(), 0.0)}
