"""The upper half of a Max patch: what it is, where its sound comes from, labels and settings."""

import re

from vschaos2.patches import max_blocks as blocks
from vschaos2.patches import max_inner as inner
from vschaos2.patches.controls import Controls, reads_as_number
from vschaos2.patches.flow import Block, flow, rows, shelves, stack, stretched
from vschaos2.patches.max_canvas import ACCENT, BOX_HEIGHT, MaxCanvas, text_width
from vschaos2.patches.max_settings import setting_block
from vschaos2.patches.settings import by_group

GAP, HEADER_HEIGHT, TITLE_HEIGHT = 12, 88, 30
SOUND_WIDTH, LEAST_TOP, MOST_TOP = 480, 240, 560
LABELS_AT, HEARD_AT = 140, 270  # pixels from the sound's source to the labels, to guesses
INLET_MARGIN = 19.0  # pixels of a box's width that its inlets do not spread over
SIGNAL, NONE = "signal", ""


def header(
    canvas: MaxCanvas, controls: Controls, first_steps: str, has_recorder: bool = True
) -> None:
    """Name, figures and what to do first, across the top."""
    canvas.panel(0, 0, canvas.width, HEADER_HEIGHT - GAP, ACCENT)
    canvas.comment(12, 2, controls.name, size=20)
    canvas.comment(12, 33, controls.figures)
    canvas.comment(12, 54, first_steps)
    x = canvas.width - 180
    if controls.host_rates_hz:
        canvas.sub(x - 80, 6, "rate", inner.rate(controls), 1, [])
    if not has_recorder:
        return
    toggle = canvas.gui("toggle", x, 6, 22, 22)
    canvas.comment(x + 26, 6, "record")
    recorder = canvas.sub(x + 90, 6, "record", inner.recorder(controls.key), 1, [])
    canvas.connect(toggle, recorder)


def every_block(controls: Controls) -> list[Block[MaxCanvas]]:
    """Labels, then what is heard besides, then settings that belong to no group."""
    own = by_group(controls.settings)[""]
    settings = [setting_block(setting, controls.key) for setting in own]
    return [*blocks.label_blocks(controls), *settings]


def group_blocks(controls: Controls) -> dict[str, list[Block[MaxCanvas]]]:
    """Settings of each group, in their order."""
    groups = by_group(controls.settings)
    return {
        name: [setting_block(setting, controls.key) for setting in settings]
        for name, settings in groups.items()
        if name
    }


def control_panel(canvas: MaxCanvas, controls: Controls, x: int, y: int) -> tuple[int, int]:
    """Labels and settings beside the sound, groups of settings in panels of their own.

    Returns the height of what stands beside the sound, and of all, with the panels below.
    """
    every = every_block(controls)
    if group_blocks(controls):
        return _panels_in_rows(canvas, controls, x, y)
    width = int(canvas.width) - x - GAP
    places, inner_height = flow(every, width - 2 * GAP)
    height = max(LEAST_TOP, inner_height + TITLE_HEIGHT + GAP)
    canvas.panel(x, y, width, height)
    canvas.comment(x + 10, y + 4, "labels and model" if controls.labels else "model", size=14)
    for block, (left, top) in zip(every, places, strict=True):
        block.draw(canvas, x + GAP + left, y + TITLE_HEIGHT + top)
    return height, height


def _panels_in_rows(canvas: MaxCanvas, controls: Controls, x: int, y: int) -> tuple[int, int]:
    """All panels, the first of them at (x, y), beside the sound; others in rows below it."""
    own = {"labels and model" if controls.labels else "model": every_block(controls)}
    panels = {**{name: made for name, made in own.items() if made}, **group_blocks(controls)}
    width = int(canvas.width) - 2 * GAP
    heights = range(LEAST_TOP - TITLE_HEIGHT - GAP, MOST_TOP, 6)
    found = shelves(list(panels.values()), x - GAP, width, heights, TITLE_HEIGHT, GAP, GAP)
    widths = stretched(found, width)
    for (name, made), (left, top), wide, high, column in zip(
        panels.items(), found.places, widths, found.heights, found.columns, strict=True
    ):
        canvas.panel(GAP + left, y + top, wide, high)
        canvas.comment(GAP + left + 10, y + top + 4, name, size=14)
        for block, (across, down) in zip(made, stack(made, column, GAP)[0], strict=True):
            block.draw(canvas, 2 * GAP + left + across, y + top + TITLE_HEIGHT + down)
    return found.first, found.height


def sound_width(controls: Controls) -> int:
    """Pixels of the panel of the sound."""
    shown = 24 + HEARD_AT + 62 * len(controls.guesses)
    return max(SOUND_WIDTH, shown, _switch_at(controls) + int(text_width("loadmess 1")) + 2 * GAP)


def _switch_at(controls: Controls) -> int:
    """Where the switch of `forward` stands, right of all that leads to the model."""
    text = f"nn~ {model_word(controls.name)} forward {controls.buffer}"
    labels = LABELS_AT + 30 * max(2, len(controls.labels))
    return max(350, labels + GAP, int(text_width(text)) + GAP)


def forward(canvas: MaxCanvas, controls: Controls, x: int, y: int) -> None:
    """Sound through the model, from where it is chosen to the loudspeakers; one outlet is heard."""
    key, count, (inlets, outlets) = controls.key, len(controls.labels), controls.sounds
    at = rows(y, source=88, messages=34, model=34, output=4, heard=BOX_HEIGHT)
    sound = blocks.source(canvas, x, y)
    blocks.switch(canvas, x + _switch_at(controls), y, key, "forward", is_on=True)
    text = f"nn~ {model_word(controls.name)} forward {controls.buffer}"
    width = max(text_width(text), LABELS_AT + 30.0 * count if count else 0.0)
    every = outlets + len(controls.guesses)
    model = canvas.obj(x, at["model"], text, inlets + count, [SIGNAL] * every, width)
    for inlet in range(inlets):
        canvas.connect(sound, model, 0, inlet)
    said = inner.messages(key, "forward")
    messages = canvas.sub(x + 30, at["messages"], "messages", said, 1, [NONE])
    canvas.connect(messages, model)
    if controls.labels:
        signals = canvas.sub(
            x + LABELS_AT, at["messages"], "labels", inner.label_signals(controls), 1,
            [SIGNAL] * count, max(text_width("p labels"), 30 * (count - 1) + INLET_MARGIN),
        )  # fmt: skip
        for i in range(count):
            canvas.connect(signals, model, i, inlets + i)
    for i, guess in enumerate(controls.guesses):
        sent = inner.send_heard(key, guess.key)
        box = canvas.sub(x + HEARD_AT + 62 * i, at["heard"], "heard", sent, 1, [])
        canvas.connect(model, box, outlets + i)
    blocks.output(canvas, x, at["output"], model, key, "forward")


def model_word(name: str) -> str:
    """A model's name as one word: quoted, and with its ending where it reads as a number."""
    name = f"{name}.ts" if reads_as_number(name) else name
    return f'"{name}"' if re.search(r"[\s,;]", name) else name
