"""NAME.pd of a detector: a sound in, a bang and a number for each onset."""

from vschaos2.patches import pd_settings
from vschaos2.patches import pd_sound as sound
from vschaos2.patches.controls import Controls
from vschaos2.patches.flow import rows
from vschaos2.patches.pd_canvas import PdCanvas, text_width
from vschaos2.patches.pd_frame import Frame
from vschaos2.patches.pd_panel import (
    GAP,
    HEADER_HEIGHT,
    SOURCE_HEIGHT,
    SOURCE_WIDTH,
    control_panels,
    header,
    sound_panel,
)
from vschaos2.patches.strikes import HEARD

LEAST_TOP = 272
SMALL = "1e-06"  # of a strength


def onset_patch(controls: Controls) -> str:
    """A patch that says of a sound when something begins, and how strong."""
    key = controls.key
    width = max(SOURCE_WIDTH + 40, 190 + text_width(f"s {key}-onset"))
    frame = Frame(controls, 0, width, LEAST_TOP)
    canvas, y = frame.canvas, HEADER_HEIGHT
    first = "First: turn AUDIO ON, choose a sound. Other patches get each onset's strength."
    header(canvas, controls, first)
    room = canvas.width - width - 3 * GAP
    _, whole = control_panels(canvas, controls, width + 2 * GAP, y, room, LEAST_TOP)
    sound_panel(canvas, key, GAP, y, width, LEAST_TOP, has_sources=True, has_recorder=False)
    at = rows(y + SOURCE_HEIGHT + 4, source=30, messages=30, model=30, onset=30, shown=0)
    left, right = GAP + 12, GAP + 160
    canvas.toggle(left, at["source"], f"{key}-detect-on", 1)
    canvas.comment(left + 24, at["source"] - 1, "detect on")
    source = canvas.sub(right, at["source"], sound.source(key))
    messages = canvas.obj(left, at["messages"], f"r {key}-detect")
    detect = canvas.obj(left, at["model"], f"nn~ {frame.model} detect {controls.buffer}")
    told = canvas.sub(left, at["onset"], onset())
    sent = canvas.obj(right, at["onset"], f"s {key}-onset")
    flash = canvas.bang(left, at["shown"], "empty")
    number = canvas.shown_number(left + 30, at["shown"], 6, "-")
    canvas.comment(left + 90, at["shown"] - 1, "strength of the last one")
    canvas.connect(messages, detect)
    canvas.connect(source, detect)
    canvas.connect(detect, told)
    for shown in (flash, number, sent):
        canvas.connect(told, shown)
    methods = ("detect",)
    canvas.sub(right + text_width("pd source") + GAP, at["source"], pd_settings.settings(
        controls, methods, methods
    ))  # fmt: skip
    canvas.height = y + whole + GAP
    return canvas.text()


def onset() -> PdCanvas:
    """Impulses as numbers: each as high as its impulse, in the block of 64 samples it comes in."""
    canvas = PdCanvas("onset")
    impulses = canvas.obj(20, 20, "inlet~")
    above = canvas.obj(20, 110, f"threshold~ {SMALL} 0 {SMALL} 0")
    held = canvas.obj(200, 60, r"fexpr~ if(\$x1 > 0 \, \$x1 \, \$y1)")
    last = canvas.obj(20, 150, "snapshot~")
    canvas.connect(impulses, above)
    canvas.connect(impulses, held)
    canvas.connect(held, last)
    canvas.connect(above, last)
    canvas.connect(last, canvas.obj(20, 190, "outlet"))
    canvas.connect(last, canvas.obj(120, 190, f"s {HEARD.format('-')}"))
    return canvas.fit()
