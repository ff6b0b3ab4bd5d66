"""What a player can set: a knob, a choice, a switch, an event; and what can only be read."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

KINDS = ("number", "integer", "choice", "switch", "event", "reading", "text")
CURVES = ("linear", "exponential")


@dataclass(frozen=True)
class Control:
    """One value of an instrument, from which accessors, cards and patches are drawn.

        number   within lowest … highest           switch   on or off
        choice   one of `choices`, words           event    whatever is sent does the same
        integer  one of `choices`, whole numbers   reading  cannot be set
        text     what it means its family knows

    Args:
        name: what `set NAME` takes.
        kind: one of `KINDS`.
        value: at first; of an event False, of a reading an int or several, of a text a str.
        lowest: of a number.
        highest: of a number.
        unit: of a number, such as "dB"; empty where it has none.
        curve: how a number's knob should move: "linear", or "exponential" for equal ratios.
        choices: of a choice or an integer.
        shown: whether patches show it.
        usual: of a number, ends between which a slider is of use, if not between the limits.
        at_load: of an event, whether patches let it happen once they have said what they show.
        group: what it belongs to, such as a processor; patches show a group together.
        note: a few words on what it does, where its name does not tell.

    Raises:
        ValueError: if these do not fit each other.
    """

    name: str
    kind: str
    value: Any
    lowest: float | None = None
    highest: float | None = None
    unit: str = ""
    curve: str = "linear"
    choices: tuple[str, ...] | tuple[int, ...] = ()
    shown: bool = True
    usual: tuple[float, float] | None = None
    at_load: bool = False
    group: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what no host could show."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", self.name):
            raise ValueError(f"control {self.name!r}: a name is a letter, then letters, digits, _")
        if self.kind not in KINDS:
            raise ValueError(
                f"control {self.name}: kind must be one of {', '.join(KINDS)}, got {self.kind!r}"
            )
        if self.curve not in CURVES:
            raise ValueError(
                f"control {self.name}: curve must be one of {', '.join(CURVES)}, got {self.curve!r}"
            )
        if self.kind in ("choice", "integer") and self.value not in self.choices:
            raise ValueError(
                f"control {self.name}: its value must be one of its choices "
                f"({', '.join(map(str, self.choices))}), got {self.value!r}"
            )
        if self.kind == "number":
            self._check_range()

    def _check_range(self) -> None:
        lowest, highest = self.lowest, self.highest
        if lowest is None or highest is None or not -math.inf < lowest < highest < math.inf:
            raise ValueError(
                f"control {self.name}: a number needs finite lowest < highest, got {lowest}, "
                f"{highest}"
            )
        if not lowest <= self.value <= highest:
            raise ValueError(
                f"control {self.name}: must begin within {lowest} … {highest}, got {self.value!r}"
            )
        if self.usual and not lowest <= self.usual[0] < self.usual[1] <= highest:
            raise ValueError(
                f"control {self.name}: usual must be two rising numbers within {lowest} … "
                f"{highest}, got {self.usual}"
            )
        if self.curve == "exponential" and lowest <= 0.0:
            raise ValueError(
                f"control {self.name}: an exponential curve needs lowest above 0, got {lowest}"
            )

    @property
    def values(self) -> list[Any]:
        """Its value as hosts have it, in a list; several for some readings."""
        return list(self.value) if isinstance(self.value, tuple | list) else [self.value]

    def row(self, values: Sequence[Any]) -> dict[str, Any]:
        """What the card says of it: name, kind and value, and whatever else is not as usual.

        Args:
            values: that it has at first, as a host gets them.
        """
        row: dict[str, Any] = {"name": self.name, "kind": self.kind}
        row["value"] = values[0] if len(values) == 1 else list(values)
        if self.choices:
            row["choices"] = list(self.choices)
        if self.kind == "number":
            row |= {"lowest": self.lowest, "highest": self.highest}
        if self.unit:
            row["unit"] = self.unit
        if self.curve != "linear":
            row["curve"] = self.curve
        if not self.shown:
            row["shown"] = False
        if self.usual:
            row["usual"] = list(self.usual)
        if self.at_load:
            row["at_load"] = True
        if self.group:
            row["group"] = self.group
        if self.note:
            row["note"] = self.note
        return row
