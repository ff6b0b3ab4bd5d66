"""NAME.maxpat of a model of hits: pads, keys and notes that strike it."""

from vschaos2.patches import max_blocks as blocks
from vschaos2.patches import max_inner as inner
from vschaos2.patches.controls import Controls
from vschaos2.patches.max_canvas import MaxCanvas, text_width
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
from vschaos2.patches.strikes import AS_SET, FIRST_KEY, HEARD, Strikes

FIRST_STEPS = (
    "First: click the loudspeaker. Then click a pad, press 1, 2, 3 … or play a MIDI keyboard: its "
    "notes strike one kind after the other."
)
SIGNAL, NONE = "signal", ""
COLUMN, ROW = 180, 30  # pixels from a pad to the next
LEAST_HEIGHT = 330


def hits_patch(controls: Controls, strikes: Strikes) -> str:
    """A patch that plays `hit`."""
    key, y = controls.key, HEADER_HEIGHT
    canvas = Frame(controls, 0).canvas
    header(canvas, controls, FIRST_STEPS)
    height, whole = control_panel(canvas, controls, SOUND_WIDTH + 2 * GAP, y)
    canvas.panel(GAP, y, SOUND_WIDTH, max(height, LEAST_HEIGHT))
    canvas.comment(GAP + 10, y + 4, "hits", size=14)
    x, top = GAP + 12, y + TITLE_HEIGHT
    for number, pad in enumerate(strikes.pads):
        left, at = x + COLUMN * (number % 2), top + ROW * (number // 2)
        button = canvas.gui("button", left, at, 24, 24)
        canvas.comment(left + 28, at + 1, pad.name)
        said = f"{pad.choice:g} {pad.velocity:g}"
        canvas.connect(button, canvas.sub(left + 120, at, "pad", _pad(key, said), 1, []))
    top += 4 * ROW + 6
    begin = canvas.obj(x + 210, top, "loadmess 1", 1, [NONE])
    notes = canvas.gui("toggle", x, top, 24, 24)
    canvas.comment(x + 28, top + 1, "MIDI notes")
    canvas.connect(begin, notes, is_hidden=True)
    canvas.connect(notes, canvas.sub(x + 120, top, "notes", _notes(key, strikes), 1, []))
    canvas.sub(x + 320, top, "keys", _keys(key, strikes), 1, [])
    top += ROW
    hears = canvas.gui("toggle", x, top, 24, 24)
    canvas.comment(x + 28, top + 1, "hear onsets")
    canvas.connect(hears, canvas.sub(x + 120, top, "heard", _heard(key), 1, []))
    blocks.switch(canvas, x + 360, y + TITLE_HEIGHT, key, "hit", is_on=True)
    count = 2 + strikes.labels
    told = canvas.sub(
        x + 120, top + 34, "struck", _signals(key, strikes), 1, [SIGNAL] * count, 40.0 * count
    )
    messages = canvas.sub(x, top + 34, "messages", inner.messages(key, "hit"), 1, [NONE])
    text = f"nn~ {model_word(controls.name)} hit {controls.buffer}"
    width = max(text_width(text), 22.0 * strikes.inlets)
    model = canvas.obj(x, top + 66, text, strikes.inlets, [SIGNAL], width)
    canvas.connect(messages, model)
    for inlet in range(count):
        canvas.connect(told, model, inlet, inlet)
    blocks.output(canvas, x, top + 98, model, key, "hit")
    canvas.height = max(y + whole, y + LEAST_HEIGHT) + GAP
    return canvas.text()


def _pad(key: str, said: str) -> MaxCanvas:
    """A bang as a class and a velocity to KEY.strike."""
    canvas = MaxCanvas(max(220.0, 60 + text_width(f"s {key}.strike")), 170)
    struck = canvas.gui("inlet", 20, 20, 30, 30, comment="a bang strikes")
    sent = canvas.obj(20, 110, f"s {key}.strike", 1, [])
    canvas.chain(struck, canvas.msg(20, 70, said), sent)
    return canvas


def _keys(key: str, strikes: Strikes) -> MaxCanvas:
    """Keys from 1 on as the pads."""
    count = len(strikes.pads)
    canvas = MaxCanvas(max(60.0 + 90 * count, 40 + text_width(f"s {key}.strike")), 240)
    codes = " ".join(str(FIRST_KEY + number) for number in range(count))
    pressed = canvas.obj(20, 20, "key", 0, ["int", "int", "int", "int"])
    which = canvas.obj(20, 60, f"sel {codes}", 1, ["bang"] * count + [NONE])
    canvas.connect(pressed, which)
    sent = canvas.obj(20, 170, f"s {key}.strike", 1, [])
    for number, pad in enumerate(strikes.pads):
        said = canvas.msg(20 + 90 * number, 110, f"{pad.choice:g} {pad.velocity:g}")
        canvas.connect(which, said, number)
        canvas.connect(said, sent)
    return canvas


def _notes(key: str, strikes: Strikes) -> MaxCanvas:
    """Notes as a class and a velocity to KEY.strike, while the inlet is 1."""
    canvas = MaxCanvas(max(420.0, 60 + text_width(f"s {key}.strike")), 340)
    on = canvas.gui("inlet", 20, 20, 30, 30, comment="on or off")
    midi = canvas.obj(120, 20, "notein", 1, ["int", "int", "int"])
    pair = canvas.obj(120, 60, "pack 0 0", 2, [NONE])
    gate = canvas.obj(20, 100, "gate", 2, [NONE])
    spread = canvas.obj(20, 140, "unpack 0 0", 1, ["int", "int"])
    begun = canvas.obj(20, 180, "stripnote", 2, ["int", "int"])
    canvas.connect(midi, pair)
    canvas.connect(midi, pair, 1, 1)
    canvas.connect(pair, gate, 0, 1)
    canvas.chain(on, gate, spread, begun)
    canvas.connect(spread, begun, 1, 1)
    text = f"% {strikes.classes}" if strikes.classes else f"expr {AS_SET:g} + 0 * $i1"
    inlets = 2 if strikes.classes else 1
    which = canvas.obj(20, 220, text, inlets, ["int"] if strikes.classes else [NONE])
    level = canvas.obj(40 + text_width(text), 220, "/ 127.", 2, ["float"])
    both = canvas.obj(20, 260, "pack 0 0.", 2, [NONE])
    canvas.chain(begun, which, both, canvas.obj(20, 300, f"s {key}.strike", 1, []))
    canvas.connect(begun, level, 1)
    canvas.connect(level, both, 0, 1)
    return canvas


def _heard(key: str) -> MaxCanvas:
    """What a detector hears as a strike of what is set, as hard as it is strong."""
    canvas = MaxCanvas(max(300.0, 60 + text_width(f"s {key}.strike")), 240)
    on = canvas.gui("inlet", 20, 20, 30, 30, comment="on or off")
    onset = canvas.obj(120, 20, f"r {HEARD.format('.')}", 0, [NONE])
    gate = canvas.obj(20, 70, "gate", 2, [NONE])
    said = canvas.msg(20, 120, f"{AS_SET:g} $1")
    canvas.connect(onset, gate, 0, 1)
    canvas.chain(on, gate, said, canvas.obj(20, 170, f"s {key}.strike", 1, []))
    return canvas


def _signals(key: str, strikes: Strikes) -> MaxCanvas:
    """Lists of KEY.strike as signals: an impulse, then what stands while it rises."""
    step = 90
    width = max(200.0 + step * (2 + strikes.labels), 180 + text_width(f"r {key}.strike"))
    canvas = MaxCanvas(width, 260)
    come = canvas.obj(20, 20, f"r {key}.strike", 0, [NONE])
    spread = canvas.obj(20, 60, "unpack 0. 0.", 1, ["float", "float"])
    order = canvas.obj(20, 100, "t b f", 1, ["bang", "float"])
    begin = canvas.obj(60 + text_width(f"r {key}.strike"), 20, f"loadmess {AS_SET:g}", 1, [NONE])
    canvas.chain(come, spread, order)
    for number in range(2 + strikes.labels):
        x = 20 + step * number
        text = "click~" if number == 0 else "sig~"
        made = canvas.obj(x, 150, text, 1, [SIGNAL], 60)
        comment = ("trigger", "velocity")[number] if number < 2 else "label"
        canvas.connect(made, canvas.gui("outlet", x, 200, 30, 30, comment=comment))
        if number == 0:
            canvas.connect(order, made)
        elif number == 1:
            canvas.connect(spread, made, 1)
        elif number == 2:
            canvas.connect(order, made, 1)
        if number:
            canvas.connect(begin, made)
    return canvas
