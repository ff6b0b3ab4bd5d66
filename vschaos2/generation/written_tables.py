"""Tables for people and for programs: even Markdown, CSV, numbers that JSON can hold."""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any


def even_table(rows: Sequence[Sequence[str]]) -> str:
    """Rows, the first of them heads, as a Markdown table; all but the first column to the right."""
    cells_of = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells_of) for column in range(len(cells_of[0]))]
    lines = []
    for row in cells_of:
        cells = [
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"| {' | '.join(cells)} |")
    rule = ["-" * (widths[0] + 2), *("-" * (width + 1) + ":" for width in widths[1:])]
    lines.insert(1, f"|{'|'.join(rule)}|")
    return "\n".join(lines)


def number(value: float, digits: int = 3) -> str:
    """A number in few characters; – for NaN."""
    if math.isnan(value):
        return "–"
    return f"{value:.{digits}f}" if abs(value) < 10 else f"{value:.1f}"


def finite(values: Mapping[str, Any]) -> dict[str, Any]:
    """The same with None for what is not finite."""
    return {key: value if math.isfinite(value) else None for key, value in values.items()}


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of the same keys as comma-separated values."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
