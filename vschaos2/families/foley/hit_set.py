"""The hits of a dataset folder: cut, brought to one level, labelled, and parted in two."""

import logging
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from vschaos2.audio import find_audio_files, write_audio
from vschaos2.data.cache import open_cache
from vschaos2.data.splits import split_paths
from vschaos2.errors import InputError
from vschaos2.families.foley.cutting import attacks, cut
from vschaos2.families.foley.labels_of import labels_of
from vschaos2.families.foley.levels import USUAL_LEVEL, brought_to
from vschaos2.families.foley.velocities import Velocities, velocities_of
from vschaos2.files import reason
from vschaos2.ranges import check_number
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

FEWEST = 8  # hits that anything can be learnt from
MARK = ".hits"  # in a folder of hits that is ours: sounds of others are not removed
LONGEST_S = 10.0
NEEDED_S = 0.1


class HitSet(NamedTuple):
    """The hits of a folder.

    Attributes:
        names: paths as if each were a file, NAME.wav or NAME_2.wav.
        sounds: from the attack on, at one level, [N, T].
        level_db: how much louder than that they were, [N].
        labels: names of the classes of each label, by its name.
        classes: numbers of these, -1 where nobody knows, [N, labels].
        velocity: how hard each is struck, [N], and what that says of levels.
        training, held_out: numbers of hits.
        files: recordings that they are of.
    """

    names: list[str]
    sounds: Tensor
    level_db: Tensor
    labels: dict[str, list[str]]
    classes: Tensor
    velocity: Velocities
    training: list[int]
    held_out: list[int]
    files: int


def hit_set(config: DictConfig, rate_hz: int) -> HitSet:
    """The hits that a configuration means, at a rate.

    Raises:
        InputError: for recordings that nothing can be learnt from, or labels that are not there.
    """
    dataset = config.data.dataset
    check_number("data.dataset.validation_fraction", dataset.validation_fraction, 0.001, 0.9)
    check_number("data.dataset.seconds", dataset.seconds, NEEDED_S, LONGEST_S)
    root = Path(str(dataset.root)).expanduser()
    if root.is_file():
        raise InputError(f"{root}: is a file: give the folder that it lies in")
    if not root.is_dir():
        raise InputError(f"{root}: no such folder: give one of recorded hits, data.dataset.root=…")
    cache = open_cache(root, rate_hz, n_files=dataset.n_files)
    files = [file.path for file in cache.files]
    most = round(dataset.seconds * rate_hz)
    names, sounds, file_of, starts = [], [], [], []
    for index, file in enumerate(files):
        sound = cache.read(index)
        found = attacks(sound, rate_hz)
        if not found:
            logger.warning("%s: is silent, left out", printable(file))
            continue
        found = found if dataset.several else found[:1]
        for number, part in enumerate(cut(sound, found, rate_hz, most)):
            path = PurePosixPath(file)
            ending = f"_{number + 1}" if number else ""
            names.append(path.with_name(f"{path.name.replace('.', '_')}{ending}.wav").as_posix())
            sounds.append(part)
            file_of.append(index)
            starts.append(found[number])
    if len(names) < FEWEST:
        raise InputError(
            f"{root}: {len(names)} hit{'s' * (len(names) != 1)} in {len(files)} "
            f"recording{'s' * (len(files) != 1)}: at least {FEWEST} are needed, and some dozens "
            "of each kind are better"
        )
    task = OmegaConf.to_container(config.task) if OmegaConf.is_config(config.task) else config.task
    own, at = np.array(file_of), np.array(starts) / rate_hz
    labels = labels_of(root, files, own, at, task)  # type: ignore[arg-type]
    normal, level_db = brought_to(_trimmed(sounds), rate_hz, USUAL_LEVEL)
    groups = np.unique(labels.numbers, axis=0, return_inverse=True)[1].reshape(-1)
    velocity = velocities_of(labels.velocity, level_db.numpy().astype(float), groups, config.seed)
    training, held_out = split_paths(names, dataset.validation_fraction, config.seed)
    return HitSet(
        *(names, normal, level_db, labels.classes, torch.from_numpy(labels.numbers), velocity),
        *(sorted(training), sorted(held_out), len({*file_of})),
    )


def _trimmed(sounds: list[npt.NDArray[np.float32]]) -> Tensor:
    """Hits as long as the longest of them sounds: [N, T]."""
    every = np.stack(sounds)
    heard = np.flatnonzero(np.abs(every).max(0) > 0.0)
    return torch.from_numpy(every[:, : int(heard[-1]) + 1])


def written(hits: HitSet, folder: Path, rate_hz: int, say: Callable[[str], None]) -> Path:
    """A folder of the hits as files, for a VAE to learn from and for anybody to hear.

    Raises:
        InputError: if it cannot be written, or holds sounds of somebody else.
    """
    wanted = {folder / name for name in hits.names}
    there = find_audio_files(folder) if folder.is_dir() else []
    strays = [path for path in there if path not in wanted]
    is_ours = not there or (folder / MARK).is_file()
    if not is_ours:
        raise InputError(
            f"{folder}: would be this training's own, and holds {there[0].relative_to(folder)}: "
            "choose another name or rundir"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
        for path in strays:
            path.unlink()
    except OSError as error:
        raise InputError(
            f"cannot write {folder}: {reason(error)}: choose another rundir"
        ) from error
    for name, sound in zip(hits.names, hits.sounds.numpy(), strict=True):
        last = np.flatnonzero(sound)
        write_audio(folder / name, sound[: int(last[-1]) + 1], rate_hz)
    say(f"{len(hits.names)} hits as they were cut: {printable(str(folder))}")
    return folder
