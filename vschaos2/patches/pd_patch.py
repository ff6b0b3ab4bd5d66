"""NAME.pd, which plays an instrument, and NAME-encode-decode.pd, which edits what it hears."""

import dataclasses
from collections.abc import Mapping

from vschaos2.patches import pd_labels, pd_settings
from vschaos2.patches import pd_motion as motion
from vschaos2.patches import pd_outside as outside
from vschaos2.patches import pd_sound as sound
from vschaos2.patches.controls import Controls
from vschaos2.patches.flow import rows
from vschaos2.patches.pd_canvas import PdCanvas, text_width
from vschaos2.patches.pd_frame import GUTTER, Frame, model_atom
from vschaos2.patches.pd_panel import (
    GAP,
    HEADER_HEIGHT,
    SOURCE_HEIGHT,
    SOURCE_WIDTH,
    control_panels,
    header,
    output,
    sound_panel,
)

SLIDER_HEIGHT, LEAST_TOP = 72, 264


def play_patch(controls: Controls) -> str:
    """A patch that plays sound through `forward`, and latent axes by `decode`."""
    key, has_axes = controls.key, "decode" in controls.methods
    columns = len(controls.ranges) + len(controls.labels) if has_axes else 0
    left = _source_width(controls)
    gutter = max(GUTTER, text_width(f"r {key}-decode") + GAP)
    frame = Frame(controls, columns, left, LEAST_TOP + 8, gutter)
    canvas = frame.canvas
    header(canvas, controls, controls.first_steps("turn AUDIO ON"))
    y = HEADER_HEIGHT
    has_sound = "forward" in controls.methods
    room = canvas.width - left - 3 * GAP
    height, whole = control_panels(canvas, controls, left + 2 * GAP, y, room, LEAST_TOP + 8)
    sound_panel(canvas, key, GAP, y, left, height, has_sound)
    beside = rows(y + SOURCE_HEIGHT + 4, source=54, messages=26, model=32, output=0)
    if has_sound:
        _forward(canvas, controls, frame.model, GAP, beside)
    settings = pd_settings.settings(controls, controls.played, controls.played[:1])
    end = y + whole + GAP
    if has_axes:
        at = _play_axes(frame, controls, end)
        canvas.sub(GAP + 10, at["out"], settings)
        canvas.sub(GAP + 96, at["out"], sound.loudspeakers(key))
        end = at["end"] + GAP
    else:
        canvas.sub(GAP + 12, beside["model"], settings)
        canvas.sub(GAP + 12, beside["output"], sound.loudspeakers(key))
    canvas.height = end
    return canvas.text()


def _play_axes(frame: Frame, controls: Controls, y: int) -> dict[str, int]:
    """Latent axes and labels above `decode`; returns the rows that they stand in."""
    canvas, key = frame.canvas, controls.key
    at = rows(
        y + 6, title=43, names=43, sliders=SLIDER_HEIGHT + 6, numbers=32, signals=48,
        itself=68 * controls.plays_itself, model=40, out=46,
    )  # fmt: skip
    corner = (GAP + 10, at["title"] + 30)
    canvas.panel(GAP, y, canvas.width - 2 * GAP, at["end"] - y)
    frame.presets(key, at["title"], moves=True)
    signals = []
    for axis, shown in enumerate(axes(frame, controls, at)):
        signals.append(canvas.obj(frame.at(axis), at["signals"], "sig~"))
        canvas.connect(shown, signals[-1])
    frame.name_labels(controls, at["numbers"] - 24)
    for column, label in enumerate(controls.labels, len(controls.ranges)):
        x, name = frame.at(column), f"{key}-label-{label.key}-played"
        shown = canvas.shown_number(x, at["numbers"], frame.digits, name)
        signals.append(canvas.obj(x, at["signals"], "sig~"))
        canvas.connect(shown, signals[-1])
    text = f"nn~ {frame.model} decode {controls.buffer}"
    decode = canvas.obj(frame.x0, at["model"], text, frame.characters)
    messages = canvas.obj(GAP + 10, at["signals"], f"r {key}-decode")
    canvas.connect(messages, decode)
    moved = len(controls.ranges) if controls.plays_itself else 0
    if moved:
        _by_itself(frame, controls, at["itself"], signals[:moved], decode, messages)
    for inlet, signal in enumerate(signals[moved:], moved):
        canvas.connect(signal, decode, 0, inlet)
    output(canvas, controls, "decode", decode, (frame.x0, at["out"]), corner, "level, dB", 0)
    canvas.meter(GAP + 122, corner[1], 120, f"{key}-decode-meter")
    x, y = frame.x0 + 120, at["out"] - 4
    outside.switches(canvas, controls, x, y, outside.notes(controls), outside.osc(controls))
    presets = motion.presets(key, *axis_names(controls), controls.presets)
    canvas.sub(GAP + 10, at["model"], presets)
    canvas.sub(GAP + 96, at["model"], motion.move(controls))
    return at


def _by_itself(
    frame: Frame, controls: Controls, y: int, hand: list[int], decode: int, messages: int
) -> None:
    """The prior, and what lets it or the hand move the axes of `decode`."""
    canvas, key, count = frame.canvas, controls.key, len(hand)
    canvas.toggle(GAP + 10, y + 38, f"{key}-itself")
    canvas.comment(GAP + 32, y + 37, "by itself")
    text = f"nn~ {frame.model} prior {controls.buffer}"
    prior = canvas.obj(frame.x0, y, text, frame.characters_for(count + 1))
    chosen = canvas.sub(frame.x0, y + 34, motion.by_itself(controls), frame.characters)
    canvas.connect(messages, prior)
    for axis, signal in enumerate(hand):
        canvas.connect(signal, chosen, 0, axis)
        canvas.connect(prior, chosen, axis, count + axis)
        canvas.connect(chosen, decode, axis, axis)


def axes(frame: Frame, controls: Controls, at: Mapping[str, int]) -> list[int]:
    """Sliders of the latent axes in rows called title, names, sliders, numbers; their numbers."""
    canvas, key = frame.canvas, controls.key
    canvas.title(GAP + 10, at["title"], "latent axes")
    frame.name_axes(controls, at["names"])
    numbers = []
    for axis, ends in enumerate(controls.ranges, 1):
        x = frame.at(axis - 1)
        slider = canvas.slider(
            x, at["sliders"], 20, SLIDER_HEIGHT, ends, f"{key}-axis{axis}-now", f"{key}-axis{axis}"
        )
        numbers.append(canvas.shown_number(x, at["numbers"], frame.digits, "-"))
        canvas.connect(slider, numbers[-1])
    return numbers


def edit_patch(controls: Controls) -> str:
    """A patch in which every latent axis is scaled and shifted between `encode` and `decode`."""
    controls = dataclasses.replace(controls, key=f"{controls.key}-edit")
    key, count = controls.key, len(controls.ranges)
    frame = Frame(
        controls, count + max(len(controls.labels), len(controls.guesses)), SOURCE_WIDTH, LEAST_TOP
    )
    canvas = frame.canvas
    header(
        canvas, controls,
        "First: turn AUDIO ON, choose a sound. Then change what is heard: each axis is multiplied "
        "by its scale and moved by its offset.",
    )  # fmt: skip
    y = HEADER_HEIGHT
    room = canvas.width - SOURCE_WIDTH - 3 * GAP
    height, whole = control_panels(canvas, controls, SOURCE_WIDTH + 2 * GAP, y, room, LEAST_TOP)
    sound_panel(canvas, key, GAP, y, SOURCE_WIDTH, height, has_sources=True)
    canvas.meter(GAP + 142, y + SOURCE_HEIGHT + 10, 100, f"{key}-decode-meter")
    at = rows(
        y + whole + GAP + 6, title=43, names=43, heard=34, scale=57, offset=61, source=32,
        encode=30, edit=30, decode=28, out=26,
    )  # fmt: skip
    panel_y = y + whole + GAP
    canvas.panel(GAP, panel_y, canvas.width - 2 * GAP, at["end"] - panel_y)
    canvas.title(GAP + 10, at["title"], "latent axes")
    frame.presets(key, at["title"], moves=False)
    for name, down in (("heard", 1), ("scale", 12), ("offset", 12)):
        canvas.comment(frame.x0 - 62, at[name] + down, name)
    for axis, (bottom, top) in enumerate(controls.ranges, 1):
        x, reach = frame.at(axis - 1), max(-bottom, top)
        canvas.slider(x, at["heard"], 20, 24, (bottom, top), "empty", f"{key}-heard{axis}")
        for kind, ends in (("scale", (-2.0, 2.0)), ("offset", (-reach, reach))):
            name = f"{key}-{kind}{axis}"
            canvas.slider(x, at[kind], 20, 46, ends, name, f"{name}-move")
    frame.name_axes(controls, at["names"])
    decode = _edited(frame, controls, at)
    output(
        canvas, controls, "decode", decode, (frame.x0, at["out"]),
        (GAP + 12, HEADER_HEIGHT + SOURCE_HEIGHT + 22), "level, dB", 1,
    )  # fmt: skip
    canvas.sub(GAP + 10, at["decode"], _edit_presets(controls))
    settings = pd_settings.settings(controls, ("decode",), ("encode", "decode"))
    canvas.sub(GAP + 10, at["out"], settings)
    canvas.sub(GAP + 96, at["out"], sound.loudspeakers(key))
    canvas.height = at["end"] + GAP
    return canvas.text()


def _edited(frame: Frame, controls: Controls, at: Mapping[str, int]) -> int:
    """Sound through `encode`, what edits its latents, and `decode`, whose box is returned."""
    canvas, key, count = frame.canvas, controls.key, len(controls.ranges)
    labels, guesses, buffer = len(controls.labels), len(controls.guesses), controls.buffer
    # Hosts have an outlet for information behind those for signals.
    width = frame.characters_for(count + guesses + 1)
    encode = canvas.obj(frame.x0, at["encode"], f"nn~ {frame.model} encode {buffer}", width)
    x = max(frame.x0, 2 * GAP + 10 + text_width(f"r {key}-decode"))
    source = canvas.sub(x, at["source"], sound.source(key))
    canvas.connect(source, encode)
    heard = controls.heard_labels
    if controls.labels:
        signals = canvas.sub(x + 90, at["source"], pd_labels.labels(controls, heard))
        for inlet in range(len(heard)):
            canvas.connect(signals, encode, inlet, 1 + inlet)
    edited = canvas.sub(frame.x0, at["edit"], motion.edit(controls), frame.characters)
    for outlet in range(count + guesses):
        canvas.connect(encode, edited, outlet, outlet)
    width = frame.characters_for(count + labels)
    decode = canvas.obj(frame.x0, at["decode"], f"nn~ {frame.model} decode {buffer}", width)
    for inlet in range(count + labels):
        canvas.connect(edited, decode, inlet, inlet)
    messages = canvas.obj(GAP + 10, at["source"], f"r {key}-decode")
    canvas.connect(messages, encode)
    canvas.connect(messages, decode)
    return decode


def _edit_presets(controls: Controls) -> PdCanvas:
    """Scales and offsets: as heard, half, more, turned over, still, and as heard at places."""
    key, count = controls.key, len(controls.ranges)
    axes = [f"{key}-{name}{axis}" for name in ("scale", "offset") for axis in range(1, count + 1)]
    labels = [f"{key}-label-{label.key}" for label in controls.labels]
    values = [float(label.first) for label in controls.labels]
    places = [[0.0] * count, *map(list, controls.places[1:4])]
    first = [
        [scale] * count + place + values
        for scale, place in (
            *((scale, places[0]) for scale in (1.0, 0.5, 1.5, -1.0, 0.0)),
            *((1.0, place) for place in places[1:]),
        )
    ]
    return motion.presets(key, [f"{axis}-move" for axis in axes] + labels, axes + labels, first)


def axis_names(controls: Controls) -> tuple[list[str], list[str]]:
    """Receivers that move everything a preset holds, and what says where it is."""
    axes = [f"{controls.key}-axis{axis}" for axis in range(1, len(controls.ranges) + 1)]
    labels = [f"{controls.key}-label-{label.key}" for label in controls.labels]
    return [f"{axis}-to" for axis in axes] + labels, [f"{axis}-now" for axis in axes] + labels


def _source_width(controls: Controls) -> int:
    boxes = ["pd forward-out"] + ["pd heard"] * bool(controls.guesses)
    row = sum(text_width(box) + GAP for box in boxes)
    model = f"nn~ {model_atom(controls.name)} forward {controls.buffer}"
    return max(SOURCE_WIDTH + 40, 160 + max(row, text_width(model) + GAP))


def _forward(
    canvas: PdCanvas, controls: Controls, model: str, x: int, at: Mapping[str, int]
) -> None:
    """Sound through the model, below where the sound is chosen. Its first outlet is heard."""
    key, right, (inlets, outlets) = controls.key, x + 160, controls.sounds
    messages = canvas.obj(x + 12, at["messages"], f"r {key}-forward")
    source = canvas.sub(right, at["source"], sound.source(key))
    forward = canvas.obj(right, at["model"], f"nn~ {model} forward {controls.buffer}")
    canvas.connect(messages, forward)
    for inlet in range(inlets):
        canvas.connect(source, forward, 0, inlet)
    if controls.labels:
        signals = pd_labels.labels(controls, controls.labels)
        box = canvas.sub(right + text_width("pd source") + GAP, at["source"], signals)
        for inlet in range(len(controls.labels)):
            canvas.connect(box, forward, inlet, inlets + inlet)
    if controls.guesses:
        guesses = pd_labels.guesses(controls)
        heard = canvas.sub(right + text_width("pd forward-out") + GAP, at["output"], guesses)
        for outlet in range(len(controls.guesses)):
            canvas.connect(forward, heard, outlets + outlet, outlet)
    output(
        canvas,
        controls,
        "forward",
        forward,
        (right, at["output"]),
        (x + 12, at["source"]),
        "dB",
        is_on=1,
    )
    canvas.meter(x + _source_width(controls) - 34, at["source"] - 98, 88, f"{key}-forward-meter")
