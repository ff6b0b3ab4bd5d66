"""One voice of a Max patch of several: from a note to the signals that its model is played by."""

from vschaos2.patches import max_outside as outside
from vschaos2.patches.controls import Controls, Label
from vschaos2.patches.max_canvas import MaxCanvas, text_width
from vschaos2.patches.voices import is_of_note

SIGNAL, NONE = "signal", ""


def voice(controls: Controls, places: list[float]) -> MaxCanvas:
    """A note and its velocity as axes, labels and a level, in signals.

    Inlets: note and velocity, then the common axes.
    """
    key, by_place = controls.key, controls.pitch_label is None
    step = int(max(100, text_width(f"r {key}.spread"))) + 14
    canvas = MaxCanvas(40 + step * (3 + len(places) + len(controls.labels)), 470)
    list_in = canvas.gui("inlet", 20, 20, 30, 30, comment="note and velocity")
    spread = canvas.obj(20, 60, "unpack 0 0", 1, ["int", "int"])
    note = canvas.obj(20, 90, "stripnote", 2, ["int", "int"])
    canvas.chain(list_in, spread, note)
    canvas.connect(spread, note, 1, 1)
    apart = canvas.obj(20, 130, f"r {key}.spread", 0, [NONE])
    if by_place:
        place = canvas.obj(20, 170, f"% {len(controls.places)}", 2, ["int"])
        point = canvas.coll(20, 200, controls.places)
        text = "unpack" + " 0." * len(places)
        values = canvas.obj(20, 230, text, 1, ["float"] * len(places), min(text_width(text), 90))
        canvas.chain(note, place, point, values)
    x = 20 + step
    for axis, offset in enumerate(places):
        now = canvas.gui("inlet", x, 20, 30, 30, comment=f"axis {axis + 1}")
        signal = canvas.obj(x, 60, "sig~", 1, [SIGNAL], 34)
        factor = canvas.obj(x, 130, f"* {offset:g}", 2, ["float"], 90)
        last = canvas.obj(x, 270, "+~ 0.", 2, [SIGNAL], 44)
        canvas.chain(now, signal, last)
        canvas.chain(apart, factor)
        canvas.connect(factor, last, 0, 1)
        if by_place:
            there = canvas.obj(x, 300, "+~ 0.", 2, [SIGNAL], 44)
            canvas.connect(values, there, axis, 1)
            canvas.connect(last, there)
            last = there
        canvas.connect(last, canvas.gui("outlet", x, 420, 30, 30, comment=f"axis {axis + 1}"))
        x += step
    for label in controls.labels:
        inside = _label(controls, label)
        is_told = is_of_note(controls, label.task)
        box = canvas.sub(x, 270, label.key, inside, 1, [SIGNAL], step - 14)
        if is_told:
            canvas.connect(note, box)
        canvas.connect(box, canvas.gui("outlet", x, 420, 30, 30, comment=label.task))
        x += step
    level = canvas.sub(x, 270, "level", _level(key), 1, [SIGNAL])
    canvas.connect(spread, level, 1)
    canvas.connect(level, canvas.gui("outlet", x, 420, 30, 30, comment="level"))
    return canvas


def _label(controls: Controls, label: Label) -> MaxCanvas:
    """A label as the note says it, or as all voices have it."""
    pitch = controls.pitch_label
    name = f"r {controls.key}.{label.key}.played"
    octave = outside.octave_of_note(controls) if controls.octave_label is not None else ""
    canvas = MaxCanvas(120 + max(text_width(name), text_width(octave)), 280)
    note = canvas.gui("inlet", 20, 20, 30, 30, comment="note")
    signal = canvas.obj(20, 170, "sig~", 1, [SIGNAL], 34)
    if not is_of_note(controls, label.task):
        canvas.connect(canvas.obj(20, 60, name, 0, [NONE]), signal)
    elif pitch is not None and label == pitch[0]:
        folded = canvas.obj(20, 60, outside.FOLDED, 1, [NONE])
        classes = canvas.coll(20, 100, [[each] for each in pitch[1]])
        canvas.chain(note, folded, classes, signal)
    else:
        canvas.chain(note, canvas.obj(20, 60, octave, 1, [NONE]), signal)
    canvas.connect(signal, canvas.gui("outlet", 20, 220, 30, 30, comment=label.task))
    return canvas


def _level(key: str) -> MaxCanvas:
    """A velocity as a level, its square, reached in KEY.attack or left in KEY.release.

    It comes KEY.lag later, as the sound does: a note begins with its own pitch.
    """
    chosen = r"expr ($f1 > 0.) * max($f2\, 1.) + ($f1 <= 0.) * max($f3\, 1.)"
    step = int(text_width(f"r {key}.release")) + 14
    canvas = MaxCanvas(max(60 + text_width(chosen), 200 + 3 * step), 340)
    velocity = canvas.gui("inlet", 20, 20, 30, 30, comment="velocity")
    square = canvas.obj(20, 60, "expr ($f1 / 127.) * ($f1 / 127.)", 1, [NONE])
    order = canvas.obj(20, 90, "t f f", 1, ["float", "float"])
    lasts = canvas.obj(40, 130, chosen, 3, [NONE])
    later = canvas.obj(20, 170, "pipe 0. 0. 100.", 3, ["float", "float"])
    pair = canvas.obj(20, 210, "pack 0. 0.", 2, [NONE])
    glide = canvas.obj(20, 250, "line~ 0.", 2, [SIGNAL, "bang"])
    canvas.chain(velocity, square, order, later, pair, glide)
    canvas.connect(order, lasts, 1)
    canvas.connect(lasts, later, 0, 1)
    canvas.connect(later, pair, 1, 1)
    for column, (name, box, inlet) in enumerate(
        (("attack", lasts, 1), ("release", lasts, 2), ("lag", later, 2))
    ):
        come = canvas.obj(200 + step * column, 20, f"r {key}.{name}", 0, [NONE])
        canvas.connect(come, box, 0, inlet)
    canvas.connect(glide, canvas.gui("outlet", 20, 290, 30, 30, comment="level"))
    return canvas
