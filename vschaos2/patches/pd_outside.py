"""What plays a Pd patch from outside: MIDI notes and controllers, OSC.

Each is off until its switch in front is turned on.
"""

from collections.abc import Sequence

from vschaos2.patches.controls import Controls
from vschaos2.patches.pd_canvas import PdCanvas, text_width, widest

FIRST_CONTROLLER, MOST_CONTROLLER = 20, 127  # of MIDI: those from 20 on mean nothing else


def switches(
    canvas: PdCanvas, controls: Controls, x: int, y: int, notes: PdCanvas, osc: PdCanvas,
    is_played: int = 0,
) -> None:  # fmt: skip
    """Two rows of switches, and the patches behind them."""
    key = controls.key
    canvas.toggle(x, y, f"{key}-notes", is_played)
    canvas.comment(x + 22, y - 1, f"MIDI notes play {controls.played_by_notes}")
    canvas.sub(x + 200, y - 2, notes)
    canvas.comment(x + 288, y - 1, "OSC port")
    canvas.number(x + 350, y, 5, 0, 65535, f"{key}-osc-port", "empty", 0)
    canvas.sub(x + 420, y - 2, osc)
    canvas.toggle(x, y + 24, f"{key}-controllers")
    canvas.comment(x + 22, y + 23, "controllers from")
    canvas.number(
        x + 140, y + 24, 3, 0, MOST_CONTROLLER, f"{key}-first-controller", "empty",
        FIRST_CONTROLLER,
    )  # fmt: skip
    canvas.sub(x + 200, y + 22, controllers(controls))


def notes(controls: Controls) -> PdCanvas:
    """Notes as labels and as the level of `decode`; without labels of pitch they recall presets.

    KEY-note takes lists of a note and its velocity, as MIDI does. The last note sounds.
    """
    key, step = controls.key, 40 + widest([f"s {controls.key}-preset"])
    canvas = PdCanvas("notes")
    midi = canvas.obj(20, 20, "notein")
    pair = canvas.obj(20, 50, "pack f f")
    gate = canvas.obj(20, 80, "spigot")
    switch = canvas.chain(20 + step, 20, f"r {key}-notes", "t f f", "== 0", f"s {key}-gate")
    told = canvas.obj(20, 110, f"r {key}-note")
    spread = canvas.obj(20, 140, "unpack f f")
    begun = canvas.obj(20, 180, "stripnote")
    last, ended = canvas.obj(20, 270, "f"), canvas.obj(20 + step, 180, "== 0")
    order = canvas.obj(20, 220, "t f f")
    released = canvas.obj(20 + step, 220, "spigot")
    is_last = canvas.chain(20 + step, 270, "==", "sel 1", "(0)", f"s {key}-gate")
    level = canvas.chain(20 + 2 * step, 270, "/ 127", f"s {key}-gate")
    canvas.connect(midi, pair)
    canvas.connect(midi, pair, 1, 1)
    canvas.connect(pair, gate)
    canvas.connect(switch[1], gate, 1, 1)
    canvas.connect(gate, spread)
    canvas.connect(told, spread)
    canvas.connect(spread, begun)
    canvas.connect(spread, begun, 1, 1)
    canvas.connect(spread, ended, 1)
    canvas.connect(ended, released, 0, 1)
    canvas.connect(spread, released)
    canvas.connect(released, is_last[0])
    canvas.connect(last, is_last[0], 0, 1)
    canvas.connect(begun, order)
    canvas.connect(begun, level[0], 1)
    canvas.connect(order, last, 1)
    low = 420
    if controls.pitch_label is None:
        target = canvas.chain(20, low, f"mod {len(controls.presets)}", f"s {key}-preset")
        canvas.connect(order, target[0])
        return canvas.fit()
    label, _ = controls.pitch_label
    right = 40 + max(step, text_width("expr ($f1 + 3) % 12"))
    keep_classes(canvas, right, low, controls)
    target = canvas.chain(20, low, *class_of_note(controls), f"s {key}-label-{label.key}")
    canvas.connect(order, target[0])
    if controls.octave_label is not None:
        label, _ = controls.octave_label
        octave = canvas.chain(20, low + 120, octave_of_note(controls), f"s {key}-label-{label.key}")
        canvas.connect(order, octave[0])
    return canvas.fit()


def keep_classes(canvas: PdCanvas, x: int, y: int, controls: Controls) -> None:
    """The class of each of the twelve notes from A on, which `class_of_note` looks up."""
    assert controls.pitch_label is not None
    canvas.kept_text(x, y, f"{controls.key}-classes", [[each] for each in controls.pitch_label[1]])


def class_of_note(controls: Controls) -> tuple[str, str]:
    """Boxes from a note to its class in the label of pitch."""
    return "expr (\\$f1 + 3) % 12", f"text get {controls.key}-classes"


def octave_of_note(controls: Controls) -> str:
    """A box from a note to its class in the label of octave."""
    assert controls.octave_label is not None
    label, first = controls.octave_label
    end = len(label.names) - 1
    return f"expr min(max(int((\\$f1 - 9) / 12) - {first} \\, 0) \\, {end})"


def controllers(controls: Controls) -> PdCanvas:
    """Controllers from KEY-first-controller on as the axes, from end to end of their sliders.

    KEY-controller takes lists of a value and a controller's number, as MIDI does.
    """
    key, count = controls.key, len(controls.ranges)
    canvas, step = PdCanvas("controllers"), 40 + widest([f"r {controls.key}-first-controller"])
    midi = canvas.obj(20, 20, "ctlin")
    pair = canvas.obj(20, 50, "pack f f")
    gate = canvas.obj(20, 80, "spigot")
    told = canvas.obj(20, 110, f"r {key}-controller")
    spread = canvas.obj(20, 140, "unpack f f")
    number = canvas.obj(20 + step, 140, "-")
    first = canvas.obj(20 + step, 110, f"r {key}-first-controller")
    canvas.connect(canvas.obj(20 + step, 50, f"r {key}-controllers"), gate, 0, 1)
    canvas.connect(midi, pair)
    canvas.connect(midi, pair, 1, 1)
    canvas.connect(pair, gate)
    canvas.connect(gate, spread)
    canvas.connect(told, spread)
    canvas.connect(first, number, 0, 1)
    canvas.connect(spread, number, 1)
    width = 30 + widest([f"s {key}-axis{count}", "expr -00.00 + \\$f1 * 0.00000"])
    for axis, (low, high) in enumerate(controls.ranges):
        column, line = axis % 6, axis // 6
        x, y = 20 + width * column, 190 + 150 * line
        is_this = canvas.obj(x + 70, y, f"== {axis}")
        passed = canvas.chain(
            x, y + 30, "spigot", f"expr {low:g} + \\$f1 * {(high - low) / 127:.5f}",
            f"s {key}-axis{axis + 1}",
        )  # fmt: skip
        canvas.connect(number, is_this)
        canvas.connect(is_this, passed[0], 0, 1)
        canvas.connect(spread, passed[0])
    return canvas.fit()


def osc(controls: Controls, further: Sequence[str] = ()) -> PdCanvas:
    """OSC messages on the port of KEY-osc-port, 0 for none: /NAME VALUE for what is named here.

    No other receiver can be reached: of these, none opens a file.

    Args:
        controls: of the instrument.
        further: names that only some patches know.
    """
    key = controls.key
    names = [f"axis{axis}{to}" for axis in range(1, 1 + len(controls.ranges)) for to in ("", "-to")]
    names += [f"label-{label.key}" for label in controls.labels]
    names += ["preset", "store", "glide", "walk", "walk-seconds", "note", "decode-on"]
    names += ["decode-level", *(["forward-on", "forward-level"] * ("forward" in controls.methods))]
    names += further
    canvas = PdCanvas("osc")
    step = 24 + widest(f"s {key}-{name}" for name in names)
    port = canvas.chain(20, 20, f"r {key}-osc-port", "sel 0")
    leave, listen = canvas.msg(20, 80, "listen 0"), canvas.msg(110, 80, "listen \\$1")
    canvas.connect(port[1], leave)
    canvas.connect(port[1], listen, 1)
    net = canvas.chain(20, 120, "netreceive -u -b", "oscparse", "list trim")
    canvas.connect(leave, net[0])
    canvas.connect(listen, net[0])
    above, outlet = net[2], 0
    for start in range(0, len(names), 8):
        some = names[start : start + 8]
        y = 220 + 60 * (start // 8)
        routed = canvas.obj(20, y, f"route {' '.join(some)}")
        canvas.connect(above, routed, outlet)
        for i, name in enumerate(some):
            canvas.connect(routed, canvas.obj(20 + step * i, y + 30, f"s {key}-{name}"), i)
        above, outlet = routed, len(some)
    return canvas.fit()
