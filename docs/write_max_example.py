"""Writes patches/max_example.maxpat: the patch of a model with eight axes, and a lesson beside it.

python3 -m docs.write_max_example
"""

import math
from pathlib import Path

from vschaos2.files import write_whole
from vschaos2.patches.controls import Controls
from vschaos2.patches.max_canvas import BOX_HEIGHT
from vschaos2.patches.max_patch import play_canvas
from vschaos2.patches.settings import Setting

PATCH = Path(__file__).resolve().parent.parent / "patches" / "max_example.maxpat"
PLACES = tuple(
    tuple(round(1.5 * math.sin(place * axis), 2) for axis in range(1, 9)) for place in range(8)
)
EXAMPLE = Controls(
    name="my_instrument",
    key="my_instrument",
    methods={"forward": (1, 1), "decode": (8, 1)},
    ranges=((-3.0, 3.0),) * 8,
    rising=("",) * 8,  # a card knows
    places=PLACES,
    stops=PLACES,
    ways=tuple(((place - 1) % 8, (place + 1) % 8) for place in range(8)),
    labels=(),
    guesses=(),
    settings=(
        Setting("temperature", "number", 0.0, (0.0, 10.0), (0.0, 2.0)),
        Setting(
            "inversion", "choice", "default",
            choices=("default", "keep_input", "random", "eco", "live", "balanced", "hq"),
        ),
        Setting("projection", "choice", "pca", choices=("none", "pca", "ica")),
        Setting("gain_db", "number", 0.0, (-120.0, 60.0), (-60.0, 12.0), "dB"),
        Setting("reset", "event", False),
    ),
    buffer=2048,
    sample_rate_hz=44100,
    figures="An example: put the name of your model instead of my_instrument into both nn~ boxes",
)  # fmt: skip
WIDTH, LINE_CHARACTERS = 360, 52  # of the lesson, in pixels; of a line of it
LESSON = (
    (
        "1  The model",
        "nn~ MODEL METHOD BUFFER plays a file MODEL.ts that script.py wrote. It must lie in Max's "
        "search path: Options, File Preferences. For your own model, open the NAME.maxpat beside "
        "NAME.ts: it has the right inlets, ranges and menus.",
    ),
    (
        "2  forward: sound in, sound out",
        "What comes in is described by the model and made again as your recordings sound. Choose "
        "a sound at the left. Use headphones with the microphone.",
    ),
    (
        "3  A latent: what a model hears, in numbers",
        "encode turns sound into a few numbers, some 86 times a second: the latent axes. Nearby "
        "numbers sound alike. 0 is the middle of your sounds, most lie within -3 and 3, and the "
        "first axis changes the sound most.",
    ),
    (
        "4  decode: numbers in, sound out",
        "The other half alone: each slider is one latent, through sig~, since nn~ reads signals. "
        "Switch it on, choose a place, move a slider, or let them walk. Between encode and decode "
        "you can change what is heard: NAME-encode-decode.maxpat.",
    ),
    (
        "5  Labels",
        "A model that was trained with labels, say pitch, has an inlet for each: in forward behind "
        "the sound, in decode behind the axes. The number of a class commands it. Nothing "
        "connected, or -1, means guess: the model uses what it hears itself.",
    ),
    (
        "6  Buffer and delay",
        "BUFFER is how many samples nn~ collects before it computes, on a thread of its own. A "
        "larger one is safer, a smaller one sooner: 2048 at 44100 Hz add 91 ms to the model's own "
        "delay. NAME.json, the card, says both, and the smallest buffer that was safe. If sound "
        "breaks up, double it.",
    ),
    (
        "7  Messages",
        "set ATTRIBUTE VALUE changes the model while it plays: set gain_db -6. enable 0 rests it. "
        "set reset 1 forgets what it heard. set limiter off lets decode exceed full scale.",
    ),
)  # fmt: skip


def wrapped_lines(text: str) -> int:
    """Lines that a text fills in the lesson."""
    return -(-len(text) // LINE_CHARACTERS)


def example_text() -> str:
    """Contents of the example."""
    canvas = play_canvas(EXAMPLE)
    left = canvas.width
    canvas.width += WIDTH
    panel = canvas.panel(left, 12, WIDTH - 12, 0)
    y = 18.0
    for title, text in LESSON:
        canvas.comment(left + 8, y, title, size=13)
        lines = wrapped_lines(text)
        canvas.comment(left + 8, y + BOX_HEIGHT + 1, text, WIDTH - 28, lines=lines)
        y += BOX_HEIGHT + 1 + round(lines * 12 * 1.2) + 7
    canvas.height = max(canvas.height, y + 12)
    canvas.boxes[panel - 1]["box"]["patching_rect"][3] = canvas.height - 24
    return canvas.text()


def main() -> None:
    """Write the example."""
    write_whole(PATCH, example_text())


if __name__ == "__main__":
    main()
