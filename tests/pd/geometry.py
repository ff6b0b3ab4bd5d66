"""Where the boxes of a .pd file lie, as Pd draws them in a 12-point font."""

import re
import textwrap
from pathlib import Path
from typing import NamedTuple

CHARACTER, LINE = 7, 15  # width and height in pixels
DEFAULT_COLUMNS = 60  # at which Pd breaks lines that have no width of their own


class Box(NamedTuple):
    """A rectangle in pixels, and what is written in it."""

    left: int
    top: int
    right: int
    bottom: int
    text: str

    def overlaps(self, other: "Box") -> bool:
        """Whether the two have a pixel in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


class Window(NamedTuple):
    """A patch or sub-patch: its name, its size in pixels, and its boxes without backgrounds."""

    name: str
    width: int
    height: int
    boxes: list[Box]


def records(path: Path) -> list[list[str]]:
    """The file's lines as words, an escaped space not being one that parts words."""
    parts = re.split(r"(?<!\\);\n?", path.read_text())
    return [re.split(r"(?<!\\)\s+", part.strip()) for part in parts if part.strip()]


def text_box(left: int, top: int, words: list[str], is_comment: bool) -> Box:
    """A box as large as its text; `words` may end with its width: `,`, `f`, columns."""
    columns = DEFAULT_COLUMNS
    if len(words) > 2 and words[-2] == "f" and words[-3].endswith(","):
        columns = int(words[-1])
        words = [*words[:-3], words[-3].removesuffix(",")]
    text = " ".join(word for word in words if word)
    text = text.replace(r" \,", ",").replace(r"\$", "$").replace(r"\ ", " ")
    lines: list[str] = []
    for part in re.split(r"\s*\\;\s*", text):
        lines += textwrap.wrap(part, columns) or [""]
    width = CHARACTER * max(map(len, lines)) + (0 if is_comment else 6)
    return Box(left, top, left + width, top + LINE * len(lines) + 4, text)


def graphic_box(left: int, top: int, words: list[str]) -> Box | None:
    """A slider, toggle, button or meter; None for a background."""
    kind, sizes = words[0], words[1:3]
    if kind == "cnv":
        return None
    if kind in ("bng", "tgl"):
        sizes = [words[1], words[1]]
    return Box(left, top, left + int(sizes[0]), top + int(sizes[1]), kind)


def windows(path: Path) -> list[Window]:
    """A patch and its sub-patches."""
    done: list[Window] = []
    stack: list[Window] = []
    for kind, what, *words in records(path):
        if kind == "#N" and what == "canvas":
            name = words[4] if stack else path.stem
            stack.append(Window(name, int(words[2]), int(words[3]), []))
            continue
        if kind != "#X" or what in ("connect", "coords"):
            continue
        left, top = int(words[0]), int(words[1])
        if what == "restore":
            done.append(stack.pop())
        box: Box | None
        if what in ("floatatom", "symbolatom"):
            box = Box(left, top, left + CHARACTER * int(words[2]) + 6, top + LINE + 4, what)
        elif what == "obj" and words[2] in ("cnv", "bng", "tgl", "hsl", "vsl", "vu"):
            box = graphic_box(left, top, words[2:])
        else:
            box = text_box(left, top, words[2:], what == "text")
        if box is not None:
            stack[-1].boxes.append(box)
    return done + stack
