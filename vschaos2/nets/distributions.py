"""Distributions over frames, latents and labels, as plain tuples of tensors that TorchScript knows.

    Normal(mean, std)      real values: latents, frames
    Bernoulli(logits)      yes or no
    Categorical(logits)    one class among several, classes on the last axis

A distribution is a `NamedTuple`, so a scripted method may take and return it; what one does with
it is a pure function, named after its family. Densities, probabilities and entropies are natural
logarithms (nats) per element; summing over axes is left to the caller.

Every `*_sample` takes a temperature that scales the noise, not the mean: 0 gives the mode and 1
the distribution itself.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
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


class Bernoulli(NamedTuple):
    """Independent yes-or-no variables.

    Attributes:
        logits: log-odds ln(p / (1 - p)), any shape.
    """

    logits: Tensor


class Categorical(NamedTuple):
    """One of N classes.

    Attributes:
        logits: unnormalised log-probabilities, [..., N].
    """

    logits: Tensor


def normal_from_output(output: Tensor, dim: int = -1, limit: float = LOG_STD_LIMIT) -> Normal:
    """The Gaussian of a network's raw output: its first half is the mean, its second the log-std.

    std = exp(L tanh(s / L)) is the identity on ln σ around σ = 1, smooth everywhere, and never
    leaves [e^-L, e^L], whatever the network says: neither σ nor 1/σ² overflows.

    Args:
        output: raw output, real.
        dim: the axis that holds both halves; its size must be even.
        limit: L > 0, in nats.

    Shape: [..., 2·D] → two of [..., D], for the default dim.
    """
    halves = torch.chunk(output, 2, dim)
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


def normal_entropy(distribution: Normal) -> Tensor:
    """The differential entropy ½ ln(2πe σ²) in nats, for each element."""
    return distribution.std.log() + 0.5 * math.log(2.0 * math.pi * math.e)


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


def bernoulli_mean(distribution: Bernoulli) -> Tensor:
    """The probability of yes, p = 1 / (1 + e^-logit), for each element."""
    return torch.sigmoid(distribution.logits)


def bernoulli_mode(distribution: Bernoulli) -> Tensor:
    """The likelier of 0 and 1, as floats; 0 where both are equally likely."""
    return (distribution.logits > 0).to(distribution.logits.dtype)


def bernoulli_sample(distribution: Bernoulli, temperature: float = 1.0) -> Tensor:
    """A draw of zeros and ones, as floats; not differentiable.

    With logistic noise λ = ln E₁ - ln E₂, E ~ Exp(1), the event λ > -logit has probability
    p = 1 / (1 + e^-logit).

    Args:
        distribution: where to draw from.
        temperature: factor ≥ 0 on the noise, which divides the logits: 0 gives the mode.
    """
    logits = distribution.logits
    first = torch.empty_like(logits).exponential_().log()
    second = torch.empty_like(logits).exponential_().log()
    return (logits + temperature * (first - second) > 0).to(logits.dtype)


def bernoulli_log_probability(distribution: Bernoulli, value: Tensor) -> Tensor:
    """The log-probability x ln p + (1 - x) ln(1 - p) in nats, for each element; x in [0, 1]."""
    yes, no = F.logsigmoid(distribution.logits), F.logsigmoid(-distribution.logits)
    return value * yes + (1.0 - value) * no


def bernoulli_entropy(distribution: Bernoulli) -> Tensor:
    """-p ln p - (1 - p) ln(1 - p) in nats, for each element; at most ln 2."""
    return -bernoulli_log_probability(distribution, bernoulli_mean(distribution))


def categorical_mean(distribution: Categorical) -> Tensor:
    """The probability of each class, e^logit / Σ e^logit: [..., N] → [..., N]."""
    return torch.softmax(distribution.logits, dim=-1)


def categorical_mode(distribution: Categorical) -> Tensor:
    """The index of the likeliest class: [..., N] → [...], int64."""
    return distribution.logits.argmax(dim=-1)


def categorical_sample(distribution: Categorical, temperature: float = 1.0) -> Tensor:
    """A drawn class index: [..., N] → [...], int64; not differentiable.

    The largest of logit + g, with Gumbel noise g = -ln E, E ~ Exp(1), follows softmax(logits).

    Args:
        distribution: where to draw from.
        temperature: factor ≥ 0 on the noise, which divides the logits: 0 gives the mode.

    Source: Gumbel (1954); Maddison, Tarlow & Minka (2014), "A* sampling".
    """
    logits = distribution.logits
    gumbel = -torch.empty_like(logits).exponential_().log()
    return (logits + temperature * gumbel).argmax(dim=-1)


def categorical_log_probability(distribution: Categorical, index: Tensor) -> Tensor:
    """The log-probability of a class in nats: logits [..., N], int64 indices [...] → [...]."""
    log_probability = torch.log_softmax(distribution.logits, dim=-1)
    return log_probability.gather(-1, index.unsqueeze(-1)).squeeze(-1)


def categorical_entropy(distribution: Categorical) -> Tensor:
    """-Σ p ln p in nats: [..., N] → [...]; at most ln N."""
    log_probability = torch.log_softmax(distribution.logits, dim=-1)
    return -(log_probability.exp() * log_probability).sum(-1)
