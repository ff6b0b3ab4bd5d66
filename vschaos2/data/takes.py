"""Takes: a dry and a wet recording of the same notes in line with each other, and the knobs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
KNOB_HOP = 64  # samples between two values of a knob that moves


@dataclass(frozen=True)
class Take:
    """One aligned pair.

    Args:
        name: of the wet recording, as files and figures call it.
        dry_name: of the dry one.
        dry: what went in, [C, T] float32.
        wet: what came out, [O, T] float32.
        knobs: their values in their own units, one for all of the take or one every `KNOB_HOP`
            samples, [K, 1] or [K, F] float32.
        alignment: how the recordings lay in their files (see `dsp.alignment.Alignment`).
    """

    name: str
    dry_name: str
    dry: Samples
    wet: Samples
    knobs: Samples
    alignment: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what is not in line."""
        if self.dry.shape[1] != self.wet.shape[1]:
            raise ValueError(f"{self.name}: {self.dry.shape[1]} and {self.wet.shape[1]} samples")

    @property
    def length(self) -> int:
        """Samples, T."""
        return self.dry.shape[1]

    @property
    def position(self) -> str:
        """What its knobs stood at, such as "2 0.5", or "moving"; empty where there are none."""
        if self.knobs.shape[1] > 1:
            return "moving"
        return " ".join(f"{value:.6g}" for value in self.knobs[:, 0].tolist())

    def window(self, first: int, count: int) -> tuple[Samples, Samples, Samples]:
        """Samples [first, first + count): dry [count, C], wet [count, O], knobs [count, K].

        Before the take there was silence; `first` may be below 0, first + count ≤ T.
        """
        before = max(0, -first)
        inside = slice(max(0, first), first + count)
        dry, wet = (
            np.pad(of[:, inside], ((0, 0), (before, 0))).T if before else of[:, inside].T
            for of in (self.dry, self.wet)
        )
        frames = np.arange(first, first + count) // KNOB_HOP
        return dry, wet, self.knobs[:, np.clip(frames, 0, self.knobs.shape[1] - 1)].T
