"""One voice of a Pd patch of several: from a note to the signals that its model is played by."""

from vschaos2.patches import pd_motion as motion
from vschaos2.patches import pd_outside as outside
from vschaos2.patches.controls import Controls, Label
from vschaos2.patches.pd_canvas import PdCanvas, widest
from vschaos2.patches.voices import is_of_note


def voice(controls: Controls, number: int, places: list[float]) -> PdCanvas:
    """A note and its velocity as axes, labels and a level, in signals.

    The level comes as late as the sound does: a note begins with its own pitch.
    """
    key, canvas = controls.key, PdCanvas(f"voice{number}")
    step = motion.PORT_STEP
    spread = canvas.chain(20, 20, "inlet", "unpack f f")[1]
    note = canvas.obj(20, 80, "stripnote")
    canvas.connect(spread, note, 1, 1)
    canvas.connect(spread, note)
    by_place = controls.pitch_label is None
    if by_place:
        place = canvas.chain(20, 110, f"mod {len(controls.places)}", f"text get {key}-places")
        point = canvas.obj(20, 170, "unpack" + " 0" * len(places), 60)
        canvas.connect(note, place[0])
        canvas.connect(place[1], point)
    top = 240
    boxes = []
    for axis, offset in enumerate(places, 1):
        boxes.append(canvas.sub(20 + step * (axis - 1), top, _axis(key, axis, offset, by_place)))
        if by_place:
            canvas.connect(point, boxes[-1], axis - 1)
    for label in controls.labels:
        boxes.append(canvas.sub(20 + step * len(boxes), top, _label(controls, label)))
        if is_of_note(controls, label.task):
            canvas.connect(note, boxes[-1])
    boxes.append(canvas.sub(20 + step * len(boxes), top, _level(key)))
    canvas.connect(spread, boxes[-1], 1)
    for i, box in enumerate(boxes):
        canvas.connect(box, canvas.obj(20 + step * i, top + 40, "outlet~"))
    return canvas.fit()


def _axis(key: str, axis: int, offset: float, has_place: bool) -> PdCanvas:
    """Where a voice is on an axis: as its slider says, by its spread, and where its note is."""
    canvas = PdCanvas(f"axis{axis}")
    now = canvas.chain(20, 20, f"r {key}-axis{axis}-now", "sig~")
    apart = canvas.chain(60, 80, f"r {key}-spread", f"* {offset:g}")
    moved = canvas.obj(20, 140, "+~ 0")
    canvas.connect(now[1], moved)
    canvas.connect(apart[1], moved, 0, 1)
    out = canvas.obj(20, 200, "outlet~")
    if has_place:
        there = canvas.obj(20, 170, "+~ 0")
        canvas.connect(canvas.obj(100, 140, "inlet"), there, 0, 1)
        canvas.connect(moved, there)
        moved = there
    canvas.connect(moved, out)
    return canvas.fit()


def _label(controls: Controls, label: Label) -> PdCanvas:
    """A label as the note says it, or as all voices have it."""
    canvas = PdCanvas(label.key[:7])
    pitch, octave = controls.pitch_label, controls.octave_label
    if not is_of_note(controls, label.task):
        canvas.chain(20, 20, f"r {controls.key}-label-{label.key}-played", "sig~", "outlet~")
    elif pitch is not None and label == pitch[0]:
        canvas.chain(20, 20, "inlet", *outside.class_of_note(controls), "sig~", "outlet~")
    else:
        assert octave is not None
        canvas.chain(20, 20, "inlet", outside.octave_of_note(controls), "sig~", "outlet~")
    return canvas.fit()


def _level(key: str) -> PdCanvas:
    """A velocity as a level, its square, reached in KEY-attack or left in KEY-release."""
    canvas = PdCanvas("level")
    order = canvas.chain(20, 20, "inlet", r"expr (\$f1 / 127) * (\$f1 / 127)", "t f f")[2]
    shape = canvas.chain(20, 200, "pack f f f", "vline~", "outlet~")
    text = r"expr if(\$f1 > 0 \, max(\$f2 \, 1) \, max(\$f3 \, 1))"
    lasts = canvas.obj(60, 150, text)
    canvas.connect(order, lasts, 1)
    canvas.connect(lasts, shape[0], 0, 1)
    canvas.connect(order, shape[0])
    x = 60 + widest(["expr (0f1 / 127) * (0f1 / 127)"])
    for row, (name, box, inlet) in enumerate(
        (("attack", lasts, 1), ("release", lasts, 2), ("lag", shape[0], 2))
    ):
        canvas.connect(canvas.obj(x, 20 + 30 * row, f"r {key}-{name}"), box, 0, inlet)
    return canvas.fit()
