"""A trained model out of its run folder: its best checkpoint, or its last."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from vschaos2.errors import InputError
from vschaos2.runs.checkpoints import LARGEST, MISFITS, check_finite, number, read_checkpoint
from vschaos2.runs.folder import CONFIG, Run, checkpoint_path, find_run_folder, read_config
from vschaos2.runs.upgrade import upgraded_checkpoint

AVERAGE = "average.module."  # of the weights that are kept, in a checkpoint


def read_run(path: Path, version: int | None, family_of: Callable[[DictConfig], Any]) -> Run:
    """The trained model of a run folder.

    Nothing in the folder is executed: its configuration names registered parts, its checkpoint
    holds tensors and plain values.

    Args:
        path: rundir/name/version_N or rundir/name.
        version: N, where the path holds several; the newest if None.
        family_of: the family that a configuration names (see `training.family`).

    Raises:
        InputError: if there is no run, no checkpoint yet, or a file is damaged.
    """
    folder = find_run_folder(path, version)
    config = read_config(folder)
    source = checkpoint_path(folder)
    if source is None:
        raise InputError(f"{folder}: has no checkpoint yet: let the training reach its first one")
    checkpoint = upgraded_checkpoint(read_checkpoint(source))
    try:
        family = family_of(config)
        model = family.build(config)
    except InputError as error:
        raise InputError(f"{folder / CONFIG}: {error}") from error
    try:
        state = checkpoint["state_dict"].items()
        weights = {k.removeprefix(AVERAGE): v for k, v in state if k.startswith(AVERAGE)}
        model.load_state_dict(weights)
        summary = {str(key): number(value) for key, value in checkpoint["summary"].items()}
        check_finite(source, checkpoint.get("latents"), "latents")
        kept = family.kept(checkpoint, model)
        check_finite(source, kept, "kept", LARGEST)
        check_finite(source, model.state_dict(), "state_dict")
    except InputError:
        raise
    except MISFITS as error:
        raise InputError(
            f"{source}: does not fit {folder / CONFIG}: was one of them edited?"
        ) from error
    return Run(folder, config, model.eval().requires_grad_(False), kept, summary)
