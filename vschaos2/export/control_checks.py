"""What the controls of a file must prove: each says what was set, and refuses what it must."""

from typing import Any

from vschaos2.controls import Control
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.export.playable import Playable
from vschaos2.export.trial import ExportError, opened


def check_controls(content: bytes, playable: Playable) -> None:
    """Raise ExportError unless every control says what was set, and refuses what it must."""
    loaded = opened(content)
    names = [control.name for control in playable.eager.controls]
    if list(loaded.get_attributes()) != names:
        raise ExportError(f"attributes: {loaded.get_attributes()} in the file, {names} are due")
    if "reset" not in names:
        raise ExportError("reset: no such control: register an event of this name")
    for control in playable.eager.controls:
        first = get_attribute(loaded, control.name)
        if control.kind not in ("reading", "text") and first != control.values:
            raise ExportError(f"{control.name}: is {first} at first where {control.values} is due")
        for value in _taken(control):
            code = set_attribute(loaded, control.name, value)
            found = get_attribute(loaded, control.name)
            if code != 0 or found != [False if control.kind == "event" else value]:
                raise ExportError(
                    f"{control.name}: after setting {value!r}, which was answered by {code}, it is "
                    f"{found}"
                )
        before = get_attribute(loaded, control.name)
        for values in _refused(control):
            code = set_attribute(loaded, control.name, *values)
            if code == 0 or get_attribute(loaded, control.name) != before:
                raise ExportError(f"{control.name}: takes {values}, which is out of its range")
        if control.kind != "reading":
            set_attribute(loaded, control.name, *first)


def _taken(control: Control) -> list[Any]:
    if control.kind == "number":
        assert control.lowest is not None and control.highest is not None
        return [control.lowest, control.highest, (control.lowest + control.highest) / 2]
    of_kind: dict[str, list[Any]] = {
        "choice": list(control.choices),
        "integer": list(control.choices),
        "switch": [True, False],
        "event": [True],
    }
    return of_kind.get(control.kind, [])


def _refused(control: Control) -> list[list[Any]]:
    if control.kind == "number":
        assert control.lowest is not None and control.highest is not None
        return [[control.lowest - 1.0], [control.highest + 1.0], [float("nan")]]
    of_kind: dict[str, list[list[Any]]] = {
        "choice": [["".join(map(str, control.choices)) + "?"]],
        "integer": [[wrong] for wrong in (0, -1, 8000) if wrong not in control.choices],
        "reading": [control.values],
    }
    return of_kind.get(control.kind, [])
