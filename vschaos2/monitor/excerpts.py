"""The held-out recordings that every report plays: the same files, the same seconds, all along."""

from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.data.module import WindowDataModule
from vschaos2.data.stretches import Stretch
from vschaos2.frames import frame_centres

SEARCHED_SECONDS = 60  # an excerpt is looked for in the beginning of a file
SHORTEST = 2048  # samples; shorter files are followed by silence


class Excerpt(NamedTuple):
    """A part of a recording.

    Attributes:
        name: of its file, for files and titles; different for every excerpt.
        sound: whole frames of samples, [F·hop] float32.
        labels: of every frame, [n, F] float32, NaN where unknown.
    """

    name: str
    sound: npt.NDArray[np.float32]
    labels: npt.NDArray[np.float32]


def excerpts(data: WindowDataModule, count: int, seconds: float, tasks: list[str]) -> list[Excerpt]:
    """Excerpts of held-out files, or stretches, evenly spread over them, where each is loudest.

    Args:
        data: the recordings.
        count: number of them, or all if there are fewer.
        seconds: length of an excerpt at most.
        tasks: labels that come along.
    """
    files = data.validation_files
    stretches = data.validation_stretches or [
        Stretch(0, data.cache.files[index].length) for index in files
    ]
    count = min(count, len(files))
    places = [i * len(files) // count for i in range(count)]
    chosen = [files[place] for place in places]
    rate_hz = data.cache.sample_rate_hz
    names = [PurePosixPath(data.cache.files[index].path).stem for index in chosen]
    found = []
    for number, (place, index, stem) in enumerate(zip(places, chosen, names, strict=True)):
        file, (first, end) = data.cache.files[index], stretches[place]
        searched = min(end - first, SEARCHED_SECONDS * rate_hz)
        sound = data.cache.gather(np.array([file.start + first]), searched)[0]
        start = loudest_start(sound, round(seconds * rate_hz), data.hop)
        part = sound[start : start + round(seconds * rate_hz)]
        length = max(len(part), SHORTEST)
        part = np.pad(part, (0, length + -length % data.hop - len(part)))
        frames = np.arange(len(part) // data.hop)
        # A label is the one at its frame's centre, within the recording.
        centres = first + start + frame_centres(frames, data.frame_samples, data.hop)
        labels = np.full((len(tasks), len(frames)), np.nan, dtype=np.float32)
        if data.metadata is not None:
            which = np.full(len(frames), index, dtype=np.int64)
            known = data.metadata.at(which, np.clip(centres, 0, file.length) / rate_hz)
            labels = np.stack([known[task] for task in tasks]) if tasks else labels
        name = stem if names.count(stem) == 1 else f"{stem}-{number + 1}"
        found.append(Excerpt(name, part, labels.astype(np.float32)))
    return found


def loudest_start(sound: npt.NDArray[np.float32], length: int, step: int) -> int:
    """Where the excerpt of greatest energy begins, of those that start at multiples of `step`.

    Args:
        sound: [T].
        length: of the excerpt, in samples; for T ≤ length the answer is 0.
        step: distance between possible starts, in samples.
    """
    if len(sound) <= length:
        return 0
    energy = np.concatenate(([0.0], np.cumsum(np.square(sound, dtype=np.float64))))
    starts = np.arange(0, len(sound) - length + 1, step)
    return int(starts[np.argmax(energy[starts + length] - energy[starts])])
