"""Tables of comma-separated values that may be damaged, or a stranger's."""

import csv
import io
from pathlib import Path

from vschaos2.errors import InputError
from vschaos2.files import read_at_most

MOST_BYTES = 2**28  # of a table: a training of a week logs some 50 MB
MOST_COLUMNS = 1000  # every row has as many cells, said or not


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, by the names in its first line; none if there is no file.

    A row that lacks its end, as a process that dies may leave it, does not count.

    Raises:
        InputError: if it is no table of UTF-8 text, or no plain file.
    """
    if not path.exists():
        return []
    content = read_at_most(path, MOST_BYTES)
    whole = content[: content.rfind(b"\n") + 1]
    try:
        lines = io.StringIO(whole.decode("utf-8"), newline="")
        table = csv.DictReader(lines, restkey="", restval="")
        if len(table.fieldnames or ()) > MOST_COLUMNS:
            raise csv.Error(f"more than {MOST_COLUMNS} columns")
        rows = list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(
            f"{path}: cannot be read as a table ({error}): remove it; only curves are lost with it"
        ) from error
    return [{name: value for name, value in row.items() if name} for row in rows]
