"""How well a run reconstructs recordings: every measure, for every file.

Two ways back to sound are measured: `keep_input`, magnitudes of the model with the input's phase,
which is what `forward` plays; and `decode`, latents alone with recovered phases. What became of
noise is measured on the original, too. Labels that the
metadata know are told to the model, and compared with those that its predictors guess. A model that
is told the pitch is told another one, too, to hear whether it follows.
"""

import logging
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from omegaconf import OmegaConf

from vschaos2.audio import UnreadableAudio, find_audio_files
from vschaos2.dataset_paths import sound_folder
from vschaos2.errors import InputError
from vschaos2.families.vae.instrument_core import KEEP_INPUT, InstrumentCore
from vschaos2.families.vae.playable import run_inversion
from vschaos2.families.vae.signal_path import (
    RECOVERIES,
    Heard,
    Samples,
    check_choices,
    exactly,
    hear,
    offline_core,
    sound_of,
    through,
    under_gain,
)
from vschaos2.files import not_own, read_at_most
from vschaos2.folders import no_folder
from vschaos2.frames import frame_centres
from vschaos2.generation.file_labels import DatasetLabels, LabelsOverTime
from vschaos2.generation.label_swap import PITCH, swaps_of
from vschaos2.generation.passages import Passage, passage
from vschaos2.labels.conditioning import Conditioning, Prediction
from vschaos2.labels.metadata import task_folders
from vschaos2.objectives.measures import measure
from vschaos2.objectives.noise_measures import hop_tone_db, roughness
from vschaos2.objectives.octave_levels import octave_levels_db
from vschaos2.progress import follow
from vschaos2.runs.folder import HELD_OUT, Run

logger = logging.getLogger(__name__)

SHORTEST = 2048  # samples: shorter sounds are measured with silence after them
ORIGINAL = "original"
OCTAVE = "octave_from_"  # and its lowest frequency: how much louder than the original it is
LONGEST_LIST = 2**26  # bytes of it: half a million names


class LabelScore(NamedTuple):
    """How often a predictor was right.

    Attributes:
        task: its name.
        measure: "accuracy", part of the frames whose class is right; "mean_absolute_error"; or
            "label_swap", part of the voiced moments of the pitch that the decoder was told, which
            was not the sound's (see `label_swap`).
        value: NaN if no audible frame has a known label.
        frames: audible frames with a known label, or voiced moments.
    """

    task: str
    measure: str
    value: float
    frames: int


class Evaluation(NamedTuple):
    """What `evaluate` found.

    Attributes:
        run: the run folder.
        files: of the sounds, relative to the dataset, with the seconds of a held-out stretch.
        scores: of every file by name, such as "keep_input/snr_db".
        means: over the files whose score is finite.
        labels: of the predictors, and of the pitch if the decoder is told one.
        inversion: that of `decode`.
        skipped: files that could not be read.
    """

    run: Path
    files: list[str]
    scores: list[dict[str, float]]
    means: dict[str, float]
    labels: list[LabelScore]
    inversion: str
    skipped: list[str]


def evaluate(run: Run, dataset: Path | None = None, inversion: str | None = None) -> Evaluation:
    """Measure a run on the files it never trained on, or on those of a folder.

    Args:
        run: the trained model.
        dataset: folder whose every file is measured; None for the held-out files of the training,
            where its configuration says they are.
        inversion: of `decode`, one of `RECOVERIES`; the run's own if None.

    Raises:
        InputError: if there are no such files, or none can be read.
    """
    mode = run_inversion(run) if inversion is None else inversion
    check_choices(mode, RECOVERIES, None)
    root, passages = evaluated_files(run, dataset)
    kept, played = offline_core(run.model, KEEP_INPUT), offline_core(run.model, mode)
    given = known_labels(run, run.model.conditioning, root)
    truth = known_labels(run, run.model.prediction, root)
    names, scores, skipped = [], [], []
    tally = np.zeros((len(run.model.prediction.tasks), 2))
    swap, followed = swaps_of(played), np.zeros(2)
    for part in follow(passages, "measuring", "file"):
        try:
            labels = None if given is None else part.labels(given(part.file))
            sound = part.read(run.model.transform.sample_rate_hz)
            source = part.file if part.seconds is None else sound
            heard = hear(played, source, labels)
            scores.append(_scores(kept, played, source, sound, heard, labels))
        except UnreadableAudio as error:
            logger.warning("skipped: %s", error)
            skipped.append(part.name(root))
            continue
        names.append(part.name(root))
        if truth is not None:
            known = part.labels(truth(part.file))
            tally += _tally(run.model.prediction, heard, known, played)
        if swap is not None:
            followed += swap(heard)
    if not names:
        raise InputError(f"none of {len(passages)} files could be read: see the lines above")
    labels_found = _label_scores(run, tally)
    if swap is not None:
        labels_found.append(_label_score(PITCH, "label_swap", *followed))
    return Evaluation(run.folder, names, scores, _means(scores), labels_found, mode, skipped)


def evaluated_files(run: Run, dataset: Path | None) -> tuple[Path, list[Passage]]:
    """The dataset folder and what of it to measure (see `evaluate`).

    Raises:
        InputError: if they are not there.
    """
    if dataset is not None:
        if not dataset.is_dir():
            raise InputError(
                f"--dataset {dataset}: {no_folder(dataset)}: give one that holds sounds"
            )
        return dataset, [Passage(file) for file in dataset_sounds(dataset)]
    listed = run.folder / HELD_OUT
    root = training_dataset(run)
    if listed.is_symlink():
        raise not_own(listed, "a link")
    try:
        names = read_at_most(listed, LONGEST_LIST).decode("utf-8", "surrogateescape").split("\n")
    except InputError as error:
        raise InputError(
            f"{listed}: cannot be read, so the held-out files are unknown: give --dataset"
        ) from error
    passages = [passage(root, name) for name in names if name]
    outside = [
        name for name in names if PurePath(name).is_absolute() or ".." in PurePath(name).parts
    ]
    if outside:
        raise InputError(f"{listed}: {outside[0]!r:.80} lies outside of {root}: give --dataset")
    missing = [part.file for part in passages if not part.file.is_file()]
    if missing or not passages:
        what = f"{missing[0]} is missing" if missing else "it names no file"
        raise InputError(f"{listed}: {what}: give --dataset with the folder to measure")
    return root, passages


def training_dataset(run: Run) -> Path:
    """The dataset folder that a run was trained on.

    Raises:
        InputError: if it is no longer there.
    """
    root = OmegaConf.select(run.config, "data.dataset.root")
    if root is None or not Path(root).is_dir():
        raise InputError(f"{run.folder}: its dataset {root} is not there: give --dataset")
    return Path(root)


def dataset_sounds(root: Path) -> list[Path]:
    """The sound files of a dataset: those in data/, if there is such a folder.

    Raises:
        InputError: if there are none.
    """
    files = find_audio_files(sound_folder(root))
    if not files:
        raise InputError(f"{root}: no sound files in this folder: give one that holds sounds")
    return files


def known_labels(run: Run, tasks: Conditioning | Prediction, root: Path) -> DatasetLabels | None:
    """What the metadata of a dataset say of a model's tasks, or None if nothing of any."""
    there = {folder.name for folder in task_folders(root)}
    if there.isdisjoint(tasks.tasks):
        return None
    callbacks = OmegaConf.select(run.config, "data.dataset.metadata_callbacks") or {}
    return DatasetLabels(tasks, run.kept.classes, root, callbacks)


def centre_seconds(core: InstrumentCore, frames: int) -> npt.NDArray[np.float64]:
    """Moments of the centres of a sound's first frames, in seconds, [F]."""
    transform = core.transform
    return frame_centres(np.arange(frames), transform.n_fft, core.hop) / transform.sample_rate_hz


def _scores(
    kept: InstrumentCore,
    played: InstrumentCore,
    source: Path | Samples,
    sound: Samples,
    heard: Heard,
    labels: LabelsOverTime | None,
) -> dict[str, float]:
    """The measures of both ways back, by way/measure, and of the original what has no reference."""
    length = len(sound)
    forward = np.concatenate(list(exactly(through(kept, source, labels), length)))
    decoded = np.concatenate(
        list(
            under_gain(
                sound_of(played, heard.latents, heard.labels, 0, length),
                frame_centres(np.arange(len(heard.latents)), played.transform.n_fft, played.hop),
                heard.audible,
            )
        )
    )
    result = {f"{ORIGINAL}/{name}": value for name, value in _noise(sound, kept.hop).items()}
    for way, estimate in ((KEEP_INPUT, forward), ("decode", decoded)):
        pair = [np.pad(x, (0, max(0, SHORTEST - len(x)))) for x in (sound, estimate)]
        for name, value in measure(*pair).items():
            # Recovered phases are not the input's: a signal-to-noise ratio would say nothing.
            if (way, name) != ("decode", "snr_db"):
                result[f"{way}/{name}"] = value
        result |= {f"{way}/{name}": value for name, value in _noise(estimate, kept.hop).items()}
        for octave, level_db in enumerate(octave_levels_db(*pair)):
            lowest_hz = kept.transform.sample_rate_hz >> octave + 2
            result[f"{way}/{OCTAVE}{lowest_hz}_hz_db"] = level_db
    return result


def _noise(sound: Samples, hop: int) -> dict[str, float]:
    """What tells noise from a buzz, by name."""
    return {"roughness": roughness(sound), "hop_tone_db": hop_tone_db(sound, hop)}


def _tally(
    prediction: Prediction, heard: Heard, truth: LabelsOverTime, core: InstrumentCore
) -> npt.NDArray[np.float64]:
    """Right classes, or errors, and audible frames with a known label: [m, 2].

    Frames whose centre lies outside of the file do not count.
    """
    seconds = centre_seconds(core, len(heard.latents))
    duration = heard.length / core.transform.sample_rate_hz
    counts = (heard.audible > 0) & (seconds >= 0.0) & (seconds < duration)
    labels = truth(seconds).T
    known = ~np.isnan(labels) & counts[:, None]
    right = heard.guesses == labels
    error = np.abs(heard.guesses - labels)
    has_classes = np.array([task.has_classes for task in prediction.tasks.values()], dtype=bool)
    score = np.where(has_classes, right, error)
    return np.stack([np.where(known, score, 0.0).sum(0), known.sum(0)], 1)


def _label_scores(run: Run, tally: npt.NDArray[np.float64]) -> list[LabelScore]:
    rows = zip(run.model.prediction.tasks.items(), tally, strict=True)
    return [
        _label_score(name, "accuracy" if task.has_classes else "mean_absolute_error", *sums)
        for (name, task), sums in rows
    ]


def _label_score(task: str, measure: str, total: float, frames: float) -> LabelScore:
    return LabelScore(task, measure, float(total / frames) if frames else float("nan"), int(frames))


def _means(scores: Sequence[dict[str, float]]) -> dict[str, float]:
    """Means over the files where a score is finite; NaN if it is nowhere."""
    means = {}
    for name in scores[0]:
        values = np.array([score[name] for score in scores])
        finite = values[np.isfinite(values)]
        means[name] = float(finite.mean()) if len(finite) else float("nan")
    return means
