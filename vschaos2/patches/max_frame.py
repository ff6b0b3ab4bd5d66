"""A window of a Max patch, and columns in it above the inlets of a wide box."""

from vschaos2.patches.controls import Controls
from vschaos2.patches.flow import column_pitch, stagger
from vschaos2.patches.max_canvas import BOX_HEIGHT, CHARACTER, MaxCanvas, text_width
from vschaos2.patches.max_panel import (
    GAP,
    INLET_MARGIN,
    every_block,
    group_blocks,
    model_word,
    sound_width,
)

GUTTER = 150  # pixels left of the columns
NARROWEST, WIDTH, WIDEST = 1000, 1272, 1360  # pixels of a window; the last for many axes only
LEAST_PITCH, ROOMY_PITCH, MOST_PITCH = 33, 46, 60
NARROW = 6.2  # pixels of a character of small letters
SIGNAL = "signal"


class Frame:
    """A window, and columns in it above the inlets of a wide box.

    Args:
        controls: of the instrument.
        columns: how many; without any, the window is as wide as its panels.
    """

    def __init__(self, controls: Controls, columns: int) -> None:
        self.controls = controls
        self.x0 = 2 * GAP + GUTTER
        names = [text_width(f"p {label.key}") for label in controls.labels]
        reach = max([0, *(int(width) - LEAST_PITCH * len(names) for width in names)])
        sides = self.x0 + 2 * GAP + reach  # boxes of labels reach beyond the last column
        most = WIDTH if sides + ROOMY_PITCH * columns <= WIDTH else WIDEST
        widest = max((block.width for block in every_block(controls)), default=0)
        least = sound_width(controls) + 5 * GAP + widest
        room = int(CHARACTER * len(controls.figures)) + 40
        labels = 500 * bool(controls.labels)
        full = max(NARROWEST, room, sides + MOST_PITCH * columns, least + labels)
        full = WIDTH if group_blocks(controls) else full
        width = max(least, min(most, full))
        self.pitch = column_pitch(columns, width - sides, LEAST_PITCH, MOST_PITCH)
        self.is_roomy = self.pitch >= ROOMY_PITCH
        self.canvas = MaxCanvas(max(width, sides + self.pitch * columns), 0)

    def at(self, column: int) -> int:
        """The left of a column."""
        return self.x0 + self.pitch * column

    def width_for(self, ports: int) -> float:
        """Width of a box whose ports stand under the first columns."""
        return self.pitch * (ports - 1) + INLET_MARGIN

    def number(self, x: float, y: float) -> int:
        """A number box in a column; in a narrow one, without the triangle."""
        width = self.pitch - (6 if self.is_roomy else 2)
        return self.canvas.gui("flonum", x, y, width, BOX_HEIGHT, triangle=int(self.is_roomy))

    def model(self, method: str, y: float, inlets: int, outlets: int) -> int:
        """nn~ with a method, as wide as its columns."""
        text = f"nn~ {model_word(self.controls.name)} {method} {self.controls.buffer}"
        width = max(text_width(text), self.width_for(max(inlets, outlets)))
        return self.canvas.obj(self.x0, y, text, inlets, [SIGNAL] * outlets, width)

    def name_axes(self, y: int) -> None:
        """What each axis does as it rises, in two rows, and below them the axes' numbers."""
        rising = self.controls.rising
        starts = [self.at(axis) for axis in range(len(rising))]
        widths = [int(NARROW * len(word)) + 8 for word in rising]
        places = stagger(starts, widths, int(self.canvas.width) - GAP, gap=2)
        for axis, (word, (x, row)) in enumerate(zip(rising, places, strict=True)):
            self.canvas.comment(starts[axis], y + 44, str(axis + 1))
            if word:
                self.canvas.comment(x, y + 22 - 22 * row, word, widths[axis])

    def name_labels(self, y: int) -> None:
        """Names of the labels above their columns, the first row of names at a height."""
        names = [label.task for label in self.controls.labels]
        starts = [self.at(len(self.controls.ranges) + i) for i in range(len(names))]
        widths = [int(text_width(name)) for name in names]
        places = stagger(starts, widths, int(self.canvas.width) - GAP, gap=0)
        for name, (x, row) in zip(names, places, strict=True):
            self.canvas.comment(x, y - 22 * row, name)
