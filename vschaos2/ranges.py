"""Ranges of numbers, checked where a value is taken, so that none is first met in the middle."""

from typing import Any

from vschaos2.errors import InputError

AUTO = "auto"  # for what the recordings say


def check_number(where: str, value: Any, least: float, most: float) -> None:
    """See that a value is a number within a range, both ends included.

    Args:
        where: the key, for the message.
        value: what was given; true and false are no numbers here, and NaN lies in no range.
        least: the smallest that is allowed.
        most: the largest.

    Raises:
        InputError: if it is not.
    """
    if not _is_number(value, int | float) or not least <= value <= most:
        raise InputError(f"{where} must be a number from {least:g} to {most:g}, got {value!r}")


def check_count(where: str, value: Any, least: int, most: int) -> None:
    """See that a value is a whole number within a range, both ends included.

    Raises:
        InputError: if it is not.
    """
    if not _is_number(value, int) or not least <= value <= most:
        raise InputError(f"{where} must be a whole number from {least} to {most}, got {value!r}")


def is_auto(where: str, value: Any) -> bool:
    """Whether "auto" stands where a number may stand, too.

    Raises:
        InputError: for any other text, such as Auto.
    """
    if isinstance(value, str) and value != AUTO:
        raise InputError(f"{where} must be {AUTO} or a whole number, got {value!r}")
    return value == AUTO


def _is_number(value: Any, kind: Any) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool)


def check_range(name: str, ends: Any, least: float, most: float) -> None:
    """Refuse what is no range.

    Raises:
        InputError: unless `ends` is a list of two numbers between two others, in order.
    """
    if not isinstance(ends, list) or len(ends) != 2:
        raise InputError(f"{name} must be [lowest, highest], got {ends!r}")
    for end in ends:
        check_number(name, end, least, most)
    if ends[0] > ends[1]:
        raise InputError(f"{name}: the first must not be above the second")
