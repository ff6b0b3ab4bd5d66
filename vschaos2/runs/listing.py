"""What runs there are below a folder, and how far each has come."""

import logging
import math
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from vschaos2.config import suggestion
from vschaos2.digits import three_digits
from vschaos2.errors import InputError
from vschaos2.folders import no_folder
from vschaos2.runs.checkpoints import MISFITS, check_finite, number, read_checkpoint
from vschaos2.runs.folder import read_config
from vschaos2.runs.lock import is_training
from vschaos2.runs.settings import Settings, differences, settings_of, short_keys, short_value
from vschaos2.runs.upgrade import upgraded_checkpoint
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

WIDEST = 100  # characters of a line
TRAINED, TRAINING, INTERRUPTED, EMPTY = "trained", "training", "interrupted", "empty"


class RunRow(NamedTuple):
    """One version of one run.

    Attributes:
        path: rundir/name/version_N.
        name: the run's name.
        version: N.
        date: when its folder was last written to, local time, to the minute.
        state: trained; training (at this moment); interrupted (it can be resumed); empty (no
            checkpoint yet); or damaged, with the reason.
        steps: optimiser steps so far.
        minutes: spent in training so far.
        best: the least of what makes a checkpoint of its family the best one.
        latent_dim: latent dimensions.
        labels: tasks it is told or guesses, each once.
        differs: its settings, by key, where the versions of its run differ (see `settings`); None
            if its configuration cannot be read.
    """

    path: str
    name: str
    version: int
    date: str
    state: str
    steps: int | None = None
    minutes: float | None = None
    best: float | None = None
    latent_dim: int | None = None
    labels: tuple[str, ...] = ()
    differs: Settings | None = None


def list_runs(root: Path) -> list[RunRow]:
    """The runs in a rundir, in one run's folder, or in a version's, by name and version.

    Raises:
        InputError: if the folder is not there, or holds no run.
    """
    root = Path(root)
    if not root.is_dir():
        raise InputError(f"{root}: {no_folder(root)}: give the rundir of your trainings")
    own = [root] if root.name.startswith("version_") else []
    folders = [*own, *root.glob("version_*"), *root.glob("*/version_*")]
    found = [p for p in folders if p.is_dir() and p.name.removeprefix("version_").isdecimal()]
    if not found:
        raise InputError(
            f"{root}: holds no run (name/version_N): give the folder that was rundir in training"
        )
    rows = sorted((_row(folder) for folder in found), key=lambda row: (row.name, row.version))
    by_run = [list(versions) for _, versions in groupby(rows, key=lambda row: row.name)]
    return [row for versions in by_run for row in _compared(versions)]


def _compared(versions: list[RunRow]) -> list[RunRow]:
    """Versions of one run, whose settings become those in which they differ."""
    known = [row.differs for row in versions if row.differs is not None]
    differing = iter(differences(known))
    return [
        row if row.differs is None else row._replace(differs=next(differing)) for row in versions
    ]


def run_in(path: Path, name: str | None = None) -> Path:
    """The folder of the one run that a path means: itself, or one of the runs in a rundir.

    Args:
        path: rundir, rundir/name or rundir/name/version_N.
        name: of a run in rundir; None for the one that was trained last. For a path that is no
            rundir it means nothing.

    Raises:
        InputError: if there is no run of that name in the rundir, or none that was trained.
    """
    path = Path(path)
    if not path.is_dir() or (path / "config.yaml").is_file() or any(path.glob("version_*")):
        return path
    runs = sorted({folder.parent for folder in path.glob("*/version_*")})
    if not runs:
        return path  # and whoever loads it says so
    names = [run.name for run in runs]
    if name is not None:
        if name not in names:
            raise InputError(
                f"{path}: no run {name!r}{suggestion(name, names)} (there are {', '.join(names)})"
            )
        return path / name
    trained = [file for run in runs for file in run.glob("version_*/checkpoints/*.ckpt")]
    if not trained:
        raise InputError(
            f"{path}: none of its runs has a checkpoint yet ({', '.join(names)}): train one"
        )
    newest = max(trained, key=lambda file: file.stat().st_mtime).parents[2]
    logger.info("%s: the run that was trained last; -n NAME chooses another", newest)
    return newest


def table(rows: list[RunRow]) -> str:
    """Rows as text, one line each, under a line of headings; then what each sweep has tried."""
    lines = [("run", "v", "date", "steps", "minutes", "best", "latents", "labels", "state")]
    for row in rows:
        numbers = (
            "" if row.steps is None else str(row.steps),
            "" if row.minutes is None else f"{row.minutes:.1f}",
            _best(row),
            "" if row.latent_dim is None else str(row.latent_dim),
        )
        labels = " ".join(row.labels)
        lines.append((row.name, str(row.version), row.date, *numbers, labels, row.state))
    sweeps = (_sweep(list(versions)) for _, versions in groupby(rows, key=lambda row: row.name))
    return "\n\n".join(["\n".join(_aligned(lines, (1, 3, 4, 5, 6))), *filter(None, sweeps)])


def _sweep(versions: list[RunRow]) -> str:
    """The settings in which versions of a run differ, as a table; empty if there are none.

    As many as fit beside each other are shown, and the others named.
    """
    tried = [(row, row.differs) for row in versions if row.differs is not None]
    keys = list(dict.fromkeys(key for _, differs in tried for key in differs))
    if not keys:
        return ""
    lines = _aligned([("v", "best"), *((str(row.version), _best(row)) for row, _ in tried)], (0, 1))
    hidden = 0
    for key, short in zip(keys, short_keys(keys), strict=True):
        values = [short_value(differs[key]) if key in differs else "" for _, differs in tried]
        wider = _aligned(list(zip(lines, [short, *values], strict=True)), ())
        if max(map(len, wider)) > WIDEST:
            hidden += 1
        else:
            lines = wider
    more = f" ({hidden} more: see --json)" if hidden else ""
    name = printable(tried[0][0].name)
    return "\n".join([f"{name}: where its versions differ{more}", *lines])


def _best(row: RunRow) -> str:
    return "" if row.best is None else three_digits(row.best)


def _aligned(lines: Sequence[tuple[str, ...]], numbers: Sequence[int]) -> list[str]:
    """Cells in columns; those of numbers to the right."""
    shown = [[printable(cell) for cell in line] for line in lines]
    widths = [max(len(line[i]) for line in shown) for i in range(len(shown[0]))]
    return [
        "  ".join(
            cell.rjust(width) if i in numbers else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in shown
    ]


def _row(folder: Path) -> RunRow:
    checkpoints = [folder / "checkpoints" / name for name in ("last.ckpt", "best.ckpt")]
    present = [path for path in checkpoints if path.is_file()]
    written = max(path.stat().st_mtime for path in [folder, *present])
    row = RunRow(
        path=str(folder),
        name=folder.resolve().parent.name,
        version=int(folder.name.removeprefix("version_")),
        date=datetime.fromtimestamp(written).strftime("%Y-%m-%d %H:%M"),
        state=TRAINING if is_training(folder) else EMPTY,
    )
    if not (folder / "config.yaml").is_file():
        return row
    try:
        config = read_config(folder)
        row = row._replace(**_described(config), differs=settings_of(config))
        if not present:
            return row
        last = upgraded_checkpoint(read_checkpoint(present[0], in_memory=False))
        check_finite(present[0], last.get("latents"), "latents")  # few, and of all the weights
        row = row._replace(**_measured(last))
        if row.state == EMPTY:
            row = row._replace(state=TRAINED if last["is_over"] else INTERRUPTED)
        if present[1:]:
            best = read_checkpoint(present[1], in_memory=False)
            row = row._replace(best=_measured(best)["best"])
    except InputError as error:
        return row._replace(state=f"damaged: {error}")
    except MISFITS as error:
        what = " ".join(f"{type(error).__name__} {error}".split())
        return row._replace(state=f"damaged: {what:.120}")
    return row


def _described(config: DictConfig) -> dict[str, Any]:
    """What a configuration says."""
    tasks = [OmegaConf.select(config, f"model.{part}") for part in ("conditioning", "prediction")]
    labels = [str(task) for part in tasks for task in part or ()]
    return {
        "latent_dim": OmegaConf.select(config, "model.latent_dim"),
        "labels": tuple(dict.fromkeys(labels)),
    }


def _measured(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """What a checkpoint says."""
    summary = checkpoint["summary"]
    best = checkpoint.get("callbacks", {}).get("best", {}).get("score", math.nan)
    best = number(best) if math.isfinite(best) else math.nan
    return {
        "steps": int(number(summary["step"], 0.0)),
        "minutes": number(summary["seconds"], 0.0) / 60,
        "best": best if math.isfinite(best) else None,
    }
