"""Max's file format: a patcher being written, box by box."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

BOX_HEIGHT, CHARACTER, FONT_SIZE = 22, 6.6, 12.0  # pixels, Arial 12
Color = tuple[float, float, float, float]
PALE: Color = (0.945, 0.933, 0.906, 1.0)
ACCENT: Color = (0.847, 0.894, 0.933, 1.0)

# Inlets and outlets of what has a fixed number; an outlet's type is "signal", "" or "bang".
PORTS: dict[str, tuple[int, list[str]]] = {
    "message": (2, [""]),
    "comment": (1, []),
    "panel": (1, []),
    "toggle": (1, ["int"]),
    "button": (1, ["bang"]),
    "number": (1, ["", "bang"]),
    "flonum": (1, ["", "bang"]),
    "slider": (1, [""]),
    "umenu": (1, ["int", "", ""]),
    "preset": (1, ["preset", "int", "preset", "int", ""]),
    "meter~": (1, ["float"]),
    "ezdac~": (2, []),
    "live.dial": (1, ["", "float"]),
    "textedit": (1, ["", "int", "", ""]),
    "inlet": (0, [""]),
    "outlet": (1, []),
}


def text_width(text: str) -> float:
    """Pixels of a box around a line of text."""
    return max(30.0, round(CHARACTER * len(text)) + 14.0)


def menu_items(words: list[str]) -> list[str]:
    """A menu's entries as Max keeps them: words, with a comma between two."""
    items: list[str] = []
    for word in words:
        items += [word.replace(",", " "), ","]
    return items[:-1]


class MaxCanvas:
    """A patcher, or one within another. Boxes have numbers from 1.

    Args:
        width: of its window, in pixels.
        height: of its window.
    """

    def __init__(self, width: float, height: float) -> None:
        self.width, self.height = width, height
        self.boxes: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []

    def add(
        self, kind: str, x: float, y: float, width: float, height: float,
        inlets: int, outlets: list[str], **told: Any,
    ) -> int:  # fmt: skip
        """Add a box of a class with so many inlets, and outlets of these types."""
        number = len(self.boxes) + 1
        box = {
            "id": f"obj-{number}",
            "maxclass": kind,
            "numinlets": inlets,
            "numoutlets": len(outlets),
            "patching_rect": [float(x), float(y), float(width), float(height)],
            **({"outlettype": outlets} if outlets else {}),
            **told,
        }
        self.boxes.append({"box": box})
        return number

    def obj(
        self, x: float, y: float, text: str, inlets: int, outlets: list[str],
        width: float | None = None, **told: Any,
    ) -> int:  # fmt: skip
        """An object, written as in Max."""
        width = text_width(text) if width is None else width
        return self.add("newobj", x, y, width, BOX_HEIGHT, inlets, outlets, text=text, **told)

    def gui(self, kind: str, x: float, y: float, width: float, height: float, **told: Any) -> int:
        """A box of a class in `PORTS`."""
        inlets, outlets = PORTS[kind]
        return self.add(kind, x, y, width, height, inlets, list(outlets), **told)

    def coll(self, x: float, y: float, lists: Sequence[Sequence[float]]) -> int:
        """A `coll` that is saved with the patch: lists of numbers, by number from 0."""
        data = [{"key": key, "value": list(value)} for key, value in enumerate(lists)]
        return self.obj(
            x, y, "coll", 1, ["", "", "", ""], coll_data={"count": len(data), "data": data},
            saved_object_attributes={"embed": 1, "precision": 6},
        )  # fmt: skip

    def msg(self, x: float, y: float, text: str) -> int:
        """A message box."""
        return self.gui("message", x, y, text_width(text), BOX_HEIGHT, text=text)

    def comment(
        self, x: float, y: float, text: str, width: float | None = None, size: float = FONT_SIZE,
        lines: int = 1,
    ) -> int:  # fmt: skip
        """A comment of so many lines."""
        width = text_width(text) * size / FONT_SIZE if width is None else width
        height = round(lines * size * 1.2) + 7.0
        return self.gui("comment", x, y, width, height, text=text, fontsize=size, linecount=lines)

    def panel(self, x: float, y: float, width: float, height: float, color: Color = PALE) -> int:
        """A coloured area behind everything else."""
        return self.gui(
            "panel", x, y, width, height, bgcolor=list(color), background=1, mode=0, border=0,
            rounded=6, ignoreclick=1,
        )  # fmt: skip

    def connect(
        self, source: int, target: int, outlet: int = 0, inlet: int = 0, is_hidden: bool = False
    ) -> None:
        """Join an outlet with an inlet; hidden cords are not seen while a patch is locked."""
        line: dict[str, Any] = {
            "source": [f"obj-{source}", outlet],
            "destination": [f"obj-{target}", inlet],
        }
        if is_hidden:
            line["hidden"] = 1
        self.lines.append({"patchline": line})

    def chain(self, *boxes: int) -> None:
        """Join first outlets with first inlets."""
        for source, target in pairwise(boxes):
            self.connect(source, target)

    def sub(
        self, x: float, y: float, name: str, inner: "MaxCanvas", inlets: int, outlets: list[str],
        width: float | None = None,
    ) -> int:  # fmt: skip
        """A patcher within this one."""
        return self.obj(x, y, f"p {name}", inlets, outlets, width, patcher=inner.patcher())

    def patcher(self) -> dict[str, Any]:
        """The patcher as the file holds it."""
        return {
            "fileversion": 1,
            "appversion": {
                "major": 8, "minor": 5, "revision": 0, "architecture": "x64", "modernui": 1,
            },
            "classnamespace": "box",
            "rect": [60.0, 80.0, float(self.width), float(self.height)],
            "default_fontsize": FONT_SIZE,
            "default_fontname": "Arial",
            "boxes": self.boxes,
            "lines": self.lines,
        }  # fmt: skip

    def text(self) -> str:
        """The file's contents."""
        text = json.dumps({"patcher": self.patcher()}, separators=(",", ":"))
        return text.replace(',{"box":', ',\n{"box":') + "\n"
