"""What a plug-in of one model shows to its host: its name, parameters, and places of its axes.

The twin of plugins/core/parameters.h, which reads it.
"""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from vschaos2.patches.controls import HEARD, Controls, Label, words_of
from vschaos2.patches.settings import Setting

Kind = Literal["instrument", "insert"]  # played by notes; what sound goes through
BY_NOTES, WITHOUT = "by the notes", "none"  # of a label of an instrument that nothing is told of
MOST_CHOICES = 255  # of a parameter of the plug-in framework
MOST_OF_A_LABEL = 127.0  # of one that is a number
OF_DECODE = ("prior_temperature", "prior_seed")  # settings that no sound through a model hears


def plugin_about(kind: Kind, name: str, card: Mapping[str, Any]) -> dict[str, Any]:
    """All that it shows, in plain values.

    Args:
        kind: which plug-in.
        name: of the plug-in.
        card: of `measure_card`.
    """
    controls = Controls.of(name, card)
    rows = [*_own(kind, controls), *_labels(kind, controls), *_settings(kind, controls)]
    wholes = [_plain(row.get("control", row["name"]).replace("_", " ")) for row in rows]
    symbols = words_of(wholes, "number")
    for row, symbol in zip(rows, symbols, strict=True):
        row["symbol"] = symbol if not symbol[0].isdigit() else f"_{symbol}"
    return {
        "name": _plain(name),
        "parameters": rows,
        "places": [list(place) for place in controls.places] if kind == "instrument" else [],
    }


def _own(kind: Kind, controls: Controls) -> Iterator[dict[str, Any]]:
    """What the plug-in itself does, and the axes."""
    if kind == "insert":
        # Pedals have a mix of their own.
        if all(setting.name != "mix" for setting in controls.settings):
            yield _row("mix", "mix", ends=(0.0, 1.0), value=1.0)
        return
    yield _row("voices", "voices", "integer", ends=(1.0, 16.0), value=4.0)
    yield _row("attack", "attack", ends=(1.0, 2000.0), value=10.0, unit="ms", is_exponential=True)
    yield _row(
        "release", "release", ends=(5.0, 5000.0), value=250.0, unit="ms", is_exponential=True
    )
    yield _row("drone", "drone", "switch")
    if controls.plays_itself:
        yield _row("by itself", "by_itself", "switch")
    for axis, (words, ends) in enumerate(zip(controls.rising, controls.ranges, strict=True)):
        first = controls.places[0][axis]
        ends = (min(ends[0], first), max(ends[1], first))
        yield _row(f"axis {axis + 1} {words}".strip(), "axis", ends=ends, value=first, index=axis)


def _labels(kind: Kind, controls: Controls) -> Iterator[dict[str, Any]]:
    noted = [of[0] for of in (controls.pitch_label, controls.octave_label) if of is not None]
    for index, label in enumerate(controls.labels):
        guess = label.guess
        # What notes play hears nothing. Only where there is a label of pitch do notes command.
        if kind == "instrument" and controls.pitch_label is not None and label in noted:
            guess = BY_NOTES
        elif kind == "instrument" and guess == HEARD:
            guess = WITHOUT
        yield _label(label, index, guess)


def _label(label: Label, index: int, guess: str) -> dict[str, Any]:
    lowest = -1.0 if label.is_guessed else 0.0
    value = float(label.first)
    if not label.names:
        ends = (lowest, max(MOST_OF_A_LABEL, value))
        return _row(label.task, "label", ends=ends, value=value, index=index)
    choices = [guess] * label.is_guessed + list(label.names)
    if len(choices) == 1:
        choices.append(choices[0])  # a parameter has two values at least
    ends = (lowest, lowest + len(choices) - 1.0)
    if len(choices) > MOST_CHOICES:
        return _row(label.task, "label", "integer", ends=ends, value=value, index=index)
    return _row(label.task, "label", "choice", ends, value, index=index, choices=choices)


def _settings(kind: Kind, controls: Controls) -> Iterator[dict[str, Any]]:
    bare = Counter(setting.bare_name for setting in controls.settings)
    for setting in controls.settings:
        if kind == "insert" and setting.name in OF_DECODE:
            continue
        is_alone = bare[setting.bare_name] == 1
        row = _setting(setting, setting.bare_name if is_alone else setting.name)
        if row is not None:
            yield row


def _setting(setting: Setting, name: str) -> dict[str, Any] | None:
    """A control of the model as a parameter; None of what is no value: events and texts.

    Args:
        setting: what it sets.
        name: that a host shows beside its unit.
    """
    if setting.kind == "switch":
        return _control(setting, name, "switch", value=float(setting.value))
    if setting.kind == "choice" and 2 <= len(setting.choices) <= MOST_CHOICES:
        place = float(setting.choices.index(setting.value))
        ends = (0.0, len(setting.choices) - 1.0)
        return _control(setting, name, "choice", ends, place, choices=setting.choices)
    if setting.kind != "number" or setting.usual is None:
        return None
    value = float(setting.value)
    ends = (min(setting.usual[0], value), max(setting.usual[1], value))
    is_exponential = setting.is_exponential and ends[0] > 0.0
    return _control(
        setting,
        name,
        "integer" if setting.is_whole else "number",
        ends=ends,
        value=value,
        unit=setting.unit,
        is_exponential=is_exponential,
    )


def _control(setting: Setting, name: str, *kind_and_values: Any, **others: Any) -> dict[str, Any]:
    return {**_row(name, "control", *kind_and_values, **others), "control": setting.name}


def _row(
    name: str,
    target: str,
    kind: str = "number",
    ends: tuple[float, float] = (0.0, 1.0),
    value: float = 0.0,
    *,
    unit: str = "",
    index: int = 0,
    is_exponential: bool = False,
    choices: list[str] | tuple[str, ...] = (),
) -> dict[str, Any]:
    if not (math.isfinite(ends[0]) and ends[0] < ends[1]):
        ends = (value, value + 1.0)
    return {
        "name": _plain(name.replace("_", " ")),
        "target": target,
        "kind": kind,
        "lowest": float(ends[0]),
        "highest": float(ends[1]),
        "value": value,
        "unit": _plain(unit),
        "index": index,
        "is_exponential": is_exponential,
        "choices": [_plain(choice) for choice in choices],
    }


def _plain(text: str) -> str:
    """A text that means nothing else in Turtle, the format of an LV2 bundle's description."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return kept.replace("\\", "/").replace('"', "'")
