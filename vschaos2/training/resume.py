"""A training that was stopped, or died, and what it takes to continue it in its own folder."""

import logging
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pytorch_lightning.callbacks import Timer

from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.monitor.store import forget_reports
from vschaos2.overrides import cannot_be_read
from vschaos2.runs import newest_run_folder, read_checkpoint, read_config
from vschaos2.training.event_files import forget_events
from vschaos2.training.position import Position

logger = logging.getLogger(__name__)

# What may differ when a training goes on: how long and on what it runs, where its recordings
# stand now, and what only the export reads.
CHANGEABLE = ("trainer.", "callbacks.", "data.dataset.root", "inversion")
ADDED = {"callbacks.save_every_s": 60.0}  # keys that older runs' configurations lack


class Resumed(NamedTuple):
    """A training to be continued.

    Attributes:
        folder: rundir/name/version_N.
        config: its configuration, with what was changed on the command line.
        checkpoint: where it stands; None if it died before its first checkpoint.
    """

    folder: Path
    config: DictConfig
    checkpoint: dict[str, Any] | None

    @property
    def position(self) -> Position:
        """The batch that comes next."""
        if self.checkpoint is None:
            return Position(0, 0, 0)
        return Position(**self.checkpoint["position"])

    def ending(self, trainer: pl.Trainer) -> str | None:
        """Why a trainer would not take another step, and what to give so that it does."""
        epoch, _, step = self.position
        seconds = float(self.checkpoint["seconds"]) if self.checkpoint else 0.0
        limit, given = "", ""
        if 0 <= trainer.max_steps <= step:
            limit, given = f"{step} steps", f"trainer.max_steps={2 * step}"
        elif trainer.max_epochs is not None and 0 <= trainer.max_epochs <= epoch:
            limit, given = f"{epoch} epochs", f"trainer.max_epochs={2 * epoch}"
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]
        timers = [c._duration for c in callbacks if isinstance(c, Timer) and c._duration]
        if timers and seconds >= timers[0]:
            limit = f"{_clock(int(timers[0]))} (days to seconds)"
            given = f"trainer.max_time={_clock(int(2 * timers[0]))}"
        if not limit:
            return None
        return f"{self.folder}: is finished, after {limit}: to go on, give more, as in {given}"


def find_training(path: Path, overrides: list[str]) -> Resumed:
    """The training that `resume=path` means, with what else the command line says.

    Args:
        path: rundir/name, for its newest version, or rundir/name/version_N.
        overrides: key=value arguments.

    Raises:
        InputError: if there is no run, a file of it is damaged, it was trained by a version that
            did not store where it stood, or an override would change what is trained.
    """
    folder = newest_run_folder(path)
    config = read_config(folder)
    for key, value in ADDED.items():
        if OmegaConf.select(config, key) is None and "callbacks" in config:
            OmegaConf.update(config, key, value)
    for text in overrides:
        _apply(config, text, folder)
    place = folder / "checkpoints"
    if not (place / "last.ckpt").is_file():
        if (place / "best.ckpt").is_file():
            raise _no_position(folder, "last.ckpt is missing")
        return Resumed(folder, config, None)
    checkpoint = read_checkpoint(place / "last.ckpt")
    if not {"position", "random_state", "seconds"} <= checkpoint.keys():
        raise _no_position(folder, "its last.ckpt does not say where it stood")
    return Resumed(folder, config, checkpoint)


def forget_what_came_after(folder: Path, step: int) -> None:
    """Bring events and reports of a run folder to a step, and remove files left half-written.

    metrics.csv is no part of it: `MetricsTable` goes on from a step by itself.

    Args:
        folder: the run folder, in which nobody trains.
        step: optimiser steps that the last checkpoint knows.
    """
    for place in (folder, folder / "checkpoints"):
        for path in place.glob(".*.tmp"):
            path.unlink()
    forget_events(folder, step)
    forget_reports(folder / "samples", step)


def _no_position(folder: Path, reason: str) -> InputError:
    return InputError(
        f"{folder}: cannot be continued ({reason}): start a new training from its weights with "
        f"model.init_from={folder}"
    )


def _apply(config: DictConfig, text: str, folder: Path) -> None:
    """Set one key=value of the command line in the configuration of a run."""
    try:
        (override,) = OverridesParser.create().parse_overrides([text])
        if override.is_sweep_override():
            raise InputError(f"{text!r}: a training that goes on takes one value, and no sweep")
        key, value = override.key_or_group, override.value()
        before = OmegaConf.select(config, key, throw_on_missing=False)
    except OverrideParseException as error:
        raise cannot_be_read(error) from error
    except (HydraException, OmegaConfBaseException) as error:
        raise InputError(f"{text!r} is no key=value ({' '.join(str(error).split())})") from error
    if OmegaConf.is_config(before):
        before = OmegaConf.to_container(before)
    if before == value and not override.is_delete():
        return  # the same command line as before, with resume=… added
    if override.is_delete() or not key.startswith(CHANGEABLE):
        raise InputError(
            f"{key}={value!r} would change what {folder} is, which was trained with {before!r}: "
            f"leave it out, or start a new training with model.init_from={folder}"
        )
    parent = OmegaConf.select(config, key.rpartition(".")[0]) if "." in key else config
    name = key.rpartition(".")[2]
    if not override.is_add() and not override.is_force_add():
        known = [str(k) for k in parent] if OmegaConf.is_dict(parent) else []
        if name not in known:
            raise InputError(f"no config key {key!r}{suggestion(name, known)}")
    OmegaConf.update(config, key, value, force_add=True)


def _clock(seconds: int) -> str:
    """Seconds as DD:HH:MM:SS."""
    minutes, s = divmod(seconds, 60)
    hours, m = divmod(minutes, 60)
    days, h = divmod(hours, 24)
    return f"{days:02d}:{h:02d}:{m:02d}:{s:02d}"
