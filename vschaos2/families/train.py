"""Train what a configuration describes, whichever its family."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from vschaos2.config import section
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.registry import family_of
from vschaos2.ranges import check_number
from vschaos2.runs.folder import Run, checkpoint_path
from vschaos2.runs.lock import training_in
from vschaos2.runs.upgrade import upgraded
from vschaos2.training import resume, session
from vschaos2.training.processes import is_first_process
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
    folder = session.train(config, family, resumed, source)
    if is_first_process() and not config.check and checkpoint_path(folder) is not None:
        family.finish(load_run(folder))
    return folder


def learn_prior(path: Path, minutes: float, root: str | None = None) -> Path:
    """Let a trained run learn how the latents of its recordings move.

    Args:
        path: rundir/name or rundir/name/version_N.
        minutes: at most, once the recordings were listened to.
        root: where its recordings are now; None for where they were.

    Returns:
        The file in its folder that knows.

    Raises:
        InputError: if there is no such run or no such recordings, its family has no prior, or there
            was too little to learn from.
    """
    check_number("minutes", minutes, 1 / 60, 1e4)
    run = load_run(path)
    family = family_of(run.config)
    if family.learn_prior is None:
        raise InputError(f"{run.folder}: a run of family {family.name!r} has no prior")
    if root is not None:
        run.config.data.dataset.root = root
    resume.check_recordings(run.config, root is not None, run.folder)
    with training_in(run.folder):
        return family.learn_prior(run, 60.0 * minutes)


def find_training(path: Path, overrides: list[str]) -> Resumed:
    """The training that `resume=path` means, with what else the command line says.

    Args:
        path: rundir/name, for its newest version, or rundir/name/version_N.
        overrides: key=value arguments.

    Raises:
        InputError: as `training.resume.find_training`.
    """
    inner = path.with_name(f"{path.name}_vae")
    if not path.exists() and inner.is_dir():
        raise InputError(
            f"{path}: no such run folder: it ended while its VAE was trained: go on with "
            f"resume={inner}, and begin it again with vae={inner} in place of recordings"
        )
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
