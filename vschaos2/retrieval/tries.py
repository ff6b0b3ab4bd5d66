"""What a retrieved run tells of how well it went, and whether that is good enough."""

import json
import logging
import math
import statistics
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from vschaos2.errors import InputError
from vschaos2.files import read_at_most
from vschaos2.runs.folder import CONFIG, checkpoint_path
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

META = "meta.json"
MOST_BYTES = 2**24
DATES = ("%Y-%m-%d:%H", "%Y-%m-%d:%H:%M", "%Y-%m-%d")  # the first as DiffVox has it


class Limits(NamedTuple):
    """Which runs are good enough.

    Attributes:
        loss: that the least loss of a run may be.
        fluctuation: that the median of its |differences| from step to step may be.
        left: of the distance of the dry sound from the wet one, 1 for all of it.
        start: runs that began before it are left out.
        end: runs that began after it.
    """

    loss: float = 4.0
    fluctuation: float = math.inf
    left: float = math.inf
    start: datetime | None = None
    end: datetime | None = None


class Try(NamedTuple):
    """A retrieved run, as its meta.json tells.

    Attributes:
        folder: of the run.
        name: below the folder of all runs.
        track: the name of its tries.
        meta: what it tells.
        least: of its losses.
        fluctuation: median of the |differences| of its losses.
        left: distance that is left, over that of the dry sound; NaN if it does not tell.
        begun: when.
    """

    folder: Path
    name: str
    track: str
    meta: dict[str, Any]
    least: float
    fluctuation: float
    left: float
    begun: datetime

    @property
    def badness(self) -> float:
        """What is least of the best try: what is left, or the least loss."""
        return self.least if math.isnan(self.left) else self.left


def read_try(root: Path, folder: Path) -> Try:
    """What a retrieved run tells of how it went.

    Raises:
        InputError: if it tells nothing, or what no fit could have told.
    """
    path = folder / META
    if not path.is_file():
        raise InputError(f"{path}: is not there: it was trained, not retrieved, or stopped midway")
    if checkpoint_path(folder) is None:
        raise InputError(f"{folder}: has no checkpoint: it stopped midway")
    try:
        meta = json.loads(read_at_most(path, MOST_BYTES))
        losses = [float(each) for each in meta["losses"]]
        if len(losses) < 2 or not all(map(math.isfinite, losses)):
            raise ValueError("losses that are not finite, or fewer than two")
        whole = float(meta.get("distance_unprocessed", 0.0))
        left = float(meta["distance"]) / whole if whole > 0.0 else math.nan
        begun = meta.get("begun")
        at = datetime.fromisoformat(begun) if begun else datetime.fromtimestamp(
            folder.stat().st_mtime, UTC
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: tells of no fit ({printable(error)})") from error
    relative = folder.relative_to(root)
    track = relative.parent.as_posix()
    if track == ".":
        track = root.resolve().name
    changes = [abs(b - a) for a, b in pairwise(losses)]
    return Try(
        folder, relative.as_posix(), track, meta, min(losses), statistics.median(changes), left,
        at if at.tzinfo else at.astimezone(),
    )  # fmt: skip


def nearest(path: Path) -> Path:
    """Of the tries of a track, in rundir/name, the one that came nearest; any other path itself.

    Which one was last says nothing of how good it is. It is said which one was taken.
    """
    if not path.is_dir() or (path / CONFIG).is_file():
        return path
    found = []
    for folder in sorted(path.glob("version_*")):
        try:
            found.append(read_try(path, folder))
        except InputError:
            continue
    if len(found) < 2:
        return path
    best = min(found, key=lambda each: each.badness)
    logger.info("%s: of %d tries %s came nearest", path, len(found), best.folder.name)
    return best.folder


def unfit(found: Try, limits: Limits) -> str:
    """Why a run is not good enough; empty if it is."""
    losses = found.meta["losses"]
    if limits.start is not None and found.begun < limits.start:
        return f"began {found.begun:%Y-%m-%d %H:%M %Z}, before --start"
    if limits.end is not None and found.begun > limits.end:
        return f"began {found.begun:%Y-%m-%d %H:%M %Z}, after --end"
    if found.meta.get("like"):
        return "was made to sound like a reference: no pair tells its settings"
    if found.meta.get("terminated_by"):
        return f"was ended by {printable(found.meta['terminated_by'])}"
    if found.least > limits.loss:
        return f"its least loss is {found.least:.3g}, above {limits.loss:g}"
    if losses[0] < min(losses[1:]):
        return "its first loss is its lowest: it found nothing"
    if found.fluctuation > limits.fluctuation:
        return f"its loss fluctuates by {found.fluctuation:.3g}, more than {limits.fluctuation:g}"
    if found.left > limits.left:
        return f"{found.left:.0%} of the distance is left, more than {limits.left:.0%}"
    return ""


def read_date(where: str, text: str) -> datetime:
    """A moment in local time: 2024-09-17, 2024-09-17:00 (its hour), or as ISO 8601 has it.

    Raises:
        InputError: if it is none.
    """
    for form in DATES:
        try:
            return datetime.strptime(text, form).astimezone()
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise InputError(
            f"{where}: {text!r} is no date: write 2024-09-17, or 2024-09-17:15 for its hour"
        ) from error
