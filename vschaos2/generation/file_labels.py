"""The labels a model is told while files pass through it: given in words, or those of a dataset.

--meta pitch C# octave 4     the same for every file and moment
--dataset DIR                what the metadata of DIR say of each file, over time
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from omegaconf import OmegaConf

from vschaos2.audio import find_audio_files
from vschaos2.dataset_paths import sound_folder
from vschaos2.errors import InputError
from vschaos2.families.vae.signal_path import LabelsOverTime
from vschaos2.folders import no_folder
from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.labels.inlets import LabelTexts
from vschaos2.labels.metadata import Metadata, load_metadata, task_folders
from vschaos2.runs.folder import Run

logger = logging.getLogger(__name__)

FileLabels = Callable[[Path], LabelsOverTime]


def labels_for(run: Run, words: Sequence[str] = (), dataset: Path | None = None) -> FileLabels:
    """What a model is told of each file.

    Args:
        run: the training of the model, which knows its classes and how labels were read.
        words: task, value, task, value …; they count before the dataset's labels.
        dataset: a dataset folder whose metadata tell of the files in it; files elsewhere are
            unknown.

    Raises:
        InputError: for a task that the model is not told, a value that it does not have, or a
            dataset that cannot be read or tells of none of the model's tasks.
    """
    conditioning = run.model.conditioning
    given = given_labels(conditioning, run.kept.classes, words)
    if dataset is None:
        return lambda _: lambda seconds: np.repeat(given[:, None], len(seconds), axis=1)
    # Runs trained before labels say nothing of them.
    callbacks = OmegaConf.select(run.config, "data.dataset.metadata_callbacks") or {}
    labels = DatasetLabels(conditioning, run.kept.classes, dataset, callbacks)

    def of_file(path: Path) -> LabelsOverTime:
        over_time = labels(path)

        def at(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
            return np.where(np.isnan(given)[:, None], over_time(seconds), given[:, None])

        return at

    return of_file


def given_labels(
    conditioning: Conditioning, classes: Mapping[str, Sequence[str]], words: Sequence[str]
) -> npt.NDArray[np.float32]:
    """The labels that words such as pitch, C#, octave, 4 mean: [n], NaN for tasks not named.

    Raises:
        InputError: as `labels_for`.
    """
    tasks = conditioning.tasks
    columns = {task: column for column, task in enumerate(tasks)}
    names = [list(classes.get(task, ())) for task in tasks]
    texts = LabelTexts([task.dim for task in tasks.values()], names)
    labels = np.full(len(tasks), np.nan, dtype=np.float32)
    if len(words) % 2:
        raise InputError(f"--meta {' '.join(words)}: {words[-1]!r} has no value: write TASK VALUE")
    for task, text in zip(words[::2], words[1::2], strict=True):
        if task not in tasks:
            known = f"one of {', '.join(tasks)}" if tasks else "leave --meta out"
            raise InputError(f"--meta {task}: the model is not told of this task: {known}")
        column = columns[task]
        value = texts(column, text)
        if not np.isfinite(value):
            wanted = "a number"
            if tasks[task].has_classes:
                wanted = ", ".join(names[column]) or "a class"
                wanted += f", or an index from 0 to {tasks[task].dim - 1}"
            raise InputError(f"--meta {task} {text}: no class or value of this task: give {wanted}")
        labels[column] = value
    return labels


class DatasetLabels:
    """The labels of a dataset's files, in the classes of a model.

    Args:
        conditioning: of the model; or its prediction, for the labels that it ought to guess.
        classes: names of its classes, by task.
        root: dataset folder.
        callbacks: how its metadata are read, as in `load_metadata`.

    Raises:
        InputError: as `labels_for`.
    """

    def __init__(
        self,
        conditioning: Conditioning | Prediction,
        classes: Mapping[str, Sequence[str]],
        root: Path,
        callbacks: Mapping[str, Mapping[str, str]],
    ) -> None:
        if not root.is_dir():
            raise InputError(
                f"--dataset {root}: {no_folder(root)}: give one with data/ and metadata/"
            )
        self.root = root.resolve()
        self.tasks = list(conditioning.tasks)
        there = [folder.name for folder in task_folders(root)]
        self.known = [task for task in self.tasks if task in there]
        if not self.known:
            wanted = ", ".join(self.tasks) or "nothing"
            raise InputError(
                f"--dataset {root}: its metadata tell of {', '.join(there) or 'nothing'}, the "
                f"model is told {wanted}: give the dataset it was trained on, or leave it out"
            )
        for task in set(self.tasks) - set(self.known):
            logger.warning("%s says nothing of %s: it is guessed, or 0", root, task)
        continuous = {
            task: {"type": "float"}
            for task in self.known
            if not conditioning.tasks[task].has_classes
        }
        given = {task: options for task, options in callbacks.items() if task in self.known}
        self.files = [
            path.relative_to(root).as_posix() for path in find_audio_files(sound_folder(root))
        ]
        self.metadata: Metadata = load_metadata(
            root, self.files, {**continuous, **given}, tasks=self.known
        )
        self.number = {path: index for index, path in enumerate(self.files)}
        self.indices = {task: self._indices(task, classes.get(task, ())) for task in self.known}

    def __call__(self, path: Path) -> LabelsOverTime:
        """The labels of a file; unknown, with a warning, for one outside the dataset."""
        resolved = path.resolve()
        inside = resolved.is_relative_to(self.root)
        number = self.number.get(resolved.relative_to(self.root).as_posix()) if inside else None
        if number is None:
            logger.warning("%s: not in %s: its labels are guessed, or 0", path, self.root)

        def at(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
            labels = np.full((len(self.tasks), len(seconds)), np.nan, dtype=np.float32)
            if number is not None:
                which = np.full(len(seconds), number, dtype=np.int64)
                found = self.metadata.at(which, np.maximum(seconds, 0.0))
                for task in self.known:
                    labels[self.tasks.index(task)] = self._translated(task, found[task])
            return labels

        return at

    def _indices(self, task: str, model_names: Sequence[str]) -> npt.NDArray[np.float32] | None:
        """The model's index of each class of the dataset; None where they are the same."""
        names = self.metadata.class_names[task]
        if not names or not model_names or names == list(model_names):
            return None
        places = {name: float(index) for index, name in enumerate(model_names)}
        unknown = [name for name in names if name not in places]
        if unknown:
            logger.warning(
                "%s: the model has no class %s of %s: it is guessed, or 0",
                self.root, ", ".join(unknown), task,
            )  # fmt: skip
        return np.array([places.get(name, np.nan) for name in names], dtype=np.float32)

    def _translated(self, task: str, labels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        indices = self.indices[task]
        if indices is None:
            return labels
        known = np.nan_to_num(labels).astype(np.int64)
        return np.where(np.isnan(labels), labels, indices[known])
