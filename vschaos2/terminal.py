r"""Text that a terminal shows as it is, whatever names and messages of others are in it.

A file's name, a label or a damaged checkpoint's message may hold escape sequences that move the
cursor, recolour the screen or answer for the user, marks that turn the direction of writing, line
breaks that forge a line, or bytes that are no text. Where text leaves the program, these become
visible: ESC is shown as \x1b.

* Values are shown on one line. Only text of our own has lines, and names are made printable
  before they become part of it.
* JSON is left alone: it escapes by itself, and must be read back as it was.
"""

import copy
import io
import logging
import numbers
import sys
import traceback
import unicodedata
from types import TracebackType

# Controls, marks without a shape (as those of directions), surrogates, line separators.
UNSEEN = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp"))
JOINERS = "\u200c\u200d"  # part of how some languages are written
SHORT = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def printable(text: object) -> str:
    r"""A text on one line, without anything that a terminal or a host would obey.

    What is no character but a byte of a name that is not UTF-8 is shown as that byte, as \xe9.
    Text that is printable already stays as it is.
    """
    return "".join(_seen(character) for character in str(text))


def printable_lines(text: str) -> str:
    """A text of our own, whose line breaks are meant; the rest as by `printable`."""
    return "\n".join(map(printable, text.split("\n")))


def prepare_streams() -> None:
    """Let all that is written be shown: what the output's encoding lacks, and tracebacks, too."""
    sys.excepthook = _show
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class TerminalFormatter(logging.Formatter):
    """Messages in which every value is on one line; only the message's own text has several."""

    def format(self, record: logging.LogRecord) -> str:
        """The message as it is shown."""
        shown = copy.copy(record)
        if isinstance(record.args, tuple):
            shown.args = tuple(map(_value, record.args))
        return printable_lines(super().format(shown))


def _show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    sys.stderr.write(printable_lines("".join(traceback.format_exception(kind, error, trace))))


def _value(value: object) -> object:
    return value if isinstance(value, numbers.Number) else printable(value)


def _seen(character: str) -> str:
    if character.isprintable() or character in JOINERS:
        return character
    if unicodedata.category(character) not in UNSEEN:
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python holds a byte that is no text
        code -= 0xDC00
    width, letter = (2, "x") if code < 2**8 else (4, "u") if code < 2**16 else (8, "U")
    return SHORT.get(character, f"\\{letter}{code:0{width}x}")
