"""What a chain of pedals makes of a sound, offline: the processors that play, one after another."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.chains.pedals import Pedal, Stage, Wow
from vschaos2.parts import parts
from vschaos2.processors import chain as _chain  # noqa: F401 - which registers all processors
from vschaos2.processors.recursion import BLOCK

Samples = npt.NDArray[np.float32]


class Setup(NamedTuple):
    """A pedal as it is set.

    Attributes:
        pedal: which.
        values: of all its settings, and of what is not told of.
    """

    pedal: Pedal
    values: dict[str, float]

    def stages(self) -> list[Stage]:
        """Its processors."""
        return self.pedal.stages(self.values)


class Rack:
    """Pedals at one rate, each processor built once.

    Args:
        rate_hz: of the sound.
    """

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self.built: dict[str, Any] = {}

    def __reduce__(self) -> tuple[object, ...]:
        return Rack, (self.rate_hz,)

    @torch.inference_mode()
    def play(self, setup: Setup, sound: Samples) -> Samples:
        """A sound behind one pedal, from rest. Shape: [T] → [T]."""
        x = torch.from_numpy(np.ascontiguousarray(sound, np.float32))[None, None]
        x = torch.nn.functional.pad(x, (0, -x.shape[2] % BLOCK))
        for stage in setup.stages():
            processor = self._processor(stage)
            values = [stage.values.get(each.name, each.default) for each in processor.physical]
            told = torch.tensor(values, dtype=torch.float64)[None, :, None]
            if stage.wow is not None:
                told = self._swayed(told, stage.wow, processor, x.shape[2] // BLOCK)
            state = torch.zeros(1, processor.state_size, dtype=torch.float64)
            x, _ = processor(x, told, state)
        return x[0, 0, : len(sound)].numpy()

    def play_all(self, setups: Sequence[Setup], sound: Samples) -> Samples:
        """A sound behind a whole chain. Shape: [T] → [T]."""
        for setup in setups:
            sound = self.play(setup, sound)
        return sound

    def _swayed(self, told: torch.Tensor, wow: Wow, processor: Any, blocks: int) -> torch.Tensor:
        """Values of all sub-blocks, one of which sways. Shape: [1, P, 1] → [1, P, `blocks`]."""
        place = [each.name for each in processor.physical].index(wow.name)
        time_s = torch.arange(blocks, dtype=torch.float64) * (BLOCK / self.rate_hz)
        sway = 1.0 + wow.depth * torch.sin(2.0 * math.pi * (wow.rate_hz * time_s + wow.phase))
        told = told.repeat(1, 1, blocks)
        told[0, place] *= sway
        ends = processor.physical[place]
        told[0, place] = told[0, place].clamp(ends.least, ends.most)
        return told

    def _processor(self, stage: Stage) -> Any:
        key = f"{stage.kind} {stage.options}"
        if key not in self.built:
            make = parts("processor")[stage.kind]
            self.built[key] = make(float(self.rate_hz), 1, **stage.options)
        return self.built[key]


def items(setups: Sequence[Setup]) -> list[dict[str, Any]]:
    """A chain as `processors.chain` is written: its stages, each with where its values begin."""
    found = []
    for place, setup in enumerate(setups, 1):
        for number, stage in enumerate(setup.stages(), 1):
            name = f"{setup.pedal.name}{place}_{number}"
            found.append({stage.kind: {"name": name, **stage.options, **stage.values}})
    return found
