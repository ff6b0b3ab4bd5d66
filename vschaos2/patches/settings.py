"""Attributes of a model that messages set, as a card tells them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Setting:
    """An attribute of the model that a message sets.

    Attributes:
        name: of the attribute.
        kind: "number", "choice", "switch", "event" or "text".
        value: at first.
        ends: of a number, where it has limits.
        usual: ends within which a slider is of use; those of the number, if not told.
        unit: of a number.
        is_exponential: whether equal ways of a slider are equal ratios.
        choices: of a choice.
        at_load: of an event, whether it happens once all others have said their values.
        group: what it belongs to; a group has a panel of its own.
        note: a few words on what it does.
    """

    name: str
    kind: str
    value: Any = 0
    ends: tuple[float, float] | None = None
    usual: tuple[float, float] | None = None
    unit: str = ""
    is_exponential: bool = False
    choices: tuple[str, ...] = ()
    at_load: bool = False
    group: str = ""
    note: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers differ: of what chance begins with."""
        return self.kind == "number" and self.name.endswith("seed")

    @property
    def bare_name(self) -> str:
        """The name without a unit at its end, where that stands by the value."""
        ending = f"_{self.unit.lower()}"
        has_unit = bool(self.unit) and self.name.lower().endswith(ending)
        return self.name[: -len(ending)] if has_unit and len(self.name) > len(ending) else self.name

    @staticmethod
    def of(told: Mapping[str, Any]) -> "Setting":
        """What a card tells of an attribute."""
        ends = (told["lowest"], told["highest"]) if "lowest" in told else None
        return Setting(
            told["name"],
            told["kind"],
            told.get("value", 0),
            ends,
            tuple(told["usual"]) if "usual" in told else ends,
            told.get("unit", ""),
            told.get("curve") == "exponential",
            tuple(told.get("choices", ())),
            told.get("at_load", False),
            told.get("group", ""),
            told.get("note", ""),
        )


def by_group(settings: Iterable[Setting]) -> dict[str, list[Setting]]:
    """Settings of each group, in their order; those of none under an empty name, first."""
    groups: dict[str, list[Setting]] = {"": []}
    for setting in settings:
        groups.setdefault(setting.group, []).append(setting)
    return groups


def settings_of(attributes: Iterable[Mapping[str, Any]]) -> tuple[Setting, ...]:
    """What a patch shows: all that can be set, but what a card keeps for itself by `shown`."""
    return tuple(
        Setting.of(told)
        for told in attributes
        if told["kind"] != "reading" and told.get("shown", True)
    )
