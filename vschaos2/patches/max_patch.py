"""NAME.maxpat, which plays an instrument, and NAME-encode-decode.maxpat, which edits latents."""

import dataclasses
from collections.abc import Mapping

from vschaos2.patches import max_blocks as blocks
from vschaos2.patches import max_inner as inner
from vschaos2.patches import max_outside as outside
from vschaos2.patches.controls import Controls
from vschaos2.patches.flow import rows
from vschaos2.patches.max_canvas import BOX_HEIGHT, MaxCanvas, menu_items, text_width
from vschaos2.patches.max_frame import Frame
from vschaos2.patches.max_panel import (
    GAP,
    HEADER_HEIGHT,
    SOUND_WIDTH,
    TITLE_HEIGHT,
    control_panel,
    forward,
    header,
    sound_width,
)

SLIDER_HEIGHT = 90  # pixels
SIGNAL, NONE = "signal", ""


def play_patch(controls: Controls) -> str:
    """A patch that plays sound through `forward`, and latent axes by `decode`."""
    return play_canvas(controls).text()


def play_canvas(controls: Controls) -> MaxCanvas:
    """The canvas of `play_patch`."""
    has_axes, has_sound = "decode" in controls.methods, "forward" in controls.methods
    frame = Frame(controls, (len(controls.ranges) + len(controls.labels)) if has_axes else 0)
    canvas, y = frame.canvas, HEADER_HEIGHT
    header(canvas, controls, controls.first_steps("click the loudspeaker"))
    width = sound_width(controls) if has_sound else -GAP
    height, whole = control_panel(canvas, controls, width + 2 * GAP, y)
    if has_sound:
        canvas.panel(GAP, y, width, height)
        canvas.comment(GAP + 10, y + 4, "sound through the model", size=14)
        forward(canvas, controls, GAP + 12, y + TITLE_HEIGHT)
    canvas.height = y + whole + GAP
    if has_axes:
        _play_axes(frame, y + whole + GAP)
    return canvas


def _play_axes(frame: Frame, y: int) -> None:
    """Latent axes and labels above `decode`."""
    canvas, controls = frame.canvas, frame.controls
    key, count, labels = controls.key, len(controls.ranges), len(controls.labels)
    at = rows(
        y + 8, presets=30, walk=28, move=24, names=66, sliders=SLIDER_HEIGHT + 6, numbers=28,
        signals=46, itself=62 * controls.plays_itself, model=32, output=50,
    )  # fmt: skip
    canvas.panel(GAP, y, canvas.width - 2 * GAP, at["end"] - y)
    canvas.comment(GAP + 10, y + 4, "latent axes", size=14)
    presets(canvas, frame.x0, at["presets"])
    numbers = axes(frame, at, move(frame, at))
    decode = frame.model("decode", at["model"], count + labels, 1)
    chosen = _by_itself(frame, at["itself"]) if controls.plays_itself else None
    for axis, number in enumerate(numbers):
        signal = canvas.obj(frame.at(axis), at["signals"], "sig~", 1, [SIGNAL], 31)
        canvas.connect(number, signal)
        if chosen is None:
            canvas.connect(signal, decode, 0, axis)
        else:
            canvas.connect(signal, chosen, 0, 1 + axis)
            canvas.connect(chosen, decode, axis, axis)
    _messages(frame, decode, at["model"] - 30)
    if labels:
        _label_columns(frame, decode, at)
    blocks.switch(canvas, GAP + 12, at["sliders"] - 10, key, "decode", is_on=False)
    gate = canvas.sub(GAP + 12, at["output"], "gate", outside.gate(key), 1, [SIGNAL])
    canvas.connect(decode, gate)
    blocks.output(canvas, frame.x0, at["output"], gate, key, "decode")
    x, y = frame.x0 + 270, at["output"] - 6
    outside.switches(canvas, controls, x, y, outside.notes(controls), outside.osc(controls))
    canvas.height = at["end"] + GAP


def _by_itself(frame: Frame, y: int) -> int:
    """The prior, and what lets it or the hand move the axes; the latter is returned."""
    canvas, count = frame.canvas, len(frame.controls.ranges)
    prior = frame.model("prior", y, 1, count)
    chosen = canvas.sub(
        frame.x0, y + 30, "itself", inner.by_itself(count), 1 + 2 * count, [SIGNAL] * count,
        max(60.0, frame.width_for(count)),
    )  # fmt: skip
    _messages(frame, prior, y - 30)
    canvas.connect(canvas.gui("toggle", GAP + 12, y, 24, 24), chosen)
    canvas.comment(GAP + 40, y + 1, "by itself")
    for axis in range(count):
        canvas.connect(prior, chosen, axis, 1 + count + axis)
    return chosen


def axes(frame: Frame, at: Mapping[str, int], moved: int) -> list[int]:
    """Sliders of the latent axes in rows called names, sliders, numbers; their number boxes.

    Args:
        frame: of the patch.
        at: the rows.
        moved: a box whose outlets move the sliders.
    """
    canvas, numbers = frame.canvas, []
    frame.name_axes(at["names"])
    for axis, (low, high) in enumerate(frame.controls.ranges):
        x = frame.at(axis)
        slider = canvas.gui(
            "slider", x, at["sliders"], 20, SLIDER_HEIGHT, floatoutput=1, min=low, size=high - low
        )
        numbers.append(frame.number(x, at["numbers"]))
        canvas.connect(moved, slider, axis)
        canvas.connect(slider, numbers[-1])
    return numbers


def edit_patch(controls: Controls) -> str:
    """A patch in which every latent axis is scaled and shifted between `encode` and `decode`."""
    controls = dataclasses.replace(controls, key=f"{controls.key}.edit")
    key, count = controls.key, len(controls.ranges)
    labels, guesses = len(controls.labels), len(controls.guesses)
    frame = Frame(controls, count + max(labels, guesses))
    canvas, y = frame.canvas, HEADER_HEIGHT
    header(
        canvas, controls,
        "First: click the loudspeaker, choose a sound. Each axis of what is heard is multiplied by "
        "its upper slider (-2 to 2), then moved by the lower.",
    )  # fmt: skip
    height, whole = control_panel(canvas, controls, SOUND_WIDTH + 2 * GAP, y)
    canvas.panel(GAP, y, SOUND_WIDTH, height)
    canvas.comment(GAP + 10, y + 4, "sound", size=14)
    sound = blocks.source(canvas, GAP + 12, y + TITLE_HEIGHT)
    blocks.switch(canvas, GAP + 362, y + TITLE_HEIGHT, key, "decode", is_on=True)

    y += whole + GAP
    at = rows(
        y + 8, presets=30, labels=26, signals=28, encode=26, names=66, scale=94, offset=108,
        decode=32, output=50,
    )  # fmt: skip
    canvas.panel(GAP, y, canvas.width - 2 * GAP, at["end"] - y)
    canvas.comment(GAP + 10, y + 4, "latent axes", size=14)
    presets(canvas, frame.x0, at["presets"])
    heard = controls.heard_labels
    encode = frame.model("encode", at["encode"], 1 + len(heard), count + guesses)
    canvas.connect(sound, encode)
    for inlet, label in enumerate(heard, 1):
        x = frame.x0 + 240 + 200 * (inlet - 1)
        come = canvas.obj(x, at["labels"], f"r {key}.{label.key}", 0, [NONE])
        signal = canvas.obj(x, at["signals"], "sig~", 1, [SIGNAL], 34)
        canvas.chain(come, signal)
        canvas.connect(signal, encode, 0, inlet)
    frame.name_axes(at["names"])
    decode = frame.model("decode", at["decode"], count + labels, 1)
    _messages(frame, encode, at["signals"])
    _messages(frame, decode, at["decode"] - 30)
    _edited_axes(frame, encode, decode, at)
    _edited_labels(frame, encode, decode, at["scale"])
    blocks.output(canvas, frame.x0, at["output"], decode, key, "decode")
    canvas.height = at["end"] + GAP
    return canvas.text()


def _messages(frame: Frame, model: int, y: int) -> None:
    said = inner.messages(frame.controls.key, "decode")
    messages = frame.canvas.sub(GAP + 12, y, "messages", said, 1, [NONE])
    frame.canvas.connect(messages, model)


def presets(canvas: MaxCanvas, x: int, y: int) -> None:
    """Room for what a player wants to keep."""
    canvas.gui("preset", x, y, 150, 24, bubblesize=16)
    canvas.comment(x + 160, y, "your presets, empty at first: shift-click keeps, click recalls")


def move(frame: Frame, at: Mapping[str, int]) -> int:
    """Places to glide to, and a walk at random; returns the box that moves the axes."""
    canvas, x, y, count = frame.canvas, frame.x0, at["walk"], len(frame.controls.ranges)
    places = [f"place {i}" for i in range(1, 1 + len(frame.controls.places))]
    width = max(60.0, frame.width_for(count))
    inside = inner.move(frame.controls)
    moved = canvas.sub(x, at["move"], "move", inside, 4, [NONE] * count, width)
    begin = inner.label_first(0, f"{frame.controls.key}.place")
    first = canvas.sub(GAP + 12, at["move"], "first", begin, 1, [NONE])
    menu = canvas.gui("umenu", x, y, 90, BOX_HEIGHT, items=menu_items(places))
    canvas.connect(first, menu, is_hidden=True)
    canvas.connect(menu, moved, 0, 2)
    _seconds(canvas, x + 100, y, 0.5, 0.0, "s glide", moved, 3)
    toggle = canvas.gui("toggle", x + 320, y - 1, 24, 24)
    canvas.comment(x + 348, y, "walk at random")
    canvas.connect(toggle, moved)
    _seconds(canvas, x + 460, y, 8.0, 0.2, "s to a new place", moved, 1)
    return moved


def _seconds(
    canvas: MaxCanvas,
    x: float,
    y: float,
    first: float,
    least: float,
    text: str,
    box: int,
    inlet: int,
) -> None:
    """A number of seconds, and what it starts with."""
    begin = canvas.obj(x, y, f"loadmess {first:g}", 1, [NONE], 96)
    number = canvas.gui("flonum", x + 102, y, 50, BOX_HEIGHT, minimum=least)
    canvas.comment(x + 156, y, text)
    canvas.connect(begin, number)
    canvas.connect(number, box, 0, inlet)


def _label_columns(frame: Frame, decode: int, at: Mapping[str, int]) -> None:
    """Labels as numbers and signals, under their names."""
    canvas, labels = frame.canvas, len(frame.controls.labels)
    count = len(frame.controls.ranges)
    frame.name_labels(at["numbers"] - 52)
    width = max(text_width("p labels"), frame.width_for(labels))
    played = canvas.sub(
        frame.at(count), at["numbers"] - 30, "labels", inner.labels_played(frame.controls), 1,
        [NONE] * labels, width,
    )  # fmt: skip
    for i in range(labels):
        number = frame.number(frame.at(count + i), at["numbers"])
        signal = canvas.obj(frame.at(count + i), at["signals"], "sig~", 1, [SIGNAL], 31)
        canvas.connect(played, number, i)
        canvas.chain(number, signal)
        canvas.connect(signal, decode, 0, count + i)


def _edited_axes(frame: Frame, encode: int, decode: int, at: Mapping[str, int]) -> None:
    """Every axis through a factor and an offset."""
    canvas = frame.canvas
    one = canvas.obj(GAP + 12, at["scale"] + 6, "loadmess 1.", 1, [NONE])
    zero = canvas.obj(GAP + 12, at["offset"] + 6, "loadmess 0.", 1, [NONE])
    canvas.comment(GAP + 102, at["scale"] + 6, "scale")
    canvas.comment(GAP + 102, at["offset"] + 6, "offset")
    for axis, (low, high) in enumerate(frame.controls.ranges):
        x, reach = frame.at(axis), max(-low, high)
        above, outlet = encode, axis
        for text, row, first, end in (
            ("*~ 1.", "scale", one, 2.0),
            ("+~ 0.", "offset", zero, reach),
        ):
            slider = canvas.gui(
                "slider", x + 14, at[row], 18, 60, floatoutput=1, min=-end, size=2 * end
            )
            text, width = (text, 40) if frame.is_roomy else (text[:2], 31)
            changed = canvas.obj(x, at[row] + 64, text, 2, [SIGNAL], width)
            canvas.connect(first, slider, is_hidden=True)
            canvas.connect(slider, changed, 0, 1)
            canvas.connect(above, changed, outlet)
            above, outlet = changed, 0
        canvas.connect(above, decode, 0, axis)


def _edited_labels(frame: Frame, encode: int, decode: int, y: int) -> None:
    """Labels as commanded, or as heard where the command is negative."""
    canvas, controls, count = frame.canvas, frame.controls, len(frame.controls.ranges)
    outlets = {guess.name: count + i for i, guess in enumerate(controls.guesses)}
    right = int(canvas.width) - GAP
    for i, label in enumerate(controls.labels):
        x = min(frame.at(count + i), right - 4 - int(text_width(f"p {label.key}")))
        said = inner.chosen(controls, label)
        box = canvas.sub(x, y + 76 + 30 * (i % 4), label.key, said, 1, [SIGNAL])
        if label.task in outlets:
            canvas.connect(encode, box, outlets[label.task])
        canvas.connect(box, decode, 0, count + i)
    for i, guess in enumerate(controls.guesses):
        x = min(frame.at(count + i), right - 64)
        sent = inner.send_heard(controls.key, guess.key)
        box = canvas.sub(x, y - 4 + 26 * (i % 3), "heard", sent, 1, [])
        canvas.connect(encode, box, outlets[guess.name])
