"""Checks of a dataset folder, and what a configuration would make of it.

Recordings are judged as training hears them, out of the sample cache (mono, at the model's rate);
only clipping needs the files themselves, as mixing and resampling hide it. Labels are judged by
the parser that training uses.
"""

import hashlib
import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import soundfile
from omegaconf import DictConfig, OmegaConf
from tqdm import tqdm

from vschaos2.audio import UnreadableAudio, find_audio_files, read_blocks
from vschaos2.data.cache import SampleCache, open_cache
from vschaos2.data.dataset import SequentialWindows, split_files
from vschaos2.data.metadata import TaskLabels, read_task, task_folders
from vschaos2.data.report import Finding, Recordings, Report, TaskFacts, Training
from vschaos2.data.tracks import SegmentTable, overlap_s
from vschaos2.errors import InputError

SILENT_PEAK = 1e-4  # -80 dB of full scale: below the noise of any recording
# Cut off: at least four equal samples at full scale, after a step that no low tone makes.
CLIPPED_LEVEL = 0.99
CLIPPED_STEP = 1e-3
BLOCK_SAMPLES = 2**16
OVERLAP_S = 1e-3  # less is rounding
RARE = 1 / 20  # of the time that the most frequent class has


@dataclass(frozen=True)
class Use:
    """What a configuration does with a dataset; see `use_of`.

    Args:
        sample_rate_hz: rate of the model.
        n_files: use only so many files; None for all.
        validation_fraction: part of the files that is held out.
        seed: of the split.
        window_samples: length of a window.
        hop_samples: distance between windows.
        callbacks: how to read metadata, as in `load_metadata`.
        tasks: the tasks that the model is conditioned on or predicts.
    """

    sample_rate_hz: int
    n_files: int | None
    validation_fraction: float
    seed: int
    window_samples: int
    hop_samples: int
    callbacks: Mapping[str, Mapping[str, str]]
    tasks: Sequence[str]


def use_of(config: DictConfig) -> Use:
    """What a composed configuration does with its dataset."""
    # Configurations without labels need not speak of them.
    parts = [OmegaConf.select(config, f"model.{part}") for part in ("conditioning", "prediction")]
    return Use(
        sample_rate_hz=config.data.dataset.sample_rate_hz,
        n_files=config.data.dataset.n_files,
        validation_fraction=config.data.dataset.validation_fraction,
        seed=config.seed,
        window_samples=config.data.transform.n_fft,
        hop_samples=config.data.transform.hop,
        callbacks=OmegaConf.select(config, "data.dataset.metadata_callbacks") or {},
        tasks=sorted({str(task) for part in parts if part for task in part}),
    )


def inspect_dataset(
    root: Path, use: Use, cache: SampleCache | None = None, clipping: bool = True
) -> Report:
    """The facts of a dataset folder and everything in it that should be mended.

    Args:
        root: dataset folder.
        use: what it is for.
        cache: its samples, if they are open already.
        clipping: look for clipping too, which decodes every loud file once more.

    Raises:
        InputError: if root is no folder, `use` holds a value out of range, or the cache cannot be
            written.
    """
    findings: list[Finding] = []
    found = find_audio_files(root / "data" if (root / "data").is_dir() else root)
    if cache is None and found:
        try:
            cache = open_cache(root, use.sample_rate_hz, n_files=use.n_files)
        except InputError:
            findings = _unreadable(root, found)
            if len(findings) == 0:
                raise
    elif not found:
        remedy = "put recordings in its folder data/: wav, flac, aiff, ogg, mp3 …"
        findings.append(Finding("error", "no sound file", [str(root)], remedy))
    if cache is None:
        return Report(root, findings=findings)
    if use.n_files is None:
        used = {file.path for file in cache.files}
        rest = [path for path in found if path.relative_to(root).as_posix() not in used]
        findings += _unreadable(root, rest)
    recordings, heard = _listen(root, cache, use, clipping)
    training, planned = _plan(cache, use)
    tasks, labelled = _labels(root, cache, use)
    return Report(root, recordings, training, tasks, findings + heard + planned + labelled)


def _some(where: list[str], severity: str, what: str, remedy: str) -> list[Finding]:
    return [Finding(severity, what, where, remedy)] if where else []  # type: ignore[arg-type]


def _unreadable(root: Path, paths: Sequence[Path]) -> list[Finding]:
    where = []
    for path in paths:
        try:
            for _ in read_blocks(path, 44_100, BLOCK_SAMPLES):
                pass
        except UnreadableAudio as error:
            where.append(f"{path.relative_to(root).as_posix()}: {error.reason}")
    remedy = "repair these files, convert them to WAV or remove them; training leaves them out"
    return _some(where, "error", "unreadable files", remedy)


def _listen(
    root: Path, cache: SampleCache, use: Use, clipping: bool
) -> tuple[Recordings, list[Finding]]:
    files, rate_hz = cache.files, cache.sample_rate_hz

    def hear(number: int) -> tuple[int, int, str]:
        # A clipped channel is softer in the mix; resampling hardly makes it softer still.
        loud = CLIPPED_LEVEL * 0.8
        return _hear(root / files[number].path, files[number].peak, loud if clipping else None)

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        jobs = pool.map(hear, range(len(files)))
        heard = list(tqdm(jobs, "checking", len(files), unit="file", disable=None, leave=False))
    seconds = [file.length / rate_hz for file in files]
    recordings = Recordings(
        files=len(files),
        total_s=sum(seconds),
        shortest_s=min(seconds),
        median_s=median(seconds),
        longest_s=max(seconds),
        sample_rates_hz=dict(sorted(Counter(rate for rate, _, _ in heard).items())),
        channels=dict(sorted(Counter(channels for _, channels, _ in heard).items())),
    )
    silent = [file.path for file in files if file.peak < SILENT_PEAK]
    clipped = [
        f"{file.path}: {clip}" for file, (_, _, clip) in zip(files, heard, strict=True) if clip
    ]
    low = [
        f"{file.path}: {rate} Hz"
        for file, (rate, _, _) in zip(files, heard, strict=True)
        if rate < rate_hz
    ]
    return recordings, [
        *_some(silent, "warning", "silent files",
               "remove them; if they do sound, their channels cancel in the mono mix: keep one"),
        *_some(clipped, "warning", "clipped files",
               "record them at a lower level, or keep them if the distortion is meant"),
        *_some(_duplicates(cache), "warning", "duplicate files",
               "keep one of each: copies weigh double, and may train what is held out"),
        *_some(low, "note", f"files below the model's {rate_hz} Hz",
               "their highest band is empty: record at a higher rate, or lower "
               "data.dataset.sample_rate_hz"),
    ]  # fmt: skip


def _hear(path: Path, mixed_peak: float, loud: float | None) -> tuple[int, int, str]:
    """Sample rate in Hz, channels, and where the file clips (empty if nowhere).

    Only a file whose mono mix reaches `loud` over its channels can clip; None: do not look.
    """
    try:
        with soundfile.SoundFile(path) as file:
            clip = ""
            if loud is not None and mixed_peak * file.channels >= loud:
                clip = _clipping(file)
            return file.samplerate, file.channels, clip
    except (soundfile.SoundFileError, OSError) as error:
        raise UnreadableAudio(path, "has changed while it was inspected") from error


def _clipping(file: soundfile.SoundFile) -> str:
    count, first_s, position = 0, 0.0, 0
    # Blocks share four samples: every run of four is seen once, with the sample before it.
    for block in file.blocks(BLOCK_SAMPLES, overlap=4, dtype="float32", always_2d=True):
        level = np.abs(block)
        equal = (block[1:] == block[:-1]) & (level[1:] >= CLIPPED_LEVEL)
        run = equal[:-2] & equal[1:-1] & equal[2:]
        begins = run[1:] & (level[1:-3] - level[:-4] > CLIPPED_STEP)
        if begins.any() and count == 0:
            first_s = (position + 1 + int(begins.any(axis=1).argmax())) / file.samplerate
        count += int(begins.sum())
        position += len(block) - 4
    return f"{count} times, first at {first_s:.3f} s" if count else ""


def _duplicates(cache: SampleCache) -> list[str]:
    alike = defaultdict(list)
    for number, file in enumerate(cache.files):
        if file.peak >= SILENT_PEAK:
            alike[file.length, file.rms, file.peak].append(number)
    same = defaultdict(list)
    for numbers in alike.values():
        if len(numbers) > 1:
            for number in numbers:
                digest = hashlib.blake2b(cache.read(number).tobytes(), digest_size=16).digest()
                same[digest].append(cache.files[number].path)
    return [" = ".join(paths) for paths in same.values() if len(paths) > 1]


def _plan(cache: SampleCache, use: Use) -> tuple[Training, list[Finding]]:
    training, held_out = split_files(cache, use.validation_fraction, use.seed)
    counts = [
        SequentialWindows(cache, files, use.window_samples, 1, use.hop_samples).n_windows
        for files in (training, held_out)
    ]
    short = [file.path for file in cache.files if file.length < use.window_samples]
    held_out_s = sum(cache.files[number].length for number in held_out) / cache.sample_rate_hz
    plan = Training(
        len(training), counts[0], len(held_out), counts[1], held_out_s,
        use.window_samples, use.hop_samples, len(short),
    )  # fmt: skip
    remedy = "they are heard with silence around them: join or remove them, or lower n_fft"
    return plan, _some(short, "note", f"files shorter than {use.window_samples} samples", remedy)


def _labels(root: Path, cache: SampleCache, use: Use) -> tuple[dict[str, TaskFacts], list[Finding]]:
    files = [file.path for file in cache.files]
    durations_s = np.array([file.length for file in cache.files]) / cache.sample_rate_hz
    facts: dict[str, TaskFacts] = {}
    findings: list[Finding] = []
    folders = {folder.name: folder for folder in task_folders(root)}
    asked = {*use.tasks, *use.callbacks}
    findings += _some(
        sorted(asked - folders.keys()), "error", "tasks of the configuration without metadata",
        "add metadata/<task>/metadata.txt, or remove them from the configuration",
    )  # fmt: skip
    for task, folder in folders.items():
        errors: list[InputError] = []
        options = use.callbacks.get(task, {})
        try:
            labels = read_task(folder, files, options, errors.append)
            if errors and "type" not in options:
                continuous: list[InputError] = []
                other = read_task(folder, files, {**options, "type": "float"}, continuous.append)
                if not continuous:
                    labels, errors = other, []
                    findings.append(_meant_as_float(task, task in use.tasks))
        except InputError as error:
            errors.append(error)
            findings.append(_bad_lines(task, errors))
            continue
        if errors:
            findings.append(_bad_lines(task, errors))
        table = SegmentTable(
            {n: labels.tracks[p] for n, p in enumerate(files) if p in labels.tracks}
        )
        facts[task] = _facts(labels, table.seconds_by_value(durations_s), float(durations_s.sum()))
        findings += _about_files(root, cache, labels) + _about_classes(task, facts[task])
    return facts, findings


def _bad_lines(task: str, errors: list[InputError]) -> Finding:
    remedy = "each line says what it wants; training stops at the first"
    return Finding("error", f"{task}: bad lines", [str(error) for error in errors], remedy)


def _meant_as_float(task: str, used: bool) -> Finding:
    return Finding(
        "error" if used else "warning", f"{task}: numbers that are no class indices", [task],
        f"set data.dataset.metadata_callbacks.{task}.type=float",
    )  # fmt: skip


def _facts(labels: TaskLabels, seconds: dict[float, float], total_s: float) -> TaskFacts:
    by_class = {}
    if labels.n_classes is not None:
        names = labels.class_names or [str(index) for index in range(labels.n_classes)]
        by_class = {name: seconds.get(float(index), 0.0) for index, name in enumerate(names)}
    known = [track for track in labels.tracks.values() if not np.isnan(track[:, 2]).all()]
    return TaskFacts(
        kind=labels.kind,
        n_classes=labels.n_classes,
        labelled_part=sum(seconds.values()) / total_s,
        labelled_files=len(known),
        smallest=min(seconds, default=None),
        largest=max(seconds, default=None),
        seconds_by_class=by_class,
    )


def _about_files(root: Path, cache: SampleCache, labels: TaskLabels) -> list[Finding]:
    task = labels.name
    orphans = [
        f"{line.path}, line {line.number}: {path}"
        for path, line in labels.left_aside.items()
        if not (root / path).exists()
    ]
    unlabelled = [file.path for file in cache.files if file.path not in labels.tracks]
    overlapping, late = [], []
    for file in cache.files:
        if file.path in labels.tracks:
            track, end_s = labels.tracks[file.path], file.length / cache.sample_rate_hz
            if overlap_s(track) > OVERLAP_S:
                overlapping.append(f"{file.path}: by up to {overlap_s(track):.3g} s")
            if len(track) and track[:, 0].max() > end_s:
                late.append(f"{file.path}: {track[:, 0].max():g} s, but it ends at {end_s:.3g} s")
    return [
        *_some(orphans, "error", f"{task}: labels without files",
               "correct the path or remove the line"),
        *_some(unlabelled, "warning", f"{task}: files without labels",
               f"add lines to metadata/{task}/metadata.txt, or leave them unlabelled if you mean to"),
        *_some(overlapping, "warning", f"{task}: overlapping segments",
               "end each where the next begins; until then the one that begins later holds"),
        *_some(late, "warning", f"{task}: segments after the end of their file",
               "times are seconds from the start of the file: correct them"),
    ]  # fmt: skip


def _about_classes(task: str, facts: TaskFacts) -> list[Finding]:
    heard = {name: s for name, s in facts.seconds_by_class.items() if s > 0}
    most = max(heard.values(), default=0.0)
    rare = [f"{name}: {s:.3g} s of {most:.3g}" for name, s in heard.items() if s < RARE * most]
    absent = [name for name in facts.seconds_by_class if name not in heard]
    return [
        *_some(rare, "warning", f"{task}: rare classes",
               "add recordings of them, or merge them with others"),
        *_some(absent, "note", f"{task}: classes without sound",
               "the instrument cannot learn them: record some, or do not play them"),
    ]  # fmt: skip
