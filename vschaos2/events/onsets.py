"""Onsets: when something begins, how strong it is, and what is told of each, and their files.

NAME.times.csv is a table with a head, one onset a row:

    seconds,strength,material
    0.512000,0.83,wood
    1.204500,0.40,wood

`seconds` from the beginning of the sound or the film; `strength` in [0, 1], 1 where it is left out;
every further column is a label. What others write is read as well: a table without a head, one
whose cells are divided by semicolons or tabs, with points or decimal commas in its numbers, and the
annotations of the Greatest Hits (`2015-…_times.txt`: seconds, material, action and reaction,
divided by spaces).
"""

import csv
import io
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vschaos2.errors import InputError
from vschaos2.files import open_plain, reason, write_whole

SUFFIX = ".times.csv"
TIME_COLUMNS = ("seconds", "times", "time", "onset")
STRENGTH = "strength"
SPREADSHEET = (";", "\t")  # between cells whose numbers may have decimal commas
DECIMAL = re.compile(r"[+-]?\d+,\d+")
GREATEST_HITS = ("material", "action", "reaction")
GREATEST_SUFFIX, UNKNOWN = "_times.txt", "None"
GREATEST_ENDINGS = ("_denoised", "_mic")  # of films and sounds there, which their times lack
MOST_BYTES = 64 * 2**20

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Onsets:
    """When something begins.

    Attributes:
        times_s: [N], seconds from the beginning, never falling.
        strengths: [N], in [0, 1].
        labels: what else is told of each, by name: N words.
    """

    times_s: Values
    strengths: Values
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.times_s)


def onsets_of(
    times_s: Sequence[float] | Values,
    strengths: Sequence[float] | Values | None = None,
    labels: Mapping[str, Sequence[str]] | None = None,
) -> Onsets:
    """Onsets in the order of time, strengths within [0, 1].

    Raises:
        ValueError: if lengths differ, or a time is no number from 0 on.

    Example:
        >>> onsets_of([0.5, 0.1], [1.0, 2.0]).times_s
        array([0.1, 0.5])
    """
    times = np.asarray(times_s, dtype=np.float64)
    levels = np.ones(len(times)) if strengths is None else np.asarray(strengths, dtype=np.float64)
    labels = labels or {}
    if {len(levels), *(len(words) for words in labels.values())} != {len(times)}:
        raise ValueError("strengths and labels must be as many as the times")
    if not (np.isfinite(times).all() and (times >= 0).all() and np.isfinite(levels).all()):
        raise ValueError("times must be numbers from 0 on, strengths numbers")
    order = np.argsort(times, kind="stable")
    told = {name: [words[place] for place in order] for name, words in labels.items()}
    return Onsets(times[order], levels[order].clip(0.0, 1.0), told)


def times_file(path: Path) -> Path:
    """Where the onsets of a sound or a film stand: NAME.times.csv beside NAME.wav.

    Example:
        >>> times_file(Path("clips/door.mp4")).name
        'door.times.csv'
    """
    return path.with_name(path.stem + SUFFIX)


def find_times(path: Path) -> Path | None:
    """The file beside a sound or a film that tells its onsets, ours or the Greatest Hits'."""
    stem = greatest_stem(path.stem)
    for name in (path.stem + SUFFIX, f"{stem}{SUFFIX}", f"{stem}{GREATEST_SUFFIX}"):
        if path.with_name(name).is_file():
            return path.with_name(name)
    return None


def greatest_stem(stem: str) -> str:
    """What the Greatest Hits call a film or a sound without how it was made.

    Example:
        >>> greatest_stem("2015-02-16-16-49-06_denoised")
        '2015-02-16-16-49-06'
    """
    for ending in GREATEST_ENDINGS:
        stem = stem.removesuffix(ending)
    return stem


def write_onsets(path: Path, onsets: Onsets) -> None:
    """Write a file whole: seconds to the microsecond, strength to three places, labels as they are.

    NAME_times.txt is written as the Greatest Hits have it: no strengths, and of labels their three.

    Raises:
        InputError: if it cannot be written.
    """
    if path.name.endswith(GREATEST_SUFFIX):
        return write_whole(path, _as_greatest_hits(onsets))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("seconds", STRENGTH, *onsets.labels))
    for row, (time_s, strength) in enumerate(zip(onsets.times_s, onsets.strengths, strict=True)):
        told = (words[row] for words in onsets.labels.values())
        table.writerow((f"{time_s:.6f}", f"{strength:.3f}", *told))
    write_whole(path, text.getvalue())


def _as_greatest_hits(onsets: Onsets) -> str:
    lines = []
    for row, time_s in enumerate(onsets.times_s):
        told = [onsets.labels[name][row] if name in onsets.labels else "" for name in GREATEST_HITS]
        words = ["_".join(word.split()) or UNKNOWN for word in told]
        lines.append(f"{time_s:.6f} {' '.join(words)}\n")
    return "".join(lines)


def read_onsets(path: Path) -> Onsets:
    """The onsets of a file; an empty one has none.

    Raises:
        InputError: naming the line that is not understood, or the file, if it cannot be read.
    """
    rows = _rows(path)
    if not rows:
        return onsets_of([])
    columns = _head(rows[0][1])
    if columns is None:  # no head
        rows = _with_decimals(rows)
        spare = GREATEST_HITS if path.name.endswith(".txt") else ("strength",)
        columns = ("seconds", *spare)
        if spare == GREATEST_HITS:
            rows = [(line, ["" if word == UNKNOWN else word for word in row]) for line, row in rows]
        width = max(len(row) for _, row in rows)
        columns = (columns + tuple(f"column{n + 1}" for n in range(len(columns), width)))[:width]
    else:
        for name in columns:
            if columns.count(name) > 1:
                raise InputError(f"{path}, line {rows[0][0]}: two columns are named {name!r:.40}")
        rows = _with_decimals(rows[1:]) if len(columns) == 1 else rows[1:]
    table: dict[str, list[str]] = {name: [] for name in columns}
    for line, row in rows:
        if len(row) > len(columns):
            raise InputError(
                f"{path}, line {line}: has {len(row)} columns, and {len(columns)} are named: "
                f"{', '.join(columns)}"
            )
        for name, word in zip(columns, row + [""] * (len(columns) - len(row)), strict=True):
            table[name].append(word)
    lines = [line for line, _ in rows]
    times = _numbers(path, lines, "seconds", table.pop("seconds"), "")
    strengths = _numbers(path, lines, "strength", table.pop("strength", [""] * len(rows)), "1")
    for line, value in zip(lines, times, strict=True):
        if value < 0.0:
            raise InputError(f"{path}, line {line}: seconds must be 0 or more, got {value:g}")
    return onsets_of(times, strengths, table)


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Lines of a file with their numbers, as words; comments (#) and empty cells are left out.

    Spreadsheets end their lines, and their tables, in empty cells.
    """
    try:
        with open_plain(path) as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {reason(error)}") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: is no text in UTF-8: give a table of onsets") from error
    if len(content) > MOST_BYTES or "\0" in text:
        raise InputError(f"{path}: is no table of onsets: give NAME{SUFFIX}")
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    divided, found = None, []
    for number, line in lines:
        if divided not in SPREADSHEET:
            divided = _divider(line)
        try:
            words = next(csv.reader([line], delimiter=divided)) if divided else line.split()
        except csv.Error as error:
            raise InputError(f"{path}, line {number}: is no row of a table: {error}") from error
        words = [word.strip() for word in words]
        while words and not words[-1]:
            words.pop()
        if words:
            found.append((number, words))
    return found


def _divider(line: str) -> str | None:
    """What divides the cells of a line; None for spaces. 0,5;1 has two, and 0.5,a;b has two."""
    for sign in SPREADSHEET:
        first = line.split(sign)[0].strip()
        if sign in line and ("," not in first or DECIMAL.fullmatch(first)):
            return sign
    return "," if "," in line else None


def _with_decimals(rows: list[tuple[int, list[str]]]) -> list[tuple[int, list[str]]]:
    """Rows of single times with decimal commas, 0,512, put together again; others as they are.

    Two whole numbers in each row are such a time, unless the second can be a strength, 0 or 1.
    """
    told = [words for _, words in rows]
    if not all(len(words) <= 2 and all(word.isdigit() for word in words) for words in told):
        return rows
    if all(word in ("0", "1") for words in told for word in words[1:]):
        return rows
    return [(line, [".".join(words)]) for line, words in rows]


def _head(words: list[str]) -> tuple[str, ...] | None:
    """Names of columns, with the time as `seconds`; None if the first row holds a time."""
    try:
        float(_point(words[0]))
    except ValueError:
        names = [word.lower() for word in words]
        place = next((names.index(name) for name in TIME_COLUMNS if name in names), 0)
        return tuple("seconds" if n == place else word for n, word in enumerate(names))
    return None


def _point(word: str) -> str:
    """A number with a point instead of a decimal comma."""
    return word.replace(",", ".") if DECIMAL.fullmatch(word) else word


def _numbers(path: Path, lines: list[int], name: str, words: list[str], spare: str) -> list[float]:
    found = []
    for line, word in zip(lines, words, strict=True):
        try:
            found.append(float(_point(word or spare)))
            finite = math.isfinite(found[-1])
        except ValueError:
            finite = False
        if not finite:
            raise InputError(f"{path}, line {line}: {name} must be a number, got {word!r:.40}")
    return found
