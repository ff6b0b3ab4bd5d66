"""The patchers within a Max patch: sources, labels, settings, what moves the axes."""

from collections.abc import Sequence

from vschaos2.full_scale import KNEE
from vschaos2.patches.controls import Controls, Guess, Label
from vschaos2.patches.max_canvas import MaxCanvas, text_width

SIGNAL, NONE = "signal", ""
TICK_MS = 30  # between two steps of what moves


def source() -> MaxCanvas:
    """Inlets: which sound, and messages to the player of files. Outlet: the sound."""
    canvas = MaxCanvas(380, 260)
    menu = canvas.gui("inlet", 20, 20, 30, 30, comment="0 off, 1 microphone, 2 file, 3 noise")
    messages = canvas.gui("inlet", 180, 20, 30, 30, comment="messages to sfplay~")
    microphone = canvas.obj(110, 110, "adc~ 1", 1, [SIGNAL])
    player = canvas.obj(180, 110, "sfplay~ 1", 2, [SIGNAL, "bang"])
    noise = canvas.obj(270, 80, "noise~", 1, [SIGNAL])
    quiet = canvas.obj(270, 110, "*~ 0.1", 2, [SIGNAL])
    chosen = canvas.obj(20, 160, "selector~ 3", 4, [SIGNAL], 310)
    canvas.chain(menu, chosen, canvas.gui("outlet", 20, 210, 30, 30, comment="sound"))
    canvas.connect(messages, player)
    canvas.chain(noise, quiet)
    for inlet, box in enumerate((microphone, player, quiet), 1):
        canvas.connect(box, chosen, 0, inlet)
    return canvas


def limiter(key: str) -> MaxCanvas:
    """What passes up to the knee as it is and bends towards 1 above: the curve of `soft_clip`.

    What leaves goes to KEY.recorded, too.
    """
    sent = f"send~ {key}.recorded"
    canvas, room = MaxCanvas(max(300, 160 + text_width(sent)), 330), 1.0 - KNEE
    sound = canvas.gui("inlet", 20, 20, 30, 30, comment="sound")
    within = canvas.obj(20, 70, f"clip~ {-KNEE:g} {KNEE:g}", 3, [SIGNAL])
    beyond = canvas.obj(130, 110, "-~", 2, [SIGNAL])
    steep = canvas.obj(130, 140, f"*~ {1.0 / room:g}", 2, [SIGNAL])
    bent = canvas.obj(130, 170, "tanh~", 1, [SIGNAL])
    small = canvas.obj(130, 200, f"*~ {room:g}", 2, [SIGNAL])
    both = canvas.obj(20, 240, "+~", 2, [SIGNAL])
    canvas.chain(sound, within, both, canvas.gui("outlet", 20, 280, 30, 30, comment="within 1"))
    canvas.connect(both, canvas.obj(130, 280, sent, 1, []))
    canvas.chain(sound, beyond, steep, bent, small)
    canvas.connect(within, beyond, 0, 1)
    canvas.connect(small, both, 0, 1)
    return canvas


def switch(key: str, method: str) -> MaxCanvas:
    """A toggle as the message that wakes or rests a model."""
    canvas = MaxCanvas(max(200.0, 40 + text_width(f"s {key}.{method}")), 180)
    inlet = canvas.gui("inlet", 20, 20, 30, 30, comment="on or off")
    message = canvas.msg(20, 70, "enable $1")
    canvas.chain(inlet, message, canvas.obj(20, 110, f"s {key}.{method}", 1, []))
    return canvas


def messages(key: str, method: str) -> MaxCanvas:
    """All that is said to one model, and what is said to every one."""
    step = text_width(f"r {key}.{method}") + 14
    canvas = MaxCanvas(40 + step + text_width(f"r {key}.models"), 160)
    out = canvas.gui("outlet", 20, 90, 30, 30, comment="messages")
    for x, name in ((20, method), (20 + step, "models")):
        canvas.connect(canvas.obj(x, 20, f"r {key}.{name}", 0, [NONE]), out)
    return canvas


def rate(controls: Controls) -> MaxCanvas:
    """Max's rate, of those that the models know, as a message for them, whenever it is said.

    Max says it when the sound is turned on. nn~ tells a model the rate only when it loads one.
    """
    rates, sent = controls.host_rates_hz, f"s {controls.key}.models"
    step = text_width("set sample_rate 44100") + 14
    canvas = MaxCanvas(40 + max(step * len(rates), text_width(sent)), 200)
    state = canvas.obj(20, 20, "dspstate~", 1, ["int", "float", "int", "int"])
    known = "sel " + " ".join(f"{hz}." for hz in rates)
    which = canvas.obj(20, 60, known, 1, ["bang"] * len(rates) + [NONE])
    told = canvas.obj(20, 150, sent, 1, [])
    canvas.connect(state, which, 1)
    for outlet, hz in enumerate(rates):
        said = canvas.msg(20 + step * outlet, 110, f"set sample_rate {hz}")
        canvas.connect(which, said, outlet)
        canvas.connect(said, told)
    return canvas


def by_itself(count: int) -> MaxCanvas:
    """So many axes as the hand moves them, or where the first inlet is 1 as the prior does."""
    step = 60
    canvas = MaxCanvas(80 + step * (1 + 2 * count), 330)
    switch = canvas.gui("inlet", 20, 20, 30, 30, comment="by itself: 1 or 0")
    ramp = canvas.obj(20, 110, "line~", 2, [SIGNAL, "bang"])
    canvas.chain(switch, canvas.msg(20, 70, "$1 50"), ramp)
    turned = canvas.obj(20, 140, "*~ -1.", 2, [SIGNAL])
    others = canvas.obj(20, 170, "+~ 1.", 2, [SIGNAL])
    canvas.chain(ramp, turned, others)
    for axis in range(count):
        x = 20 + step * (1 + axis)
        out = canvas.gui("outlet", x, 270, 30, 30, comment=f"axis {axis + 1}")
        for left, factor, who in ((x, others, "hand"), (x + step * count, ramp, "prior")):
            inlet = canvas.gui("inlet", left, 20, 30, 30, comment=f"axis {axis + 1}, {who}")
            part = canvas.obj(left, 220, "*~", 2, [SIGNAL], 40)
            canvas.chain(inlet, part, out)
            canvas.connect(factor, part, 0, 1)
    return canvas


def recorder(key: str) -> MaxCanvas:
    """The sum of all that is played into a file that is asked for, while its inlet is 1."""
    canvas = MaxCanvas(max(300, 160 + text_width(f"receive~ {key}.recorded")), 260)
    switch = canvas.gui("inlet", 20, 20, 30, 30, comment="on or off")
    order = canvas.obj(20, 60, "t i i", 1, ["int", "int"])
    is_on = canvas.obj(110, 90, "sel 1", 1, ["bang", NONE])
    ask = canvas.msg(110, 120, "open wave")
    heard = canvas.obj(120, 20, f"receive~ {key}.recorded", 1, [SIGNAL])
    file = canvas.obj(20, 200, "sfrecord~ 1", 1, [SIGNAL])
    canvas.chain(switch, order, file)
    canvas.connect(order, is_on, 1)
    canvas.chain(is_on, ask, file)
    canvas.connect(heard, file)
    return canvas


def label_first(entry: int, receiver: str) -> MaxCanvas:
    """The entry that a menu begins with, and what others choose."""
    canvas = MaxCanvas(160 + text_width(f"r {receiver}"), 160)
    begin = canvas.obj(20, 20, f"loadmess {entry}", 1, [NONE])
    told = canvas.obj(140, 20, f"r {receiver}", 0, [NONE])
    out = canvas.gui("outlet", 20, 90, 30, 30, comment="entry")
    canvas.connect(begin, out)
    canvas.connect(told, out)
    return canvas


def label_value(label: Label, key: str, offset: int) -> MaxCanvas:
    """From a menu's entry to the label's value, for all who receive it."""
    canvas = MaxCanvas(420, 260)
    sent = f"s {key}.{label.key}"
    entry = canvas.gui("inlet", 20, 20, 30, 30, comment="the menu's entry")
    value = canvas.obj(20, 70, f"- {offset}", 2, ["int"]) if label.names else entry
    if label.names:
        canvas.connect(entry, value)
    canvas.connect(value, canvas.obj(20, 110, sent, 1, []))
    # What decode cannot guess stays at the last class.
    is_all = label.is_guessed_in_decode or not label.is_guessed
    choose = canvas.obj(20, 160, f"split {-1 if is_all else 0}. 1000000.", 3, [NONE, NONE])
    canvas.chain(choose, canvas.obj(20, 200, f"{sent}.played", 1, []))
    canvas.connect(value, choose)
    canvas.width = max(canvas.width, 40 + text_width(f"{sent}.played"))
    return canvas


def heard_value(guess: Guess, key: str) -> MaxCanvas:
    """A guess as its number; of classes, as what sets a menu and says nothing on."""
    canvas = MaxCanvas(360, 220)
    last = canvas.obj(20, 20, f"r {key}.heard.{guess.key}", 0, [NONE])
    canvas.width = max(canvas.width, 40 + text_width(f"r {key}.heard.{guess.key}"))
    if guess.names:
        whole = canvas.obj(20, 60, "expr int($f1 + 0.5)", 1, [NONE], 130)
        shown = canvas.obj(20, 100, "prepend set", 1, [NONE])
        canvas.chain(last, whole, shown)
        last = shown
    canvas.chain(last, canvas.gui("outlet", 20, 150, 30, 30, comment=guess.name))
    return canvas


def told(key: str, names: Sequence[str]) -> MaxCanvas:
    """What others say under these names. Outlets: one for each."""
    canvas, x = MaxCanvas(0, 140), 20.0
    for name in names:
        come = canvas.obj(x, 20, f"r {key}.{name}", 0, [NONE])
        canvas.connect(come, canvas.gui("outlet", x, 70, 30, 30, comment=name))
        x += text_width(f"r {key}.{name}") + 14
    canvas.width = x
    return canvas


def label_signals(controls: Controls) -> MaxCanvas:
    """Labels as they are commanded. Outlets: a signal for each."""
    canvas = MaxCanvas(0, 180)
    x = 20.0
    for label in controls.labels:
        come = canvas.obj(x, 20, f"r {controls.key}.{label.key}", 0, [NONE])
        signal = canvas.obj(x, 60, "sig~", 1, [SIGNAL], 34)
        canvas.chain(come, signal, canvas.gui("outlet", x, 110, 30, 30, comment=label.task))
        x += text_width(f"r {controls.key}.{label.key}") + 14
    canvas.width = x
    return canvas


def labels_played(controls: Controls) -> MaxCanvas:
    """Labels as `decode` plays them. Outlets: a number for each."""
    return told(controls.key, [f"{label.key}.played" for label in controls.labels])


def move(controls: Controls) -> MaxCanvas:
    """What moves the axes: a glide to a place, and a walk from stop to stop.

    A step of the walk goes to a neighbour of the last stop, all axes together: the level holds
    along the straight ways between neighbours.

    Inlets: walk on or off, seconds of a step, number of a place, seconds of a glide. Outlets: the
    axes.
    """
    count = len(controls.ranges)
    step = max(130, 10 + int(text_width(f"r {controls.key}.axis{count}")))
    canvas = MaxCanvas(60 + step * max(4, count), 540)
    ways = controls.ways_alike
    inlets = [
        canvas.gui("inlet", 20 + step * i, 20, 30, 30, comment=comment)
        for i, comment in enumerate(
            ("walk on or off", "seconds of a step", "number of a place", "seconds of a glide")
        )
    ]
    turns = canvas.obj(20, 80, "metro 8000", 2, ["bang"])
    both = canvas.obj(20, 110, "t b b", 1, ["bang", "bang"])
    last = canvas.obj(20, 140, "i 0", 2, ["int"])
    around = canvas.coll(20, 170, ways)
    following = canvas.obj(20, 200, "zl nth 1", 2, [NONE, NONE])
    twice = canvas.obj(20, 230, "t i i", 1, ["int", "int"])
    stops = canvas.coll(20, 260, controls.stops)
    which = canvas.obj(90, 140, f"random {len(ways[0])}", 2, ["int"])
    counted = canvas.obj(90, 170, "+ 1", 2, ["int"])
    canvas.chain(inlets[0], turns, both, last, around, following, twice, stops)
    canvas.chain(which, counted)
    canvas.connect(both, which, 1)
    canvas.connect(counted, following, 0, 1)
    canvas.connect(twice, last, 1, 1)
    places = canvas.coll(20 + 2 * step, 260, controls.places)
    canvas.connect(inlets[2], places)
    walked = canvas.obj(20 + step, 80, "* 1000.", 2, ["float"])
    glided = canvas.obj(20 + 3 * step, 80, "* 1000.", 2, ["float"])
    canvas.chain(inlets[1], walked)
    canvas.connect(walked, turns, 0, 1)
    canvas.chain(inlets[3], glided)
    pairs = []
    for y, source, lasts, first in ((300, stops, walked, 8000), (350, places, glided, 500)):
        text = "unpack" + " 0." * count
        spread = canvas.obj(20, y, text, 1, ["float"] * count)
        canvas.width = max(canvas.width, 40 + text_width(text))
        canvas.connect(source, spread)
        row = []
        for axis in range(count):
            pair = canvas.obj(20 + step * axis, y + 25, f"pack 0. {first}.", 2, [NONE])
            canvas.connect(spread, pair, axis)
            canvas.connect(lasts, pair, 0, 1)
            row.append(pair)
        pairs.append(row)
    for axis, (walk, glide) in enumerate(zip(*pairs, strict=True)):
        x = 20 + step * axis
        line = canvas.obj(x, 410, f"line 0. {TICK_MS}", 3, [NONE, NONE, "bang"])
        canvas.connect(walk, line)
        canvas.connect(glide, line)
        out = canvas.gui("outlet", x, 480, 30, 30, comment=f"axis {axis + 1}")
        told = canvas.obj(x, 440, f"r {controls.key}.axis{axis + 1}", 0, [NONE])
        canvas.connect(line, out)
        canvas.connect(told, out)
    return canvas


def send_heard(key: str, name: str) -> MaxCanvas:
    """A guess as a number, ten times a second, to whoever shows it."""
    sent = f"s {key}.heard.{name}"
    canvas = MaxCanvas(max(320, 40 + text_width(sent)), 180)
    inlet = canvas.gui("inlet", 20, 20, 30, 30, comment="a guess")
    value = canvas.obj(20, 70, "snapshot~ 100", 2, ["float"])
    canvas.chain(inlet, value, canvas.obj(20, 110, sent, 1, []))
    return canvas


def chosen(controls: Controls, label: Label) -> MaxCanvas:
    """A label as commanded, or as heard; its selector~: 1 lets the guess through, 2 the command."""
    canvas = MaxCanvas(480, 280)
    name = f"{controls.key}.{label.key}"
    inlet = canvas.gui("inlet", 140, 20, 30, 30, comment="what is heard")
    come = canvas.obj(220, 20, f"r {name}", 0, [NONE])
    signal = canvas.obj(220, 60, "sig~", 1, [SIGNAL], 34)
    which = canvas.obj(20, 100, "expr ($f1 >= 0.) + 1", 1, [NONE], 150)
    start = 1 if any(guess.name == label.task for guess in controls.guesses) else 2
    choose = canvas.obj(20, 150, f"selector~ 2 {start}", 3, [SIGNAL], 220)
    out = canvas.gui("outlet", 20, 200, 30, 30, comment=label.task)
    if start == 1:
        canvas.connect(come, which)
        canvas.connect(which, choose)
        canvas.connect(inlet, choose, 0, 1)
    canvas.connect(come, signal)
    canvas.connect(signal, choose, 0, 2)
    canvas.connect(choose, out)
    return canvas
