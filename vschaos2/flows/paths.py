"""How data becomes noise, and back: two ways to count levels.

    straight   x_t = (1 - t)·x + t·n, t from 0 to 1; the net says dx/dt = n - x
    edm        x_σ = x + σ·n, σ from 0; the net, preconditioned, says x

Both are the same family of noisy data, x_t = x_σ / (1 + σ) with t = σ / (1 + σ), and what is told
as σ can be asked of either. Data are standardised: their deviation is 1.

Source: Liu et al. (2023), "Flow straight and fast: learning to generate and transfer data with
rectified flow"; Karras et al. (2022), "Elucidating the design space of diffusion-based generative
models", table 1 with σ_data = 1.
"""

from typing import NamedTuple

import torch
from torch import Tensor

STRAIGHT, EDM = "straight", "edm"
PATHS = (STRAIGHT, EDM)
LEAST_SIGMA, MOST_SIGMA = 0.01, 20.0
# Deviation and mean of ln σ while an EDM learns.
SPREAD, CENTRE = 1.3, -0.4
LABEL_SCALE = 4.0  # of what a net is told of the level
RHO = 7.0  # how much finer the steps of an EDM are near the data


def level_of_sigma(path: str, sigma: float) -> float:
    """What a path calls noise of so many deviations of the data."""
    return sigma / (1.0 + sigma) if path == STRAIGHT else sigma


def levels_between(path: str, level: float, steps: int) -> list[float]:
    """The levels on the way from the data to a level, ends included, [steps + 1]."""
    if path == STRAIGHT:
        return [level * step / steps for step in range(steps + 1)]
    low, high = LEAST_SIGMA ** (1.0 / RHO), max(level, LEAST_SIGMA) ** (1.0 / RHO)
    return [(low + (high - low) * step / steps) ** RHO for step in range(steps + 1)]


def drawn_levels(path: str, count: int) -> Tensor:
    """Levels to learn at, at random, [count]."""
    if path == STRAIGHT:
        return torch.rand(count)
    return (SPREAD * torch.randn(count) + CENTRE).exp().clamp(LEAST_SIGMA, MOST_SIGMA)


def noisy(path: str, x: Tensor, noise: Tensor, level: Tensor) -> Tensor:
    """Data at levels: [B, F, Z], [B, F, Z], [B] → [B, F, Z]."""
    part = level[:, None, None]
    return (1.0 - part) * x + part * noise if path == STRAIGHT else x + part * noise


def net_input(path: str, x: Tensor, level: Tensor) -> Tensor:
    """What a net hears of noisy data: of deviation 1 at every level."""
    part = level[:, None, None]
    scale = (1.0 - part).square() + part.square() if path == STRAIGHT else part.square() + 1.0
    return x / scale.sqrt()


def net_label(path: str, level: Tensor) -> Tensor:
    """What a net is told of the level, [B]: some few units from end to end."""
    return level * LABEL_SCALE if path == STRAIGHT else level.log() / LABEL_SCALE


class Slope(NamedTuple):
    """dx/dlevel at one level, of data and of what a net says of `heard` times these.

    Attributes:
        heard: factor on noisy data for the net.
        kept: part of the data in the slope.
        said: part of what the net says.
    """

    heard: float
    kept: float
    said: float


def slope_at(path: str, level: float) -> Slope:
    """How a slope is put together: x·kept + net(x·heard)·said.

    With D the data that an EDM's net believes in, its slope is (x - D) / σ.
    """
    if path == STRAIGHT:
        return Slope(((1.0 - level) ** 2 + level**2) ** -0.5, 0.0, 1.0)
    energy = level**2 + 1.0
    return Slope(energy**-0.5, (1.0 - 1.0 / energy) / level, -(energy**-0.5))


def denoised(x: Tensor, sigma: Tensor, output: Tensor) -> Tensor:
    """The data that an EDM's net believes in."""
    part = sigma[:, None, None]
    energy = part.square() + 1.0
    return x / energy + part / energy.sqrt() * output


def mistakes(path: str, x: Tensor, noise: Tensor, level: Tensor, output: Tensor) -> Tensor:
    """Squares of what a net misses, each level weighted as all others: [B, F, Z]."""
    if path == STRAIGHT:
        return (output - (noise - x)).square()
    sigma = level[:, None, None]
    weight = (sigma.square() + 1.0) / sigma.square()
    return (denoised(noisy(path, x, noise, level), level, output) - x).square() * weight
