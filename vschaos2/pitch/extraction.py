"""Pitch of recordings: cells of time with an f0 -> labels -> the tracks of a dataset folder.

    metadata/pitch/classes.txt          12 classes, A = 0
    metadata/octave/classes.txt         9 classes, from A to G#: A4 (440 Hz) opens octave 5
    metadata/<task>/metadata.txt        data/…/file.wav<TAB>tracks/…/file.wav.txt
    metadata/<task>/tracks/…            onset,offset<TAB>class index, or none where unvoiced

Beside a metadata.txt that was made by hand, heard.txt and heard/ can take the place of
metadata.txt and tracks/: they tell what it leaves unknown (see `vschaos2.labels.metadata`).

Track files lie in the sub-folders of their recordings and keep their whole names, so that equal
names never meet. Each begins with a comment that says how it was made, and appears whole or not
at all. A recording is left alone if both its tracks are newer and were made in the wanted way,
so an extraction may be killed at any moment and continues where it was.
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import numpy as np
import numpy.typing as npt

from vschaos2.audio import UnreadableAudio, find_audio_files
from vschaos2.dataset_paths import sound_folder
from vschaos2.errors import InputError
from vschaos2.files import open_plain, reason, write_whole
from vschaos2.folders import own_folders
from vschaos2.pitch.following import PitchTrack, follow_pitch
from vschaos2.pitch.trackers import Tracker, Values
from vschaos2.pitch_classes import OCTAVE_CLASSES, PITCH_CLASSES
from vschaos2.progress import Progress

logger = logging.getLogger(__name__)

TASKS = {"pitch": PITCH_CLASSES, "octave": OCTAVE_CLASSES}
UNVOICED = -1
OURS = "# written by extract_pitch.py, and again by its next run unless this line is removed"

GIVEN, HEARD = "metadata.txt", "heard.txt"
TRACKS_OF = {GIVEN: "tracks", HEARD: "heard"}
LONGEST_LINE = 1000  # longer than those that we write at the top of a file

Classes = npt.NDArray[np.int64]


@dataclass
class Extraction:
    """What became of the recordings: how many are labelled, and which cannot be used."""

    files: int = 0
    resumed: int = 0
    seconds: float = 0.0
    voiced_seconds: float = 0.0
    unreadable: list[Path] = field(default_factory=list)


def hz_to_midi(f0_hz: Values) -> Values:
    """MIDI key numbers, fractions included: 69 + 12 log2(f / 440 Hz)."""
    return 69.0 + 12.0 * np.log2(f0_hz / 440.0)


def pitch_and_octave(f0_hz: Values, voiced: npt.NDArray[np.bool_]) -> dict[str, Classes]:
    """The class index of each task for the nearest key, `UNVOICED` where there is none.

    Of key m, pitch is (m + 3) mod 12 and octave ⌊(m + 3) / 12⌋ - 1: A = 0 in both. Keys outside
    of the 9 octaves, 9 to 116, have no label.

    Args:
        f0_hz: positive wherever voiced.
        voiced: which cells have a pitch.

    Shape: [F], [F] → [F] for each task.
    """
    key = np.floor(hz_to_midi(np.where(voiced, f0_hz, 440.0)) + 0.5).astype(np.int64)
    octave = (key + 3) // 12 - 1
    known = voiced & (octave >= 0) & (octave < len(OCTAVE_CLASSES))
    return {
        "pitch": np.where(known, (key + 3) % 12, UNVOICED),
        "octave": np.where(known, octave, UNVOICED),
    }


def segments(classes: Classes, edges_s: Values) -> Iterator[tuple[float, float, int]]:
    """Onset, offset in seconds and class of every run of equal classes.

    Args:
        classes: one for each cell.
        edges_s: where cells begin, and where the last one ends.

    Shape: [F], [F + 1].
    """
    starts = np.flatnonzero(np.diff(classes, prepend=classes[:1] - 1))
    for start, end in zip(starts, [*starts[1:], len(classes)], strict=True):
        yield float(edges_s[start]), float(edges_s[end]), int(classes[start])


def extract_pitch(
    root: Path,
    tracker: Tracker,
    hop_length: int = 256,
    threshold: float | None = None,
    overwrite: bool = False,
    progress: bool = True,
    fill: bool = False,
) -> Extraction:
    """Write pitch and octave metadata of all recordings of a dataset folder.

    Those that cannot be read, or that metadata cannot name, are named in a warning and left out.

    Args:
        root: dataset folder; recordings are those under root/data, or under root without one.
        tracker: follows the pitch.
        hop_length: length of a label's cell in samples of the recording.
        threshold: periodicity from which a cell is voiced, in [0, 1]; None for the tracker's.
        overwrite: replace labels that this function did not write; `fill` is of no use then.
        progress: show a progress bar, if on a terminal.
        fill: keep labels made by hand, and write beside them what they leave unknown.

    Raises:
        InputError: for a folder without readable recordings, labels made by hand, values out of
            range, and folders that cannot be written.
    """
    threshold = tracker.threshold if threshold is None else threshold
    if not 0.0 < threshold <= 1.0:
        raise InputError(f"--threshold must be in (0, 1], got {threshold:g}: try 0.5")
    if hop_length < 1:
        raise InputError(f"--hop_length must be at least 1 sample, got {hop_length}: try 256")
    sounds = sound_folder(root)
    paths = find_audio_files(sounds)
    if not paths:
        raise InputError(f"no sound files in {sounds}: give a dataset folder that holds some")
    unnamed = [path for path in paths if not _can_be_named(path.relative_to(root).as_posix())]
    for path in unnamed:
        logger.warning(
            "no pitch: metadata cannot name the file %r: rename it without tabs and other "
            "unprintable characters, or a blank or # at the beginning", str(path),
        )  # fmt: skip
    paths = [path for path in paths if path not in set(unnamed)]
    if not paths:
        raise InputError(
            f"metadata cannot name any of the {len(unnamed)} sound files in {sounds}: rename them "
            "without tabs and other unprintable characters, or a blank or # at the beginning"
        )
    lists = dict.fromkeys(TASKS, GIVEN) if overwrite else _own_lists(root, fill)
    tracks = _TrackFiles(root, sounds, tracker.settings, threshold, hop_length, lists)
    try:
        done = _extract(paths, tracker, tracks, progress)
        labelled = [path for path in paths if path not in set(done.unreadable)]
        if not labelled:
            raise InputError(
                f"none of the {len(paths)} sound files in {sounds} can be read: the first is "
                f"{paths[0]}; convert them to WAV"
            )
        for task, names in TASKS.items():
            folder = root / "metadata" / task
            if lists[task] == GIVEN:
                classes = [f"{index}\t{name}" for index, name in enumerate(names)]
                _write(root, folder / "classes.txt", classes)
            lines = [
                f"{path.relative_to(root).as_posix()}\t"
                f"{tracks.path(path, task).relative_to(folder).as_posix()}"
                for path in labelled
            ]
            _write(root, folder / lists[task], [OURS, *lines])
    except OSError as error:
        raise InputError(
            f"cannot write {error.filename or root / 'metadata'}: {reason(error)}: choose a "
            "dataset that you may write to"
        ) from error
    done.files = len(labelled)
    done.unreadable += unnamed
    return done


def _extract(
    paths: Sequence[Path], tracker: Tracker, tracks: "_TrackFiles", progress: bool
) -> Extraction:
    """Write the tracks that are not there yet."""
    todo = [path for path in paths if not tracks.are_done(path)]
    done = Extraction(resumed=len(paths) - len(todo))
    stop = Event()
    workers = (os.cpu_count() or 1) if tracker.threads else 1
    bar = Progress("pitch", "file", len(todo), progress)
    with bar, ThreadPoolExecutor(workers) as pool:
        jobs = {pool.submit(follow_pitch, path, tracker, stop): path for path in todo}
        try:
            for job in as_completed(jobs):
                path = jobs.pop(job)
                try:
                    track = job.result()
                except UnreadableAudio as error:
                    logger.warning("no pitch: %s", error)
                    done.unreadable.append(path)
                else:
                    seconds, voiced_seconds = tracks.write(path, track)
                    done.seconds += seconds
                    done.voiced_seconds += voiced_seconds
                bar.update()
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
    return done


class _TrackFiles:
    """The track files of a dataset, and the way in which this extraction makes them.

    Args:
        root: dataset folder.
        sounds: the folder in it whose sub-folders the tracks mirror.
        settings: of the tracker.
        threshold: periodicity from which a cell is voiced.
        hop_length: length of a cell in samples of the recording.
        lists: of each task, the list that names its tracks.
    """

    def __init__(
        self,
        root: Path,
        sounds: Path,
        settings: str,
        threshold: float,
        hop_length: int,
        lists: Mapping[str, str],
    ) -> None:
        self.root = root
        self.sounds = sounds
        self.threshold = threshold
        self.hop_length = hop_length
        self.folders = {task: TRACKS_OF[name] for task, name in lists.items()}
        self.way = f"# {settings} threshold={threshold:g} hop_length={hop_length}"

    def path(self, recording: Path, task: str) -> Path:
        """Where the track of a recording lies."""
        name = recording.relative_to(self.sounds)
        folder = self.root / "metadata" / task / self.folders[task]
        return folder / name.with_name(name.name + ".txt")

    def are_done(self, recording: Path) -> bool:
        """Whether both tracks are newer than the recording and were made in this way."""
        recorded_ns = recording.stat().st_mtime_ns
        paths = [self.path(recording, task) for task in TASKS]
        return all(
            path.is_file()
            and path.stat().st_mtime_ns >= recorded_ns
            and _first_line(path) == self.way
            for path in paths
        )

    def write(self, recording: Path, track: PitchTrack) -> tuple[float, float]:
        """Write both tracks; how many seconds there are, and how many of them are voiced."""
        f0_hz, periodicity, edges_s = track.cells(self.hop_length)
        voiced = periodicity >= self.threshold
        for task, classes in pitch_and_octave(f0_hz, voiced).items():
            lines = [
                f"{onset:.6f},{offset:.6f}\t{'none' if label == UNVOICED else label}"
                for onset, offset, label in segments(classes, edges_s)
            ]
            _write(self.root, self.path(recording, task), [self.way, *lines])
        return float(edges_s[-1]), float(np.diff(edges_s)[voiced].sum())


def _first_line(path: Path) -> str:
    with open_plain(path) as file:
        return file.readline(LONGEST_LINE).decode(errors="replace").rstrip("\n")


def _can_be_named(name: str) -> bool:
    """Whether a line of metadata.txt can hold a name."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return (
        not name.startswith("#")
        and name == " ".join(name.splitlines()).strip()
        and ("\t" not in name)
    )


def _own_lists(root: Path, fill: bool) -> dict[str, str]:
    """The list of each task that may be written: `HEARD`, to fill one that was made by hand.

    Raises:
        InputError: if that was made by hand, too.
    """
    lists = {}
    for task in TASKS:
        folder = root / "metadata" / task
        lists[task] = HEARD if fill and not _is_ours(folder / GIVEN) else GIVEN
        if not _is_ours(folder / lists[task]):
            others = (
                f"move {HEARD} away"
                if fill
                else "add --fill to label only what it leaves unknown, or move "
                f"metadata/{task} away to keep it, or add --overwrite to replace it"
            )
            raise InputError(
                f"{folder / lists[task]} was not written by extract_pitch.py: {others}"
            )
    return lists


def _is_ours(path: Path) -> bool:
    """Whether a list is not there, or was written here."""
    return not path.is_file() or _first_line(path) == OURS


def _write(root: Path, path: Path, lines: Sequence[str]) -> None:
    """Write a file of lines, whole, in a folder of the dataset that no link leads out of."""
    own_folders(root, path.parent)
    write_whole(path, "".join(f"{line}\n" for line in lines))
