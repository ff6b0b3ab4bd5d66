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
