"""NAME.pd, which plays an instrument, and NAME-encode-decode.pd, which edits what it hears."""

import dataclasses

from vschaos2.patches import pd_inner as inner
from vschaos2.patches import pd_motion as motion
from vschaos2.patches.controls import Controls
from vschaos2.patches.pd_canvas import CHARACTER, PdCanvas, text_width
from vschaos2.patches.pd_frame import GUTTER, SECONDS, SECONDS_AT, Frame, model_atom
from vschaos2.patches.pd_panel import (
    GAP,
    HEADER_HEIGHT,
    SOURCE_HEIGHT,
    SOURCE_WIDTH,
    control_panels,
    header,
    source_panel,
)

SLIDER_HEIGHT, LEAST_TOP = 72, 264


def play_patch(controls: Controls) -> str:
    """A patch that plays sound through `forward`, and latent axes by `decode`."""
    key, columns = controls.key, len(controls.ranges) + len(controls.labels)
    left = _source_width(controls)
    gutter = max(GUTTER, text_width(f"r {key}-decode") + GAP)
    frame = Frame(controls, columns, left, LEAST_TOP + 8, gutter)
    canvas = frame.canvas
    header(
        canvas, controls,
        "First: turn AUDIO ON, choose a sound. Then switch 'decode' on and move the axes, or let "
        "them walk.",
    )  # fmt: skip
    y = HEADER_HEIGHT
    room = canvas.width - left - 3 * GAP
    height = control_panels(canvas, controls, left + 2 * GAP, y, room, LEAST_TOP + 8)
    source_panel(canvas, key, GAP, y, left, height)
    _forward(canvas, controls, frame.model, GAP, y + SOURCE_HEIGHT)
    y += height + GAP

    low = y + 336
    canvas.panel(GAP, y, canvas.width - 2 * GAP, low - y)
    canvas.title(GAP + 10, y + 6, "latent axes")
    _presets_row(canvas, controls, frame.x0, y + 6, has_walk=True)
    frame.name_axes(controls, y + 49)
    for axis, ends in enumerate(controls.ranges, 1):
        x = frame.at(axis - 1)
        slider = canvas.slider(
            x, y + 92, 20, SLIDER_HEIGHT, ends, f"{key}-axis{axis}-now", f"{key}-axis{axis}"
        )
        shown = canvas.shown_number(x, y + 170, frame.digits, "-")
        signal = canvas.obj(x, y + 202, "sig~")
        canvas.connect(slider, shown)
        canvas.connect(shown, signal)
        frame.signals.append(signal)
    frame.name_labels(controls, y + 146)
    for column, label in enumerate(controls.labels, len(controls.ranges)):
        x = frame.at(column)
        shown = canvas.shown_number(x, y + 170, frame.digits, f"{key}-label-{label.key}-played")
        signal = canvas.obj(x, y + 202, "sig~")
        canvas.connect(shown, signal)
        frame.signals.append(signal)
    decode = canvas.obj(
        frame.x0, y + 250, f"nn~ {frame.model} decode {controls.buffer}", frame.characters
    )
    for inlet, signal in enumerate(frame.signals):
        canvas.connect(signal, decode, 0, inlet)
    messages = canvas.obj(GAP + 10, y + 202, f"r {key}-decode")
    canvas.connect(messages, decode)
    _out(
        canvas, controls, "decode", decode, (frame.x0, y + 290), (GAP + 10, y + 36), "level, dB", 0
    )
    canvas.meter(GAP + 122, y + 36, 120, f"{key}-decode-meter")
    canvas.comment(
        frame.x0 + 170, y + 288,
        f"Other patches play it, too: numbers to {key}-axis1, -preset, -walk and so on; "
        f"r~ {key}-decode-sound is the sound.",
        min(100, (canvas.width - frame.x0 - 170 - 2 * GAP) // CHARACTER),
    )  # fmt: skip
    canvas.sub(GAP + 10, y + 250, motion.presets(key, *_axis_names(controls), controls.presets))
    canvas.sub(GAP + 96, y + 250, motion.walk(controls))
    canvas.sub(GAP + 10, y + 290, inner.settings(controls, ("forward", "decode"), ("forward",)))
    canvas.sub(GAP + 96, y + 290, inner.loudspeakers(key))
    canvas.height = low + GAP
    return canvas.text()


def edit_patch(controls: Controls) -> str:
    """A patch in which every latent axis is scaled and shifted between `encode` and `decode`."""
    controls = dataclasses.replace(controls, key=f"{controls.key}-edit")
    key, count = controls.key, len(controls.ranges)
    columns = count + max(len(controls.labels), len(controls.guesses))
    left = SOURCE_WIDTH
    frame = Frame(controls, columns, left, LEAST_TOP)
    canvas = frame.canvas
    header(
        canvas, controls,
        "First: turn AUDIO ON, choose a sound. Then change what is heard: each axis is multiplied "
        "by its scale and moved by its offset.",
    )  # fmt: skip
    y = HEADER_HEIGHT
    room = canvas.width - left - 3 * GAP
    height = control_panels(canvas, controls, left + 2 * GAP, y, room, LEAST_TOP)
    source_panel(canvas, key, GAP, y, left, height)
    corner = (GAP + 12, y + SOURCE_HEIGHT + 22)
    canvas.meter(GAP + 142, y + SOURCE_HEIGHT + 10, 100, f"{key}-decode-meter")
    y += height + GAP

    low = y + 390
    canvas.panel(GAP, y, canvas.width - 2 * GAP, low - y)
    canvas.title(GAP + 10, y + 6, "latent axes")
    _presets_row(canvas, controls, frame.x0, y + 6, has_walk=False)
    for text, down in (("heard", 93), ("scale", 138), ("offset", 195)):
        canvas.comment(frame.x0 - 62, y + down, text)
    for axis, (bottom, top) in enumerate(controls.ranges, 1):
        x, reach = frame.at(axis - 1), max(-bottom, top)
        canvas.slider(x, y + 92, 20, 24, (bottom, top), "empty", f"{key}-heard{axis}")
        for name, at, ends in (("scale", 126, (-2.0, 2.0)), ("offset", 183, (-reach, reach))):
            name = f"{key}-{name}{axis}"
            canvas.slider(x, y + at, 20, 46, ends, name, f"{name}-move")
    frame.name_axes(controls, y + 49)
    model, buffer = frame.model, controls.buffer
    # Hosts have an outlet for information behind those for signals.
    width = frame.characters_for(count + len(controls.guesses) + 1)
    encode = canvas.obj(frame.x0, y + 276, f"nn~ {model} encode {buffer}", width)
    x = max(frame.x0, 2 * GAP + 10 + text_width(f"r {key}-decode"))
    source = canvas.sub(x, y + 244, inner.source(key))
    canvas.connect(source, encode)
    heard = controls.heard_labels
    if controls.labels:
        signals = canvas.sub(x + 90, y + 244, inner.labels(controls, heard))
        for inlet in range(len(heard)):
            canvas.connect(signals, encode, inlet, 1 + inlet)
    edited = canvas.sub(frame.x0, y + 306, motion.edit(controls), frame.characters)
    for outlet in range(count + len(controls.guesses)):
        canvas.connect(encode, edited, outlet, outlet)
    width = frame.characters_for(count + len(controls.labels))
    decode = canvas.obj(frame.x0, y + 336, f"nn~ {model} decode {buffer}", width)
    for inlet in range(count + len(controls.labels)):
        canvas.connect(edited, decode, inlet, inlet)
    messages = canvas.obj(GAP + 10, y + 244, f"r {key}-decode")
    canvas.connect(messages, encode)
    canvas.connect(messages, decode)
    _out(canvas, controls, "decode", decode, (frame.x0, y + 364), corner, "level, dB", 1)
    targets, sources, first = [], [], []
    for name in ("scale", "offset"):
        targets += [f"{key}-{name}{axis}-move" for axis in range(1, count + 1)]
        sources += [f"{key}-{name}{axis}" for axis in range(1, count + 1)]
    names = [f"{key}-label-{label.key}" for label in controls.labels]
    values = [float(label.first) for label in controls.labels]
    still = [[0.0] * count, *map(list, controls.places[1:4])]
    for scale, offset in ((1, 0), (0.5, 0), (1.5, 0), (-1, 0), (0, 0), (1, 1), (1, 2), (1, 3)):
        first.append([float(scale)] * count + still[offset] + values)
    canvas.sub(GAP + 10, y + 336, motion.presets(key, targets + names, sources + names, first))
    canvas.sub(GAP + 10, y + 364, inner.settings(controls, ("decode",), ("encode", "decode")))
    canvas.sub(GAP + 96, y + 364, inner.loudspeakers(key))
    canvas.height = low + GAP
    return canvas.text()


def _axis_names(controls: Controls) -> tuple[list[str], list[str]]:
    """Receivers that move everything a preset holds, and what says where it is."""
    axes = [f"{controls.key}-axis{axis}" for axis in range(1, len(controls.ranges) + 1)]
    labels = [f"{controls.key}-label-{label.key}" for label in controls.labels]
    return axes + labels, [f"{axis}-now" for axis in axes] + labels


def _presets_row(canvas: PdCanvas, controls: Controls, x: int, y: int, has_walk: bool) -> None:
    key = controls.key
    canvas.comment(x, y, "presets")
    canvas.radio(x + 60, y, 22, 8, f"{key}-preset", "empty", 0, says_first=False)
    canvas.bang(x + 252, y + 1, f"{key}-store")
    canvas.comment(x + 276, y, "store")
    if not has_walk:
        return
    canvas.toggle(x + 350, y + 1, f"{key}-walk")
    canvas.comment(x + 374, y, "walk at random")
    canvas.number(x + 494, y + 1, 4, 0.2, 600, f"{key}-walk-seconds", "empty", 8)
    canvas.comment(x + SECONDS_AT, y, SECONDS)


def _out(
    canvas: PdCanvas, controls: Controls, method: str, model: int, at: tuple[int, int],
    corner: tuple[int, int], level: str, is_on: int,
) -> None:  # fmt: skip
    """Switch and level at a corner; the output of a model below it.

    The level's name stands above its slider, or behind it if it is short.
    """
    key, (x, y) = controls.key, corner
    canvas.toggle(x, y, f"{key}-{method}-on", is_on)
    canvas.comment(x + 24, y - 1, f"{method} on")
    is_short = len(level) < 3
    canvas.comment(x + 112 * is_short, y + 26, level)
    name = f"{key}-{method}-level"
    canvas.slider(x + 3, y + (28 if is_short else 48), 100, 18, inner.LEVEL_DB, name, name)
    canvas.connect(model, canvas.sub(*at, inner.output(key, method)))


def _source_width(controls: Controls) -> int:
    boxes = ["pd forward-out"] + ["pd heard"] * bool(controls.guesses)
    row = sum(text_width(box) + GAP for box in boxes)
    model = f"nn~ {model_atom(controls.name)} forward {controls.buffer}"
    return max(SOURCE_WIDTH + 40, 160 + max(row, text_width(model) + GAP))


def _forward(canvas: PdCanvas, controls: Controls, model: str, x: int, y: int) -> None:
    """Sound through the model, below where the sound is chosen."""
    key, right = controls.key, x + 160
    messages = canvas.obj(x + 12, y + 58, f"r {key}-forward")
    source = canvas.sub(right, y + 4, inner.source(key))
    forward = canvas.obj(right, y + 84, f"nn~ {model} forward {controls.buffer}")
    canvas.connect(messages, forward)
    canvas.connect(source, forward)
    if controls.labels:
        signals = inner.labels(controls, controls.labels)
        box = canvas.sub(right + text_width("pd source") + GAP, y + 4, signals)
        for inlet in range(len(controls.labels)):
            canvas.connect(box, forward, inlet, 1 + inlet)
    if controls.guesses:
        heard = canvas.sub(
            right + text_width("pd forward-out") + GAP, y + 116, inner.guesses(controls)
        )
        for outlet in range(len(controls.guesses)):
            canvas.connect(forward, heard, 1 + outlet, outlet)
    _out(canvas, controls, "forward", forward, (right, y + 116), (x + 12, y + 4), "dB", is_on=1)
    canvas.meter(x + _source_width(controls) - 34, y - 94, 88, f"{key}-forward-meter")
