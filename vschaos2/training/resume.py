"""A training that was stopped, or died, and what it takes to continue it in its own folder."""

import logging
import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, OverrideParseException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pytorch_lightning.callbacks import Timer

from vschaos2.config import suggestion
from vschaos2.data.cache import STORE
from vschaos2.data.material import Material
from vschaos2.errors import InputError
from vschaos2.files import cannot_write
from vschaos2.folders import check_own_tree
from vschaos2.minutes import days_to_seconds
from vschaos2.monitor.store import forget_reports
from vschaos2.overrides import cannot_be_read
from vschaos2.runs.checkpoints import read_checkpoint
from vschaos2.runs.folder import CONFIG, HELD_OUT, newest_run_folder, read_config
from vschaos2.runs.lock import NAME as LOCK
from vschaos2.tables import read_table
from vschaos2.training.event_files import forget_events
from vschaos2.training.family import Family
from vschaos2.training.plateau import Plateau
from vschaos2.training.position import Position
from vschaos2.training.settings import KEYS
from vschaos2.training.trainer_parts import callbacks_of

logger = logging.getLogger(__name__)

# What may differ when a training goes on: how long and on what it runs, where its recordings
# stand now, and what only the export reads.
CHANGEABLE = ("trainer.", "callbacks.", "data.dataset.root")
FILES = (
    *(CONFIG, HELD_OUT, LOCK, "metrics.csv", "hparams.yaml"),
    *("checkpoints/last.ckpt", "checkpoints/best.ckpt"),
)
FOLDERS = ("checkpoints", "samples")
# Options of pl.Trainer that name places or write files of their own.
FOREIGN = ("callbacks", "default_root_dir", "logger", "model_registry", "plugins", "profiler")
STRATEGIES = (None, "auto", "ddp", "ddp_find_unused_parameters_true", "fsdp")


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
    def last(self) -> Path | None:
        """The file of the checkpoint."""
        return None if self.checkpoint is None else self.folder / "checkpoints" / "last.ckpt"

    @property
    def position(self) -> Position:
        """The batch that comes next."""
        if self.checkpoint is None:
            return Position(0, 0, 0)
        return Position(**self.checkpoint["position"])

    def set_position(self, data: Material) -> None:
        """Let its data go on with the batch that comes next.

        Raises:
            InputError: if their epochs are too short for that.
        """
        epoch, batch, _ = self.position
        if batch > data.batches_per_epoch:
            raise InputError(
                f"{self.folder}: last.ckpt stands at batch {batch} of an epoch of "
                f"{data.batches_per_epoch}: was it, or config.yaml, edited?"
            )
        data.start_at(epoch, batch)

    def ending(self, trainer: pl.Trainer) -> str | None:
        """Why a trainer would not take another step, and what to give so that it does."""
        epoch, _, step = self.position
        seconds = float(self.checkpoint["seconds"]) if self.checkpoint else 0.0
        limit, given = "", ""
        if 0 <= trainer.max_steps <= step:
            limit, given = f"{step} steps", f"trainer.max_steps={2 * step}"
        elif trainer.max_epochs is not None and 0 <= trainer.max_epochs <= epoch:
            limit, given = f"{epoch} epochs", f"trainer.max_epochs={2 * epoch}"
        timers = [timer._duration for timer in callbacks_of(trainer, Timer) if timer._duration]
        if timers and seconds >= timers[0]:
            limit = f"{days_to_seconds(int(timers[0]))} (days to seconds)"
            given = f"trainer.max_time={days_to_seconds(int(2 * timers[0]))}"
        found = self.checkpoint["callbacks"].get(Plateau.state_key) if self.checkpoint else None
        is_watched = any(plateau.patience for plateau in callbacks_of(trainer, Plateau))
        if found and is_watched and 0 < found["end"] <= step:
            limit, given = f"{step} steps, as it learnt no more", "callbacks.patience=null"
        if not limit:
            return None
        return f"{self.folder}: is finished, after {limit}: to go on, give more, as in {given}"


def find_training(
    path: Path, overrides: list[str], family_of: Callable[[DictConfig], Family]
) -> Resumed:
    """The training that `resume=path` means, with what else the command line says.

    Args:
        path: rundir/name, for its newest version, or rundir/name/version_N.
        overrides: key=value arguments.
        family_of: the family that a configuration names.

    Raises:
        InputError: if there is no run, a file of it is damaged, missing or a link, it was trained
            by a version that did not store where it stood, an override would change what is
            trained, or nobody but the run names the recordings (see `check_recordings`).
    """
    folder = newest_run_folder(path)
    check_own_tree(folder)
    _check_kinds(folder)
    config = read_config(folder)
    family = family_of(config)
    _check_complete(config, family, folder)
    _check_trainer(config, overrides, folder)
    for text in overrides:
        _apply(config, text, folder, (*CHANGEABLE, *family.changeable))
    if family.stores_samples:
        named = [text.lstrip("+").startswith("data.dataset.root=") for text in overrides]
        check_recordings(config, any(named), folder)
    read_table(folder / "metrics.csv")  # now, rather than when the training logs its first step
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
    try:
        for place in (folder, folder / "checkpoints"):
            for path in place.glob(".*.tmp"):
                path.unlink()
        forget_events(folder, step)
        forget_reports(folder / "samples", step)
    except OSError as error:
        raise cannot_write(Path(error.filename or folder), error) from error


def _check_kinds(folder: Path) -> None:
    """Raise InputError for a folder where a training writes a file, or the other way round."""
    for name in FILES:
        if (folder / name).is_dir():
            raise InputError(f"{folder / name}: is a folder, where a file belongs: remove it")
    for name in FOLDERS:
        if (folder / name).is_file():
            raise InputError(f"{folder / name}: is a file, where a folder belongs: remove it")


def _check_complete(config: DictConfig, family: Family, folder: Path) -> None:
    """Raise InputError if a part of a configuration is missing, or would reach out of the run."""
    optional = ("callbacks.monitor", "callbacks.save_every_s", "callbacks.patience")
    for key in (*KEYS, *family.keys):
        if key not in (*optional, *family.optional) and OmegaConf.select(config, key) is None:
            raise InputError(f"{folder / 'config.yaml'}: has no {key}: was it edited?")


def _check_trainer(config: DictConfig, overrides: list[str], folder: Path) -> None:
    """Raise InputError for options of a run's trainer that it may not choose by itself.

    A run may come from elsewhere. It names no places to write to, and starts no more processes
    than this machine has processors; who wants that says so on the command line.
    """
    named = {text.lstrip("+").partition("=")[0] for text in overrides}
    processors = max(os.cpu_count() or 1, torch.cuda.device_count())
    for key, value in config.trainer.items():
        count = len(value) if isinstance(value, ListConfig) else value
        is_number = re.fullmatch(r"[0-9]+(\.[0-9]+)?(e\+?[0-9]+)?", str(count)) is not None
        too_many = {"devices": processors, "num_nodes": 1}.get(str(key), math.inf)
        is_odd = key == "strategy" and value not in STRATEGIES
        if key in FOREIGN:
            raise InputError(
                f"{folder / 'config.yaml'}: trainer.{key} is not taken from a run folder: remove it"
            )
        if f"trainer.{key}" not in named and (is_odd or (is_number and float(count) > too_many)):
            raise InputError(
                f"{folder}: was trained with trainer.{key}={value}, which a run does not choose "
                f"by itself: to go on with it, say so with trainer.{key}={value}"
            )


def check_recordings(config: DictConfig, is_named: bool, folder: Path) -> None:
    """Raise InputError if a run, and nobody else, names a folder that no training has used here.

    A training keeps its decoded samples beside the recordings. A run may come from elsewhere, and
    is not to choose a folder in which that happens for the first time.
    """
    root = Path(config.data.dataset.root)
    if is_named or not root.is_dir() or (root / STORE).is_dir() or not os.access(root, os.W_OK):
        return
    raise InputError(
        f"{folder}: was trained on {root}, where nothing was trained on yet: if these are its "
        f"recordings, say so with data.dataset.root={root}"
    )


def _no_position(folder: Path, reason: str) -> InputError:
    return InputError(
        f"{folder}: cannot be continued ({reason}): start a new training from its weights with "
        f"model.init_from={folder}"
    )


def _apply(config: DictConfig, text: str, folder: Path, changeable: tuple[str, ...]) -> None:
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
    if override.is_delete() or not key.startswith(changeable):
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
