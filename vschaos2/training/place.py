"""The run folder of a training: made, prepared, locked, and taken back if nothing came of it."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from omegaconf import DictConfig

from vschaos2.data.material import Material
from vschaos2.errors import InputError
from vschaos2.files import reason, write_whole
from vschaos2.runs.folder import CONFIG, HELD_OUT, create_run_folder, save_config
from vschaos2.runs.lock import NAME as LOCK
from vschaos2.runs.lock import training_in
from vschaos2.training.event_files import PREFIX
from vschaos2.training.processes import is_first_process
from vschaos2.training.resume import Resumed, forget_what_came_after
from vschaos2.training.settings import check_rundir

logger = logging.getLogger(__name__)

# Only the first process writes, and knows a run folder: in this one nobody can write or remove.
NOWHERE = Path(os.devnull) / "run" / "version_0"


@contextmanager
def runs_in(config: DictConfig, resumed: Resumed | None) -> Iterator[Path]:
    """The folder of runs to train in: the configuration's, or one that is gone afterwards.

    The latter where a configuration is only to be checked.

    Raises:
        InputError: if no folder can be made there.
    """
    if resumed:
        rundir = resumed.folder.parent.parent
        check_rundir(rundir, resumed.folder.parent.name)
        yield rundir
        return
    existing = check_rundir(Path(config.rundir), config.name)
    if config.check and is_first_process():
        with TemporaryDirectory(prefix=".check_", dir=existing) as place:
            yield Path(place)
    else:
        yield Path(config.rundir)


@contextmanager
def run_folder(
    config: DictConfig, rundir: Path, resumed: Resumed | None, data: Material
) -> Iterator[tuple[Path, Callable[[], None]]]:
    """A run folder in which this process trains; for all but the first process, nowhere.

    Args:
        config: of the training, stored in a new folder.
        rundir: folder of runs.
        resumed: the training that goes on; None makes a new folder.
        data: whose held-out files are stored.

    Yields:
        the folder; a function that says that something was trained. Before that, a new folder is
        taken back if the training fails.

    Raises:
        InputError: if the folder cannot be made or written, or another process trains in it.
    """
    is_first, is_kept = is_first_process(), False
    folder = resumed.folder if resumed else NOWHERE

    def keep() -> None:
        nonlocal is_kept
        is_kept = True

    try:
        if resumed is None and is_first:
            folder = create_run_folder(rundir, config.name)
            save_config(folder, config)
            _save_held_out(folder, data)
        with training_in(folder) if is_first else nullcontext():
            if resumed and is_first:
                _prepare(resumed, data)
            yield folder, keep
    except BaseException as error:
        if is_first and resumed is None and not is_kept:
            _take_back(folder)
        if isinstance(error, OSError):
            where = folder if error.filename is None else error.filename
            raise InputError(f"{where}: {reason(error)}") from error
        raise


def _prepare(resumed: Resumed, data: Material) -> None:
    """Bring a run folder into the state in which its last checkpoint left it."""
    forget_what_came_after(resumed.folder, resumed.position.step)
    save_config(resumed.folder, resumed.config)
    _save_held_out(resumed.folder, data)
    epoch, batch, step = resumed.position
    if resumed.checkpoint is None:
        logger.info("%s: has no checkpoint yet, it starts from the beginning", resumed.folder)
    else:
        logger.info(
            "continuing %s at step %d: epoch %d, batch %d", resumed.folder, step, epoch, batch
        )


def _take_back(folder: Path) -> None:
    """Remove a run folder that this process made and in which nothing was trained.

    File by file, so that nothing else can go with it.
    """
    if folder == NOWHERE or folder.is_symlink():
        return
    with suppress(OSError):  # what else is in it stays, and so does the folder
        for name in (CONFIG, HELD_OUT, LOCK):
            (folder / name).unlink(missing_ok=True)
        for events in folder.glob(f"{PREFIX}*"):
            events.unlink()
        (folder / "checkpoints").rmdir()
        folder.rmdir()


def _save_held_out(folder: Path, data: Material) -> None:
    write_whole(folder / HELD_OUT, "\n".join(data.held_out) + "\n")
