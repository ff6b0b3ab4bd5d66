"""Where reports go: folders that appear whole, and not more of them than a disk should hold."""

import logging
import math
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.image
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vschaos2.audio import write_audio
from vschaos2.folders import own_folder

logger = logging.getLogger(__name__)

STEP = "step_"
Pixels = npt.NDArray[np.uint8]


class Report(NamedTuple):
    """What one look at a training brings.

    Attributes:
        pictures: name → figure.
        sounds: name → [T] float32.
        values: name → number, for TensorBoard.
        texts: file name → content.
    """

    pictures: dict[str, Figure]
    sounds: dict[str, npt.NDArray[np.float32]]
    values: dict[str, float]
    texts: dict[str, str]


def pixels(figure: Figure) -> Pixels:
    """A figure as [height, width, 3], without any state that is shared with other figures."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()


def write_report(
    folder: Path, step: int, report: Report, images: dict[str, Pixels], sample_rate_hz: int
) -> Path:
    """Write a report to folder/step_N, whole or not at all; one of the same step is replaced.

    Args:
        folder: of this kind of report; made if it is missing.
        step: of the training.
        report: sounds and texts to write.
        images: its pictures, as `pixels` gives them.
        sample_rate_hz: of its sounds.

    Raises:
        OSError, InputError: if the disk is full or the folder cannot be written.
    """
    target = folder / f"{STEP}{step:07d}"
    own_folder(own_folder(folder.parent) / folder.name)
    temporary = folder / ".unfinished.tmp"
    shutil.rmtree(temporary, ignore_errors=True)  # of a training that was killed
    temporary.mkdir()
    try:
        for name, image in images.items():
            matplotlib.image.imsave(temporary / f"{name}.png", image)
        for name, sound in report.sounds.items():
            write_audio(temporary / f"{name}.wav", sound, sample_rate_hz)
        for name, text in report.texts.items():
            (temporary / name).write_text(text, encoding="utf-8")
        if target.exists():  # a training that was resumed from before it
            shutil.rmtree(target)
        temporary.replace(target)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target


def thin_out(folder: Path, keep: int) -> None:
    """Remove reports of a kind until `keep` are left.

    These are the first, the newest, and those between them that divide the training most evenly
    on a logarithmic scale.
    """
    kept = sorted(folder.glob(f"{STEP}*"), key=_step)
    while len(kept) > keep:
        if keep == 1:
            unwanted = 0
        else:
            # What is least missed leaves the narrowest gap behind it.
            gaps = [
                math.log((_step(kept[i + 1]) + 1) / (_step(kept[i - 1]) + 1))
                for i in range(1, len(kept) - 1)
            ]
            unwanted = 1 + gaps.index(min(gaps))
        shutil.rmtree(kept.pop(unwanted))


def forget_reports(samples: Path, step: int) -> None:
    """Remove the reports made after a step, and what a killed training left half-written.

    Args:
        samples: folder of a run that holds a folder for each kind of report.
        step: of the training; a report of this very step is kept.

    Raises:
        InputError: if one of these folders is a link.
    """
    if not samples.exists():
        return
    for folder in own_folder(samples).iterdir():
        if not folder.is_dir():
            continue
        for path in own_folder(folder).glob(f"{STEP}*"):
            if _step(path) > step:
                shutil.rmtree(path)
        for path in folder.glob(".*.tmp"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()


def to_tensorboard(
    writer: Any,
    kind: str,
    step: int,
    report: Report,
    images: dict[str, Pixels],
    sample_rate_hz: int,
) -> None:
    """Hand a report to a `SummaryWriter`; sounds louder than full scale are turned down."""
    for name, image in images.items():
        writer.add_image(f"{kind}/{name}", image, step, dataformats="HWC")
    for name, sound in report.sounds.items():
        level = max(1.0, float(np.abs(sound).max(initial=0.0)))
        writer.add_audio(f"{kind}/{name}", sound[None] / level, step, sample_rate_hz)
    for name, value in report.values.items():
        writer.add_scalar(name, value, step)
    writer.flush()


def _step(path: Path) -> int:
    digits = path.name.removeprefix(STEP)
    return int(digits) if digits.isdecimal() else 0
