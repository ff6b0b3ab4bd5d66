"""Activations by name, with their parameters, out of operators that every host knows."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.config import call
from vschaos2.errors import InputError

FAR = 1e30  # beyond every number that a network says


class Bent(nn.Module):
    """The identity between two values, and beyond each a line of another slope.

    Args:
        lowest: value at which it bends below.
        highest: value at which it bends above.
        slope_below: of what lies beyond `lowest`.
        slope_above: of what lies beyond `highest`.
    """

    def __init__(
        self, lowest: float, highest: float, slope_below: float, slope_above: float
    ) -> None:
        super().__init__()
        self.lowest, self.highest = lowest, highest
        self.slope_below, self.slope_above = slope_below, slope_above

    def forward(self, x: Tensor) -> Tensor:
        """The bent x, of its shape."""
        within = torch.clamp(x, self.lowest, self.highest)
        below = torch.clamp(x - self.lowest, max=0.0)
        above = torch.clamp(x - self.highest, min=0.0)
        return within + self.slope_below * below + self.slope_above * above


class Softsign(nn.Module):
    """x / (1 + |x|), times `scale`, plus `offset`."""

    def __init__(self, scale: float = 1.0, offset: float = 0.0) -> None:
        super().__init__()
        self.scale, self.offset = scale, offset

    def forward(self, x: Tensor) -> Tensor:
        """The bent x, of its shape."""
        return self.offset + self.scale * x / (1.0 + torch.abs(x))


class Hardswish(nn.Module):
    """x · clamp(x + 3, 0, 6) / 6."""

    def forward(self, x: Tensor) -> Tensor:
        """The bent x, of its shape."""
        return x * torch.clamp(x + 3.0, 0.0, 6.0) / 6.0


def _hard_tanh(min_val: float = -1.0, max_val: float = 1.0) -> nn.Module:
    return Bent(min_val, max_val, 0.0, 0.0)


def _leaky_hard_tanh(
    min_val: float = -1.0, max_val: float = 1.0, min_slope: float = 0.01, max_slope: float = 0.01
) -> nn.Module:
    return Bent(min_val, max_val, min_slope, max_slope)


def _leaky_relu(negative_slope: float = 0.01) -> nn.Module:
    return Bent(0.0, FAR, negative_slope, 0.0)


KINDS: dict[str, Callable[..., nn.Module]] = {
    "Tanh": lambda: nn.Tanh(),
    "Sigmoid": lambda: nn.Sigmoid(),
    "SiLU": lambda: nn.SiLU(),
    "ReLU": lambda: Bent(0.0, FAR, 0.0, 0.0),  # torch's may work in place: hosts may not know that
    "LeakyReLU": _leaky_relu,
    "PReLU": _leaky_relu,  # of one slope: what it learnt stands in its description
    "Hardtanh": _hard_tanh,
    "LeakyHardtanh": _leaky_hard_tanh,
    "Hardswish": lambda: Hardswish(),
    "Softsign": lambda: Softsign(),
    "Softsigmoid": lambda: Softsign(0.5, 0.5),
}


def activation(where: str, told: Any) -> nn.Module:
    """The activation of a name, or of {type: name, parameter: number …}.

    Raises:
        InputError: for one that there is not, or a parameter that it does not have.
    """
    options = dict(told) if isinstance(told, Mapping) else {"type": told}
    name = options.pop("type", None)
    if not isinstance(name, str) or name not in KINDS:
        raise InputError(f"{where} must be {', '.join(KINDS)}, got {name!r:.40}")
    return call(KINDS[name], where, options)
