"""Curves without memory: each sample is bent by itself.

A curve makes overtones, and those beyond half the sample rate come back as other tones: nothing
here is oversampled, so that what a device aliases can be learnt and nothing is delayed.
"""

import math

import torch
from torch import Tensor, nn

from vschaos2.parts import part
from vschaos2.processors.gain import amplitude
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.processor import Ramped

UNITS = 16
TINY = 1e-12  # amplitude that is added before a logarithm
SWING = 3.0  # radians per unit of a SIREN's input


@part("processor", "tanh")
class Tanh(Ramped):
    """tanh(g x + b) - tanh(b): soft clipping, uneven where it has a bias; silence stays silent."""

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        physical = (
            Parameter("drive_db", "dB", -20, 60, 0, "db"),
            Parameter("bias", "", -2, 2, 0),
        )
        super().__init__(sample_rate, channels, physical)

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        drive, bias = amplitude(values[:, :1]).to(x.dtype), values[:, 1:].to(x.dtype)
        return torch.tanh(x * drive + bias) - torch.tanh(bias), memory


@part("processor", "clip")
class Clip(Ramped):
    """A soft or a hard clipper: with u = g x + b, u / (1 + |u|ʰ)^(1/h), less what it makes of b.

    h, its hardness, is 1 for a curve that bends from the first, about 2.5 for one like tanh, and
    towards 16 for one that is straight up to where it is flat.
    """

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        physical = (
            Parameter("drive_db", "dB", -20, 60, 12, "db"),
            Parameter("bias", "", -2, 2, 0),
            Parameter("hardness", "", 1, 16, 3, "log"),
        )
        super().__init__(sample_rate, channels, physical)

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        drive, bias = amplitude(values[:, :1]).to(x.dtype), values[:, 1:2].to(x.dtype)
        hardness = values[:, 2:].to(x.dtype)
        return _clipped(x * drive + bias, hardness) - _clipped(bias, hardness), memory


def _clipped(u: Tensor, hardness: Tensor, tiny: float = TINY) -> Tensor:
    # By the logarithm: no power of a large number overflows, and 0 has a slope.
    bent = torch.nn.functional.softplus(hardness * torch.log(u.abs() + tiny))
    return u * torch.exp(-bent / hardness)


@part("processor", "mlp")
class Mlp(Ramped):
    """A curve that a small network draws, beginning near the straight line."""

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, ())
        hidden = (nn.Linear(1, UNITS), nn.Tanh(), nn.Linear(UNITS, UNITS), nn.Tanh())
        self.layers = nn.Sequential(*hidden, _quiet(nn.Linear(UNITS, 1)))

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        return x + self.layers(x[..., None])[..., 0], memory


class Sine(nn.Module):
    """A layer of a SIREN: sin(s (W x + b)).

    Source: Sitzmann et al. (2020), "Implicit neural representations with periodic activation
    functions", whose first weights these are; their s is 30.

    Args:
        n_inputs: numbers in.
        n_outputs: numbers out.
        swing: s.
        is_first: whether its inputs are no sines.
    """

    def __init__(self, n_inputs: int, n_outputs: int, swing: float, is_first: bool) -> None:
        super().__init__()
        self.swing = swing
        self.linear = nn.Linear(n_inputs, n_outputs)
        bound = 1.0 / n_inputs if is_first else math.sqrt(6.0 / n_inputs) / swing
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        """Shape: [..., inputs] → [..., outputs]."""
        return torch.sin(self.swing * self.linear(x))


class Siren(nn.Module):
    """A network of sines from one number to one, its outputs small at first.

    Args:
        swing: radians per unit of its input.
        units: of each of its two layers.
    """

    def __init__(self, swing: float, units: int = UNITS) -> None:
        super().__init__()
        hidden = (Sine(1, units, swing, True), Sine(units, units, swing, False))
        self.layers = nn.Sequential(*hidden, _quiet(nn.Linear(units, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """Shape: any → the same."""
        return self.layers(x[..., None])[..., 0]


@part("processor", "siren")
class SirenCurve(Ramped):
    """A curve that a network of sines draws, beginning near tanh."""

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, ())
        self.curve = Siren(SWING)

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        return torch.tanh(x) + self.curve(x), memory


@part("processor", "rational")
class Rational(Ramped):
    """A ratio of polynomials of degrees 6 and 5, without poles, beginning near tanh.

        y = Σ aₙ xⁿ / (1 + |Σ bₙ xⁿ|)

    It begins at the continued fraction of tanh, which is within 2e-3 of it up to |x| = 3.

    Source: Molina et al. (2020), "Padé activation units", for the safe denominator.
    """

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, ())
        above = [0.0, 1.0, 0.0, 105.0 / 945.0, 0.0, 1.0 / 945.0, 0.0]
        below = [0.0, 420.0 / 945.0, 0.0, 15.0 / 945.0, 0.0]
        self.above, self.below = (
            nn.Parameter(torch.tensor(above)),
            nn.Parameter(torch.tensor(below)),
        )

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        above, below = self.above.unbind(0), self.below.unbind(0)
        top, bottom = above[6].expand_as(x), below[4].expand_as(x)
        for n in range(6):
            top = top * x + above[5 - n]
        for n in range(4):
            bottom = bottom * x + below[3 - n]
        return top / (1.0 + (bottom * x).abs()), memory


def _quiet(layer: nn.Linear) -> nn.Linear:
    with torch.no_grad():
        layer.weight.mul_(0.1)
        layer.bias.zero_()
    return layer
