"""What a family shows of a training: kinds of report, each made of a model as it is now."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from vschaos2.monitor.options import MonitorOptions
from vschaos2.monitor.store import Report


@dataclass(frozen=True)
class Moment:
    """When a report is made: step, and seconds of training so far."""

    step: int
    seconds: float

    def headline(self, subject: str) -> str:
        """A title that says what and when."""
        minutes, seconds = divmod(int(self.seconds), 60)
        return f"{subject} · step {self.step} · {minutes}:{seconds:02d} min"


class Show:
    """What is shown besides the learning curves: nothing, unless a subclass says more.

    Models come as copies on the CPU, in float32, in evaluation mode.
    """

    def kinds(self, model: Any) -> Sequence[str]:
        """The kinds of report that a model gives something to show for, the most wanted first."""
        return ()

    def begin(
        self, model: Any, data: Any, options: MonitorOptions
    ) -> dict[str, npt.NDArray[np.float32]]:
        """Choose what stays the same from report to report; → the recordings that it is made of.

        `data` is the material of the model's own family (see `data.material`).

        Returns:
            name → [T] float32, stored once as samples/originals.
        """
        return {}

    def report(self, kind: str, model: Any, moment: Moment) -> Report:
        """A report of one of `kinds`."""
        raise NotImplementedError
