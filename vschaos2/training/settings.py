"""What a configuration says of the whole training, checked before anything else is done."""

import errno
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from vschaos2.config import check_keys, section
from vschaos2.data.splits import check_dataset_rate
from vschaos2.errors import InputError
from vschaos2.files import reason
from vschaos2.ranges import check_count
from vschaos2.runs.folder import check_run_name

KEYS = (  # of every family's configurations
    *("name", "rundir", "seed", "check", "family", "plugins"),
    *("data.dataset", "data.loader", "model", "training.optimiser"),
    *("callbacks.validate_every", "callbacks.save_every_s", "callbacks.monitor"),
    *("callbacks.patience", "trainer"),
)
AUTO_RATE = "auto"  # the recordings' own, which the families say that take it
PARTS = ("data", "data.dataset", "data.loader", "model", "training", "callbacks", "trainer")


def check_settings(
    config: DictConfig, family_keys: Sequence[str], instead_of_root: str = ""
) -> None:
    """See that a configuration has its parts, and that what belongs to none of them can be.

    Args:
        config: of a training.
        family_keys: dotted keys that its family has besides those of every family.
        instead_of_root: one that names recordings, too: where it is set and no folder is, that is
            the current one.

    Raises:
        InputError: for what is missing, a key that does not exist, or a value that cannot be.
    """
    for part in PARTS:
        section(config, part)
    missing = sorted(OmegaConf.missing_keys(config))
    named = OmegaConf.select(config, instead_of_root) if instead_of_root else None
    if "data.dataset.root" in missing and named is not None:
        config.data.dataset.root = "."
        missing.remove("data.dataset.root")
    if missing:
        hint = "the folder of your recordings" if missing[0] == "data.dataset.root" else "a value"
        raise InputError(f"{missing[0]} is missing: give {hint}, {missing[0]}=…")
    every = [*KEYS, *family_keys]
    check_keys(config, "", tuple(dict.fromkeys(key.split(".")[0] for key in every)))
    for part in ("data", "training", "callbacks"):
        known = tuple(key.split(".")[1] for key in every if key.startswith(f"{part}."))
        check_keys(config[part], part, known)
    for key in ("name", "rundir", "data.dataset.root"):
        value = OmegaConf.select(config, key)
        if not isinstance(value, str) or not value:
            raise InputError(f"{key} must be a text, got {value!r}: write {key}=…")
    check_run_name(config.name)
    # The transform's follows it, and would be told of first.
    rate_hz = OmegaConf.select(config, "data.dataset.sample_rate_hz")
    if rate_hz != AUTO_RATE or "data.dataset.sample_rate_hz" not in family_keys:
        check_dataset_rate(rate_hz)
    check_count("seed", config.seed, 0, 2**32 - 1)
    if config.check not in (True, False, 0, 1):
        raise InputError(f"check must be true or false, got {config.check!r}")


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
