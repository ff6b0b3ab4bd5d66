"""What multiplies a sound, or is added to it: gain, polarity, offset."""

import math

import torch
from torch import Tensor

from vschaos2.parts import part
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.processor import Ramped


def amplitude(decibels: Tensor) -> Tensor:
    """What multiplies a sound for a gain in dB."""
    return torch.exp(decibels * (math.log(10.0) / 20.0))


@part("processor", "gain")
class Gain(Ramped):
    """A gain of -40 to 40 dB."""

    is_linear = True

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, (Parameter("gain_db", "dB", -40, 40, 0, "db"),))

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        return x * amplitude(values).to(x.dtype), memory

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """Its response. Shape: [B, 1], [K] in Hz → complex [B, K]."""
        return amplitude(values.double()).expand(-1, len(frequencies)).to(torch.complex128)


@part("processor", "dynamic_gain")
class DynamicGain(Gain):
    """A gain that follows the sound, if nothing else is said."""

    controller = "following"


@part("processor", "polarity")
class Polarity(Ramped):
    """A sign: -1, inverted, to 1, through silence where it is learnt; fixed if nothing is said."""

    is_linear = True
    controller = "fixed"

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, (Parameter("polarity", "", -1, 1, 1),))

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        return x * values.to(x.dtype), memory

    def response(self, values: Tensor, frequencies: Tensor) -> Tensor:
        """Its response. Shape: [B, 1], [K] in Hz → complex [B, K]."""
        return values.double().expand(-1, len(frequencies)).to(torch.complex128)


@part("processor", "offset")
class Offset(Ramped):
    """A constant that is added: with a nonlinearity after it, the bias of a stage."""

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, (Parameter("offset", "", -2, 2, 0),))

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        return x + values.to(x.dtype), memory
