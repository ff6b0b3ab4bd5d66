"""Pd's file format: a canvas being written, box by box."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

CHARACTER, MARGIN, LINE = 7, 4, 16  # pixels of a character, around a box's text, of a line
BOX_HEIGHT = LINE + 5
FONT_SIZE = 12
INLET_WIDTH = 7  # pixels
GREY, WHITE, BLACK, PALE, RED = "#e4e4e4", "#fcfcfc", "#000000", "#f2efe8", "#b03020"
ACCENT = "#d8e4ee"


def escaped(text: str) -> str:
    """A text as a file holds it."""
    text = text.replace("\\", "").replace("{", "(").replace("}", ")").replace("$", r"\$")
    return text.replace(",", r" \,").replace(";", r" \;")


def symbol(text: str) -> str:
    """A text as one word of a file."""
    safe = "".join(c for c in text if c not in "\\{}$,;")
    return safe.replace(" ", r"\ ") or "empty"


def text_width(text: str) -> int:
    """Pixels of a box around a line of text."""
    return CHARACTER * len(text) + MARGIN


class PdCanvas:
    """A patch, or a patch within one. Boxes are numbered in the order in which they are added.

    Switches, radios and number boxes say their values when the patch opens. Sliders do not, since
    Pd keeps their values as pixels: what they show must be sent to them.

    Args:
        name: of a patch within another.
        width: of its window, in pixels; `fit` and whoever lays it out set it, too.
    """

    def __init__(self, name: str = "", width: int = 0) -> None:
        self.name, self.width, self.height = name, width, 0
        self.right = self.bottom = 0
        self.boxes: list[str] = []
        self.cords: list[str] = []

    def add(self, lines: str) -> int:
        """Add a box as the file holds it, without the last semicolon; returns its number."""
        self.boxes.append(lines)
        return len(self.boxes) - 1

    def obj(self, x: int, y: int, text: str, characters: int | None = None) -> int:
        """An object; `characters` fixes its width."""
        self._reach(x, y, text, characters)
        return self.add(f"#X obj {x} {y} {text}{_fixed(characters)}")

    def msg(self, x: int, y: int, text: str) -> int:
        """A message box; the text is as the file holds it."""
        self._reach(x, y, text + "  ", None)
        return self.add(f"#X msg {x} {y} {text}")

    def comment(self, x: int, y: int, text: str, characters: int | None = None) -> int:
        """A comment, broken at so many characters, or not at all."""
        self._reach(x, y, text, characters)
        return self.add(f"#X text {x} {y} {escaped(text)}{_fixed(characters or len(text))}")

    def connect(self, source: int, target: int, outlet: int = 0, inlet: int = 0) -> None:
        """Join an outlet with an inlet."""
        self.cords.append(f"#X connect {source} {outlet} {target} {inlet}")

    def chain(self, x: int, y: int, *texts: str) -> list[int]:
        """Objects under each other, each joined to the next; a text in ( ) is a message."""
        numbers = [
            self.msg(x, y + 30 * i, text[1:-1])
            if text.startswith("(")
            else self.obj(x, y + 30 * i, text)
            for i, text in enumerate(texts)
        ]
        for source, target in pairwise(numbers):
            self.connect(source, target)
        return numbers

    def sub(self, x: int, y: int, inner: "PdCanvas", characters: int | None = None) -> int:
        """A patch within this one."""
        head = f"#N canvas 60 60 {inner.width} {inner.height} {inner.name} 0"
        self._reach(x, y, f"pd {inner.name}", characters)
        lines = [head, *inner.boxes, *inner.cords, f"#X restore {x} {y} pd {inner.name}"]
        if characters is not None:
            lines.append(f"#X f {characters}")
        return self.add(";\n".join(lines))

    def kept_text(self, x: int, y: int, name: str, lines: Sequence[Sequence[float | str]]) -> int:
        """A `text` object that is saved with the patch, and its lines of numbers, or of words."""
        content = r" \; ".join(" ".join(map(_atom, line)) for line in lines)
        box = self.obj(x, y, f"text define -k {name}")
        self.boxes[-1] += f";\n#A set {content} \\;"
        return box

    def panel(self, x: int, y: int, width: int, height: int, color: str = PALE) -> int:
        """A coloured area behind what is added later."""
        return self.obj(
            x, y, f"cnv 10 {width} {height} empty empty empty 8 12 0 14 {color} {BLACK} 0"
        )

    def title(self, x: int, y: int, text: str, size: int = 16, receive: str = "empty") -> int:
        """A large word or line, which `label TEXT` to its receiver changes."""
        return self.obj(
            x, y, f"cnv 1 1 1 empty {receive} {symbol(text)} 0 {size // 2} 0 {size} {WHITE} "
            f"{RED if receive != 'empty' else '#303030'} 0",
        )  # fmt: skip

    def toggle(self, x: int, y: int, send: str, value: int = 0) -> int:
        """A switch of 18 pixels."""
        return self.obj(
            x, y, f"tgl 18 1 {send} empty empty 0 -8 0 10 {WHITE} {BLACK} {BLACK} {value} 1"
        )

    def bang(self, x: int, y: int, send: str) -> int:
        """A button of 18 pixels."""
        return self.obj(
            x, y, f"bng 18 250 50 0 {send} empty empty 0 -8 0 10 {WHITE} {BLACK} {BLACK}"
        )

    def number(
        self, x: int, y: int, digits: int, low: float, high: float, send: str, receive: str,
        value: float,
    ) -> int:  # fmt: skip
        """A number box of 18 pixels' height."""
        return self.obj(
            x, y, f"nbx {digits} 18 {low:g} {high:g} 0 1 {send} {receive} empty 0 "
            f"-8 0 10 {WHITE} {BLACK} {BLACK} {value:g} 256",
        )  # fmt: skip

    def slider(
        self, x: int, y: int, width: int, height: int, ends: tuple[float, float], send: str,
        receive: str, is_exponential: bool = False,
    ) -> int:  # fmt: skip
        """A slider, upright if it is higher than wide; an exponential one has ends above 0."""
        kind, length = ("vsl", height) if height > width else ("hsl", width)
        low, high = ends
        position = round(100 * (length - 1) * -low / (high - low)) if low < 0.0 < high else 0
        return self.obj(
            x, y, f"{kind} {width} {height} {low:g} {high:g} {int(is_exponential)} 0 {send} "
            f"{receive} empty 0 -8 0 10 {WHITE} {BLACK} {BLACK} {position} 1",
        )  # fmt: skip

    def radio(
        self, x: int, y: int, cell: int, count: int, send: str, receive: str, value: int,
        is_upright: bool = False, says_first: bool = True,
    ) -> int:  # fmt: skip
        """A row or column of cells of which one is chosen."""
        kind = "vradio" if is_upright else "hradio"
        return self.obj(
            x, y, f"{kind} {cell} 1 {int(says_first)} {count} {send} {receive} empty 0 -8 0 10 "
            f"{WHITE} {BLACK} {BLACK} {value}",
        )  # fmt: skip

    def meter(self, x: int, y: int, height: int, receive: str) -> int:
        """A level meter of 15 pixels' width."""
        return self.obj(x, y, f"vu 15 {height} {receive} empty -1 -8 0 10 #404040 {BLACK} 0 0")

    def shown_word(self, x: int, y: int, characters: int, receive: str, send: str = "-") -> int:
        """A word that is sent to it, or typed into it, which it sends on."""
        return self.add(f"#X symbolatom {x} {y} {characters} 0 0 0 - {receive} {send} {FONT_SIZE}")

    def shown_number(self, x: int, y: int, characters: int, receive: str) -> int:
        """A number that is sent to it, and goes on from its outlet."""
        return self.add(f"#X floatatom {x} {y} {characters} 0 0 0 - {receive} - {FONT_SIZE}")

    def _reach(self, x: int, y: int, text: str, characters: int | None) -> None:
        lines = 1 if characters is None else -(-len(text) // characters)
        width = text_width(text) if characters is None else CHARACTER * characters + MARGIN
        self.right = max(self.right, x + width)
        self.bottom = max(self.bottom, y + LINE * lines + 5)

    def fit(self) -> "PdCanvas":
        """This canvas, its window as large as its objects, messages and comments need."""
        self.width, self.height = self.right + 20, self.bottom + 20
        return self

    def text(self) -> str:
        """The file's contents."""
        head = f"#N canvas 40 40 {self.width} {self.height} {FONT_SIZE}"
        return "".join(f"{line};\n" for line in [head, *self.boxes, *self.cords])


def _atom(value: float | str) -> str:
    return symbol(value) if isinstance(value, str) else f"{value:g}"


def widest(texts: Iterable[str]) -> int:
    """Pixels of the widest box around one of these texts; 0 for none."""
    return max(map(text_width, texts), default=0)


def _fixed(characters: int | None) -> str:
    return "" if characters is None else f", f {characters}"
