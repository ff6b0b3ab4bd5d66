"""Gaussians over latents, frames and values, as a plain tuple of tensors that TorchScript knows.

`Normal` is a `NamedTuple`, so a scripted method may take and return it; what one does with it is a
pure function. Densities and divergences are natural logarithms (nats) per element; summing over
axes is left to the caller.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

LOG_STD_LIMIT = 6.0  # a std stays between e^-6 = 0.0025 and e^6 = 403


class Normal(NamedTuple):
    """Independent Gaussians; its mean is also its mode.

    Attributes:
        mean: any shape, in the unit of the variable.
        std: standard deviation > 0, same shape and unit.
    """

    mean: Tensor
    std: Tensor


def normal_from_output(output: Tensor, limit: float = LOG_STD_LIMIT) -> Normal:
    """The Gaussian of a network's raw output: its first half is the mean, its second the log-std.

    std = exp(L tanh(s / L)) is the identity on ln σ around σ = 1, smooth everywhere, and never
    leaves [e^-L, e^L], whatever the network says: neither σ nor 1/σ² overflows.

    Args:
        output: raw output, real, of an even size along its last axis.
        limit: L > 0, in nats.

    Shape: [..., 2·D] → two of [..., D].
    """
    halves = torch.chunk(output, 2, -1)
    return Normal(halves[0], torch.exp(limit * torch.tanh(halves[1] / limit)))


def normal_sample(distribution: Normal, temperature: float = 1.0) -> Tensor:
    """A draw μ + τ σ ε, ε ~ N(0, 1), differentiable in μ and σ; shape of the mean.

    Args:
        distribution: where to draw from.
        temperature: τ ≥ 0, a factor on the standard deviation.

    Source: Kingma & Welling (2014), "Auto-encoding variational Bayes", sec. 2.4; τ is ours.
    """
    noise = torch.randn_like(distribution.mean)
    return distribution.mean + temperature * distribution.std * noise


def normal_log_density(distribution: Normal, value: Tensor) -> Tensor:
    """The log-density -½ ((x - μ) / σ)² - ln σ - ½ ln 2π in nats, for each element."""
    deviation = (value - distribution.mean) / distribution.std
    return -0.5 * deviation.square() - distribution.std.log() - 0.5 * math.log(2.0 * math.pi)


def normal_kl(distribution: Normal) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½ (μ² + σ² - 1) - ln σ in nats, for each element.

    Source: Kingma & Welling (2014), "Auto-encoding variational Bayes", appendix B.
    """
    mean, std = distribution.mean, distribution.std
    return 0.5 * (mean.square() + std.square() - 1.0) - std.log()


def normal_renyi(distribution: Normal, alpha: float) -> Tensor:
    """The Rényi divergence D_α(N(μ, σ²) ‖ N(0, 1)) in nats, for each element.

    With σ*² = α + (1 - α) σ²,

        D_α = -ln σ + ln σ*² / (2 (1 - α)) + α μ² / (2 σ*²)

    It exists where σ*² > 0: for every σ if 0 < α ≤ 1, but for α > 1 only while σ² < α / (α - 1).
    α → 1 is the KL divergence.

    Args:
        distribution: the first argument of the divergence.
        alpha: the order α, 0 < α ≤ 1; not checked here.

    Source: Gil, Alajaji & Linder (2013), "Rényi divergence measures for commonly used univariate
    continuous distributions".
    """
    if alpha == 1.0:
        return normal_kl(distribution)
    mean, std = distribution.mean, distribution.std
    # ln σ*² = log1p((1 - α)(σ² - 1)) keeps its digits as α → 1, where the quotient tends to
    # (σ² - 1) / 2.
    excess = (1.0 - alpha) * (std.square() - 1.0)
    spread = torch.log1p(excess) / (2.0 * (1.0 - alpha)) - std.log()
    return spread + alpha * mean.square() / (2.0 * (1.0 + excess))
