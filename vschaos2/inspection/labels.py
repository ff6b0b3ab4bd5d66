"""Checks of the labels of a dataset folder, by the parser that training uses."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from vschaos2.data.cache import SampleCache
from vschaos2.errors import InputError
from vschaos2.inspection.findings import KEPT_PLACES, Finding, TaskFacts, findings_of
from vschaos2.labels.metadata import TaskLabels, read_task, task_folders
from vschaos2.labels.tracks import SegmentTable, overlap_s

OVERLAP_S = 1e-3  # less is rounding
AGREED = 0.5  # less is no matter of single mistakes
RARE = 1 / 20  # of the time that the most frequent class has


def check_labels(
    root: Path,
    cache: SampleCache,
    callbacks: Mapping[str, Mapping[str, str]],
    tasks: Sequence[str],
) -> tuple[dict[str, TaskFacts], list[Finding]]:
    """The facts of every task in root/metadata, and what is wrong with them.

    Args:
        root: dataset folder.
        cache: its samples.
        callbacks: how to read metadata, as in `load_metadata`.
        tasks: the tasks that a model needs.
    """
    files = [file.path for file in cache.files]
    durations_s = np.array([file.length for file in cache.files]) / cache.sample_rate_hz
    facts: dict[str, TaskFacts] = {}
    findings: list[Finding] = []
    try:
        folders = {folder.name: folder for folder in task_folders(root)}
    except InputError as error:
        return {}, [Finding("error", "labels that are not read", [str(error)], "it says why")]
    asked = {*tasks, *callbacks}
    findings += findings_of(
        sorted(asked - folders.keys()), "error", "tasks of the configuration without metadata",
        "add metadata/<task>/metadata.txt, or remove them from the configuration",
    )  # fmt: skip
    for task, folder in folders.items():
        bad = _BadLines()
        options = callbacks.get(task, {})
        try:
            labels = read_task(folder, files, options, bad)
        except InputError as error:
            bad(error)
            findings.append(bad.finding(task))
            continue
        if bad.count and "type" not in options:
            with suppress(InputError):
                labels = read_task(folder, files, {**options, "type": "float"})
                bad = _BadLines()
                findings.append(_meant_as_float(task, task in tasks))
        if bad.count:
            findings.append(bad.finding(task))
        table = SegmentTable(
            {n: labels.tracks[p] for n, p in enumerate(files) if p in labels.tracks}
        )
        facts[task] = _facts(labels, table.seconds_by_value(durations_s), float(durations_s.sum()))
        findings += _about_files(root, cache, labels) + _about_classes(task, facts[task])
    return facts, findings


class _BadLines:
    """Receives the complaints about lines: keeps the first, counts all."""

    def __init__(self) -> None:
        self.first: list[str] = []
        self.count = 0

    def __call__(self, error: InputError) -> None:
        self.count += 1
        if self.count <= KEPT_PLACES:
            self.first.append(str(error))

    def finding(self, task: str) -> Finding:
        """What is wrong with a task's lines."""
        remedy = "each line says what it wants; training stops at the first"
        unlisted = self.count - len(self.first)
        return Finding("error", f"{task}: bad lines", self.first, remedy, unlisted)


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
    metadata = root / "metadata" / task / "metadata.txt"
    orphans = [
        f"{metadata}, line {number}: {path}"
        for path, number in labels.left_aside.items()
        if not os.path.exists(f"{root}/{path}")  # noqa: PTH110 - False for names too odd to exist
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
    disagreeing = []
    if labels.agreed is not None and labels.agreed < AGREED:
        disagreeing.append(f"metadata/{task}: {labels.agreed:.0%} of the time that both tell of")
    return [
        *findings_of(disagreeing, "warning", f"{task}: heard otherwise than labelled",
               "count from A = 0 and octaves from A, as extract_pitch.py, or remove heard.txt"),
        *findings_of(orphans, "error", f"{task}: labels without files",
               "correct the path or remove the line"),
        *findings_of(unlabelled, "warning", f"{task}: files without labels",
               f"add lines to metadata/{task}/metadata.txt, unless you mean to leave them out"),
        *findings_of(overlapping, "warning", f"{task}: overlapping segments",
               "end each where the next begins; until then the one that begins later holds"),
        *findings_of(late, "warning", f"{task}: segments after the end of their file",
               "times are seconds from the start of the file: correct them"),
    ]  # fmt: skip


def _about_classes(task: str, facts: TaskFacts) -> list[Finding]:
    present = {name: s for name, s in facts.seconds_by_class.items() if s > 0}
    most = max(present.values(), default=0.0)
    rare = [f"{name}: {s:.3g} s of {most:.3g}" for name, s in present.items() if s < RARE * most]
    absent = [name for name in facts.seconds_by_class if name not in present]
    return [
        *findings_of(rare, "warning", f"{task}: rare classes",
               "add recordings of them, or merge them with others"),
        *findings_of(absent, "note", f"{task}: classes without sound",
               "the instrument cannot learn them: record some, or do not play them"),
    ]  # fmt: skip
