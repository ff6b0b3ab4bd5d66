"""Sounds as latents: what a model hears in every frame, its moment and its labels, in files."""

import io
import logging
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vschaos2.audio import UnreadableAudio, length_at
from vschaos2.errors import InputError
from vschaos2.families.vae.signal_path import Heard, hear
from vschaos2.files import whole_file
from vschaos2.folders import made_folder
from vschaos2.generation.evaluation import centre_seconds
from vschaos2.generation.file_labels import FileLabels
from vschaos2.generation.latent_files import table_beside
from vschaos2.generation.latent_tables import TaskColumns, axis_columns, latent_table
from vschaos2.generation.player import Player
from vschaos2.generation.reconstruct import check_read, named_files
from vschaos2.placing import place_together
from vschaos2.progress import Progress
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

FOLDER = "latents"
FORMATS = ("npy", "csv")
BLOCK = 8192  # rows that are text at a time


def encode(
    player: Player, inputs: Iterable[Path], folder: Path, labels: FileLabels, form: str = "npy"
) -> list[Path]:
    """Write folder/latents/NAME.npy and NAME.frames.csv, or NAME.csv alone, for every sound.

    A row is a frame; there are as many as hold a sample of the sound. A folder's sub-folders are
    kept; where two inputs would take the same name, the later one gets a number. Memory grows
    with a file's length: for an hour and 16 latents by some 50 MB.

    Args:
        player: the run, and the axes that the latents are counted on.
        inputs: sound files, or folders of them.
        folder: made if missing.
        labels: what the model is told; where it says NaN, labels are guessed where they can be.
        form: one of `FORMATS`.

    Returns:
        The files of latents. Unreadable files of a folder are named in a warning and left out.

    Raises:
        InputError: for an unknown format, a path that does not exist, a folder without sound, or
            no readable file; and, once the others are written, for an unreadable file that was
            given itself.
    """
    if form not in FORMATS:
        raise InputError(f"format must be one of {', '.join(FORMATS)}, got {form!r}")
    jobs = named_files(inputs, folder / FOLDER, suffix=f".{form}")
    written, unread = [], []
    with Progress("encoding", "file", len(jobs)) as progress:
        for job in jobs:
            source, target, _ = job
            try:
                heard = hear(player.core, source, labels(source), _teller(progress, source, player))
            except UnreadableAudio as error:
                logger.warning("skipped: %s", error)
                unread.append(job)
            else:
                write_heard(heard, player, target)
                written.append(target)
            progress.update()
    check_read(jobs, unread)
    return written


def _teller(progress: Progress, source: Path, player: Player) -> Callable[[int], None]:
    """Says how much of a file is done, when it is told of so many samples more."""
    length, done = max(1, length_at(source, player.run.model.transform.sample_rate_hz)), 0

    def advance(samples: int) -> None:
        nonlocal done
        done += samples
        progress.say(f"{printable(source.name)} {min(1.0, done / length):.0%}")

    return advance


def write_heard(heard: Heard, player: Player, path: Path) -> None:
    """Write what was heard in a sound, as its name ends: .npy and the table beside it, or .csv.

    Raises:
        InputError: if a file cannot be written; then none is.
    """
    made_folder(path.parent)
    if path.suffix == ".csv":
        with whole_file(path) as file:
            for text in _table(heard, player, True):
                file.write(text.encode())
        return
    content = io.BytesIO()
    np.save(content, heard.latents.astype(np.float32), allow_pickle=False)
    table = "".join(_table(heard, player, False))
    place_together({path: content.getvalue(), table_beside(path): table})


def _table(heard: Heard, player: Player, with_latents: bool) -> Iterator[str]:
    """The frames as a table, some thousand at a time."""
    seconds = centre_seconds(player.core, len(heard.latents))
    level_db = 20.0 * np.log10(np.maximum(heard.level, 1e-9))
    names = axis_columns(player.projection, player.core.latent_dims)
    for start in range(0, len(seconds), BLOCK):
        part = slice(start, start + BLOCK)
        columns = {
            "seconds": _cells(seconds[part], ".6f"),
            "level_db": _cells(level_db[part], ".1f"),
            "audible": _cells(heard.audible[part], "g"),
            **_labels(heard, player, part),
        }
        if with_latents:
            axes = zip(names, heard.latents[part].T, strict=True)
            columns |= {name: _cells(axis, ".9g") for name, axis in axes}  # every float32's own
        else:
            columns["axes"] = [player.projection] * len(columns["seconds"])
        yield latent_table(columns, with_head=start == 0)


def _cells(values: npt.NDArray[np.floating], form: str) -> list[str]:
    return [format(value, form) for value in values.tolist()]


def _labels(heard: Heard, player: Player, part: slice) -> dict[str, list[str]]:
    """The labels of some frames: those of tasks that the model is told, and of those it guesses."""
    model, columns = player.run.model, {}
    # Tasks that are told come last, and replace what is guessed of them.
    for source, labels in ((model.prediction, heard.guesses), (model.conditioning, heard.labels)):
        tasks = TaskColumns(source.tasks, player.run.kept.classes)
        for task, name in enumerate(tasks.heads):
            columns[name] = tasks.cells(task, labels[part, task])
    return columns
