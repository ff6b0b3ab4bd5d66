"""The knobs of an effect, as its configuration has them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vschaos2.config import call
from vschaos2.errors import InputError

OWN = ("mix", "input_db", "output_db", "bypass", "reset", "release", "delay", "sample_rate")


@dataclass(frozen=True)
class Knob:
    """One knob.

    Args:
        name: what `set NAME` takes.
        lowest: the least value that it was recorded at, in its own unit.
        highest: the greatest.
        value: at first.
        unit: such as "dB"; empty where it has none.

    Raises:
        InputError: for what no knob can be.
    """

    name: str
    lowest: float
    highest: float
    value: float
    unit: str = ""

    def __post_init__(self) -> None:
        """Refuse what no host could show."""
        where = f"model.knobs.{self.name}"
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,31}", self.name) or self.name in OWN:
            raise InputError(
                f"{where}: a knob is called by a letter, then letters, digits and _, and not "
                f"{', '.join(OWN)}: rename it"
            )
        numbers = (self.lowest, self.value, self.highest)
        if not all(math.isfinite(number) for number in numbers) or not (
            self.lowest <= self.value <= self.highest and self.lowest < self.highest
        ):
            raise InputError(
                f"{where} needs lowest ≤ value ≤ highest, and two different ends, got "
                f"{self.lowest:g}, {self.value:g}, {self.highest:g}"
            )


def knobs_of(found: Any) -> tuple[Knob, ...]:
    """The knobs that `model.knobs` describes: name: {lowest: …, highest: …, value: …, unit: …}.

    Raises:
        InputError: for what it cannot be.
    """
    if found is None:
        return ()
    if not isinstance(found, Mapping):
        raise InputError(f"model.knobs must be auto, null or name: {{…}}, got {found!r}")
    return tuple(
        call(Knob, f"model.knobs.{name}", options, name=str(name))
        for name, options in found.items()
    )
