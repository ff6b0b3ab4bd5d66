"""What plays a Max patch from outside: MIDI notes and controllers, OSC.

Each is off until its switch in front is turned on. They speak to what KEY.NAME receives.
"""

from collections.abc import Sequence

from vschaos2.patches.controls import Controls
from vschaos2.patches.max_canvas import BOX_HEIGHT, MaxCanvas, text_width
from vschaos2.patches.pd_outside import FIRST_CONTROLLER
from vschaos2.patches.pd_sound import FALL_MS, RISE_MS

SIGNAL, NONE = "signal", ""
FOLDED = "expr ($i1 + 3) % 12"  # from a note to its number among the twelve, from A on


def switches(
    canvas: MaxCanvas, controls: Controls, x: float, y: float, notes: MaxCanvas, osc: MaxCanvas
) -> int:
    """Two rows of switches, and the patchers behind them; returns the switch of the notes."""
    played = canvas.gui("toggle", x, y, 22, 22)
    canvas.comment(x + 26, y, f"MIDI notes play {controls.played_by_notes}")
    canvas.connect(played, canvas.sub(x + 204, y, "notes", notes, 1, []))
    canvas.comment(x + 310, y, "OSC port")
    port = canvas.gui("number", x + 380, y, 60, BOX_HEIGHT, minimum=0, maximum=65535)
    canvas.connect(port, canvas.sub(x + 450, y, "osc", osc, 1, []))
    y += 25
    toggle = canvas.gui("toggle", x, y, 22, 22)
    canvas.comment(x + 26, y, "controllers, the first")
    number = canvas.gui("number", x + 204, y, 50, BOX_HEIGHT, minimum=0, maximum=127)
    moved = canvas.sub(x + 310, y, "controllers", controllers(controls), 2, [])
    canvas.connect(toggle, moved)
    canvas.connect(number, moved, 0, 1)
    return played


def notes(controls: Controls) -> MaxCanvas:
    """Notes as labels and as the level of `decode`; without labels of pitch they recall places."""
    key = controls.key
    step = max(160, text_width(f"s {key}.gate") + 20)
    canvas = MaxCanvas(80 + 3 * step, 520)
    on = canvas.gui("inlet", 20, 20, 30, 30, comment="on or off")
    both = canvas.obj(20, 60, "t i i", 1, ["int", "int"])
    rests = canvas.obj(20 + step, 90, "== 0", 2, ["int"])
    midi = canvas.obj(90, 60, "notein", 1, ["int", "int", "int"])
    pair = canvas.obj(90, 90, "pack 0 0", 2, [NONE])
    gate = canvas.obj(20, 130, "gate", 2, [NONE])
    spread = canvas.obj(20, 160, "unpack 0 0", 1, ["int", "int"])
    begun = canvas.obj(20, 200, "stripnote", 2, ["int", "int"])
    order = canvas.obj(20, 230, "t i i", 1, ["int", "int"])
    last = canvas.obj(20 + step, 300, "== 0", 2, ["int"])
    ended = canvas.obj(20 + step, 200, "== 0", 2, ["int"])
    released = canvas.obj(20 + step, 240, "gate", 2, [NONE])
    is_last = canvas.obj(20 + step, 330, "sel 1", 1, ["bang", NONE])
    quiet = canvas.msg(20 + step, 360, "0.")
    level = canvas.obj(20 + 2 * step, 240, "/ 127.", 2, ["float"])
    canvas.chain(on, both, gate)
    canvas.connect(both, rests, 1)
    canvas.connect(midi, pair)
    canvas.connect(midi, pair, 1, 1)
    canvas.connect(pair, gate, 0, 1)
    canvas.chain(gate, spread, begun, order)
    canvas.connect(spread, begun, 1, 1)
    canvas.connect(spread, ended, 1)
    canvas.connect(ended, released)
    canvas.connect(spread, released, 0, 1)
    canvas.chain(released, last, is_last, quiet)
    canvas.connect(order, last, 1, 1)
    canvas.connect(begun, level, 1)
    told = canvas.obj(20 + 2 * step, 400, f"s {key}.gate", 1, [])
    for box in (rests, quiet, level):
        canvas.connect(box, told)
    if controls.pitch_label is None:
        place = canvas.obj(20, 400, f"% {len(controls.places)}", 2, ["int"])
        canvas.chain(order, place, canvas.obj(20, 430, f"s {key}.place", 1, []))
        return canvas
    label, classes = controls.pitch_label
    folded = canvas.obj(20, 270, FOLDED, 1, [NONE])
    entries = [[each + int(label.is_guessed)] for each in classes]
    canvas.chain(
        order, folded, canvas.coll(20, 340, entries),
        canvas.obj(20, 370, f"s {key}.{label.key}.choose", 1, []),
    )  # fmt: skip
    if controls.octave_label is not None:
        label, _ = controls.octave_label
        text = f"{octave_of_note(controls)} + {int(label.is_guessed)}"
        octave = canvas.obj(20, 440, text, 1, [NONE])
        sent = f"s {key}.{label.key}.choose"
        canvas.chain(order, octave, canvas.obj(20, 470, sent, 1, []))
        canvas.width = max(canvas.width, text_width(text), text_width(sent)) + 40
    return canvas


def octave_of_note(controls: Controls) -> str:
    """A box from a note to its class in the label of octave."""
    assert controls.octave_label is not None
    label, first = controls.octave_label
    return f"expr min(max(($i1 - 9) / 12 - {first}\\, 0)\\, {len(label.names) - 1})"


def controllers(controls: Controls) -> MaxCanvas:
    """Controllers from the first on as the axes, from end to end of their sliders."""
    key, count = controls.key, len(controls.ranges)
    step = max(text_width(f"s {key}.axis{count}"), text_width("scale 0 127 -00.00 00.00")) + 12
    canvas = MaxCanvas(40 + step * max(4, count), 340)
    on = canvas.gui("inlet", 20, 20, 30, 30, comment="on or off")
    first = canvas.gui("inlet", 20 + step, 20, 30, 30, comment="number of the first controller")
    begin = canvas.obj(20 + 2 * step, 20, f"loadmess {FIRST_CONTROLLER}", 1, [NONE])
    midi = canvas.obj(90, 60, "ctlin", 1, ["int", "int", "int"])
    pair = canvas.obj(90, 90, "pack 0 0", 2, [NONE])
    gate = canvas.obj(20, 120, "gate", 2, [NONE])
    spread = canvas.obj(20, 150, "unpack 0 0", 1, ["int", "int"])
    number = canvas.obj(20 + step, 150, f"- {FIRST_CONTROLLER}", 2, ["int"])
    canvas.connect(on, gate)
    for box in (first, begin):
        canvas.connect(box, number, 0, 1)
    canvas.connect(midi, pair)
    canvas.connect(midi, pair, 1, 1)
    canvas.connect(pair, gate, 0, 1)
    canvas.chain(gate, spread)
    canvas.connect(spread, number, 1)
    for axis, (low, high) in enumerate(controls.ranges):
        x = 20 + step * axis
        is_this = canvas.obj(x, 200, f"== {axis}", 2, ["int"])
        passed = canvas.obj(x, 230, "gate", 2, [NONE])
        scaled = canvas.obj(x, 260, f"scale 0 127 {low:g} {high:g}", 6, [NONE], step - 12)
        canvas.connect(number, is_this)
        canvas.chain(is_this, passed, scaled, canvas.obj(x, 290, f"s {key}.axis{axis + 1}", 1, []))
        canvas.connect(spread, passed, 0, 1)
    return canvas


def osc(controls: Controls, further: Sequence[str] = ("place",)) -> MaxCanvas:
    """OSC messages on a port, 0 for none: /NAME VALUE for what is named here.

    No other receiver can be reached.

    Args:
        controls: of the instrument.
        further: names that only some patches know.
    """
    key = controls.key
    names = {f"/axis{axis}": f"axis{axis}" for axis in range(1, 1 + len(controls.ranges))}
    names |= {f"/label-{label.key}": f"{label.key}.choose" for label in controls.labels}
    names |= {f"/{name}": name for name in further}
    step = 16 + max(text_width(f"s {key}.{name}") for name in names.values())
    canvas = MaxCanvas(40 + step * min(8, len(names)), 200 + 70 * -(-len(names) // 8))
    port = canvas.gui("inlet", 20, 20, 30, 30, comment="port")
    is_any = canvas.obj(20, 60, "sel 0", 1, ["bang", NONE])
    listen = canvas.msg(80, 90, "port $1")
    net = canvas.obj(20, 120, "udpreceive", 1, [NONE])
    canvas.chain(port, is_any)
    canvas.connect(is_any, listen, 1)
    canvas.connect(listen, net)
    above, outlet = net, 0
    for start in range(0, len(names), 8):
        some = list(names.items())[start : start + 8]
        y = 160 + 70 * (start // 8)
        text = "route " + " ".join(address for address, _ in some)
        routed = canvas.obj(20, y, text, 2, [NONE] * (len(some) + 1))
        canvas.width = max(canvas.width, 40 + text_width(text))
        canvas.connect(above, routed, outlet)
        for i, (_, name) in enumerate(some):
            canvas.connect(routed, canvas.obj(20 + step * i, y + 30, f"s {key}.{name}", 1, []), i)
        above, outlet = routed, len(some)
    return canvas


def gate(key: str) -> MaxCanvas:
    """A sound under the level of the last note, which KEY.gate tells."""
    canvas = MaxCanvas(max(420, 200 + text_width(f"r {key}.gate")), 320)
    sound = canvas.gui("inlet", 20, 20, 30, 30, comment="sound")
    told = canvas.obj(120, 20, f"r {key}.gate", 0, [NONE])
    order = canvas.obj(120, 60, "t f f", 1, ["float", "float"])
    lasts = canvas.obj(200, 100, f"expr ($f1 > 0.) * {RISE_MS - FALL_MS} + {FALL_MS}", 1, [NONE])
    pair = canvas.obj(120, 140, "pack 0. 20.", 2, [NONE])
    glide = canvas.obj(120, 180, "line~ 1.", 2, [SIGNAL, "bang"])
    gated = canvas.obj(20, 220, "*~ 1.", 2, [SIGNAL])
    canvas.chain(told, order, pair, glide)
    canvas.connect(order, lasts, 1)
    canvas.connect(lasts, pair, 0, 1)
    canvas.connect(glide, gated, 0, 1)
    canvas.chain(sound, gated, canvas.gui("outlet", 20, 260, 30, 30, comment="sound"))
    return canvas
