"""The run folder: everything a trained model needs, and nothing that can execute.

    rundir/name/version_N/
        config.yaml          the resolved configuration
        checkpoints/         last.ckpt, best.ckpt
        metrics.csv          and TensorBoard events
        samples/             sounds and pictures

Loading reads tensors and plain containers only (`weights_only=True`), builds only classes of this
package, and never asks for the dataset.
"""

import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from vschaos2.errors import InputError
from vschaos2.models.build import build_model
from vschaos2.models.vae import VAE
from vschaos2.overrides import restore_texts, storable

NAME_BYTES = 200  # of a run's name, and of an instrument's: file names have 255
CHECKPOINTS = ("best.ckpt", "last.ckpt")
MONITOR = "validation/reconstruction/spectral_convergence"  # what makes a checkpoint the best


class Run(NamedTuple):
    """A trained model and where it comes from.

    Attributes:
        folder: the version folder, rundir/name/version_N.
        config: the resolved configuration it was trained with.
        model: the model in evaluation mode, on the CPU.
        latents: means of the posterior over training windows, [N, Z].
        summary: step, epoch, seconds of training and metrics of the loaded checkpoint.
        classes: names of the classes of every label task; none for continuous tasks.
    """

    folder: Path
    config: DictConfig
    model: VAE
    latents: torch.Tensor
    summary: dict[str, float]
    classes: dict[str, list[str]]


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
        InputError: if no run is there, naming what was found instead.
    """
    path = Path(path)
    if not os.path.exists(path):  # noqa: PTH110 - a name that is too long is no run, either
        raise InputError(f"{path}: no such run folder: give rundir/name or rundir/name/version_N")
    if (path / "config.yaml").is_file():
        return path
    versions = dict(_versions(path)) if path.is_dir() else {}
    if version is not None:
        if version not in versions:
            known = ", ".join(str(n) for n in versions) or "none"
            raise InputError(f"{path}: no version {version}: there are {known}")
        return versions[version]
    complete = {n: p for n, p in versions.items() if (p / "config.yaml").is_file()}
    if not complete:
        raise InputError(f"{path}: not a run folder (no config.yaml): give rundir/name/version_N")
    trained = [n for n, p in complete.items() if _checkpoint(p) is not None]
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
    started = [p for p in started if (p / "config.yaml").is_file()]
    return started[-1] if started else find_run_folder(path)


def save_config(folder: Path, config: DictConfig) -> None:
    """Write the resolved configuration to folder/config.yaml, whole or not at all."""
    text = OmegaConf.to_yaml(OmegaConf.create(storable(config)))
    temporary = folder / ".config.yaml.tmp"
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(folder / "config.yaml")


def save_checkpoint(path: Path, checkpoint: dict[str, Any]) -> None:
    """Write a checkpoint so that the file is always whole: beside, flushed to disk, renamed."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def read_checkpoint(path: Path, in_memory: bool = True) -> dict[str, Any]:
    """The tensors and plain values of a checkpoint.

    Args:
        path: the file.
        in_memory: read the tensors; else they stay in the file until they are used, which is
            quick where only plain values are wanted.

    Raises:
        InputError: if it is damaged, or holds anything that would have to be executed.
    """
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=not in_memory)
    except Exception as error:  # a damaged zip fails in many ways
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: cannot be read as a checkpoint ({reason[:120]}): use another version, or "
            "train again"
        ) from error
    if not isinstance(checkpoint, dict) or "state_dict" not in checkpoint:
        raise InputError(f"{path}: holds no model: use another version, or train again")
    return checkpoint


def load_run(path: Path, version: int | None = None) -> Run:
    """The trained model of a run folder: its best checkpoint, or its last.

    Raises:
        InputError: if there is no run, no checkpoint yet, or a file is damaged.
    """
    folder = find_run_folder(path, version)
    config = read_config(folder)
    source = _checkpoint(folder)
    if source is None:
        raise InputError(f"{folder}: has no checkpoint yet: let the training reach its first one")
    checkpoint = read_checkpoint(source)
    model = build_model(config)
    prefix = "average.module."
    try:
        weights = {
            key.removeprefix(prefix): value
            for key, value in checkpoint["state_dict"].items()
            if key.startswith(prefix)
        }
        model.load_state_dict(weights)
        summary = {key: float(value) for key, value in checkpoint["summary"].items()}
        # Runs trained before labels say nothing of classes.
        names = checkpoint.get("classes", {})
        classes = {str(task): [str(name) for name in names[task]] for task in names}
        latents = checkpoint["latents"].reshape(-1, model.latent_dim)
    except (RuntimeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"{source}: does not fit {folder / 'config.yaml'}: was one of them edited?"
        ) from error
    return Run(folder, config, model.eval().requires_grad_(False), latents, summary, classes)


def read_config(folder: Path) -> DictConfig:
    """The configuration of a run folder, as text: nothing in it is executed.

    Raises:
        InputError: if it cannot be read, or is no training's configuration.
    """
    path = folder / "config.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not {"model", "data"} <= content.keys():
            raise InputError(f"{path}: is not a training's configuration (no model or data in it)")
        restore_texts(content)
        return OmegaConf.create(content)
    except InputError:
        raise
    except (yaml.YAMLError, ValueError, OSError, RecursionError, OmegaConfBaseException) as error:
        raise InputError(
            f"{path}: cannot be read as YAML ({' '.join(str(error).split())})"
        ) from error


def _checkpoint(folder: Path) -> Path | None:
    candidates = [folder / "checkpoints" / name for name in CHECKPOINTS]
    return next((path for path in candidates if path.is_file()), None)


def _versions(parent: Path) -> list[tuple[int, Path]]:
    """Number and path of every version_N below a folder, in order of N."""
    found = []
    for path in parent.iterdir():
        match = re.fullmatch(r"version_(\d+)", path.name)
        if match and path.is_dir():
            found.append((int(match.group(1)), path))
    return sorted(found)
