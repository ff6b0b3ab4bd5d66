"""What a configuration says of the whole training, checked before anything else is done."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any, cast

from omegaconf import DictConfig, OmegaConf

from vschaos2.config import check_keys, suggestion
from vschaos2.data.splits import check_dataset_rate
from vschaos2.dsp.inversion_modes import MODES
from vschaos2.errors import InputError
from vschaos2.files import reason
from vschaos2.ranges import check_count
from vschaos2.runs.folder import check_run_name

KEYS = (
    *("name", "rundir", "seed", "check", "inversion"),
    *("data", "model", "training", "callbacks", "trainer"),
)
DATA_KEYS = ("dataset", "loader", "transform", "augment", "sequence")
LOADER_KEYS = ("batch_size", "batches_per_epoch", "validation_windows")
PARTS = (
    *("data", "data.dataset", "data.loader", "data.transform", "data.augment"),
    *("model", "training", "callbacks", "trainer"),
)


def check_settings(config: DictConfig) -> None:
    """See that a configuration has its parts, and that what belongs to none of them can be.

    Raises:
        InputError: for what is missing, a key that does not exist, or a value that cannot be.
    """
    for part in PARTS:
        if not isinstance(OmegaConf.select(config, part), DictConfig):
            raise InputError(
                f"{part} is {OmegaConf.select(config, part)!r} and must hold key: value pairs: "
                f"leave {part}=… out"
            )
    missing = sorted(OmegaConf.missing_keys(config))
    if missing:
        hint = "the folder of your recordings" if missing[0] == "data.dataset.root" else "a value"
        raise InputError(f"{missing[0]} is missing: give {hint}, {missing[0]}=…")
    check_keys(config, "", KEYS)
    check_keys(config.data, "data", DATA_KEYS)
    check_keys(config.data.loader, "data.loader", LOADER_KEYS)
    for key in ("name", "rundir", "data.dataset.root"):
        value = OmegaConf.select(config, key)
        if not isinstance(value, str) or not value:
            raise InputError(f"{key} must be a text, got {value!r}: write {key}=…")
    check_run_name(config.name)
    # The transform's follows it, and would be told of first.
    check_dataset_rate(OmegaConf.select(config, "data.dataset.sample_rate_hz"))
    check_count("seed", config.seed, 0, 2**32 - 1)
    if config.check not in (True, False, 0, 1):
        raise InputError(f"check must be true or false, got {config.check!r}")
    if config.inversion not in MODES:
        hint = suggestion(str(config.inversion), list(MODES))
        raise InputError(
            f"inversion must be one of {', '.join(MODES)}, got {config.inversion!r}{hint}"
        )


def plain(config: DictConfig) -> dict[str, Any]:
    """A part of a configuration as plain containers."""
    return cast(dict[str, Any], OmegaConf.to_container(config, resolve=True))


def check_rundir(rundir: Path, name: str) -> Path:
    """The folder that is there already of those that a run needs; see that it takes another.

    Raises:
        InputError: if no folder can be made in it, or TensorBoard could not write there.
    """
    if not _is_utf8(str(rundir)):
        raise InputError(
            f"rundir={rundir}: is not UTF-8, and TensorBoard writes to no such folder: choose "
            "another rundir"
        )
    place = rundir / name
    try:
        existing = next((place for place in (place, *place.parents) if place.exists()), None)
        if existing is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if not existing.is_dir():
            raise InputError(
                f"rundir={rundir}: {existing} is a file, no folder: choose another rundir"
            )
        tempfile.TemporaryFile(dir=existing).close()
    except OSError as error:
        raise InputError(
            f"rundir={rundir}: cannot make {place} ({reason(error)}): choose another rundir"
        ) from error
    return existing


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
