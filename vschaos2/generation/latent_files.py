"""Latents in files: arrays [steps, dims] as .npy, and tables of frames as .csv.

NAME.npy          float32 [steps, dims], one point a frame; nothing but the numbers
NAME.frames.csv   beside it, if `encode` wrote it: the times and labels of these frames
NAME.csv          a table that has the coordinates, too (see `latent_tables`)
"""

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError
from vschaos2.files import open_plain, write_whole
from vschaos2.folders import made_folder
from vschaos2.generation.latent_tables import (
    FARTHEST,
    MOST_VALUES,
    LatentFrames,
    read_latent_table,
)
from vschaos2.generation.player import Player

Points = npt.NDArray[np.float64]


def read_frames(path: Path, player: Player) -> LatentFrames:
    """The frames of a .csv table or a .npy array, which are to be on the player's axes.

    Raises:
        InputError: for a file that holds no frames of this run, or those of other axes.
    """
    if path.suffix.lower() == ".csv":
        return read_latent_table(path, player.projection, player.tasks, player.core.latent_dims)
    points = read_latents(path, player.core.latent_dims)
    beside = table_beside(path)
    if not beside.exists():
        labels = np.full((len(points), len(player.labels)), np.nan, dtype=np.float32)
        return LatentFrames(points, None, np.ones(len(points)), labels)
    frames = read_latent_table(beside, player.projection, player.tasks, None)
    if len(frames.labels) != len(points):
        raise InputError(
            f"{path}: has {len(points)} steps, and {beside.name} beside it tells of "
            f"{len(frames.labels)}: save what you changed under another name"
        )
    return frames._replace(coordinates=points)


def table_beside(path: Path) -> Path:
    """Where the times and labels of an array's frames stand."""
    return path.with_suffix(".frames.csv")


def write_latents(path: Path, points: Points) -> None:
    """Write a path as .npy, float32 [S, D], whole or not at all.

    Raises:
        InputError: if the file cannot be written.
    """
    made_folder(path.parent)
    content = io.BytesIO()
    np.save(content, points.astype(np.float32), allow_pickle=False)
    write_whole(path, content.getbuffer())


def read_latents(path: Path, dims: int) -> Points:
    """A path from a .npy file: [S, D], finite numbers.

    Raises:
        InputError: if the file is missing, is no array of numbers, has another shape, or holds
            something that is not finite, or so far out that the model would not play it.
    """
    points = read_array(path)
    remedy = f"give [steps, {dims}]"
    if points.ndim != 2 or points.shape[1] != dims or len(points) == 0:
        raise InputError(f"{path}: must be [steps, {dims}], got {list(points.shape)}: {remedy}")
    far = ~(np.abs(points) <= FARTHEST).all(1)  # true of NaN, too
    if far.any():
        step = int(np.argmax(far))
        what = "beyond any sound" if np.isfinite(points[step]).all() else "not finite"
        raise InputError(f"{path}: step {step} is {what}: give numbers within ±{FARTHEST:g}")
    return points


def read_array(path: Path) -> Points:
    """An array of numbers from a .npy file, as float64; nothing pickled is read.

    Raises:
        InputError: if the file is missing, holds anything else or too much.
    """
    try:
        open_plain(path).close()
        # Mapped, a file of claims that it does not hold costs nothing, and is refused.
        with np.errstate(over="ignore"):
            array = np.lib.format.open_memmap(path, mode="r")
    except InputError:
        raise
    except Exception as error:  # a forged header fails in many ways
        why = "no such file" if isinstance(error, FileNotFoundError) else "not in that format"
        raise InputError(
            f"{path}: is no .npy array of numbers ({why}): write one with numpy.save"
        ) from error
    if array.dtype.kind not in "fiu":
        raise InputError(f"{path}: must hold real numbers, got {array.dtype}: save a float array")
    if array.size > MOST_VALUES:
        raise InputError(
            f"{path}: holds {array.size} numbers, more than the {MOST_VALUES} that are played at "
            "once: cut it in parts"
        )
    with np.errstate(over="ignore"):  # numbers of more than 64 bits
        return np.array(array, dtype=np.float64)
