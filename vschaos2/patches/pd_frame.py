"""A window of a Pd patch, and columns in it above the inlets of a wide box."""

import re

from vschaos2.patches.controls import Controls, reads_as_number
from vschaos2.patches.flow import column_pitch, stagger
from vschaos2.patches.pd_canvas import (
    BOX_HEIGHT,
    CHARACTER,
    INLET_WIDTH,
    MARGIN,
    PdCanvas,
    text_width,
)
from vschaos2.patches.pd_motion import GLIDE_S
from vschaos2.patches.pd_panel import GAP, panels_width

NARROWEST, WIDTH, WIDEST = 960, 1272, 1360  # pixels of a window; the last for many axes only
GUTTER = 152  # pixels left of the columns, for switch, level and meter
SECONDS, SECONDS_AT = "s to a new place", 582  # pixels from the row's left
LEAST_PITCH, ROOMY_PITCH = 33, 38  # a column: sig~ just fits; a number with two digits, too


def model_atom(name: str) -> str:
    """A model's name as one symbol: a name that reads as a number needs its ending."""
    if reads_as_number(name):
        return f"{name}.ts"
    return re.sub(r"([\s,;$])", r"\\\1", name)


class Frame:
    """A window, and columns in it above the inlets of a wide box.

    Args:
        controls: of the instrument.
        columns: how many; without any, the window is as wide as its panels.
        left: width of what stands left of the panels for labels and settings.
        least_height: of these panels.
        gutter: pixels left of the columns.
    """

    def __init__(
        self,
        controls: Controls,
        columns: int,
        left: int,
        least_height: int,
        gutter: int = GUTTER,
    ) -> None:
        self.model = model_atom(controls.name)
        text = f"nn~ {self.model} encode {controls.buffer}"
        self.x0 = 2 * GAP + gutter
        sides = self.x0 + 2 * GAP
        most = WIDTH if sides + ROOMY_PITCH * columns <= WIDTH else WIDEST
        row = self.x0 + SECONDS_AT + text_width(SECONDS) + 2 * GAP if columns else 0
        narrowest = max(NARROWEST, text_width(controls.figures) + 40, row)
        panels = left + 3 * GAP + panels_width(controls, left, most - left - 3 * GAP, least_height)
        width = max(panels, row, min(most, max(narrowest, sides + 56 * columns)))
        # The last label's name reaches beyond its column.
        overhang = max([0, *(text_width(label.task) - 52 for label in controls.labels[-1:])])
        self.pitch = column_pitch(columns, width - sides - overhang, LEAST_PITCH, 56)
        if columns > 1:
            self.pitch = max(self.pitch, 1 + (text_width(text) - INLET_WIDTH) // (columns - 1))
        self.columns = columns
        self.digits = (self.pitch - (8 if self.pitch >= ROOMY_PITCH else MARGIN)) // CHARACTER
        self.canvas = PdCanvas(width=max(width, sides + self.pitch * columns))
        self.signals: list[int] = []
        self.least_characters = len(text)

    def presets(self, key: str, y: int, moves: bool) -> None:
        """A row of presets, and what makes the axes glide there, and walk."""
        canvas, x = self.canvas, self.x0
        canvas.comment(x, y, "presets")
        canvas.radio(x + 60, y, 22, 8, f"{key}-preset", "empty", 0, says_first=False)
        canvas.bang(x + 252, y + 1, f"{key}-store")
        canvas.comment(x + 276, y, "store")
        if not moves:
            return
        canvas.comment(x + 332, y, "glide, s")
        canvas.number(x + 396, y + 1, 4, 0, 600, f"{key}-glide", "empty", GLIDE_S)
        canvas.toggle(x + 460, y + 1, f"{key}-walk")
        canvas.comment(x + 484, y, "walk")
        canvas.number(x + 524, y + 1, 4, 0.2, 600, f"{key}-walk-seconds", "empty", 8)
        canvas.comment(x + SECONDS_AT, y, SECONDS)

    def name_axes(self, controls: Controls, y: int) -> None:
        """Numbers of the axes, and above them what each does as it rises, in two rows."""
        starts = [self.at(axis) for axis in range(len(controls.ranges))]
        widths = [text_width(word) for word in controls.rising]
        right = self.canvas.width - GAP - MARGIN
        places = stagger(starts, widths, right, gap=MARGIN)
        for axis, (word, (x, row)) in enumerate(zip(controls.rising, places, strict=True)):
            self.canvas.comment(starts[axis], y + BOX_HEIGHT, str(axis + 1))
            if word:
                self.canvas.comment(x, y - BOX_HEIGHT * row, word)

    def name_labels(self, controls: Controls, y: int) -> None:
        """Names of the labels above their columns, the first row of names at a height."""
        first, right = self.at(len(controls.ranges)), self.canvas.width - GAP - MARGIN
        room = (right - first) // CHARACTER
        names = [
            task if len(task) <= room else f"{task[: room - 1]}…"
            for task in (label.task for label in controls.labels)
        ]
        starts = [self.at(len(controls.ranges) + i) for i in range(len(names))]
        for name, (x, row) in zip(
            names, stagger(starts, list(map(text_width, names)), right), strict=True
        ):
            self.canvas.comment(x, y - 22 * row, name)

    @property
    def characters(self) -> int:
        """Width of a box with a port under every column."""
        return self.characters_for(self.columns)

    def characters_for(self, ports: int) -> int:
        """Width of a box whose ports stand under the first columns."""
        wanted = round((self.pitch * (ports - 1) + INLET_WIDTH - MARGIN) / CHARACTER)
        return max(self.least_characters, wanted)

    def at(self, column: int) -> int:
        """The left of a column."""
        return self.x0 + self.pitch * column
