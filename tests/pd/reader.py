"""Reads Pd patches as Pd does: boxes, cords, and how large each box is on the screen."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field
from typing import NamedTuple

CHARACTER, LINE = 7, 16  # pixels, at font size 12


class Rect(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rect) -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass
class Box:
    """A box: its kind (obj, msg, text, floatatom, symbolatom, sub), words and place."""

    kind: str
    x: int
    y: int
    words: list[str]
    characters: int | None = None
    inner: Canvas | None = None

    @property
    def is_panel(self) -> bool:
        return self.kind == "obj" and self.words[:1] == ["cnv"] and int(self.words[2]) > 1

    @property
    def rect(self) -> Rect:
        width, height = self.size
        return Rect(self.x, self.y, self.x + width, self.y + height)

    @property
    def size(self) -> tuple[int, int]:
        name, *rest = self.words or [""]
        if self.kind == "obj" and name in SIZES:
            return SIZES[name](rest)
        if self.kind in ("floatatom", "symbolatom"):
            return int(self.words[0]) * CHARACTER + 4, LINE + 5
        text = " ".join(self.words)
        text = re.sub(r" \\([,;])", r"\1", text).replace("\\", "")
        if self.kind == "sub":
            text = f"pd {self.inner.name}"
        lines = text.split("; ") if self.kind == "msg" else [text]
        if self.characters:
            lines = [part for line in lines for part in textwrap.wrap(line, self.characters)]
            longest = self.characters
        else:
            longest = max(map(len, lines), default=3)
        extra = 8 if self.kind == "msg" else 4
        return longest * CHARACTER + extra, len(lines) * LINE + 5


SIZES = {
    "cnv": lambda w: (
        (int(w[1]), int(w[2]))
        if int(w[1]) > 1
        else (round(0.63 * int(w[8]) * len(w[5])) * (w[5] != "empty"), int(w[8]) + 4)
    ),
    "tgl": lambda w: (int(w[0]), int(w[0])),
    "bng": lambda w: (int(w[0]), int(w[0])),
    "nbx": lambda w: (int(w[0]) * 9 + 12, int(w[1])),
    "hsl": lambda w: (int(w[0]) + 5, int(w[1])),
    "vsl": lambda w: (int(w[0]), int(w[1]) + 5),
    "hradio": lambda w: (int(w[0]) * int(w[3]), int(w[0])),
    "vradio": lambda w: (int(w[0]), int(w[0]) * int(w[3])),
    "vu": lambda w: (int(w[0]) + 3, int(w[1]) + 5),
}


@dataclass
class Canvas:
    """A window: its boxes in the order of their numbers, and cords as four numbers."""

    name: str
    width: int
    height: int
    boxes: list[Box] = field(default_factory=list)
    cords: list[tuple[int, int, int, int]] = field(default_factory=list)

    def every(self) -> list[Canvas]:
        """This canvas and all within it."""
        inner = [box.inner for box in self.boxes if box.inner]
        return [self, *(canvas for each in inner for canvas in each.every())]


def read_patch(text: str) -> Canvas:
    """The outermost canvas of a patch."""
    stack: list[Canvas] = []
    for record in re.split(r"(?<!\\);\n", text):
        if not record.strip():
            continue
        head, kind, *words = re.split(r"(?<!\\)\s+", record.strip())
        if head == "#A":
            continue
        if head == "#N":
            name = words[4] if len(words) == 6 else ""
            stack.append(Canvas(name, int(words[2]), int(words[3])))
        elif kind == "connect":
            stack[-1].cords.append(tuple(map(int, words)))
        elif kind == "f":
            stack[-1].boxes[-1].characters = int(words[0])
        elif kind == "restore":
            inner = stack.pop()
            assert words[2:] == ["pd", inner.name]
            stack[-1].boxes.append(Box("sub", int(words[0]), int(words[1]), [], None, inner))
        else:
            x, y, *rest = words
            characters = None
            if len(rest) > 2 and rest[-3].endswith(",") and rest[-2] == "f":
                characters = int(rest[-1])
                rest = [*rest[:-3], rest[-3].removesuffix(",")]
            stack[-1].boxes.append(Box(kind, int(x), int(y), rest, characters))
    assert len(stack) == 1
    return stack[0]
