"""NAME.html: one file that plays an instrument in a browser, opened from a disk by a double click.

It holds the small engine as WebAssembly, the instrument, and the page, which is in `web/` beside
this file; nothing is fetched. Its controls are those of the patches.
"""

import base64
import gzip
import html
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from vschaos2.errors import InputError
from vschaos2.export.page_model import page_model
from vschaos2.export.playable import Playable
from vschaos2.patches.controls import Controls, Label, slider_range
from vschaos2.patches.settings import Setting

WEB = Path(__file__).parent / "web"
WORKLET = ("engine.js", "motion.js", "worklet.js")
SCRIPTS = (
    *("parts.js", "unpack.js", "sound.js", "sources.js", "pad.js", "axes.js", "moves.js"),
    *("keys.js", "record.js", "settings.js", "level.js", "main.js"),
)
PLAYED = ("forward", "decode")


def check_page(playable: Playable) -> None:
    """Refuse what the page's engine cannot play.

    Raises:
        InputError: saying what it knows nothing of.
    """
    program = playable.for_engine()
    if isinstance(program, str):
        raise InputError(
            f"--web: a page is played by the small engine, which knows nothing of {program}: leave "
            "--web out, and play the .ts"
        )
    check_played(playable.methods)


def check_played(methods: Collection[str]) -> None:
    """Refuse what has no method that a page plays.

    Raises:
        InputError: saying what a page plays.
    """
    if not any(method in PLAYED for method in methods):
        raise InputError(
            f"--web: a page plays {' and '.join(PLAYED)}, and this has "
            f"{', '.join(methods)} alone: leave --web out, and play the .ts"
        )


def page(name: str, card: Mapping[str, Any], content: bytes) -> str:
    """The page of an instrument that the small engine plays.

    Args:
        name: of the instrument.
        card: of `measure_card`.
        content: of NAME.ts.
    """
    about = json.dumps(_about(name, card), allow_nan=False, ensure_ascii=False)
    parts = {
        "title": html.escape(name),
        "style": _text("page.css"),
        "about": about.replace("<", "\\u003c"),  # nothing in it ends the element that it is in
        "worklet": base64.b64encode("".join(map(_text, WORKLET)).encode()).decode(),
        "wasm": _packed((WEB / "engine.wasm").read_bytes()),
        "model": _packed(page_model(content)),
        "scripts": "".join(map(_text, SCRIPTS)),
    }
    pieces = _text("page.html").split("{{")
    made = [pieces[0]]
    for piece in pieces[1:]:
        place, _, rest = piece.partition("}}")
        made += [parts[place], rest]
    return "".join(made)


def _text(file: str) -> str:
    return (WEB / file).read_text(encoding="utf-8")


def _packed(data: bytes) -> str:
    """Bytes as letters, made small; the same from the same ones."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def _about(name: str, card: Mapping[str, Any]) -> dict[str, Any]:
    """What the page shows and tells the engine, in plain values."""
    controls = Controls.of(name, card)
    axes = [
        {"rising": words, "lowest": lowest, "highest": highest}
        for words, (lowest, highest) in zip(controls.rising, controls.ranges, strict=True)
    ]
    return {
        "name": name,
        "rate": controls.sample_rate_hz,
        "methods": {
            method: {"sounds": _sounds(controls, method)}
            for method in (*PLAYED, "prior")
            if method in controls.methods
        },
        "delays": {method: _waits_ms(card, method) for method in PLAYED},
        "axes": axes,
        "places": controls.places,
        "stops": controls.stops,
        "ways": controls.ways,
        "labels": [_label(label) for label in controls.labels],
        "notes": _notes(controls),
        "settings": [_setting(setting) for setting in controls.settings],
    }


def _sounds(controls: Controls, method: str) -> tuple[int, int]:
    """Channels of sound that a method hears and makes."""
    return controls.sounds if method == "forward" else (0, 1)


def _waits_ms(card: Mapping[str, Any], method: str) -> int:
    """How late a method is in a page, which hears a block before it plays it."""
    if method not in card.get("delay_ms", {}):
        return 0
    block = card["block_samples"] if card["block_samples"] > 128 else 0
    return round(card["delay_ms"][method] + 1000.0 * block / card["sample_rate_hz"])


def _label(label: Label) -> dict[str, Any]:
    guess = label.guess if label.is_guessed else ""
    return {"task": label.task, "names": label.names, "first": label.first, "guess": guess}


def _notes(controls: Controls) -> dict[str, Any] | None:
    """Which labels notes command, by index; none where they recall presets."""
    if controls.pitch_label is None:
        return None
    label, classes = controls.pitch_label
    found: dict[str, Any] = {"pitch": controls.labels.index(label), "classes": classes}
    if controls.octave_label is not None:
        label, lowest = controls.octave_label
        found |= {"octave": controls.labels.index(label), "lowestOctave": lowest}
        found["octaves"] = len(label.names)
    return found


def _setting(setting: Setting) -> dict[str, Any]:
    lowest, highest = setting.ends or slider_range(0.0, 0.0)
    return {
        "name": setting.name,
        "kind": setting.kind,
        "value": setting.value,
        "lowest": lowest,
        "highest": highest,
        "usual": setting.usual,
        "unit": setting.unit,
        "isExponential": setting.is_exponential,
        "isWhole": setting.is_whole,
        "choices": setting.choices,
        "group": setting.group,
        "note": setting.note,
    }
