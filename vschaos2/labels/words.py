"""The words of metadata files: their lines, their class names and their values.

All of them are UTF-8 text with columns between tabs. Blank lines and lines that begin with # say
nothing; line ends of any system, a byte order mark, blanks around a column and empty columns at
the end of a line do not matter.
"""

import math
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, NamedTuple

from vschaos2.errors import InputError
from vschaos2.files import open_plain

Kind = Literal["int", "float"]
OnError = Callable[[InputError], None]

UNKNOWN = frozenset({"none", "None", "NONE", "nan", "NaN"})
# A larger "class" is a quantity (hertz, samples …) that was meant to be read as float.
MAX_CLASSES = 10_000
FLOAT32_MAX = 3.4e38
LARGEST_BYTES = 2**28  # some millions of lines


class Line(NamedTuple):
    """A line that says something: its number from 1, its text and its columns, one or more."""

    path: Path
    number: int
    text: str
    columns: list[str]

    def error(self, problem: str) -> InputError:
        """The complaint about this line, with file, number and text; problem says the remedy."""
        return InputError(f"{self.path}, line {self.number}: {shown(self.text)}: {problem}")


def shown(text: str) -> str:
    """A text of a file as a message shows it: its beginning, with nothing that moves a cursor."""
    return repr(text if len(text) <= 80 else text[:77] + "...")


def raise_error(error: InputError) -> None:
    """The way to treat bad lines when loading: the first one ends it."""
    raise error


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a metadata file that say something.

    Raises:
        InputError: if the file cannot be read, is no plain file, is too large or is not UTF-8.
    """
    try:
        with open_plain(path) as file:
            content = file.read(LARGEST_BYTES + 1)
        if len(content) > LARGEST_BYTES:
            raise InputError(
                f"{path}: is larger than {LARGEST_BYTES >> 20} MB: divide it, or is it "
                "another kind of file?"
            )
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InputError(
            f"cannot read {path}: {error.strerror}: restore the file or its permissions"
        ) from error
    except UnicodeDecodeError as error:
        number = content[: error.start].count(b"\n") + 1
        raise InputError(
            f"{path}, line {number}: byte {content[error.start]:#04x} is not UTF-8: "
            "save the file as UTF-8 text"
        ) from error
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            columns = [column.strip() for column in line.rstrip().split("\t")]
            yield Line(path, number, stripped, columns)


def read_classes(path: Path, on_error: OnError = raise_error) -> dict[str, int]:
    """The class index of every name in a classes.txt, lines of `index<TAB>name`.

    Args:
        path: the file.
        on_error: receives an InputError for every bad line; the others still count.

    Raises:
        InputError: as `read_lines`, and whatever on_error raises.
    """
    classes: dict[str, int] = {}
    taken: dict[int, str] = {}
    for line in read_lines(path):
        index_text, *names = line.columns
        if not (index_text.isdecimal() and len(index_text) < 9 and int(index_text) < MAX_CLASSES):
            problem = f"no class index: begin with a whole number from 0 to {MAX_CLASSES - 1}"
        elif not names or not names[0] or not _is_comment(names[1:]):
            problem = "write one class as index, one tab, name"
        elif any(unicodedata.category(character) == "Cc" for character in names[0]):
            problem = "a control character in a name: remove it"
        elif names[0] in classes:
            problem = (
                f"class {shown(names[0])} is already number {classes[names[0]]}: keep one of them"
            )
        elif int(index_text) in taken:
            problem = (
                f"number {index_text} is already {shown(taken[int(index_text)])}: keep one of them"
            )
        else:
            classes[names[0]] = int(index_text)
            taken[int(index_text)] = names[0]
            continue
        on_error(line.error(problem))
    return classes


class ValueReader:
    """Turns the text of a value into a label: a class index, a number, or NaN for unknown.

    `none` and `nan` are unknown. A number is a class index (whole, from 0, and one that
    classes.txt lists where there is a classes.txt) or, for a continuous task, any finite number.
    Other text is looked up among the class names. A comment may follow after a blank and #.

    Args:
        task: for the messages.
        kind: int for class indices, float for a continuous task.
        classes: indices by name; None without a classes.txt.
    """

    def __init__(self, task: str, kind: Kind, classes: Mapping[str, int] | None) -> None:
        self.task = task
        self.kind = kind
        self.classes = classes or {}
        self._indices = None if classes is None else frozenset(classes.values())
        self._known: dict[str, float] = {}  # values repeat: each text is read once
        names = [name[:40] for name in self.classes]
        listed = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
        self._choice = f"write one of {listed}, or none" if names else "add it there, or write none"

    def __call__(self, text: str) -> float:
        """The label.

        Raises:
            ValueError: if it cannot be read; the message says why and gives the remedy.
        """
        value = self._known.get(text)
        if value is None:
            value = self._known[text] = self._read(text)
        return value

    def is_value(self, text: str) -> bool:
        """Whether a text is written like a value: unknown, a number or a known class."""
        bare = self._bare(text)
        return bare in UNKNOWN or bare in self.classes or _number(bare) is not None

    def _bare(self, text: str) -> str:
        return text if text in self.classes else text.replace("\t", " ").split(" #")[0].strip()

    def _read(self, text: str) -> float:
        text = self._bare(text)
        if text in UNKNOWN:
            return math.nan
        number = _number(text)
        if number is None:
            if text in self.classes:
                return float(self.classes[text])
            raise ValueError(
                f"no number, and classes.txt has no class {shown(text)}: {self._choice}"
            )
        if self.kind == "float":
            if not abs(number) <= FLOAT32_MAX:
                raise ValueError("not a finite number: write a smaller one, or none")
            return number
        as_float = f"set data.dataset.metadata_callbacks.{self.task}.type=float"
        if not number.is_integer():
            raise ValueError(f"not a whole number: for a continuous task {as_float}")
        if not 0 <= number < MAX_CLASSES:
            raise ValueError(
                f"classes are numbered from 0 to {MAX_CLASSES - 1}: write none for unknown, "
                f"or for a continuous task {as_float}"
            )
        if self._indices is not None and number not in self._indices:
            raise ValueError(f"classes.txt has no class number {number:.0f}: add it there")
        return number


def columns_after_value(line: Line, columns: list[str]) -> None:
    """Raise InputError unless the columns after a line's value are a comment, or none."""
    if not _is_comment(columns):
        raise line.error(f"a column too many, {shown(columns[0])}: remove it, or begin it with #")


def _is_comment(columns: list[str]) -> bool:
    return not columns or columns[0].startswith("#")


def _number(text: str) -> float | None:
    # Python's float also reads 1_000 and digits of other scripts.
    if not text.isascii() or "_" in text:
        return None
    try:
        return float(text)
    except ValueError:
        return None
