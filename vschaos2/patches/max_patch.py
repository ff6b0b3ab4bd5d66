"""NAME.maxpat, which plays an instrument, and NAME-encode-decode.maxpat, which edits latents."""

import dataclasses

from vschaos2.patches import max_blocks as blocks
from vschaos2.patches import max_inner as inner
from vschaos2.patches.controls import Controls
from vschaos2.patches.flow import column_pitch, stagger
from vschaos2.patches.max_canvas import BOX_HEIGHT, CHARACTER, MaxCanvas, text_width
from vschaos2.patches.max_panel import (
    GAP,
    HEADER_HEIGHT,
    INLET_MARGIN,
    SOUND_WIDTH,
    TITLE_HEIGHT,
    control_panel,
    every_block,
    forward,
    header,
    model_word,
    sound_width,
)

GUTTER, SLIDER_HEIGHT = 150, 90  # pixels left of the columns; of a slider
NARROWEST, WIDTH, WIDEST = 1000, 1272, 1360  # pixels of a window; the last for many axes only
NAMES_HEIGHT = 46  # of the names of axes: two rows, and one of numbers which is there anyway
LEAST_PITCH, ROOMY_PITCH, MOST_PITCH = 33, 46, 60
NARROW = 6.2  # pixels of a character of small letters
SIGNAL, NONE = "signal", ""


def play_patch(controls: Controls) -> str:
    """A patch that plays sound through `forward`, and latent axes by `decode`."""
    return play_canvas(controls).text()


def play_canvas(controls: Controls) -> MaxCanvas:
    """The canvas of `play_patch`."""
    key, count = controls.key, len(controls.ranges)
    columns = count + len(controls.labels)
    canvas, pitch, x0 = _canvas(controls, columns)
    header(
        canvas, controls,
        "First: click the loudspeaker, choose a sound. Then switch 'decode' on and move the axes, "
        "or let them walk.",
    )  # fmt: skip
    y = HEADER_HEIGHT
    width = sound_width(controls)
    height = control_panel(canvas, controls, width + 2 * GAP, y)
    canvas.panel(GAP, y, width, height)
    canvas.comment(GAP + 10, y + 4, "sound through the model", size=14)
    forward(canvas, controls, GAP + 12, y + TITLE_HEIGHT)

    y += height + GAP
    canvas.panel(GAP, y, canvas.width - 2 * GAP, 362 + NAMES_HEIGHT)
    canvas.comment(GAP + 10, y + 4, "latent axes", size=14)
    _presets(canvas, x0, y + 8)
    walk = _walk(canvas, controls, x0, y, pitch)
    _name_axes(canvas, controls, x0, y + 90, pitch)
    y += NAMES_HEIGHT
    decode = _decode(canvas, controls, columns, x0, y + 280, pitch)
    for axis, (low, high) in enumerate(controls.ranges):
        x = x0 + pitch * axis
        slider = canvas.gui(
            "slider", x, y + 110, 20, SLIDER_HEIGHT, floatoutput=1, min=low, size=high - low
        )
        number = _number(canvas, x, y + 206, pitch)
        signal = canvas.obj(x, y + 234, "sig~", 1, [SIGNAL], 31)
        canvas.connect(walk, slider, axis)
        canvas.chain(slider, number, signal)
        canvas.connect(signal, decode, 0, axis)
    messages = canvas.sub(GAP + 12, y + 250, "messages", inner.messages(key, "decode"), 1, [NONE])
    canvas.connect(messages, decode)
    _label_columns(canvas, controls, decode, x0 + pitch * count, y, pitch)
    blocks.switch(canvas, GAP + 12, y + 100, key, "decode", is_on=False)
    blocks.output(canvas, x0, y + 312, decode, f"{key} decode")
    canvas.comment(
        x0 + 270, y + 316, "Every axis is a number: a slider shows where your sounds lay. 0 is "
        "their middle, the first axis changes the sound most.", 530, lines=2,
    )  # fmt: skip
    canvas.height = y + 362 + GAP
    return canvas


def edit_patch(controls: Controls) -> str:
    """A patch in which every latent axis is scaled and shifted between `encode` and `decode`."""
    controls = dataclasses.replace(controls, key=f"{controls.key}.edit")
    key, count = controls.key, len(controls.ranges)
    columns = count + max(len(controls.labels), len(controls.guesses))
    canvas, pitch, x0 = _canvas(controls, columns)
    header(
        canvas, controls,
        "First: click the loudspeaker, choose a sound. Each axis of what is heard is multiplied by "
        "its upper slider (-2 to 2), then moved by the lower.",
    )  # fmt: skip
    y = HEADER_HEIGHT
    height = control_panel(canvas, controls, SOUND_WIDTH + 2 * GAP, y)
    canvas.panel(GAP, y, SOUND_WIDTH, height)
    canvas.comment(GAP + 10, y + 4, "sound", size=14)
    sound = blocks.source(canvas, GAP + 12, y + TITLE_HEIGHT)
    blocks.switch(canvas, GAP + 362, y + TITLE_HEIGHT, key, "decode", is_on=True)

    y += height + GAP
    canvas.panel(GAP, y, canvas.width - 2 * GAP, 412 + NAMES_HEIGHT + 10)
    canvas.comment(GAP + 10, y + 4, "latent axes", size=14)
    _presets(canvas, x0, y + 8)
    guesses = len(controls.guesses)
    heard = [label for label in controls.labels if label.is_heard]
    encode = canvas.obj(
        x0, y + 92, f"nn~ {model_word(controls.name)} encode {controls.buffer}", 1 + len(heard),
        [SIGNAL] * (count + guesses), _wide(controls, "encode", count + guesses, pitch),
    )  # fmt: skip
    canvas.connect(sound, encode)
    for inlet, label in enumerate(heard, 1):
        x = x0 + 240 + 200 * (inlet - 1)
        come = canvas.obj(x, y + 38, f"r {key}.{label.key}", 0, [NONE])
        signal = canvas.obj(x, y + 64, "sig~", 1, [SIGNAL], 34)
        canvas.chain(come, signal)
        canvas.connect(signal, encode, 0, inlet)
    _name_axes(canvas, controls, x0, y + 118, pitch)
    decode = _decode(
        canvas, controls, count + len(controls.labels), x0, y + 340 + NAMES_HEIGHT, pitch
    )
    for model, top in ((encode, 64), (decode, 310 + NAMES_HEIGHT)):
        messages = canvas.sub(
            GAP + 12, y + top, "messages", inner.messages(key, "decode"), 1, [NONE]
        )
        canvas.connect(messages, model)
    y += NAMES_HEIGHT + 10
    one = canvas.obj(GAP + 12, y + 134, "loadmess 1.", 1, [NONE])
    zero = canvas.obj(GAP + 12, y + 228, "loadmess 0.", 1, [NONE])
    canvas.comment(GAP + 102, y + 134, "scale")
    canvas.comment(GAP + 102, y + 228, "offset")
    is_roomy = pitch >= ROOMY_PITCH
    for axis, (low, high) in enumerate(controls.ranges):
        x, reach = x0 + pitch * axis, max(-low, high)
        above = encode
        for text, top, first, ends in (("*~ 1.", 128, one, 2.0), ("+~ 0.", 222, zero, reach)):
            slider = canvas.gui(
                "slider", x + 14, y + top, 18, 60, floatoutput=1, min=-ends, size=2 * ends
            )
            text, width = (text, 40) if is_roomy else (text[:2], 31)
            changed = canvas.obj(x, y + top + 64, text, 2, [SIGNAL], width)
            canvas.connect(first, slider, is_hidden=True)
            canvas.connect(slider, changed, 0, 1)
            canvas.connect(above, changed, axis if above == encode else 0)
            above = changed
        canvas.connect(above, decode, 0, axis)
    _edit_labels(canvas, controls, encode, decode, (x0 + pitch * count, y + 124), pitch)
    blocks.output(canvas, x0, y + 362, decode, f"{key} decode")
    canvas.height = y + 412 + GAP
    return canvas.text()


def _canvas(controls: Controls, columns: int) -> tuple[MaxCanvas, int, int]:
    """A canvas for so many columns, their distance, and where the first one stands."""
    x0 = 2 * GAP + GUTTER
    names = [text_width(f"p {label.key}") for label in controls.labels]
    reach = max([0, *(int(width) - LEAST_PITCH * len(names) for width in names)])
    sides = x0 + 2 * GAP + reach  # boxes of labels reach beyond the last column
    most = WIDTH if sides + ROOMY_PITCH * columns <= WIDTH else WIDEST
    widest = max(block.width for block in every_block(controls))
    least = sound_width(controls) + 5 * GAP + widest
    room = int(CHARACTER * len(controls.figures)) + 40
    full = max(NARROWEST, room, sides + MOST_PITCH * columns, least + 500 * bool(controls.labels))
    width = max(least, min(most, full))
    pitch = column_pitch(columns, width - sides, LEAST_PITCH, MOST_PITCH)
    return MaxCanvas(max(width, sides + pitch * columns), 0), pitch, x0


def _number(canvas: MaxCanvas, x: float, y: float, pitch: int) -> int:
    """A number box in a column; in a narrow one, without the triangle."""
    is_roomy = pitch >= ROOMY_PITCH
    return canvas.gui(
        "flonum", x, y, pitch - (6 if is_roomy else 2), BOX_HEIGHT, triangle=int(is_roomy)
    )


def _wide(controls: Controls, method: str, ports: int, pitch: int) -> float:
    """Width of a box whose ports stand under columns."""
    text = f"nn~ {model_word(controls.name)} {method} {controls.buffer}"
    return max(text_width(text), pitch * (ports - 1) + INLET_MARGIN)


def _decode(canvas: MaxCanvas, controls: Controls, inlets: int, x: int, y: int, pitch: int) -> int:
    return canvas.obj(
        x, y, f"nn~ {model_word(controls.name)} decode {controls.buffer}", inlets, [SIGNAL],
        _wide(controls, "decode", inlets, pitch),
    )  # fmt: skip


def _presets(canvas: MaxCanvas, x: int, y: int) -> None:
    canvas.gui("preset", x, y, 150, 24, bubblesize=16)
    canvas.comment(x + 160, y, "your presets, empty at first: shift-click keeps, click recalls")


def _walk(canvas: MaxCanvas, controls: Controls, x: int, y: int, pitch: int) -> int:
    """Places to go to, and a walk at random; returns the box that moves the axes."""
    places = [f"place {i}" for i in range(1, 1 + len(controls.places))]
    first = canvas.obj(GAP + 12, y + 66, "loadmess 0", 1, [NONE])
    menu = canvas.gui("umenu", x, y + 38, 90, BOX_HEIGHT, items=blocks.menu_items(places))
    toggle = canvas.gui("toggle", x + 110, y + 37, 24, 24)
    canvas.comment(x + 138, y + 38, "walk at random")
    begin = canvas.obj(x + 250, y + 38, "loadmess 8.", 1, [NONE])
    seconds = canvas.gui("flonum", x + 346, y + 38, 60, BOX_HEIGHT, minimum=0.2)
    canvas.comment(x + 412, y + 38, "seconds to a new place")
    count = len(controls.ranges)
    width = max(60.0, pitch * (count - 1) + INLET_MARGIN)
    walk = canvas.sub(x, y + 66, "move", inner.walk(controls), 3, [NONE] * count, width)
    canvas.connect(toggle, walk)
    canvas.connect(begin, seconds)
    canvas.connect(seconds, walk, 0, 1)
    canvas.connect(first, menu, is_hidden=True)
    canvas.connect(menu, walk, 0, 2)
    return walk


def _name_axes(canvas: MaxCanvas, controls: Controls, x0: int, y: int, pitch: int) -> None:
    """What each axis does as it rises, in two rows, and below them the axes' numbers."""
    starts = [x0 + pitch * axis for axis in range(len(controls.ranges))]
    widths = [int(NARROW * len(word)) + 8 for word in controls.rising]
    places = stagger(starts, widths, int(canvas.width) - GAP, gap=2)
    for axis, (word, width, (x, row)) in enumerate(
        zip(controls.rising, widths, places, strict=True), 1
    ):
        canvas.comment(starts[axis - 1], y + 44, str(axis))
        if word:
            canvas.comment(x, y + 22 - 22 * row, word, width)


def _label_columns(
    canvas: MaxCanvas, controls: Controls, decode: int, x0: int, y: int, pitch: int
) -> None:
    """Labels as numbers and signals, under their names."""
    if not controls.labels:
        return
    names = [label.task for label in controls.labels]
    columns = [x0 + pitch * i for i in range(len(names))]
    widths = [int(text_width(name)) for name in names]
    rows = stagger(columns, widths, int(canvas.width) - GAP, gap=0)
    for name, (x, row) in zip(names, rows, strict=True):
        canvas.comment(x, y + 154 - 22 * row, name)
    outlets = [NONE] * len(names)
    width = max(text_width("p labels"), pitch * (len(names) - 1) + INLET_MARGIN)
    played = canvas.sub(x0, y + 176, "labels", inner.labels_played(controls), 1, outlets, width)
    for i, x in enumerate(columns):
        number = _number(canvas, x, y + 206, pitch)
        signal = canvas.obj(x, y + 234, "sig~", 1, [SIGNAL], 31)
        canvas.connect(played, number, i)
        canvas.chain(number, signal)
        canvas.connect(signal, decode, 0, len(controls.ranges) + i)


def _edit_labels(
    canvas: MaxCanvas, controls: Controls, encode: int, decode: int, corner: tuple[int, int],
    pitch: int,
) -> None:  # fmt: skip
    """Labels as commanded, or as heard where the command is negative."""
    key, count, (x0, y) = controls.key, len(controls.ranges), corner
    outlets = {guess.name: count + i for i, guess in enumerate(controls.guesses)}
    for i, label in enumerate(controls.labels):
        guessed = label.task in outlets
        width = int(text_width(f"p {label.key}"))
        x = min(x0 + pitch * i, int(canvas.width) - GAP - 4 - width)
        box = canvas.sub(
            x, y + 80 + 30 * (i % 4), label.key, inner.chosen(controls, label), 1, [SIGNAL]
        )
        if guessed:
            canvas.connect(encode, box, outlets[label.task])
        canvas.connect(box, decode, 0, count + i)
    for i, guess in enumerate(controls.guesses):
        x = min(x0 + pitch * i, int(canvas.width) - GAP - 64)
        box = canvas.sub(x, y + 26 * (i % 3), "heard", inner.send_heard(key, guess.key), 1, [])
        canvas.connect(encode, box, outlets[guess.name])
