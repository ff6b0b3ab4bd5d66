"""The run folder: everything a trained model needs, and nothing that can execute.

    rundir/name/version_N/
        config.yaml          the resolved configuration
        checkpoints/         last.ckpt, best.ckpt
        metrics.csv          and TensorBoard events
        held_out.txt         the files that it never trained on
        samples/             sounds and pictures

Reading takes plain YAML (`plain_yaml.py`), tensors and plain containers (`checkpoints.py`), and
never asks for the dataset. `families/loading.py` makes a model of them.
"""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from vschaos2.errors import InputError
from vschaos2.files import not_own, read_at_most, write_whole
from vschaos2.overrides import restore_texts, storable
from vschaos2.plain_yaml import MOST_BYTES, NotPlainError, parse_plain
from vschaos2.runs.upgrade import upgraded

CONFIG = "config.yaml"
HELD_OUT = "held_out.txt"
NAME_BYTES = 200  # of a run's name, and of an instrument's: file names have 255
CHECKPOINTS = ("best.ckpt", "last.ckpt")
FORMS: tuple[tuple[str, type, str], ...] = (  # of what is there at all in a run's configuration
    *((key, str, "text") for key in ("name", "rundir", "family", "data.dataset.root")),
    *((key, dict, "a mapping") for key in ("training", "callbacks", "trainer")),
    *((key, dict, "a mapping") for key in ("data", "data.dataset", "data.loader")),
    *((key, dict, "a mapping") for key in ("model", "data.dataset.metadata_callbacks")),
)


class Run(NamedTuple):
    """A trained model and where it comes from.

    Attributes:
        folder: the version folder, rundir/name/version_N.
        config: the resolved configuration it was trained with.
        model: the model in evaluation mode, on the CPU.
        kept: what its family keeps beside the weights.
        summary: step, epoch, seconds of training and metrics of the loaded checkpoint.
    """

    folder: Path
    config: DictConfig
    model: Any
    kept: Any
    summary: dict[str, float]


def create_run_folder(rundir: Path, name: str) -> Path:
    """A new, empty folder rundir/name/version_N, N one above the highest there is.

    Raises:
        InputError: if the name is not a plain folder name or the folder cannot be made.
    """
    check_run_name(name)
    parent = Path(rundir) / name
    try:
        parent.mkdir(parents=True, exist_ok=True)
        version = max((number for number, _ in _versions(parent)), default=-1) + 1
        while True:
            folder = parent / f"version_{version}"
            try:
                folder.mkdir()
            except FileExistsError:  # another training took this number just now
                version += 1
            else:
                (folder / "checkpoints").mkdir()
                return folder
    except OSError as error:
        raise InputError(
            f"rundir={rundir}: cannot make {parent} ({error.strerror}): choose another rundir"
        ) from error


def check_run_name(name: str) -> None:
    """Refuse what no folder can be called, or what leaves too little room for files named after it.

    Raises:
        InputError: for such a name.
    """
    if not re.fullmatch(r"[\w .+-]+", name) or name.strip(". ") == "":
        raise InputError(f"name={name!r} is no folder name: use letters, digits, _ . + or -")
    if len(os.fsencode(name)) > NAME_BYTES:
        raise InputError(
            f"name={name[:20]!r}… is too long: a name has at most {NAME_BYTES} bytes, this one "
            f"{len(os.fsencode(name))}"
        )


def find_run_folder(path: Path, version: int | None = None) -> Path:
    """The version folder that a path means: the folder itself, or a named run's newest version.

    Args:
        path: rundir/name/version_N or rundir/name.
        version: the version wanted, for a path that holds several.

    Raises:
        InputError: if no run is there, naming what was found instead; or if the path is another
            version than the one wanted.
    """
    path = Path(path)
    if not os.path.exists(path):  # noqa: PTH110 - a name that is too long is no run, either
        raise InputError(f"{path}: no such run folder: give rundir/name or rundir/name/version_N")
    if (path / CONFIG).is_file():
        if version is not None and path.resolve().name != f"version_{version}":
            raise InputError(f"{path}: is one version of a run: leave -v {version} out")
        return path
    versions = dict(_versions(path)) if path.is_dir() else {}
    if version is not None:
        if version not in versions:
            known = ", ".join(str(n) for n in versions) or "none"
            raise InputError(f"{path}: no version {version}: there are {known}")
        return versions[version]
    complete = {n: p for n, p in versions.items() if (p / CONFIG).is_file()}
    if not complete:
        if path.is_file():
            raise InputError(f"{path}: is a file, not a run folder: give rundir/name/version_N")
        raise InputError(f"{path}: not a run folder (no config.yaml): give rundir/name/version_N")
    trained = [n for n, p in complete.items() if checkpoint_path(p) is not None]
    return complete[max(trained or complete)]


def newest_run_folder(path: Path) -> Path:
    """The version folder that a path means when a training is to go on: the one started last.

    Args:
        path: rundir/name/version_N or rundir/name.

    Raises:
        InputError: if no run is there.
    """
    path = Path(path)
    started = [p for _, p in _versions(path)] if path.is_dir() else []
    started = [p for p in started if (p / CONFIG).is_file()]
    return started[-1] if started else find_run_folder(path)


def save_config(folder: Path, config: DictConfig) -> None:
    """Write the resolved configuration to folder/config.yaml, whole or not at all.

    Raises:
        InputError: if it cannot be written, or holds what `read_config` would refuse: better now
            than after the training.
    """
    text = OmegaConf.to_yaml(OmegaConf.create(storable(config)))
    path = folder / CONFIG
    _plain_config(path, text)
    write_whole(path, text)


def read_config(folder: Path) -> DictConfig:
    """The configuration of a run folder, as text: nothing in it is executed or resolved.

    Raises:
        InputError: if it cannot be read, is more than plain YAML (see `parse_plain`), or is no
            training's configuration.
    """
    path = folder / CONFIG
    if path.is_symlink():
        raise not_own(path, "a link")
    content = read_at_most(path, MOST_BYTES)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: cannot be read as YAML ({error})") from error
    return _plain_config(path, text)


def _plain_config(path: Path, text: str) -> DictConfig:
    """The configuration that the text of a run's config.yaml says."""
    try:
        content = parse_plain(text)
    except NotPlainError as error:
        raise InputError(f"{path}: cannot be read as YAML of a run ({error})") from error
    if not isinstance(content, dict) or not {"model", "data"} <= content.keys():
        raise InputError(f"{path}: is not a training's configuration (no model or data in it)")
    for key, kind, wanted in FORMS:
        node = _at(content, key)
        if node is not None and not isinstance(node, kind):
            raise InputError(f"{path}: {key} must be {wanted}, got {node!r:.60}")
    callbacks = _at(content, "data.dataset.metadata_callbacks") or {}
    if not all(isinstance(options, dict) for options in callbacks.values()):
        raise InputError(f"{path}: data.dataset.metadata_callbacks must hold mappings of tasks")
    restore_texts(content)
    return upgraded(OmegaConf.create(content))


def _at(content: Any, key: str) -> Any:
    """What stands under a dotted key of nested dicts; None if nothing does."""
    for name in key.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def checkpoint_path(folder: Path) -> Path | None:
    """The best checkpoint of a run folder, or its last; None as long as there is none."""
    candidates = [folder / "checkpoints" / name for name in CHECKPOINTS]
    return next((path for path in candidates if path.is_file()), None)


def _versions(parent: Path) -> list[tuple[int, Path]]:
    """Number and path of every version_N in a folder, in order of N; links lead elsewhere."""
    found = []
    for path in parent.iterdir():
        match = re.fullmatch(r"version_(\d+)", path.name)
        if match and path.is_dir() and not path.is_symlink():
            found.append((int(match.group(1)), path))
    return sorted(found)
