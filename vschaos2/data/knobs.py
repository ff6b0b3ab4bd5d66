"""What the knobs of a device stood at while each wet recording was made.

    metadata/<knob>/metadata.txt    wet/riff@2.wav<TAB>0.5
                                    wet/riff@3.wav<TAB>tracks/turned.txt    of a knob that moves
    G5_T3.riff.target.wav           in the way of NablAFx, knobs G at 5 and T at 3

Values are numbers in the knob's own units. A track is one as of labels (`labels.tracks`): lines of
onset,offset<TAB>value, in seconds of the wet recording as it lies in its file.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.data.pair_files import TARGET, Pair, role_of
from vschaos2.errors import InputError
from vschaos2.labels.metadata import read_task, task_folders
from vschaos2.labels.tracks import SegmentTable, Track, constant_track

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
SETTING = re.compile(r"([A-Za-z]+)(\d+)")
SHOWN = 3
MOST_POSITIONS = 64  # more different values are a movement, and no list of positions


class Knob(NamedTuple):
    """One knob, over all pairs.

    Attributes:
        name: of it.
        lowest: of the values that occur.
        highest: of them.
        positions: the values that occur, rising; at most `MOST_POSITIONS`, evenly chosen.
        tracks: what it stood at, by name of the pair; a single segment without ends where it did
            not move.
    """

    name: str
    lowest: float
    highest: float
    positions: tuple[float, ...]
    tracks: Mapping[str, Track]

    def moves(self, pair: str) -> bool:
        """Whether it moved while a pair was recorded."""
        return len(np.unique(self.tracks[pair][:, 2])) > 1

    def value(self, pair: str) -> float:
        """What it stood at in a pair; where it moved, at first."""
        return float(self.tracks[pair][0, 2])

    def at(self, pair: str, seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
        """What it stood at in a pair, at moments of the wet file; between segments, as before them.

        Shape: [N] → [N].
        """
        table = SegmentTable({0: _without_gaps(self.tracks[pair])})
        return table.at(np.zeros(len(seconds), np.int64), seconds)


def read_knobs(root: Path, pairs: Sequence[Pair]) -> list[Knob]:
    """The knobs of a folder of pairs, by name; none if neither files nor names tell of any.

    Args:
        root: the folder.
        pairs: of it.

    Raises:
        InputError: for a line that cannot be read, a name that no knob can have, or a pair of which
            a knob's value is not known.
    """
    names = [pair.name for pair in pairs]
    tracks: dict[str, dict[str, Track]] = {}
    for folder in task_folders(root):
        if not NAME.fullmatch(folder.name):
            raise InputError(
                f"{folder}: a knob's name is letters, digits and _, and begins with a letter: "
                "rename the folder"
            )
        told = read_task(folder, names, {"type": "float"}).tracks
        tracks[folder.name] = {name: _known(track) for name, track in told.items()}
    for pair in pairs:
        for knob, value in settings_of(pair.name).items():
            # What a file of metadata says holds against a name.
            tracks.setdefault(knob, {}).setdefault(pair.name, constant_track(value))
    return [_knob(name, tracks[name], names, root) for name in sorted(tracks)]


def settings_of(name: str) -> dict[str, float]:
    """The knobs that the name of a target tells, in its folders' names and its own.

    Args:
        name: of a pair, such as "G5_T3/G5_T3.riff.target.wav".

    Returns:
        Values by knob, {"G": 5.0, "T": 3.0}; none for names of another kind.
    """
    path = PurePosixPath(name)
    if role_of(path) != TARGET:
        return {}
    settings: dict[str, float] = {}
    for part in (*path.parent.parts, *path.name.split(".")[:-3]):
        words = [SETTING.fullmatch(word) for word in part.split("_")]
        # One word alone in a folder's name is more likely a take2 than a knob.
        if all(words) and (len(words) > 1 or part in path.name.split(".")):
            settings |= {word[1]: float(word[2]) for word in words if word}
    return settings


def _knob(name: str, tracks: dict[str, Track], pairs: Sequence[str], root: Path) -> Knob:
    missing = [pair for pair in pairs if pair not in tracks or not len(tracks[pair])]
    if missing:
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        raise InputError(
            f"{root}: no value of the knob {name} for {', '.join(missing[:SHOWN])}{more}: add "
            f"lines to metadata/{name}/metadata.txt"
        )
    values = np.unique(np.concatenate([tracks[pair][:, 2] for pair in pairs]))
    chosen = np.unique(np.linspace(0, len(values) - 1, MOST_POSITIONS).round().astype(int))
    return Knob(
        name, float(values[0]), float(values[-1]), tuple(values[chosen].tolist()),
        {pair: tracks[pair] for pair in pairs},
    )  # fmt: skip


def _known(track: Track) -> Track:
    """The segments of a track that have a value, in the order of their onsets."""
    track = track[~np.isnan(track[:, 2])]
    return track[np.argsort(track[:, 0], kind="stable")]


def _without_gaps(track: Track) -> Track:
    """Each segment lasts until the next one begins, the first from ever, the last for ever."""
    held = track.copy()
    held[:-1, 1] = track[1:, 0]
    held[0, 0], held[-1, 1] = -np.inf, np.inf
    return held
