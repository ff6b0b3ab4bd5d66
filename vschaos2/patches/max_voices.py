"""NAME-voices.maxpat, which plays several notes at once through one model in mc.nn~.

mc.nn~ has an inlet for every inlet of the method. Each takes a multichannel signal with as many
channels as there are voices, of which a batch is made: voice v is channel v everywhere.
"""

from vschaos2.patches import max_blocks as blocks
from vschaos2.patches import max_inner as inner
from vschaos2.patches import max_outside as outside
from vschaos2.patches import max_voice as one
from vschaos2.patches.controls import Controls
from vschaos2.patches.flow import rows
from vschaos2.patches.max_canvas import BOX_HEIGHT, MaxCanvas, text_width
from vschaos2.patches.max_frame import Frame
from vschaos2.patches.max_panel import (
    GAP,
    HEADER_HEIGHT,
    SOUND_WIDTH,
    TITLE_HEIGHT,
    control_panel,
    header,
    model_word,
)
from vschaos2.patches.max_patch import SLIDER_HEIGHT, axes, move, presets
from vschaos2.patches.settings import Setting
from vschaos2.patches.voices import (
    CHORD_MS,
    CHORD_VELOCITY,
    SHAPES,
    VOICES,
    chord,
    common,
    offsets,
)

FIRST_STEPS = (
    "First: click the loudspeaker, then play a MIDI keyboard or click the button of the chord. "
    "Four voices play one model in mc.nn~."
)
SIGNAL, CHANNELS, NONE = "signal", "multichannelsignal", ""
SHAPE_ROW = 28  # pixels from one number of the notes to the next


def voices_patch(controls: Controls) -> str:
    """A patch of four voices, taken by notes; all else is common to them.

    Args:
        controls: of the voices, from `voiced`.
    """
    shared, key, count = common(controls), controls.key, len(controls.ranges)
    frame = Frame(shared, count)
    canvas, y = frame.canvas, HEADER_HEIGHT
    header(canvas, controls, FIRST_STEPS)
    height, whole = control_panel(canvas, shared, SOUND_WIDTH + 2 * GAP, y)
    canvas.panel(GAP, y, SOUND_WIDTH, height)
    canvas.comment(GAP + 10, y + 4, "notes", size=14)
    _shapes(canvas, controls, GAP + 12, y + TITLE_HEIGHT)
    y += whole + GAP
    at = rows(
        y + 8, presets=30, walk=28, move=24, names=66, sliders=SLIDER_HEIGHT + 6, numbers=36,
        model=32, output=50,
    )  # fmt: skip
    canvas.panel(GAP, y, canvas.width - 2 * GAP, at["end"] - y)
    canvas.comment(GAP + 10, y + 4, "latent axes", size=14)
    presets(canvas, frame.x0, at["presets"])
    voices = canvas.sub(
        frame.x0, at["model"], "voices", _voices(controls), count, [SIGNAL],
        max(text_width("p voices"), frame.width_for(count)),
    )  # fmt: skip
    moved = move(frame, at) if controls.pitch_label is not None else _still(frame, at["move"])
    for axis, number in enumerate(axes(frame, at, moved)):
        canvas.connect(number, voices, 0, axis)
    blocks.switch(canvas, GAP + 12, at["sliders"] - 10, key, "decode", is_on=True)
    blocks.output(canvas, frame.x0, at["output"], voices, key, "decode")
    further = ["note", *(shape.name for shape in SHAPES)]
    if controls.pitch_label is not None:
        further.append("place")
    played = outside.switches(
        canvas, controls, frame.x0 + 270, at["output"] - 6, _notes(key),
        outside.osc(shared, further),
    )  # fmt: skip
    begin = canvas.obj(GAP + 12, at["output"], "loadmess 1", 1, [NONE])
    canvas.connect(begin, played, is_hidden=True)
    canvas.height = at["end"] + GAP
    return canvas.text()


def _still(frame: Frame, y: int) -> int:
    """Axes that nothing but messages moves, from 0 on."""
    canvas, count = frame.canvas, len(frame.controls.ranges)
    names = [f"axis{axis}" for axis in range(1, count + 1)]
    inside = inner.told(frame.controls.key, names)
    begin = inside.obj(20, 104, "loadmess 0.", 1, [NONE])
    inside.width = max(inside.width, 120.0)
    for outlet in range(2, 2 * count + 1, 2):
        inside.connect(begin, outlet)
    width = max(text_width("p axes"), frame.width_for(count))
    return canvas.sub(frame.x0, y, "axes", inside, 1, [NONE] * count, width)


def _shapes(canvas: MaxCanvas, controls: Controls, x: int, y: int) -> None:
    """A chord to begin with, and numbers that shape the notes."""
    button = canvas.gui("button", x, y, 24, 24)
    canvas.comment(x + 30, y, "a chord")
    canvas.connect(button, canvas.sub(x + 280, y, "chord", _chord(controls), 1, []))
    lag = Setting("lag", "number", round(controls.decode_in_nn_ms), unit="ms")
    for row, shape in enumerate((*SHAPES, lag), 1):
        top = y + SHAPE_ROW * row + 4
        begin = canvas.obj(x, top, f"loadmess {shape.value:g}", 1, [NONE], 96)
        least = 0.0 if shape.ends is None else shape.ends[0]
        number = canvas.gui("flonum", x + 102, top, 60, BOX_HEIGHT, minimum=least)
        canvas.comment(x + 168, top, f"{shape.name}, {shape.unit}".removesuffix(", "))
        sent = f"s {controls.key}.{shape.name}"
        inside = MaxCanvas(max(200, 40 + text_width(sent)), 140)
        value = inside.gui("inlet", 20, 20, 30, 30, comment=shape.name)
        inside.connect(value, inside.obj(20, 70, sent, 1, []))
        told = canvas.sub(x + 280, top, shape.name, inside, 1, [])
        canvas.chain(begin, number, told)


def _chord(controls: Controls) -> MaxCanvas:
    """Four notes, and their ends."""
    sent = f"s {controls.key}.note"
    canvas = MaxCanvas(max(360, 40 + text_width(sent)), 260)
    begin = canvas.gui("inlet", 20, 20, 30, 30, comment="a bang")
    order = canvas.obj(20, 60, "t b b", 1, ["bang", "bang"])
    later = canvas.obj(200, 90, f"delay {CHORD_MS}", 2, ["bang"])
    told = canvas.obj(20, 200, sent, 1, [])
    canvas.chain(begin, order)
    canvas.connect(order, later, 1)
    for y, source, velocity in ((130, order, CHORD_VELOCITY), (160, later, 0)):
        notes = canvas.msg(20, y, ", ".join(f"{note} {velocity}" for note in chord(controls)))
        canvas.chain(source, notes, told)
    return canvas


def _notes(key: str) -> MaxCanvas:
    """Notes of MIDI and of KEY.note, as lists of voice, note and velocity to KEY.voice.

    Of taken voices the oldest gives way.
    """
    canvas = MaxCanvas(max(420, 220 + text_width(f"r {key}.note")), 380)
    on = canvas.gui("inlet", 20, 20, 30, 30, comment="on or off")
    both = canvas.obj(20, 60, "t i i", 1, ["int", "int"])
    rests = canvas.obj(200, 90, "sel 0", 1, ["bang", NONE])
    stop = canvas.msg(200, 120, "stop")
    midi = canvas.obj(90, 60, "notein", 1, ["int", "int", "int"])
    pair = canvas.obj(90, 90, "pack 0 0", 2, [NONE])
    gate = canvas.obj(20, 150, "gate", 2, [NONE])
    told = canvas.obj(200, 180, f"r {key}.note", 0, [NONE])
    spread = canvas.obj(20, 220, "unpack 0 0", 1, ["int", "int"])
    poly = canvas.obj(20, 250, f"poly {VOICES} 1", 2, ["int"] * 3)
    voice = canvas.obj(20, 280, "pack 0 0 0", 3, [NONE])
    canvas.chain(on, both, gate, spread, poly, voice)
    canvas.connect(both, rests, 1)
    canvas.chain(rests, stop, poly)
    canvas.connect(midi, pair)
    canvas.connect(midi, pair, 1, 1)
    canvas.connect(pair, gate, 0, 1)
    canvas.connect(told, spread)
    canvas.connect(spread, poly, 1, 1)
    for outlet in (1, 2):
        canvas.connect(poly, voice, outlet, outlet)
    canvas.connect(voice, canvas.obj(20, 310, f"s {key}.voice", 1, []))
    return canvas


def _voices(controls: Controls) -> MaxCanvas:
    """The model, what each voice says to it, and the level of what each voice says.

    Inlets: the common axes. Outlet: the sum of the voices.
    """
    key, count = controls.key, len(controls.ranges)
    inlets, _ = controls.methods["decode"]
    step = int(text_width(f"mc.pack~ {VOICES}")) + 10
    text = f"mc.nn~ {model_word(controls.name)} decode {controls.buffer}"
    width = max(text_width(text), step * (inlets - 1) + 30.0)
    above = 150 + text_width(f"r {key}.voice") + text_width("p messages")
    canvas = MaxCanvas(40 + max(width, step * inlets, step * count, above), 460)
    common_axes = [
        canvas.gui("inlet", 20 + step * axis, 20, 30, 30, comment=f"axis {axis + 1}")
        for axis in range(count)
    ]
    told = canvas.obj(20, 60, f"r {key}.voice", 0, [NONE])
    route = canvas.obj(20, 90, "route " + " ".join(map(str, range(1, VOICES + 1))), 2,
                       [NONE] * (VOICES + 1))  # fmt: skip
    canvas.connect(told, route)
    messages = canvas.sub(
        140 + text_width(f"r {key}.voice"), 60, "messages", inner.messages(key, "decode"), 1, [NONE]
    )
    packs = [
        canvas.obj(20 + step * i, 270, f"mc.pack~ {VOICES}", VOICES, [CHANNELS])
        for i in range(inlets)
    ]
    model = canvas.obj(20, 310, text, inlets, [CHANNELS], width)
    parts = canvas.obj(20, 340, f"mc.unpack~ {VOICES}", 1, [SIGNAL] * VOICES, 200)
    out = canvas.gui("outlet", 20, 410, 30, 30, comment="sound")
    canvas.connect(messages, model)
    canvas.connect(model, parts)
    for inlet, pack in enumerate(packs):
        canvas.connect(pack, model, 0, inlet)
    for voice, places in enumerate(offsets(count)):
        inside = one.voice(controls, places)
        box = canvas.sub(
            20, 130 + 30 * voice, f"voice{voice + 1}", inside, 1 + count, [SIGNAL] * (inlets + 1),
            max(text_width("p voice1"), step * inlets - 10.0),
        )  # fmt: skip
        canvas.connect(route, box, voice)
        for axis, inlet in enumerate(common_axes, 1):
            canvas.connect(inlet, box, 0, axis)
        for i, pack in enumerate(packs):
            canvas.connect(box, pack, i, voice)
        level = canvas.obj(20 + 50 * voice, 375, "*~", 2, [SIGNAL], 40)
        canvas.connect(parts, level, voice)
        canvas.connect(box, level, inlets, 1)
        canvas.connect(level, out)
    return canvas
