"""Parts of a Max patch: what chooses a sound, what commands a label; how a sound leaves."""

import math

from vschaos2.patches import max_inner as inner
from vschaos2.patches.controls import Controls, Guess, Label
from vschaos2.patches.flow import Block
from vschaos2.patches.max_canvas import BOX_HEIGHT, MaxCanvas, menu_items, text_width
from vschaos2.patches.max_settings import CONTROL, ROW

FIRST_LEVEL_DB = -12.0
SIGNAL, NONE = "signal", ""


def source(canvas: MaxCanvas, x: float, y: float) -> int:
    """Microphone, file or noise by a menu; returns the box whose outlet sounds."""
    words = ["off", "microphone", "file", "test noise"]
    menu = canvas.gui("umenu", x, y, 110, BOX_HEIGHT, items=menu_items(words))
    canvas.comment(x + 130, y, "file: open, play, stop, repeat")
    chosen = canvas.sub(x, y + 2 * ROW, "source", inner.source(), 2, [SIGNAL])
    canvas.connect(menu, chosen)
    for i, text in enumerate(("open", "1", "0", "loop 1")):
        canvas.connect(canvas.msg(x + 130 + 46 * i, y + ROW, text), chosen, 0, 1)
    return chosen


def output(canvas: MaxCanvas, x: float, y: float, model: int, key: str, method: str) -> None:
    """Level, meter, limiter and loudspeakers of a model's first outlet."""
    name = f"{key} {method}"
    level = canvas.add(
        "live.gain~", x, y, 130, 40, 1, [SIGNAL, NONE, "float", "list"], channels=1,
        orientation=1, parameter_enable=1, varname=name,
        saved_attribute_attributes={
            "valueof": {
                "parameter_longname": name,
                "parameter_shortname": name,
                "parameter_type": 0,
                "parameter_mmin": -70.0,
                "parameter_mmax": 6.0,
                "parameter_unitstyle": 4,
                "parameter_initial_enable": 1,
                "parameter_initial": [FIRST_LEVEL_DB],
            }
        },
    )  # fmt: skip
    limited = canvas.sub(x + 140, y, "limiter", inner.limiter(key), 1, [SIGNAL])
    speaker = canvas.gui("ezdac~", x + 220, y, 40, 40)
    canvas.chain(model, level, limited, speaker)
    canvas.connect(limited, speaker, 0, 1)


def switch(canvas: MaxCanvas, x: float, y: float, key: str, method: str, is_on: bool) -> None:
    """A toggle that wakes and rests a model."""
    begin = canvas.obj(x, y, f"loadmess {int(is_on)}", 1, [NONE])
    toggle = canvas.gui("toggle", x, y + ROW, 24, 24)
    canvas.comment(x + 30, y + ROW, f"{method} on")
    told = canvas.sub(x, y + 2 * ROW, method, inner.switch(key, method), 1, [])
    canvas.chain(begin, toggle, told)


def label_block(label: Label, key: str, guess: Guess | None) -> Block[MaxCanvas]:
    """A menu or number box for a label, and what is heard."""
    words = ([label.guess] if label.is_guessed else []) + list(label.names)
    offset = int(label.is_guessed and bool(label.names))
    half = max(CONTROL, math.ceil(text_width(label.task)), math.ceil(text_width(f"p {label.key}")))

    def draw(canvas: MaxCanvas, x: int, y: int) -> None:
        canvas.comment(x, y, label.task)
        first = inner.label_first(label.first + offset, f"{key}.{label.key}.choose")
        begin = canvas.sub(x, y + ROW, "first", first, 1, [NONE])
        if label.names:
            chosen = canvas.gui(
                "umenu", x, y + 2 * ROW, CONTROL, BOX_HEIGHT, items=menu_items(words)
            )
        else:
            chosen = canvas.gui("flonum", x, y + 2 * ROW, 80, BOX_HEIGHT)
        said = canvas.sub(x, y + 3 * ROW, label.key, inner.label_value(label, key, offset), 1, [])
        canvas.chain(begin, chosen, said)
        if guess:
            heard(canvas, x + half + 10, y, guess, key)

    width = half + (10 + heard_width(guess) if guess else 0)
    return Block(width, 3 * ROW + BOX_HEIGHT, draw)


def heard_width(guess: Guess) -> int:
    """Pixels of what shows a guess."""
    return max(CONTROL, math.ceil(text_width(f"{guess.name} input")))


def heard(canvas: MaxCanvas, x: float, y: float, guess: Guess, key: str) -> None:
    """A menu or number box that shows a guess."""
    canvas.comment(x, y, f"{guess.name} input")
    come = canvas.sub(x, y + ROW, "heard", inner.heard_value(guess, key), 1, [NONE])
    if guess.names:
        items = menu_items(list(guess.names))
        shown = canvas.gui("umenu", x, y + 2 * ROW, CONTROL, BOX_HEIGHT, items=items)
    else:
        shown = canvas.gui("flonum", x, y + 2 * ROW, 80, BOX_HEIGHT)
    canvas.chain(come, shown)


def heard_block(guess: Guess, key: str) -> Block[MaxCanvas]:
    """What shows a guess of something that cannot be commanded."""
    return Block(
        heard_width(guess),
        2 * ROW + BOX_HEIGHT,
        lambda canvas, x, y: heard(canvas, x, y, guess, key),
    )


def label_blocks(controls: Controls) -> list[Block[MaxCanvas]]:
    """Labels with what is heard of each, then all else that is heard."""
    rest = {guess.name: guess for guess in controls.guesses}
    blocks = [
        label_block(label, controls.key, rest.pop(label.task, None)) for label in controls.labels
    ]
    return blocks + [heard_block(guess, controls.key) for guess in rest.values()]
