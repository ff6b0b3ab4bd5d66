"""What follows the level of a sound: a detector, a compressor, an expander.

Levels are in dB of full scale, of the mean power over all channels, so that they turn down together
and the image stays. Each knee is ln(1 + eˣ), x the distance from the threshold in quarters of the
knee's width: within .6 dB of the usual parabola at a knee of 12 dB, and with a slope everywhere, by
which a threshold is found from either side.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from vschaos2.parts import part
from vschaos2.processors.gain import amplitude
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.processor import Ramped, per_block
from vschaos2.processors.recursion import OnePole, ballistics, smoothing

SILENCE = 1e-10  # power that is added before a logarithm


def decibels(power: Tensor, silence: float = SILENCE) -> Tensor:
    """The level of a power, in dB."""
    return torch.log(power + silence) * (10.0 / math.log(10.0))


def beyond(distance: Tensor, knee_db: Tensor) -> Tensor:
    """How far a level is beyond a threshold, 0 where it is not, round within a knee; in dB."""
    quarter = knee_db / 4.0
    return F.softplus(distance / quarter) * quarter


def _times(attack_ms: float, release_ms: float) -> tuple[Parameter, ...]:
    return (
        Parameter("attack_ms", "ms", 0.1, 200, attack_ms, "log"),
        Parameter("release_ms", "ms", 5, 3_000, release_ms, "log"),
    )


@part("processor", "level")
class Level(Ramped):
    """The level of a sound, as an amplitude (.71 for a sine of 1), that rises and falls slowly."""

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        super().__init__(sample_rate, channels, _times(10, 100), memory=1)

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        a = smoothing(per_block(values), self.sample_rate)
        power, last = ballistics(x.square().mean(1), a[:, 0], a[:, 1], memory[:, 0])
        return torch.sqrt(power + 1e-12)[:, None].expand_as(x), last[:, None]


@part("processor", "compressor")
class Compressor(Ramped):
    """Turns down what is loud: a detector, a knee, and a gain that moves at two speeds.

    The reduction wanted, in dB, is (1 - 1/ratio) of what is beyond the threshold; the gain goes
    there by `attack_ms` where more is wanted and by `release_ms` where less is.

    Args:
        sample_rate: in Hz.
        channels: of the sound, C.
        paths: 2 adds a second, slower gain and its share of the whole, for cells that remember.
    """

    def __init__(self, sample_rate: float, channels: int = 1, paths: int = 1) -> None:
        slow = (
            Parameter("slow_attack_ms", "ms", 0.1, 2_000, 60, "log"),
            Parameter("slow_release_ms", "ms", 5, 10_000, 800, "log"),
            Parameter("slow_share", "", 0, 1, 0.5),
        )
        physical = (
            Parameter("threshold_db", "dB", -60, 0, -25, "db"),
            Parameter("ratio", "", 1, 20, 2, "log"),
            Parameter("knee_db", "dB", 0.5, 30, 6, "log"),
            Parameter("makeup_db", "dB", -12, 36, 0, "db"),
            Parameter("detector_ms", "ms", 0.1, 100, 10, "log"),
            *_times(15, 100),
            *(slow if paths > 1 else ()),
        )
        super().__init__(sample_rate, channels, physical, memory=1 + paths)
        self.has_slow = paths > 1
        self.detector = OnePole()

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        threshold, ratio, knee, makeup = values[:, :4].to(x.dtype).unbind(1)
        a = smoothing(per_block(values[:, 4:9]), self.sample_rate)
        power, heard = self.detector(x.square().mean(1), a[:, 0], memory[:, 0])
        wanted = beyond(decibels(power) - threshold, knee) * (1.0 - 1.0 / ratio)
        reduction, fast = ballistics(wanted, a[:, 1], a[:, 2], memory[:, 1])
        after = [heard, fast]
        if self.has_slow:
            later, slow = ballistics(wanted, a[:, 3], a[:, 4], memory[:, 2])
            reduction = reduction + values[:, 9].to(x.dtype) * (later - reduction)
            after.append(slow)
        return x * amplitude(makeup - reduction)[:, None], torch.stack(after, 1)


@part("processor", "expander")
class Expander(Ramped):
    """Turns down what is quiet: the further below the threshold, the more, up to a range.

    The reduction wanted, in dB, is ratio - 1 of what is below the threshold, bent so that it never
    exceeds `range_db`; the gain opens by `attack_ms` and closes by `release_ms`.
    """

    def __init__(self, sample_rate: float, channels: int = 1) -> None:
        physical = (
            Parameter("threshold_db", "dB", -80, 0, -50, "db"),
            Parameter("ratio", "", 1, 10, 2, "log"),
            Parameter("knee_db", "dB", 0.5, 30, 6, "log"),
            Parameter("range_db", "dB", 1, 80, 40, "log"),
            Parameter("detector_ms", "ms", 0.1, 100, 10, "log"),
            *_times(2, 200),
        )
        super().__init__(sample_rate, channels, physical, memory=2)
        self.detector = OnePole()

    def process(self, x: Tensor, values: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """See `Ramped`."""
        threshold, ratio, knee, most = values[:, :4].to(x.dtype).unbind(1)
        a = smoothing(per_block(values[:, 4:9]), self.sample_rate)
        power, heard = self.detector(x.square().mean(1), a[:, 0], memory[:, 0])
        wanted = beyond(threshold - decibels(power), knee) * (ratio - 1.0)
        wanted = most * torch.tanh(wanted / most)
        reduction, last = ballistics(wanted, a[:, 2], a[:, 1], memory[:, 1])
        return x * amplitude(-reduction)[:, None], torch.stack((heard, last), 1)
