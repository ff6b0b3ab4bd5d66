"""Train what a configuration describes, whichever its family."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from vschaos2.config import section
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.registry import family_of
from vschaos2.runs.folder import Run
from vschaos2.runs.upgrade import upgraded
from vschaos2.training import resume, session
from vschaos2.training.resume import Resumed


def train(config: DictConfig, resumed: Resumed | None = None) -> Path:
    """Train the model that a configuration describes, and return its run folder.

    Args:
        config: the whole configuration, as `compose` gives it.
        resumed: the training to continue, in its folder; None for a new one.

    Raises:
        InputError: for anything in the configuration or the dataset that is the user's to mend.

    Example:
        >>> import vschaos2
        >>> config = vschaos2.compose("dgt_small", "name=cello", "data.dataset.root=my_recordings")
        >>> print(vschaos2.train(config).as_posix())
        runs/cello/version_0
    """
    family = family_of(upgraded(config))
    source = None if resumed else first_weights(section(config, "model").get("init_from"))
    return session.train(config, family, resumed, source)


def find_training(path: Path, overrides: list[str]) -> Resumed:
    """The training that `resume=path` means, with what else the command line says.

    Args:
        path: rundir/name, for its newest version, or rundir/name/version_N.
        overrides: key=value arguments.

    Raises:
        InputError: as `training.resume.find_training`.
    """
    return resume.find_training(path, overrides, family_of)


def first_weights(run: Any) -> Run | None:
    """The run that `model.init_from` names, loaded; None for null.

    Raises:
        InputError: if it names none, or none that can be loaded.
    """
    if run is None:
        return None
    if not isinstance(run, str) or not run:
        raise InputError(f"model.init_from must be a run, rundir/name, or null, got {run!r}")
    try:
        return load_run(Path(run))
    except InputError as error:
        raise InputError(f"model.init_from={run}: {error}") from error
