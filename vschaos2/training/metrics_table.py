"""metrics.csv: a row for every step and validation that is logged, and one row only.

Lightning's logger empties the table of a folder that it finds, and writes it anew, in place,
whenever a column is added: a process that dies then loses all of it. This one appends whole rows,
replaces the file by a rename when a column is added, and goes on where a checkpoint left off.
"""

import csv
import io
import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytorch_lightning.loggers import CSVLogger
from pytorch_lightning.loggers.logger import rank_zero_experiment
from pytorch_lightning.utilities.rank_zero import rank_zero_only
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.files import cannot_write, open_own, write_whole
from vschaos2.tables import read_table

NAME = "metrics.csv"


class MetricsFile:
    """Rows of a table that grows by rows and by columns; columns are sorted by name.

    Args:
        folder: where metrics.csv stands, or will.
        first_step: rows from this step on are dropped: they will be logged again.
    """

    def __init__(self, folder: Path, first_step: int) -> None:
        self.path = folder / NAME
        self.metrics: list[dict[str, Any]] = []
        self.columns: list[str] = []
        if self.path.exists():
            self._keep_before(first_step)

    def log_metrics(self, metrics: dict[str, Any], step: int) -> None:
        """Remember a row."""
        row = {k: v.item() if isinstance(v, Tensor) else v for k, v in metrics.items()}
        self.metrics.append({**row, "step": step})

    def log_hparams(self, params: dict[str, Any]) -> None:
        """Nothing: config.yaml holds them."""

    def save(self) -> None:
        """Write the rows that wait, and wait until they are on the disk."""
        if not self.metrics:
            return
        known = sorted({*self.columns, *(key for row in self.metrics for key in row)})
        if known != self.columns:
            rows = read_table(self.path)
            before, self.columns = self.columns, known
            try:
                self._replace([*rows, *self.metrics])
            except InputError:
                self.columns = before
                raise
        else:
            self._append(self._text(self.metrics).encode())
        self.metrics = []

    def _append(self, rows: bytes) -> None:
        """Add rows, all of them or, on a full disk, none."""
        try:
            with open_own(self.path, "ab") as file:
                length = os.fstat(file.fileno()).st_size
                try:
                    file.write(rows)
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    with suppress(OSError):  # what could not be written is still in its buffer
                        file.close()
                    os.truncate(self.path, length)
                    raise
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def _keep_before(self, step: int) -> None:
        rows = [row for row in read_table(self.path) if "step" in row]
        self.columns = list(rows[0]) if rows else []
        kept = [row for row in rows if _step(row) < step]
        if kept:
            self._replace(kept)
        else:
            self.path.unlink()
            self.columns = []

    def _text(self, rows: list[dict[str, Any]], with_header: bool = False) -> str:
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self.columns, lineterminator="\r\n")
        if with_header:
            writer.writeheader()
        writer.writerows(rows)
        return text.getvalue()

    def _replace(self, rows: list[dict[str, Any]]) -> None:
        write_whole(self.path, self._text(rows, with_header=True))


def _step(row: dict[str, str]) -> float:
    """The step of a row; infinity if it has none."""
    text = row["step"]
    return int(text) if text.isdecimal() and len(text) < 16 else math.inf


class MetricsTable(CSVLogger):
    """Logs to metrics.csv of a run folder.

    Args:
        folder: rundir/name/version_N.
        first_step: the step that is logged next; rows from there on are dropped.
    """

    def __init__(self, folder: Path, first_step: int = 0) -> None:
        super().__init__(folder.parent.parent, folder.parent.name, folder.name)
        self.folder = folder
        self.first_step = first_step
        self.file: MetricsFile | None = None

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The table, in the first process only; made when the first row is logged."""
        if self.file is None:
            self.file = MetricsFile(self.folder, self.first_step)
        return self.file

    @rank_zero_only
    def save(self) -> None:
        """Write the rows that wait."""
        self.experiment.save()

    @rank_zero_only
    def finalize(self, status: str) -> None:
        """Write the rows that wait, if any row was ever logged."""
        if self.file is not None:
            self.file.save()
