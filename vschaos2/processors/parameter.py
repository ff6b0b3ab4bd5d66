"""A number that an effect is set by: its unit, its range, and the free number that training moves.

A raw number may be anything. The logistic function takes it to a position in (0, 1), and the
position to a value within the range: along it if the scale is linear or dB, along its logarithm if
it is log. So no step of an optimiser leaves the range, and every value of it has a raw number: what
was fitted can be written down in physical units and read back.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from vschaos2.ranges import check_number

SCALES = ("linear", "log", "db")
EDGE = 1e-6  # the ends of a range are at infinite raw numbers: values end so near, of the range


class Parameter(NamedTuple):
    """What a processor is set by.

    Attributes:
        name: such as "peak1_gain_db".
        unit: "dB", "Hz", "ms", "s", "°", or "" for a bare number.
        least: the smallest value.
        most: the largest.
        default: where it stands if nothing is said.
        scale: how its range is run through: "linear", "log", or "db", which is linear in dB.
        pace: of its learning, in that of others. A period or a delay that is a hundredth off is
            elsewhere altogether, and must go in smaller steps.
        shown: whether a player would touch it; if not, patches and pictures leave it out.
    """

    name: str
    unit: str
    least: float
    most: float
    default: float
    scale: str = "linear"
    pace: float = 1.0
    shown: bool = True

    def check(self, where: str, value: object) -> float:
        """The value as a float.

        Raises:
            InputError: if it is no number within the range.
        """
        check_number(where, value, self.least, self.most)
        return float(value)  # type: ignore[arg-type]


class Ranges(torch.nn.Module):
    """Raw numbers ↔ values, of several parameters at once.

    Args:
        parameters: P of them.
    """

    least: Tensor
    span: Tensor
    is_log: Tensor
    pace: Tensor

    def __init__(self, parameters: tuple[Parameter, ...]) -> None:
        super().__init__()
        logs = [each.scale == "log" for each in parameters]
        ends = [
            (math.log(p.least), math.log(p.most)) if log else (p.least, p.most)
            for p, log in zip(parameters, logs, strict=True)
        ]
        pace = torch.tensor([each.pace for each in parameters], dtype=torch.float64)[:, None]
        self.register_buffer("pace", pace, False)
        least, most = torch.tensor(ends, dtype=torch.float64).reshape(-1, 2, 1).unbind(1)
        self.register_buffer("least", least, False)
        self.register_buffer("span", most - least, False)
        self.register_buffer("is_log", torch.tensor(logs, dtype=torch.bool)[:, None], False)

    def forward(self, raw: Tensor) -> Tensor:
        """Values of raw numbers. Shape: [..., P, N] → [..., P, N], float64."""
        place = self.least + self.span * torch.sigmoid(raw.double())
        return torch.where(self.is_log, torch.exp(torch.where(self.is_log, place, 0.0)), place)

    def raw(self, values: Tensor) -> Tensor:
        """Raw numbers of values; those at an end of the range, or beyond, end just within it.

        Shape: [..., P, N] → [..., P, N], float64.
        """
        values = values.double()
        place = torch.where(self.is_log, torch.log(values.clamp(min=1e-12)), values)
        position = ((place - self.least) / self.span).clamp(EDGE, 1.0 - EDGE)
        return torch.log(position / (1.0 - position))
