"""NAME.maxpat of a detector: a sound in, a bang and a number for each onset."""

from vschaos2.patches import max_blocks as blocks
from vschaos2.patches import max_inner as inner
from vschaos2.patches.controls import Controls
from vschaos2.patches.flow import rows
from vschaos2.patches.max_canvas import BOX_HEIGHT, MaxCanvas, text_width
from vschaos2.patches.max_frame import Frame
from vschaos2.patches.max_panel import (
    GAP,
    HEADER_HEIGHT,
    SOUND_WIDTH,
    TITLE_HEIGHT,
    control_panel,
    header,
    model_word,
)
from vschaos2.patches.strikes import HEARD

LEAST_HEIGHT = 290
SIGNAL, NONE = "signal", ""


def onset_patch(controls: Controls) -> str:
    """A patch that says of a sound when something begins, and how strong."""
    frame, key = Frame(controls, 0), controls.key
    canvas, y = frame.canvas, HEADER_HEIGHT
    first = "First: click the loudspeaker, choose a sound. Other patches get each onset's strength."
    header(canvas, controls, first, has_recorder=False)
    _, whole = control_panel(canvas, controls, SOUND_WIDTH + 2 * GAP, y)
    height = max(whole, LEAST_HEIGHT)
    canvas.panel(GAP, y, SOUND_WIDTH, height)
    canvas.comment(GAP + 10, y + 4, "sound", size=14)
    x = GAP + 12
    at = rows(y + TITLE_HEIGHT, source=88, messages=30, model=34, onset=34, shown=30)
    sound = blocks.source(canvas, x, at["source"])
    blocks.switch(canvas, x + 350, at["source"], key, "detect", is_on=True)
    canvas.gui("ezdac~", x + 410, at["shown"], 40, 40)
    said = canvas.sub(x + 30, at["messages"], "messages", inner.messages(key, "detect"), 1, [NONE])
    text = f"nn~ {model_word(controls.name)} detect {controls.buffer}"
    detect = canvas.obj(x, at["model"], text, 1, [SIGNAL], text_width(text))
    told = canvas.sub(x, at["onset"], "onset", onset(), 1, [NONE])
    flash = canvas.gui("button", x, at["shown"], 24, 24)
    number = canvas.gui("flonum", x + 34, at["shown"], 60, BOX_HEIGHT)
    canvas.comment(x + 104, at["shown"], "strength of the last one")
    sent = canvas.obj(x + 120, at["onset"], f"s {key}.onset", 1, [])
    canvas.connect(said, detect)
    canvas.chain(sound, detect, told)
    for shown in (flash, number, sent):
        canvas.connect(told, shown)
    canvas.height = y + height + GAP
    return canvas.text()


def onset() -> MaxCanvas:
    """Impulses as numbers, each as high as its impulse."""
    canvas = MaxCanvas(300, 260)
    impulses = canvas.gui("inlet", 20, 20, 30, 30, comment="impulses")
    begins = canvas.obj(20, 70, "edge~", 1, ["bang", "bang"])
    held = canvas.obj(120, 70, "sah~", 2, [SIGNAL])
    last = canvas.obj(20, 130, "snapshot~", 2, ["float"])
    canvas.chain(impulses, begins, last, canvas.gui("outlet", 20, 190, 30, 30, comment="strength"))
    canvas.connect(impulses, held)
    canvas.connect(impulses, held, 0, 1)
    canvas.connect(held, last)
    canvas.connect(last, canvas.obj(120, 190, f"s {HEARD.format('.')}", 1, []))
    return canvas
