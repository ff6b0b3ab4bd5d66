"""A trained model out of its run folder, whichever its family."""

from pathlib import Path

from vschaos2.errors import InputError
from vschaos2.families.registry import family_of
from vschaos2.runs.folder import Run
from vschaos2.runs.listing import run_in
from vschaos2.runs.loading import read_run


def load_run(path: Path | str, version: int | None = None) -> Run:
    """The trained model of a run folder: its best checkpoint, or its last.

    Nothing in the folder is executed: its configuration names registered parts, its checkpoint
    holds tensors and plain values.

    Args:
        path: rundir/name/version_N or rundir/name.
        version: N, where the path holds several; the newest if None.

    Raises:
        InputError: if there is no run, no checkpoint yet, or a file is damaged.

    Example:
        >>> import vschaos2
        >>> run = vschaos2.load_run("runs/cello")
        >>> run.summary["step"] > 0
        True
    """
    return read_run(Path(path), version, family_of)


def load_named_run(path: Path, name: str | None, version: int | None) -> Run:
    """The run that a path and a name mean, loaded.

    Raises:
        InputError: as `run_in` and `load_run`, or if the path is one run, and the name another's.
    """
    trained = load_run(run_in(path, name), version)
    if name not in (None, trained.folder.resolve().parent.name):
        raise InputError(f"{path} is one run: leave -n {name} out")
    return trained
