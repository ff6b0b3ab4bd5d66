"""Mixtures of Gaussians, as a network says them: their density, and draws at a temperature.

    p(x) = Σ_m w_m Π_d N(x_d; μ_md, σ_md²)

A plain tuple of tensors that TorchScript knows; what one does with it is a pure function.

Source: Bishop (1994), "Mixture density networks"; the temperature is that of Ha & Eck (2018), "A
neural representation of sketch drawings", eq. 8, but for a factor on σ instead of on σ².
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

SMALLEST_STD = 0.01
COLDEST = 1e-3  # below this temperature the likeliest component is as good as certain


class Mixture(NamedTuple):
    """M components over D numbers.

    Attributes:
        logits: ln w_m up to a constant, [..., M].
        mean: μ, [..., M, D].
        std: σ > 0, [..., M, D].
    """

    logits: Tensor
    mean: Tensor
    std: Tensor


def n_parameters(components: int, dims: int) -> int:
    """Numbers that a network says for M components over D numbers."""
    return components * (1 + 2 * dims)


def mixture_from_output(
    output: Tensor, components: int, dims: int, smallest: float = SMALLEST_STD
) -> Mixture:
    """The mixture of a network's raw output: logits, means, and ln σ, σ not below 0.01.

    Shape: [B, F, M (1 + 2 D)] → [B, F, M], and two of [B, F, M, D].
    """
    batch, count, _ = output.shape
    parts = output[..., components:].reshape(batch, count, components, 2 * dims)
    std = smallest + torch.exp(parts[..., dims:].clamp(-8.0, 3.0))
    return Mixture(output[..., :components], parts[..., :dims], std)


def mixture_log_density(mixture: Mixture, value: Tensor) -> Tensor:
    """The log-density ln p(x) in nats: x [..., D] → [...]."""
    deviation = (value.unsqueeze(-2) - mixture.mean) / mixture.std
    density = -0.5 * deviation.square() - mixture.std.log() - 0.5 * math.log(2.0 * math.pi)
    return torch.logsumexp(torch.log_softmax(mixture.logits, -1) + density.sum(-1), -1)


def mixture_sample(
    mixture: Mixture,
    uniform: Tensor,
    normal: Tensor,
    temperature: Tensor,
    coldest: float = COLDEST,
) -> Tensor:
    """A draw, of random numbers that are given: each the same draw every time.

    Args:
        mixture: of one point each, [B, M] and [B, M, D].
        uniform: in [0, 1), chooses the component, [B, 1].
        normal: of N(0, 1), [B, D].
        coldest: least temperature of the weights.
        temperature: τ ≥ 0, [B, 1]; weights become w^(1/τ), deviations τ σ. 0: the mean of the
            likeliest component.

    Shape: → [B, D].
    """
    weights = torch.softmax(mixture.logits / temperature.clamp_min(coldest), 1)
    passed = (uniform >= weights.cumsum(1)).to(torch.int64).sum(1, keepdim=True)
    chosen = passed.clamp_max(weights.shape[1] - 1).unsqueeze(2).expand(-1, -1, normal.shape[1])
    mean, std = mixture.mean.gather(1, chosen)[:, 0], mixture.std.gather(1, chosen)[:, 0]
    return mean + temperature * std * normal
