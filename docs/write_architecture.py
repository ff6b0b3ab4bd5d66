"""Writes the rooms of docs/architecture.md: what is in each, and which others it imports.

    python3 -m docs.write_architecture

What a room or a file is for is the first line of its docstring; imports are read from the code,
those inside of functions, too.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from vschaos2.files import write_whole

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "vschaos2"
PAGE = ROOT / "docs" / "architecture.md"
BEGIN, END = "<!-- rooms, by docs/write_architecture.py -->\n", "<!-- end of the rooms -->\n"
GROUND = "ground"
# From the ground up: a room imports from the floors below its own. What stands on one floor knows
# nothing of each other.
FLOORS = (
    (GROUND,),
    ("dsp", "audio", "trajectories", "patches"),
    ("nets", "processors", "runs", "pitch", "film"),
    ("labels", "objectives", "flows", "events"),
    ("data",),
    ("inspection", "export", "chains"),
    ("monitor",),
    ("training",),
    ("families/vae", "families/effect", "families/order", "families/film"),
    ("families/bridge", "families/foley"),
    ("families",),
    ("generation", "retrieval", "recognition"),
    ("programs",),
)


class Import(NamedTuple):
    """One import of a module of the package by another.

    Attributes:
        module: that imports, such as "vschaos2.dsp.phase".
        imported: that is imported.
    """

    module: str
    imported: str


def modules() -> dict[str, Path]:
    """Every module of the package, by its dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts).removesuffix(".__init__")] = path
    return found


def imports() -> Iterator[Import]:
    """Every import of one module of the package by another."""
    known = modules()
    for module, path in known.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.ImportFrom) and node.module:
                whole = [f"{node.module}.{alias.name}" for alias in node.names]
                names = [name if name in known else node.module for name in whole]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name in known and name != module:
                    yield Import(module, name)


def room_of(module: str) -> str:
    """The room that a module is in: a folder, a family's folder, or the ground."""
    parts = module.split(".")[1:]
    folders = parts if PACKAGE.joinpath(*parts).is_dir() else parts[:-1]
    if not folders:
        return "programs" if parts in ([], ["__main__"], ["api"]) else GROUND
    return "/".join(folders[:2]) if folders[0] == "families" else folders[0]


def arrows() -> dict[str, set[str]]:
    """The rooms that each room imports from."""
    found: dict[str, set[str]] = defaultdict(set)
    for module, imported in imports():
        if (source := room_of(module)) != (target := room_of(imported)):
            found[source].add(target)
    return found


def purpose(path: Path) -> str:
    """The first line of a file's docstring."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0].removesuffix(".") if text else ""


def rooms() -> str:
    """The part of the page that this program writes."""
    in_room: dict[str, list[Path]] = defaultdict(list)
    for module, path in modules().items():
        in_room[room_of(module)].append(path)
    found = arrows()
    floors = [" · ".join(f"{name}/" if name != GROUND else name for name in f) for f in FLOORS]
    width = max(map(len, floors))
    lines = ["```", *(line.center(width).rstrip() for line in reversed(floors)), "```\n"]
    for floor in FLOORS:
        for room in floor:
            lines += _room(room, in_room[room], [r for f in FLOORS for r in f if r in found[room]])
    return "\n".join(lines)


def page() -> str:
    """The whole page: what others wrote, and the rooms."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return before + BEGIN + rooms() + END + rest.partition(END)[2]


def _room(room: str, files: list[Path], imported: list[str]) -> list[str]:
    own = PACKAGE if room == GROUND else PACKAGE / room
    opening = "" if room == GROUND else purpose(own / "__init__.py")
    title = "vschaos2/" if room == GROUND else f"{room}/"
    said = f"{opening}. " if opening else ""
    lines = [f"### `{title}`\n"]
    lines.append(f"{said}Imports {', '.join(imported) or 'nothing of the house'}.\n")
    lines += ["| file | what |", "| --- | --- |"]
    for path in files:
        if path.name != "__init__.py":
            lines.append(f"| `{path.name}` | {purpose(path)} |")
    return [*lines, ""]


if __name__ == "__main__":
    write_whole(PAGE, page())
