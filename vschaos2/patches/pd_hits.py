"""NAME.pd of a model of hits: pads, keys and notes that strike it."""

from vschaos2.patches import pd_settings
from vschaos2.patches import pd_sound as sound
from vschaos2.patches.controls import Controls
from vschaos2.patches.pd_canvas import PdCanvas, text_width, widest
from vschaos2.patches.pd_frame import Frame, model_atom
from vschaos2.patches.pd_panel import (
    GAP,
    HEADER_HEIGHT,
    SOURCE_WIDTH,
    control_panels,
    header,
    output,
    sound_panel,
)
from vschaos2.patches.pd_patch import LEAST_TOP
from vschaos2.patches.strikes import AS_SET, FIRST_KEY, HEARD, Strikes

FIRST_STEPS = (
    "First: turn AUDIO ON. Then click a pad, press 1, 2, 3 … or play a MIDI keyboard: its notes "
    "strike one kind after the other."
)
PULSE = r"0 \, 1 0 0.1 \, 0 0 1.1"  # for vline~: low, high after 0.1 ms, low again after 1 ms more
COLUMN, ROW = 140, 24  # pixels from a pad to the next
LEAST_WIDTH, LEAST_AT = SOURCE_WIDTH + 60, 152


def hits_patch(controls: Controls, strikes: Strikes) -> str:
    """A patch that plays `hit`."""
    key = controls.key
    model = f"nn~ {model_atom(controls.name)} hit {controls.buffer}"
    beside = text_width("pd hit-out") + text_width("pd settings") + GAP
    at = max(LEAST_AT, 12 + GAP + text_width(f"r {key}-hit"))
    wide = max(LEAST_WIDTH, at + GAP + max(text_width(model), beside))
    frame = Frame(controls, 0, wide, LEAST_TOP + 8 + ROW)
    canvas, y = frame.canvas, HEADER_HEIGHT
    header(canvas, controls, FIRST_STEPS)
    room = canvas.width - wide - 3 * GAP
    height, whole = control_panels(canvas, controls, wide + 2 * GAP, y, room, LEAST_TOP + 8 + ROW)
    sound_panel(canvas, key, GAP, y, wide, height, has_sources=False)
    for number, pad in enumerate(strikes.pads):
        x, top = GAP + 12 + COLUMN * (number % 2), y + 36 + ROW * (number // 2)
        canvas.bang(x, top, f"{key}-pad{number + 1}")
        canvas.comment(x + 24, top - 1, pad.name)
    below = y + 44 + ROW * 4
    canvas.toggle(GAP + 12, below, f"{key}-notes", 1)
    canvas.comment(GAP + 36, below - 1, "MIDI notes")
    canvas.sub(GAP + at, below - 2, _strikes(key, strikes))
    canvas.toggle(GAP + 12, below + ROW, f"{key}-hear", 0)
    canvas.comment(GAP + 36, below + ROW - 1, "hear onsets")
    below += ROW
    told = canvas.sub(GAP + at, below + 30, _signals(key, strikes))
    hit = canvas.obj(GAP + at, below + 58, model, max(len(model), 3 * strikes.inlets))
    for inlet in range(2 + strikes.labels):
        canvas.connect(told, hit, inlet, inlet)
    messages = canvas.obj(GAP + 12, below + 30, f"r {key}-hit")
    canvas.connect(messages, hit)
    corner = (GAP + 12, below + 60)
    output(canvas, controls, "hit", hit, (GAP + at, below + 86), corner, "dB", is_on=1)
    canvas.meter(GAP + wide - 34, y + 36, 88, f"{key}-hit-meter")
    canvas.sub(
        GAP + at + text_width("pd hit-out") + GAP,
        below + 86,
        pd_settings.settings(controls, ("hit",), ("hit",)),
    )
    canvas.sub(GAP + at, below + 114, sound.loudspeakers(key))
    canvas.height = max(y + whole, below + 150) + GAP
    return canvas.text()


def _strikes(key: str, strikes: Strikes) -> PdCanvas:
    """Pads, keys and notes as lists of a class and a velocity to KEY-strike.

    KEY-note takes lists of a note and its velocity, as MIDI does. What a detector hears strikes
    what is set, as hard as it is strong.
    """
    canvas = PdCanvas("strikes")
    sent = canvas.obj(20, 260, f"s {key}-strike")
    step = 20 + widest([f"r {key}-pad{len(strikes.pads)}", "-0 0.60 "])
    keys = canvas.obj(20, 20, "key")
    codes = " ".join(str(FIRST_KEY + number) for number in range(len(strikes.pads)))
    which = canvas.obj(20, 50, f"sel {codes}")
    canvas.connect(keys, which)
    x = 40 + max(text_width(f"s {key}-strike"), 140)
    for number, pad in enumerate(strikes.pads):
        said = canvas.msg(x, 160, f"{pad.choice:g} {pad.velocity:g}")
        canvas.connect(canvas.obj(x, 110, f"r {key}-pad{number + 1}"), said)
        canvas.connect(which, said, number)
        canvas.connect(said, sent)
        x += step
    midi, pair, gate = (
        canvas.obj(x, 20 + 30 * row, text)
        for row, text in enumerate(("notein", "pack f f", "spigot"))
    )
    begun = canvas.chain(x, 140, "unpack f f", "stripnote")
    switch = canvas.obj(x + 100, 50, f"r {key}-notes")
    told = canvas.obj(x + 100, 110, f"r {key}-note")
    canvas.connect(midi, pair)
    canvas.connect(midi, pair, 1, 1)
    canvas.connect(pair, gate)
    canvas.connect(switch, gate, 0, 1)
    for source in (gate, told):
        canvas.connect(source, begun[0])
    canvas.connect(begun[0], begun[1], 1, 1)
    text = f"mod {strikes.classes}" if strikes.classes else f"expr {AS_SET:g} + 0 * \\$f1"
    which = canvas.obj(x, 200, text)
    level = canvas.obj(x + 20 + text_width(text), 200, "/ 127")
    both = canvas.chain(x, 230, "pack f f", f"s {key}-strike")
    canvas.connect(begun[1], which)
    canvas.connect(begun[1], level, 1)
    canvas.connect(which, both[0])
    canvas.connect(level, both[0], 0, 1)
    x += 140 + text_width(f"s {key}-strike")
    heard = canvas.chain(x, 20, f"r {HEARD.format('-')}", "spigot", rf"({AS_SET:g} \$1)")
    canvas.connect(
        canvas.obj(x + 20 + text_width(f"r {HEARD}"), 20, f"r {key}-hear"), heard[1], 0, 1
    )
    canvas.connect(heard[2], canvas.obj(x, 140, f"s {key}-strike"))
    return canvas.fit()


def _signals(key: str, strikes: Strikes) -> PdCanvas:
    """Lists of KEY-strike as signals: a pulse, then what stands while it rises.

    `vline~` keeps to the moment of a message within a block: a strike is as exact as its clock.
    """
    canvas = PdCanvas("struck")
    spread = canvas.chain(20, 20, f"r {key}-strike", "unpack f f", "t b f")
    begin = canvas.chain(200 + text_width(f"r {key}-strike"), 20, "loadbang", f"({AS_SET:g})")
    pulse = canvas.chain(20, 120, f"({PULSE})", "vline~", "outlet~")
    canvas.connect(spread[2], pulse[0])
    x = 60 + text_width(PULSE)
    velocity = canvas.chain(x, 150, "vline~", "outlet~")
    canvas.connect(spread[1], velocity[0], 1)
    canvas.connect(begin[1], velocity[0])
    for label in range(strikes.labels):
        chosen = canvas.chain(x + 80 * (1 + label), 150, "vline~", "outlet~")
        if label == 0:
            canvas.connect(spread[2], chosen[0], 1)
        canvas.connect(begin[1], chosen[0])
    return canvas.fit()
