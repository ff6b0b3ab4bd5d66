"""Where sounds lie in a run's latent space, as numbers: one point a frame, and a label for each.

Two views of the same points: their own principal components, in which distances are those of the
model's latent space, and the coordinates that the exported instrument shows.
"""

import csv
import io
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from omegaconf import OmegaConf

from vschaos2.audio import UnreadableAudio
from vschaos2.errors import InputError
from vschaos2.families.vae.signal_path import hear
from vschaos2.files import write_whole
from vschaos2.folders import made_folder, no_folder
from vschaos2.generation.evaluation import (
    centre_seconds,
    dataset_sounds,
    known_labels,
    training_dataset,
)
from vschaos2.generation.latent_tables import axis_columns, column_of
from vschaos2.generation.player import Player
from vschaos2.labels.metadata import load_metadata, task_folders
from vschaos2.progress import follow
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

Array = npt.NDArray[np.float64]

POINTS = 8000  # of all files together; more would only cover each other
LEAST_PER_FILE = 8
FOLDER_COLOUR, LEVEL_COLOUR = "folder", "level"


class LatentMap(NamedTuple):
    """Points of a map.

    Attributes:
        files: names of the files, relative to the dataset.
        file: which of them each point is of, [N].
        seconds: the moment of each point, at the centre of its frame, [N].
        level_db: largest magnitude of the frame, 0 for a full-scale sine, [N].
        components: the first two principal components, in units of the model's latents, [N, 2].
        explained: part of the points' variance that each component explains, [2].
        coordinates: on the axes of the exported instrument, [N, Z].
        projection: name of these axes.
        colour: what the points are coloured by: a task, "folder" or "level".
        values: class indices or values of it, NaN where unknown, [N].
        names: of the classes, empty if the values are no classes.
    """

    files: list[str]
    file: npt.NDArray[np.int64]
    seconds: Array
    level_db: Array
    components: Array
    explained: Array
    coordinates: Array
    projection: str
    colour: str
    values: Array
    names: list[str]


def map_latents(
    player: Player, projection: str, dataset: Path | None = None, colour: str | None = None
) -> LatentMap:
    """The map of a run: the audible frames of a dataset's sounds, at most some thousands.

    Args:
        player: the run and its axes.
        projection: their name.
        dataset: folder of sounds; None for the one the run was trained on.
        colour: a task of its metadata, "folder", or "level"; if None, the first task that there
            is, or else the folders, or else the level.

    Raises:
        InputError: if there are no sounds, none can be read, or the dataset has no such task.
    """
    root = training_dataset(player.run) if dataset is None else dataset
    if not root.is_dir():
        raise InputError(f"--dataset {root}: {no_folder(root)}: give one that holds sounds")
    paths = dataset_sounds(root)
    names = [path.relative_to(root).as_posix() for path in paths]
    chosen = _colour(player, root, names, colour)
    labels_of = known_labels(player.run, player.run.model.conditioning, root)
    limit = max(LEAST_PER_FILE, POINTS // len(paths))
    parts: list[tuple[npt.NDArray[np.floating], ...]] = []
    for number, path in enumerate(follow(paths, "listening", "file")):
        try:
            heard = hear(player.core, path, None if labels_of is None else labels_of(path))
        except UnreadableAudio as error:
            logger.warning("skipped: %s", error)
            continue
        audible = np.flatnonzero(heard.audible)
        if len(audible) > limit:
            audible = audible[np.linspace(0, len(audible) - 1, limit).astype(np.int64)]
        seconds = centre_seconds(player.core, len(heard.latents))[audible]
        level = 20.0 * np.log10(np.maximum(heard.level[audible], 1e-9))
        parts.append((np.full(len(audible), float(number)), seconds, level, heard.latents[audible]))
    if sum(len(part[0]) for part in parts) < 2:
        raise InputError(f"{root}: no audible sound in {len(paths)} files: nothing to map")
    file, seconds, level_db, coordinates = (
        np.concatenate(column).astype(np.float64) for column in zip(*parts, strict=True)
    )
    components, explained = principal(coordinates @ player.axes.from_axes.double().numpy())
    which = file.astype(np.int64)
    values, classes = _values(player, root, names, chosen, which, seconds, level_db)
    return LatentMap(
        names, which, seconds, level_db, components, explained, coordinates, projection,
        chosen, values, classes,
    )  # fmt: skip


def principal(points: Array) -> tuple[Array, Array]:
    """The first two principal components of points [N, D] and the variance they explain.

    The sign is such that each component's largest deviation is positive.

    Shape: [N, 2], zero for a second one that there is not, and [2], parts of 1.
    """
    spread = points - points.mean(0)
    _, sizes, directions = np.linalg.svd(spread, full_matrices=False)
    components = np.zeros((len(points), 2))
    found = (spread @ directions[:2].T)[:, :2]
    largest = found[np.abs(found).argmax(0), np.arange(found.shape[1])]
    components[:, : found.shape[1]] = found * np.where(largest < 0, -1.0, 1.0)
    parts = sizes**2 / max(float((sizes**2).sum()), 1e-30)
    return components, np.pad(parts[:2], (0, max(0, 2 - len(parts))))


def write_csv(points: LatentMap, path: Path) -> None:
    """Write a line for every point: file, seconds, level, colour, components, coordinates.

    Raises:
        InputError: if the file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    dims = points.coordinates.shape[1]
    extra = [] if points.colour == LEVEL_COLOUR else [column_of(points.colour)]
    axes = axis_columns(points.projection, dims)
    writer.writerow(["file", "seconds", "level_db", *extra, "pc_1", "pc_2", *axes])
    for n, file in enumerate(points.file):
        numbers = [*points.components[n], *points.coordinates[n]]
        label = [] if points.colour == LEVEL_COLOUR else [_label(points, points.values[n])]
        cells = [f"{points.seconds[n]:.3f}", f"{points.level_db[n]:.1f}", *label]
        name = printable(points.files[file])
        writer.writerow([name, *cells, *(f"{number:.5g}" for number in numbers)])
    made_folder(path.parent)
    write_whole(path, text.getvalue())


def _label(points: LatentMap, value: float) -> str:
    """The name of a class, or a number; empty if unknown."""
    if np.isnan(value):
        return ""
    return printable(points.names[int(value)]) if points.names else f"{value:g}"


def _colour(player: Player, root: Path, files: Sequence[str], colour: str | None) -> str:
    """What to colour by (see `map_latents`)."""
    there = [folder.name for folder in task_folders(root)]
    known = [*there, FOLDER_COLOUR, LEVEL_COLOUR]
    if colour is not None:
        if colour not in known:
            raise InputError(f"--color {colour}: not known of {root}: one of {', '.join(known)}")
        return colour
    if there:
        model = player.run.model
        tasks = [*model.conditioning.tasks, *model.prediction.tasks]
        return next((task for task in tasks if task in there), there[0])
    return FOLDER_COLOUR if len({Path(file).parent for file in files}) > 1 else LEVEL_COLOUR


def _values(
    player: Player,
    root: Path,
    files: Sequence[str],
    colour: str,
    which: npt.NDArray[np.int64],
    seconds: Array,
    level_db: Array,
) -> tuple[Array, list[str]]:
    """Values of the points [N] and names of their classes (see `LatentMap`)."""
    if colour == LEVEL_COLOUR and colour not in {folder.name for folder in task_folders(root)}:
        return level_db, []
    if colour == FOLDER_COLOUR and colour not in {folder.name for folder in task_folders(root)}:
        parents = [Path(file).parent.as_posix() for file in files]
        folders = sorted(set(parents))
        return np.array([float(folders.index(parent)) for parent in parents])[which], folders
    callbacks = OmegaConf.select(player.run.config, "data.dataset.metadata_callbacks") or {}
    options = {colour: callbacks[colour]} if colour in callbacks else {}
    metadata = load_metadata(root, files, options, [colour])
    values = metadata.at(which, np.maximum(seconds, 0.0))[colour].astype(np.float64)
    count = metadata.n_classes[colour]
    if count is None:
        return values, []
    names = metadata.class_names[colour] or []
    return values, [*names, *(str(index) for index in range(len(names), count))]
