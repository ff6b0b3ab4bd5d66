"""Where blocks of controls and words stand: a layout shared by the patches of both programs."""

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

CanvasT = TypeVar("CanvasT")


class Block(NamedTuple, Generic[CanvasT]):
    """Something to be drawn as a whole.

    Attributes:
        width: in pixels.
        height: in pixels.
        draw: puts it on a canvas at (x, y).
    """

    width: int
    height: int
    draw: Callable[[CanvasT, int, int], None]


def flow(
    blocks: Sequence[Block[CanvasT]], width: int, gap: int = 24
) -> tuple[list[tuple[int, int]], int]:
    """Places of blocks in rows no wider than a width, and the height of all.

    A block wider than that has a row of its own.
    """
    places: list[tuple[int, int]] = []
    x, y, row_height = 0, 0, 0
    for block in blocks:
        if x and x + block.width > width:
            x, y, row_height = 0, y + row_height + gap // 2, 0
        places.append((x, y))
        x += block.width + gap
        row_height = max(row_height, block.height)
    return places, y + row_height


def stack(
    blocks: Sequence[Block[CanvasT]], height: int, gap: int = 24
) -> tuple[list[tuple[int, int]], int, int]:
    """Places of blocks in columns no higher than a height, and the width and height of all.

    A block higher than that has a column of its own.
    """
    places: list[tuple[int, int]] = []
    x, y, column_width, width, lowest = 0, 0, 0, 0, 0
    for block in blocks:
        if y and y + block.height > height:
            x, y, column_width = x + column_width + gap, 0, 0
        places.append((x, y))
        column_width = max(column_width, block.width)
        width, lowest = max(width, x + column_width), max(lowest, y + block.height)
        y += block.height + gap // 2
    return places, width, lowest


class Shelves(NamedTuple):
    """Panels of blocks beside and below each other.

    Attributes:
        columns: the height of the columns in each, even ones.
        places: of the panels, left and top.
        widths: of the panels.
        heights: of the rows that they stand in, one for each panel.
        width: of all rows.
        height: of all rows.
        first: the height of the first row.
    """

    columns: list[int]
    places: list[tuple[int, int]]
    widths: list[int]
    heights: list[int]
    width: int
    height: int
    first: int


def shelves(
    panels: Sequence[Sequence[Block[CanvasT]]],
    start: int,
    width: int,
    heights: range,
    title: int,
    gap: int,
    apart: int,
) -> Shelves:
    """Panels in rows no wider than a width, with columns so high that all are least high.

    Args:
        panels: the blocks of each, which stand in columns.
        start: where the first row begins, beside something of the least height.
        width: of all rows; a panel wider than that has a row of its own.
        heights: that columns may have, the least one first.
        title: pixels above the blocks of a panel.
        gap: pixels between panels, and around the blocks of one.
        apart: pixels between the columns of a panel.
    """
    found = [_shelved(panels, start, width, each, heights, title, gap, apart) for each in heights]
    return min(found, key=lambda made: (max(made.width, width), made.height, made.first))


def stretched(found: Shelves, width: int) -> list[int]:
    """Widths of panels, the last one of each row to the right end."""
    tops = [top for _, top in found.places]
    last = [number + 1 == len(tops) or tops[number + 1] != top for number, top in enumerate(tops)]
    return [
        max(wide, width - left) if is_last else wide
        for wide, (left, _), is_last in zip(found.widths, found.places, last, strict=True)
    ]


def _even(blocks: Sequence[Block[CanvasT]], height: int, apart: int) -> int:
    """The least height of columns that makes them no wider than this one does."""
    _, width, _ = stack(blocks, height, apart)
    least = max((block.height for block in blocks), default=0)
    return next(
        each for each in (*range(least, height), height) if stack(blocks, each, apart)[1] <= width
    )


def _shelved(
    panels: Sequence[Sequence[Block[CanvasT]]],
    start: int,
    width: int,
    columns: int,
    heights: range,
    title: int,
    gap: int,
    apart: int,
) -> Shelves:
    """The same with columns of one height."""
    tops = [_even(blocks, columns, apart) for blocks in panels]
    made = [stack(each, top, apart)[1:] for each, top in zip(panels, tops, strict=True)]
    rows_of: list[list[int]] = [[]]
    places: list[tuple[int, int]] = []
    x, y, row_height, widest = start, 0, heights[0] + title + gap, 0
    first = row_height
    for number, (wide, high) in enumerate(made):
        if x + wide + 2 * gap > width and x > 0:
            x, y, row_height = 0, y + row_height + gap, 0
            rows_of.append([])
        places.append((x, y))
        rows_of[-1].append(number)
        x += wide + 3 * gap
        widest = max(widest, x - gap)
        row_height = max(row_height, high + title + gap)
        first = row_height if len(rows_of) == 1 else first
    tall = [0] * len(made)
    for row in rows_of:
        for number in row:
            tall[number] = max(made[each][1] + title + gap for each in row)
            if row is rows_of[0]:
                tall[number] = first
    widths = [wide + 2 * gap for wide, _ in made]
    return Shelves(tops, places, widths, tall, widest, y + row_height, first)


def rows(top: int, **heights: int) -> dict[str, int]:
    """Tops of rows below each other, by name; where the last one ends is called "end".

    Args:
        top: of the first row.
        heights: of each, with the gap below it.
    """
    tops = dict(zip(heights, accumulate(heights.values(), initial=top), strict=False))
    return {**tops, "end": top + sum(heights.values())}


def stagger(
    starts: Sequence[int], widths: Sequence[int], right: int, gap: int = 8
) -> list[tuple[int, int]]:
    """Places of words above columns, as (left, row): each in the first row in which it has room.

    Args:
        starts: left of each column, ascending.
        widths: of the words.
        right: where all words end.
        gap: between two words of a row.
    """
    ends: list[int] = []
    places: list[tuple[int, int]] = []
    for start, width in zip(starts, widths, strict=True):
        left = max(0, min(start, right - width))
        row = next((i for i, end in enumerate(ends) if left >= end + gap), len(ends))
        ends[row : row + 1] = [left + width]
        places.append((left, row))
    return places


def column_pitch(columns: int, width: int, narrowest: int, widest: int) -> int:
    """Pixels between columns that fill a width, within limits."""
    return max(narrowest, min(widest, width // max(1, columns)))
