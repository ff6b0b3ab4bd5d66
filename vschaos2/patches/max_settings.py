"""A block of a Max patch for every attribute of a model: its control, and the message it sends."""

import math
from typing import Any

from vschaos2.patches.flow import Block
from vschaos2.patches.max_canvas import BOX_HEIGHT, MaxCanvas, menu_items, text_width
from vschaos2.patches.settings import Setting

ROW = 28  # pixels from one box to the next below
CONTROL, BUTTON = 100, 24  # pixels of a menu; of a toggle or a bang
DIAL_WIDTH, DIAL_HEIGHT = 44, 48  # pixels, its value below it included
FLOAT, CUSTOM = 1, 9  # how a dial shows its value: as a number; by a format of ours
UNIT_STYLES = {"ms": 2, "Hz": 3, "dB": 4, "%": 5}
NONE = ""
AFTER_DIALS_MS = 500  # by when dials have said their first values


def setting_block(setting: Setting, key: str) -> Block[MaxCanvas]:
    """A control for an attribute, and its message to all models: below it, or beside a dial."""
    is_dial = setting.kind == "number" and setting.usual is not None
    beside, title = (DIAL_WIDTH + 6, "set") if is_dial else (0, setting.name)

    def draw(canvas: MaxCanvas, x: int, y: int) -> None:
        canvas.comment(x, y, setting.name)
        said = message(setting, key)
        back = [NONE] if _first(setting) else []
        told = canvas.sub(x + beside, y + 2 * ROW, title, said, 1, back)
        control = _control(canvas, x, y + ROW, setting, key)
        canvas.connect(control, told, int(setting.kind == "choice"))
        if back:
            canvas.connect(told, control, is_hidden=True)
        if setting.note:
            canvas.comment(x, y + 3 * ROW, setting.note)

    width = CONTROL + 10 if setting.kind == "switch" else CONTROL
    width = max(width, math.ceil(text_width(f"p {setting.name}")))
    if setting.note:
        width = max(width, math.ceil(text_width(setting.note)))
    return Block(width, (3 if setting.note else 2) * ROW + BOX_HEIGHT, draw)


def _first(setting: Setting) -> int:
    """Where a menu begins: it shows its choice 0, and says nothing, unless it is told another."""
    return setting.choices.index(setting.value) if setting.kind == "choice" else 0


def _control(canvas: MaxCanvas, x: int, y: int, setting: Setting, key: str) -> int:
    """The box that is touched; its first outlet says the value, of a menu its second."""
    if setting.kind == "event":
        return canvas.gui("button", x, y, BUTTON, BUTTON)
    if setting.kind == "switch":
        toggle = canvas.gui("toggle", x, y, BUTTON, BUTTON)
        begin = canvas.obj(x + BUTTON + 6, y, f"loadmess {int(setting.value)}", 1, [NONE])
        canvas.connect(begin, toggle)
        return toggle
    if setting.kind == "choice":
        items = menu_items(list(setting.choices))
        return canvas.gui("umenu", x, y, CONTROL, BOX_HEIGHT, items=items)
    if setting.kind == "text":
        return canvas.gui("textedit", x, y, CONTROL, BOX_HEIGHT, text=setting.value, keymode=1)
    if setting.usual is None:
        return canvas.gui("flonum", x, y, 80, BOX_HEIGHT)
    return canvas.gui("live.dial", x, y, DIAL_WIDTH, DIAL_HEIGHT, **_dial(setting, key))


def _dial(setting: Setting, key: str) -> dict[str, Any]:
    """What makes a dial show a number in its range and unit."""
    assert setting.usual is not None
    (low, high), name = setting.usual, f"{key} {setting.name}"
    told = {
        "parameter_longname": name,
        "parameter_shortname": setting.name,
        "parameter_type": 0,
        "parameter_mmin": low,
        "parameter_mmax": high,
        "parameter_exponent": exponent(low, high) if setting.is_exponential else 1.0,
        "parameter_unitstyle": UNIT_STYLES.get(setting.unit, CUSTOM if setting.unit else FLOAT),
        "parameter_initial_enable": 1,
        "parameter_initial": [setting.value],
    }
    if told["parameter_unitstyle"] == CUSTOM:
        told["parameter_units"] = f"%.2f {setting.unit.replace('%', '%%')}"
    return {
        "parameter_enable": 1,
        "varname": name,
        "showname": 0,
        "saved_attribute_attributes": {"valueof": told},
    }


def exponent(low: float, high: float) -> float:
    """The exponent at which half a dial's way is half of a range in ratios.

    At a part p of its way a dial stands at low + (high - low) p^e. In ratios, half a range is its
    geometric mean √(low high). With r = high / low that makes

        (1/2)^e = (√r - 1) / (r - 1) = 1 / (√r + 1),    e = log2(√r + 1)

    Args:
        low: end of the range, above 0.
        high: its other end.
    """
    return math.log2(math.sqrt(high / low) + 1.0)


def message(setting: Setting, key: str) -> MaxCanvas:
    """A value as the message that sets an attribute of all models."""
    canvas = MaxCanvas(max(320, 40 + text_width(f"s {key}.models")), 180)
    inlet = canvas.gui("inlet", 20, 20, 30, 30, comment=f"value of {setting.name}")
    if setting.kind == "switch":
        _switch(canvas, inlet, setting, key)
        return canvas
    if setting.kind == "text":  # comes as text WORDS
        words = canvas.obj(70, 24, "route text", 2, [NONE, NONE])
        canvas.connect(inlet, words)
        inlet = words
    if setting.kind == "event":
        said = canvas.msg(20, 70, f"set {setting.name} 1")
        if setting.at_load:
            begin = canvas.obj(120, 20, "loadmess bang", 1, [NONE])
            canvas.chain(begin, canvas.obj(120, 45, f"delay {AFTER_DIALS_MS}", 2, ["bang"]), said)
    else:
        said = canvas.obj(20, 70, f"prepend set {setting.name}", 1, [NONE])
    canvas.chain(inlet, said, canvas.obj(20, 110, f"s {key}.models", 1, []))
    right = 40 + text_width(f"prepend set {setting.name}")
    if _first(setting):
        begin = canvas.obj(right, 20, f"loadmess {_first(setting)}", 1, [NONE])
        told = canvas.gui("outlet", right, 60, 30, 30, comment="where the menu begins")
        canvas.connect(begin, told)
        right += 120
    canvas.width = max(canvas.width, right)
    return canvas


def _switch(canvas: MaxCanvas, inlet: int, setting: Setting, key: str) -> None:
    """0 and 1 as words: for nn~, only the word false is false."""
    which = canvas.obj(70, 24, "sel 0 1", 1, [NONE] * 3)
    canvas.connect(inlet, which)
    sent = canvas.obj(20, 110, f"s {key}.models", 1, [])
    x = 20.0
    for outlet, word in enumerate(("false", "true")):
        said = canvas.msg(x, 70, f"set {setting.name} {word}")
        canvas.connect(which, said, outlet)
        canvas.connect(said, sent)
        x += text_width(f"set {setting.name} {word}") + 14
    canvas.width = max(canvas.width, x + 20)
