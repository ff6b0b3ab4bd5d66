"""What is measured: a sound file, or a stretch of one that a training held out."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from vschaos2.audio import UnreadableAudio, read_audio, read_blocks
from vschaos2.data.stretches import without_stretch
from vschaos2.families.vae.signal_path import LabelsOverTime, Samples

BLOCK_SAMPLES = 2**16


class Passage(NamedTuple):
    """A file, or a part of it.

    Attributes:
        file: the sound file.
        seconds: where the part begins and ends; None for the whole file.
    """

    file: Path
    seconds: tuple[float, float] | None = None

    def name(self, root: Path) -> str:
        """The file relative to its dataset, and the seconds of the part."""
        name = self.file.relative_to(root).as_posix()
        return name if self.seconds is None else "{} {:.2f}-{:.2f} s".format(name, *self.seconds)

    def read(self, sample_rate_hz: int) -> Samples:
        """The sound, [T] float32; of a part, no more than that is held in memory.

        Raises:
            UnreadableAudio: if the file cannot be decoded, or ends before the part begins.
        """
        if self.seconds is None:
            return read_audio(self.file, sample_rate_hz)
        first, end = (round(moment * sample_rate_hz) for moment in self.seconds)
        found, done = [], 0
        for block in read_blocks(self.file, sample_rate_hz, BLOCK_SAMPLES):
            found.append(block[max(0, first - done) : max(0, end - done)])
            done += len(block)
            if done >= end:
                break
        sound = np.concatenate(found)
        if not len(sound):
            raise UnreadableAudio(self.file, f"it ends before {self.seconds[0]:g} s")
        return sound

    def labels(self, over_time: LabelsOverTime) -> LabelsOverTime:
        """Labels of the file over time, counted from where the part begins."""
        if self.seconds is None:
            return over_time
        first_s = self.seconds[0]

        def at(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
            # Its first frames are centred before the part: its nearest moment stands for them.
            return over_time(np.maximum(seconds, 0.0) + first_s)

        return at


def passage(root: Path, line: str) -> Passage:
    """What a line of a run's `held_out.txt` names in a dataset folder."""
    name, seconds = without_stretch(line)
    # A file may be called like a stretch of another one.
    whole = seconds is None or (root / line).is_file()
    return Passage(root / line) if whole else Passage(root / name, seconds)
