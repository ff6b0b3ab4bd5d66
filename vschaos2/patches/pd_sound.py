"""The patches within a Pd patch through which sound comes and goes.

They, and those of settings and labels, speak to the panel in front by named receivers, which other
patches can use just as well: a name is the instrument's key and what it controls, as in
`cello-axis1` or `cello-label-pitch`.
"""

from vschaos2.full_scale import KNEE
from vschaos2.patches.pd_canvas import PdCanvas, text_width, widest

FIRST_LEVEL_DB = -12
LEVEL_DB = (-60.0, 6.0)  # of the slider, and of what other patches say in its place
RISE_MS, FALL_MS = 10, 200  # of a note's level
SOURCES = ("off", "microphone", "file", "noise")


def source(key: str) -> PdCanvas:
    """Microphone, file or noise, chosen by KEY-source."""
    canvas = PdCanvas("source")
    step = 40 + widest([f"array define {key}-file", f"r {key}-source {' ' * 8}"])
    out = canvas.obj(20, 460, "outlet~")
    players = []
    for number, texts in enumerate((("adc~ 1",), (f"tabplay~ {key}-file",), ("noise~", "*~ 0.1"))):
        x = 20 + step * number
        made = canvas.chain(x, 280 - 30 * len(texts), *texts)
        players.append(made[0])
        factor = canvas.obj(x, 420, "*~")
        gate = canvas.chain(
            x + 70, 290, f"r {key}-source", f"== {number + 1}", "pack 0 10", "line~"
        )
        canvas.connect(made[-1], factor)
        canvas.connect(gate[-1], factor, 0, 1)
        canvas.connect(factor, out)
    canvas.chain(20, 20, f"r {key}-browse", "openpanel", f"s {key}-open")
    canvas.obj(20, 120, f"array define {key}-file")
    x = 20 + step
    message = f"read -resize -maxsize 1e+08 \\$1 {key}-file"
    step = max(step, text_width(message) + 40)
    read = canvas.chain(x, 20, f"r {key}-open", f"({message})", "soundfiler")
    _file_warning(canvas, x + step, read[2], f"{key}-file-warning")
    start = canvas.chain(x, 120, f"r {key}-play", "bang")
    again = canvas.obj(x, 200, "spigot")
    loop = canvas.obj(x + 60, 170, f"r {key}-loop")
    canvas.connect(read[2], start[1])
    canvas.connect(start[1], players[1])
    canvas.connect(players[1], again, 1)
    canvas.connect(loop, again, 0, 1)
    canvas.connect(again, players[1])
    return canvas.fit()


def _file_warning(canvas: PdCanvas, x: int, files: int, receive: str) -> None:
    """Say where a file's rate is not Pd's, at which it is played whatever it says."""
    first = canvas.chain(x, 20, "unpack f", "t f f b", "!=", "sel 0 1")
    own, rate = canvas.obj(x + 80, 50, "samplerate~"), canvas.obj(x + 110, 110, "f")
    right = canvas.msg(x, 150, "label empty")
    wrong = canvas.msg(x + 110, 150, r"label \$1\ Hz:\ out\ of\ tune")
    said = canvas.obj(x, 190, f"s {receive}")
    canvas.connect(files, first[0], 1)
    canvas.connect(first[1], own, 2)
    canvas.connect(own, first[2], 0, 1)
    canvas.connect(first[1], rate, 1, 1)
    canvas.connect(first[3], right)
    canvas.connect(first[3], rate, 1)
    canvas.connect(rate, wrong)
    canvas.connect(right, said)
    canvas.connect(wrong, said)


def limiter(canvas: PdCanvas, x: int, y: int) -> tuple[int, int]:
    """What passes up to the knee as it is and bends towards 1 above; its first and last box.

    The curve of `soft_clip`: c + (1 - k) tanh((x - c) / (1 - k)), c what lies within the knee k.
    """
    room = 1.0 - KNEE
    begin = canvas.obj(x, y, "*~ 1")
    within = canvas.obj(x, y + 30, f"clip~ {-KNEE:g} {KNEE:g}")
    beyond = canvas.obj(x + 110, y + 60, "-~")
    bent = canvas.obj(x + 110, y + 90, rf"expr~ {room:g} * tanh(\$v1 / {room:g})")
    end = canvas.obj(x, y + 120, "+~")
    canvas.connect(begin, within)
    canvas.connect(begin, beyond)
    canvas.connect(within, beyond, 0, 1)
    canvas.connect(beyond, bent)
    canvas.connect(within, end)
    canvas.connect(bent, end, 0, 1)
    return begin, end


def output(key: str, method: str, is_gated: bool = False) -> PdCanvas:
    """Level and meter, on to `loudspeakers`; before the level, a send~ for other patches.

    Args:
        key: of the instrument.
        method: of the model.
        is_gated: whether notes open and close it, by KEY-gate, 0 to 1.
    """
    canvas = PdCanvas(f"{method}-out")
    sound = canvas.obj(20, 20, "inlet~")
    tap = canvas.obj(120, 20, f"s~ {key}-{method}-sound")
    factor = canvas.obj(20, 240, "*~")
    name = f"{key}-{method}-level"
    ends = f"clip {LEVEL_DB[0]:g} {LEVEL_DB[1]:g}"
    level = canvas.chain(120, 80, f"r {name}", ends, "+ 100", "dbtorms", "pack 0 20", "line~")
    canvas.chain(
        140 + text_width(f"r {name}"), 80, "loadbang", f"({FIRST_LEVEL_DB:g})", f"s {name}"
    )
    out = canvas.obj(20, 360, f"throw~ {key}-out")
    meter = canvas.chain(140, 260, "env~ 4096", "- 100", f"s {key}-{method}-meter")
    canvas.connect(sound, tap)
    if is_gated:
        x = 160 + text_width(f"r {name}") + text_width(f"s {name}")
        sound = _gate(canvas, key, sound, x, 80)
    canvas.connect(sound, factor)
    canvas.connect(level[-1], factor, 0, 1)
    canvas.connect(factor, out)
    canvas.connect(factor, meter[0])
    return canvas.fit()


def _gate(canvas: PdCanvas, key: str, sound: int, x: int, y: int) -> int:
    """A sound under the level of the last note; returns the box that it leaves by."""
    gated = canvas.obj(20, 120, "*~")
    order = canvas.chain(x, y, f"r {key}-gate", "t f f")
    lasts = canvas.obj(x + 60, y + 60, f"expr if(\\$f1 > 0 \\, {RISE_MS} \\, {FALL_MS})")
    glide = canvas.chain(x, y + 90, "pack 0 20", "line~")
    canvas.connect(order[1], lasts, 1)
    canvas.connect(lasts, glide[0], 0, 1)
    canvas.connect(order[1], glide[0])
    canvas.connect(sound, gated)
    canvas.connect(glide[1], gated, 0, 1)
    return gated


def loudspeakers(key: str) -> PdCanvas:
    """The sum of all that is played, limited; and what records it."""
    canvas = PdCanvas("out")
    every = canvas.obj(20, 20, f"catch~ {key}-out")
    loud, soft = limiter(canvas, 20, 60)
    out = canvas.obj(20, 220, "dac~ 1 2")
    canvas.connect(every, loud)
    canvas.connect(soft, out)
    _recorder(canvas, key, soft, max(340, 40 + text_width(f"catch~ {key}-out")), 20)
    canvas.connect(soft, out, 0, 1)
    return canvas.fit()


def _recorder(canvas: PdCanvas, key: str, sound: int, x: int, y: int) -> None:
    """A sound into a file that is asked for, from KEY-record 1 to KEY-record 0."""
    switch = canvas.chain(x, y, f"r {key}-record", "sel 1 0", "savepanel")
    place = canvas.obj(x, y + 100, "t b s")
    named = canvas.obj(x + 200, y + 60, f"r {key}-record-to")
    start, opened = (
        canvas.msg(x, y + 140, "start"),
        canvas.msg(x + 80, y + 140, "open -bytes 3 \\$1"),
    )
    stop, file = canvas.msg(x + 260, y + 140, "stop"), canvas.obj(x, y + 200, "writesf~ 1")
    canvas.connect(switch[1], stop, 1)
    for source in (switch[2], named):
        canvas.connect(source, place)
    canvas.connect(place, opened, 1)
    canvas.connect(place, start)
    for box in (opened, start, stop, sound):
        canvas.connect(box, file)
