"""The fields of a file in JSON, taken one by one, so that what nobody asked for is seen."""

import math
from typing import Any, TypeVar

from vschaos2.errors import InputError

T = TypeVar("T")
MISSING: Any = object()


class Fields:
    """Key: value pairs somewhere in a file.

    Args:
        where: the file and the keys above, for messages, such as "amp.nam: config".
        found: what stands there.

    Raises:
        InputError: if that is no key: value pairs; from its methods, for what should not be there.
    """

    def __init__(self, where: str, found: Any) -> None:
        if not isinstance(found, dict):
            name = where.rstrip(": ")
            raise InputError(f"{name} must hold key: value pairs, got {found!r:.40}")
        self.where, self.left = where, dict(found)

    def at(self, name: str) -> str:
        """Where a field stands, for a message."""
        return self.where + name if self.where.endswith(": ") else f"{self.where}.{name}"

    def take(self, name: str, usual: Any = MISSING) -> Any:
        """The value of a field, or the usual one where there is none, or null."""
        value = self.left.pop(name, None)
        if value is None:
            if usual is MISSING:
                raise InputError(f"{self.at(name)} is missing: the file is cut short, or damaged")
            return usual
        return value

    def count(self, name: str, least: int, most: int, usual: Any = MISSING) -> int:
        """A whole number within a range, both ends included."""
        return self.counted(name, self.take(name, usual), least, most)

    def counted(self, name: str, value: Any, least: int, most: int) -> int:
        """A value that is such a number, or said to be none."""
        if type(value) is not int or not least <= value <= most:
            raise InputError(
                f"{self.at(name)} must be a whole number from {least} to {most}, got {value!r:.40}"
            )
        return value

    def number(self, name: str, least: float, most: float, usual: Any = MISSING) -> float:
        """A number within a range, both ends included."""
        value = self.take(name, usual)
        is_number = type(value) in (int, float)
        if not is_number or not math.isfinite(value) or not least <= value <= most:
            raise InputError(
                f"{self.at(name)} must be a number from {least:g} to {most:g}, got {value!r:.40}"
            )
        return float(value)

    def flag(self, name: str, usual: Any = MISSING) -> bool:
        """True or false."""
        value = self.take(name, usual)
        if type(value) is not bool:
            raise InputError(f"{self.at(name)} must be true or false, got {value!r:.40}")
        return value

    def text(self, name: str) -> str:
        """A text."""
        value = self.take(name)
        if not isinstance(value, str):
            raise InputError(f"{self.at(name)} must be a text, got {value!r:.40}")
        return value

    def list(self, name: str, count: int | None = None, usual: Any = MISSING) -> list[Any]:
        """A list; where it has so many elements, one value may stand for all of them."""
        value = self.take(name, usual)
        if not isinstance(value, list) and count is not None:
            return [value] * count
        if not isinstance(value, list) or count not in (None, len(value)):
            many = "" if count is None else f" of {count} values"
            raise InputError(f"{self.at(name)} must be a list{many}, got {value!r:.40}")
        return value

    def inner(self, name: str, usual: Any = MISSING) -> "Fields":
        """The fields of what stands under a name."""
        return Fields(self.at(name), self.take(name, usual))

    def refuse(self, name: str, *allowed: Any) -> None:
        """See that a field says nothing, or one of the values that mean nothing."""
        value = self.left.pop(name, None)
        if value is not None and not any(type(value) is type(of) and value == of for of in allowed):
            raise InputError(
                f"{self.at(name)} is {value!r:.40}, which is not read here: take a file without it"
            )

    def end(self) -> None:
        """See that nothing is left that would change the sound."""
        for name in self.left:
            raise InputError(
                f"{self.at(name[:40])} is no key that is read here: take a file without it"
            )
