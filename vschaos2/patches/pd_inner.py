"""The patches within a Pd patch: sources, labels, settings, outputs.

They speak to the panel in front by named receivers, which other patches can use just as well: a
name is the instrument's key and what it controls, as in `cello-axis1` or `cello-label-pitch`.
"""

from collections.abc import Sequence

from vschaos2.dsp.limiter import KNEE
from vschaos2.patches.controls import Controls, Guess, Label, Setting
from vschaos2.patches.pd_canvas import PdCanvas, symbol, text_width, widest

FIRST_LEVEL_DB = -12
LEVEL_DB = (-60.0, 6.0)  # of the slider, and of what other patches say in its place
NN_BUFFER = 4096  # samples
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


def output(key: str, method: str) -> PdCanvas:
    """Level and meter, on to `loudspeakers`; before the level, a send~ for other patches."""
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
    canvas.connect(sound, factor)
    canvas.connect(level[-1], factor, 0, 1)
    canvas.connect(factor, out)
    canvas.connect(factor, meter[0])
    return canvas.fit()


def loudspeakers(key: str) -> PdCanvas:
    """The sum of all that is played, limited."""
    canvas = PdCanvas("out")
    every = canvas.obj(20, 20, f"catch~ {key}-out")
    loud, soft = limiter(canvas, 20, 60)
    out = canvas.obj(20, 220, "dac~ 1 2")
    canvas.connect(every, loud)
    canvas.connect(soft, out)
    canvas.connect(soft, out, 0, 1)
    return canvas.fit()


def settings(controls: Controls, methods: Sequence[str], played: Sequence[str] = ()) -> PdCanvas:
    """What the panel says, as messages for nn~.

    Args:
        controls: of the instrument.
        methods: the names that models listen to.
        played: methods of the models that listen to the first name.
    """
    key = controls.key
    canvas = PdCanvas("settings")
    step = 30 + widest(f"r {key}-{method}-on" for method in (*methods, "models"))
    canvas.chain(20 + step * len(methods) + step, 20, f"r {key}-audio", "(\\; pd dsp \\$1)")
    everyone = canvas.obj(20 + step * len(methods), 20, f"r {key}-models")
    for column, method in enumerate(methods):
        switch = canvas.chain(
            20 + step * column, 20, f"r {key}-{method}-on", "(enable \\$1)", f"s {key}-{method}"
        )
        canvas.connect(everyone, switch[-1])
    top = 130
    if any(_loses_buffer(controls, method) for method in played):
        canvas.comment(20, top, f"nn~ 1.6.0 gives a method of one inlet and one outlet {NN_BUFFER} "
                       "samples whatever its argument says, until it is told again.")  # fmt: skip
        canvas.chain(
            20, top + 30, "loadbang", f"(bufsize {controls.buffer})", f"s {key}-{methods[0]}"
        )
        top += 130
    for row, setting in enumerate(controls.settings):
        y = top + 110 * row
        inlet = canvas.obj(20, y, f"r {key}-set-{setting.name}")
        messages = _messages(setting)
        outlet = canvas.obj(20, y + 60, f"s {key}-models")
        if len(messages) == 1:
            message = canvas.msg(20, y + 30, messages[0])
            canvas.connect(inlet, message)
            canvas.connect(message, outlet)
            if setting.kind == "number":
                first = f"({setting.value:g})"
                canvas.chain(
                    max(400, 60 + text_width(f"r {key}-set-{setting.name}")),
                    y,
                    "loadbang",
                    first,
                    f"s {key}-set-{setting.name}",
                )
            continue
        choose = canvas.obj(
            40 + text_width(f"r {key}-set-{setting.name}"),
            y,
            "sel " + " ".join(str(i) for i in range(len(messages))),
        )
        canvas.connect(inlet, choose)
        x = 20
        for number, text in enumerate(messages):
            message = canvas.msg(x, y + 30, text)
            canvas.connect(choose, message, number)
            canvas.connect(message, outlet)
            x += text_width(text) + 14
    return canvas.fit()


def _loses_buffer(controls: Controls, method: str) -> bool:
    return controls.ports[method] == (1, 1) and controls.buffer != NN_BUFFER


def _messages(setting: Setting) -> list[str]:
    if setting.kind == "choice":
        return [f"set {setting.name} {choice}" for choice in setting.choices]
    if setting.kind == "switch":  # for nn~, only the word false is false
        return [f"set {setting.name} {word}" for word in ("false", "true")]
    return [f"set {setting.name} " + ("1" if setting.kind == "event" else "\\$1")]


def labels(controls: Controls, with_outlets: Sequence[Label]) -> PdCanvas:
    """Labels: from the menus to signals, and back to the menus' looks.

    Args:
        controls: of the instrument.
        with_outlets: labels that leave as signals, in this order.
    """
    canvas = PdCanvas("labels")
    names = [f"{controls.key}-label-{label.key}" for label in controls.labels]
    step = 100 + widest(f"text define {name}-names" for name in names)
    for column, (label, name) in enumerate(zip(controls.labels, names, strict=True)):
        x = 20 + step * column
        offset = int(label.is_menu and label.is_guessed)  # a menu's first cell is the guess
        canvas.chain(x, 20, f"r {name}-chosen", f"- {offset}", f"s {name}")
        value = canvas.obj(x, 130, f"r {name}")
        order = canvas.obj(x, 160, "t f f f")
        canvas.connect(value, order)
        if label in with_outlets:
            signal = canvas.chain(x, 200, "sig~", "outlet~")
            canvas.connect(order, signal[0])
        played = canvas.chain(x + 70, 200, "moses 0")[0]
        target = canvas.obj(x + 70, 230, f"s {name}-played")
        canvas.connect(order, played, 1)
        canvas.connect(played, target, 1)
        if label.is_guessed_in_decode:
            canvas.connect(played, target, 0)
        elif label.is_guessed:
            # What decode cannot guess stays at the last class, or at this one.
            begin, first = (
                canvas.obj(x + 70, 160, "loadbang"),
                canvas.msg(x + 150, 160, f"{label.plain}"),
            )
            canvas.connect(begin, first)
            canvas.connect(first, target)
        shown, message = (
            canvas.obj(x + 70, 270, f"+ {offset}"),
            canvas.msg(x + 120, 270, "set \\$1"),
        )
        look = canvas.obj(x + 70, 300, f"s {name}-look")
        canvas.connect(order, shown, 2)
        canvas.connect(shown, message)
        canvas.connect(message, look)
        if label.names:
            _say_class(canvas, x + 70, 340, order, name, label.names)
    return canvas.fit()


def _say_class(
    canvas: PdCanvas, x: int, y: int, value: int, name: str, classes: Sequence[str]
) -> None:
    """Join a box that says an index with what shows the class's name."""
    words = "".join(f"{symbol(each.replace(' ', '_'))} \\; " for each in classes)
    canvas.obj(x, y, f"text define {name}-names")
    canvas.boxes[-1] += f";\n#A set {words}".rstrip()
    made = canvas.chain(x, y + 30, f"text get {name}-names", "makefilename %s", f"s {name}-name")
    canvas.connect(value, made[0])


def heard(canvas: PdCanvas, x: int, y: int, signal: int, guess: Guess, key: str) -> None:
    """Join a signal with what shows its value, ten times a second."""
    name = f"{key}-heard-{guess.key}"
    start = canvas.chain(x, y, "loadbang", "metro 100", "snapshot~")
    canvas.connect(signal, start[2])
    if guess.names:
        nearest = canvas.chain(x, y + 90, "+ 0.5", "int")
        canvas.connect(start[2], nearest[0])
        _say_class(canvas, x, y + 150, nearest[1], name, guess.names)
    else:
        canvas.connect(start[2], canvas.obj(x, y + 90, f"s {name}-name"))


def guesses(controls: Controls) -> PdCanvas:
    """What the model guesses, shown on the panel."""
    canvas = PdCanvas("heard")
    names = [f"{controls.key}-heard-{guess.key}" for guess in controls.guesses]
    step = 30 + widest(f"text define {name}-names" for name in names)
    for column, guess in enumerate(controls.guesses):
        x = 20 + step * column
        heard(canvas, x, 60, canvas.obj(x + 90, 20, "inlet~"), guess, controls.key)
    return canvas.fit()
