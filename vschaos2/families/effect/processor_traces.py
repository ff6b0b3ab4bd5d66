"""What each processor of a chain does, as numbers: what it was handed, and its curves.

Curves are made by the processors themselves, of ramps, of steady levels and of steps; only what an
oscillator sweeps is worked out from its parameters.
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from vschaos2.processors.chain import Chain
from vschaos2.processors.controllers import Controller
from vschaos2.processors.dynamics import Level
from vschaos2.processors.modulation import Delayed, Phaser, Swept, oscillation
from vschaos2.processors.parameter import Parameter
from vschaos2.processors.processor import Processor, Ramped
from vschaos2.processors.recursion import BLOCK

POINTS, KNOB_POINTS = 201, 21
SETTLING_S = 0.2  # of a detector whose times are the least
QUIET_DB, LOUD_DB = -20.0, 20.0  # beside a threshold, of a step
BEFORE_S = 0.05  # that is shown before a step
TIMES = ("attack_ms", "release_ms", "detector_ms", "slow_attack_ms", "slow_release_ms")


class Trace(NamedTuple):
    """One processor, as it stood in a passage.

    Attributes:
        name: in its chain.
        processor: itself.
        controller: what sets it.
        knobs: 0 to 1, [K].
        values: where its parameters stood at the end, [P].
        moved: over the passage, [P, N], N 1 where they rested.
        entered: the sound that it heard, [1, C, T].
    """

    name: str
    processor: Any
    controller: Controller
    knobs: Tensor
    values: Tensor
    moved: Tensor
    entered: Tensor

    def value(self, name: str) -> float:
        """Where a parameter stood."""
        return float(self.values[[each.name for each in self.parameters].index(name)])

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """Those of the processor."""
        found: tuple[Parameter, ...] = self.processor.physical
        return found


def traced(chain: Chain, x: Tensor, knobs: Tensor, start_s: float = 0.0) -> list[Trace]:
    """What happens in a chain while it hears a passage, from rest, knobs still.

    Shape: x [C, T], knobs [K], 0 to 1.
    """
    sound = torch.nn.functional.pad(x, (0, -x.shape[1] % BLOCK))[None]
    parts = chain.begin(1, torch.tensor([start_s])).split(chain.sizes, 1)
    told, traces = knobs[None, :, None].double(), []
    for n, (name, processor, controller) in enumerate(
        zip(chain.names, chain.processors, chain.controllers, strict=True)
    ):
        values, _ = controller(sound, told, parts[1 + 2 * n])
        traces.append(
            Trace(name, processor, controller, knobs, values[0, :, -1], values[0], sound)  # type: ignore[arg-type]
        )
        sound, _ = processor(sound, values, parts[2 + 2 * n])
    return traces


def bends(processor: Processor) -> bool:
    """Whether it bends each sample by itself."""
    alone = processor.state_size == 1 + len(processor.physical)
    return isinstance(processor, Ramped) and not processor.is_linear and alone


def transfer(trace: Trace) -> tuple[Tensor, Tensor]:
    """Samples that enter, up to as loud as they were, and that leave, [POINTS] each."""
    x = torch.linspace(-1.0, 1.0, POINTS) * max(float(trace.entered.abs().max()), 1e-3)
    y, _ = _process(trace.processor, x[None], trace.values)
    return x, y[0]


def static_levels(trace: Trace) -> tuple[Tensor, Tensor]:
    """Levels that enter and that leave once all has settled, in dB, [81] each.

    A steady level is a constant; where it settles does not depend on the times, which are the least
    here.
    """
    entering = torch.linspace(-80.0, 0.0, 81)
    values = trace.values.clone()
    for index, parameter in enumerate(trace.parameters):
        if parameter.name in TIMES:
            values[index] = parameter.least
    count = round(SETTLING_S * trace.processor.sample_rate)
    x = (10.0 ** (entering / 20.0))[:, None].expand(-1, count)
    y, _ = _process(trace.processor, x, values)
    return entering, 20.0 * torch.log10(y[:, -1].abs() + 1e-10)


def step(trace: Trace) -> tuple[Tensor, Tensor]:
    """Time in ms since a level jumps over the threshold, to fall back later, and the gain in dB.

    Before, all has settled; of that, 50 ms are left. Of a detector of level it is the level in dB.
    """
    names = [each.name for each in trace.parameters]
    times = {name: trace.value(name) * 0.001 for name in TIMES if name in names}
    threshold = trace.value("threshold_db") if "threshold_db" in names else -30.0
    slowest = [max(of for name, of in times.items() if kind in name) for kind in ("att", "rel")]
    attack, release = min(max(6.0 * slowest[0], 0.1), 3.0), min(max(5.0 * slowest[1], 0.2), 6.0)
    lengths = (release + attack + BEFORE_S, attack, release)
    levels_db = (threshold + QUIET_DB, min(0.0, threshold + LOUD_DB), threshold + QUIET_DB)
    rate = trace.processor.sample_rate
    x = torch.cat(
        [
            torch.full((round(s * rate),), 10.0 ** (db / 20.0))
            for s, db in zip(lengths, levels_db, strict=True)
        ]
    )
    y, _ = _process(trace.processor, x[None], trace.values)
    level_db = 20.0 * torch.log10(y[0].abs() + 1e-10)
    if not isinstance(trace.processor, Level):
        level_db = level_db - 20.0 * torch.log10(x)
    first = round((lengths[0] - BEFORE_S) * rate)
    time_ms = (torch.arange(first, len(x)) / rate - lengths[0]) * 1000.0
    return time_ms, level_db[first:]


def sweep(trace: Trace) -> tuple[Tensor, Tensor, str]:
    """Time in s over two periods, and what is swept there, in Hz or ms."""
    if not isinstance(trace.processor, Swept):
        raise TypeError(f"{trace.name}: {type(trace.processor).__name__} has no oscillator")
    period, phase = trace.value("lfo_period_s"), trace.value("lfo_phase")
    time = torch.linspace(0.0, 2.0 * period, POINTS, dtype=torch.float64)
    triangle, skew = (trace.values[n].double() for n in (2, 3))
    wave = oscillation(time / period + phase, triangle, skew)
    if isinstance(trace.processor, Phaser):
        octaves = trace.value("depth_octaves") * wave
        return time, trace.value("centre_hz") * torch.exp(octaves * math.log(2.0)), "Hz"
    if isinstance(trace.processor, Delayed):
        return time, trace.value("delay_ms") * (1.0 + trace.value("depth") * wave), "ms"
    return time, wave, ""


def told(trace: Trace, knob: int) -> Tensor:
    """Values of all parameters at so many places of one knob, 0 to 1, the others still, [P, KNOBS].

    Those that follow the sound as well are means over the passage.
    """
    places = trace.knobs.double().repeat(KNOB_POINTS, 1)
    places[:, knob] = torch.linspace(0.0, 1.0, KNOB_POINTS)
    state = torch.zeros(KNOB_POINTS, trace.controller.state_size, dtype=torch.float64)
    sound = trace.entered.expand(KNOB_POINTS, -1, -1)
    values, _ = trace.controller(sound, places[:, :, None], state)
    return torch.as_tensor(values).mean(2).T


def _process(processor: Any, x: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
    """Mono sounds through a processor whose values rest, from silence: [B, T] → [B, T]."""
    batch, count = x.shape
    sound = torch.nn.functional.pad(x, (0, -count % BLOCK))[:, None]
    rest = values[None, :, None].expand(batch, -1, 1)
    state = torch.zeros(batch, processor.state_size, dtype=torch.float64)
    y, after = processor(sound.expand(-1, processor.channels, -1), rest, state)
    return y[:, 0, :count], after
