"""Between sounds: a morph goes from one to the next through latent space.

The sounds are brought onto one axis of time (`alignment.py`), and at every frame a position u
between 0, the first sound, and 1, the last, says where among them the morph is: fixed, or moving
from 0 to 1, or along a curve of the user's.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError
from vschaos2.families.vae.signal_path import Heard
from vschaos2.generation.alignment import aligned, at_places
from vschaos2.generation.latent_files import read_array
from vschaos2.generation.player import Player
from vschaos2.labels.conditioning import Conditioning
from vschaos2.progress import follow
from vschaos2.trajectories import EASES
from vschaos2.trajectories.points import linear, slerp

Points = npt.NDArray[np.float64]

CURVES = ("slerp", "linear")
FOLDER = "morphs"
# Vectors this near to opposite have no shortest way round: slerp is linear there.
OPPOSITE = 1e-3
MOST_BYTES = 200  # of it in UTF-8: file systems count these, to 255
LONGEST_NAME = 100  # characters of a file's name before what says where it is


@dataclass(frozen=True)
class Course:
    """Where among the sounds a morph is.

    Args:
        at: positions from 0 (first sound) to 1 (last), a morph for each that stays there; empty
            for one that moves.
        ease: how it moves from 0 to 1, a name in `EASES`, or "linear".
        curve: a .npy file of positions from 0 to 1, [P], spread over the sound; instead of ease.

    Raises:
        InputError: for a position outside [0, 1] or an ease that there is none.
    """

    at: Sequence[float] = ()
    ease: str = "linear"
    curve: Path | None = None

    def __post_init__(self) -> None:
        if self.ease not in ("linear", *EASES):
            raise InputError(f"ease must be one of linear, {', '.join(EASES)}, got {self.ease!r}")
        for position in self.at:
            if not 0.0 <= position <= 1.0:
                raise InputError(
                    f"position must be from 0 (first sound) to 1 (last), got {position:g}"
                )

    def positions(self, frames: int) -> dict[str, Points]:
        """Positions at every frame [F] of each morph, by what its name ends in."""
        if self.at:
            return {f"_{position:g}": np.full(frames, float(position)) for position in self.at}
        time = np.linspace(0.0, 1.0, frames)
        if self.curve is None:
            return {"": time if self.ease == "linear" else EASES[self.ease](time)}
        given = read_array(self.curve)
        if given.ndim != 1 or len(given) == 0 or not ((given >= 0) & (given <= 1)).all():
            raise InputError(
                f"{self.curve}: must be positions from 0 to 1, [steps], got shape "
                f"{list(given.shape)}{_extent(given)}"
            )
        return {"": np.interp(time, np.linspace(0.0, 1.0, len(given)), given)}


def morph(
    player: Player,
    files: Sequence[Path],
    folder: Path,
    course: Course | None = None,
    curve: str = "slerp",
    align: str = "stretch",
) -> list[Path]:
    """Write folder/morphs/A_to_B.wav, or A_to_B_0.25.wav for every position asked for.

    Where all of the sounds that are mixed are silent, so is the morph. Labels are those that the
    player was given, or else guessed from the sounds: classes are those of the nearer sound,
    values go in a straight line.

    Args:
        player: the run, its inversion and its labels; sounds are mixed in its coordinates.
        files: two sounds or more.
        folder: made if missing.
        course: from the first sound to the last in the course of the morph, if None.
        curve: "slerp", round the mean of the training sounds, or "linear".
        align: a name in `alignment.ALIGNMENTS`.

    Returns:
        The files written.

    Raises:
        InputError: for fewer than two files, one that cannot be read, or a value that cannot be.
    """
    if len(files) < 2:
        raise InputError(f"a morph needs at least two sounds, got {len(files)}: give --files A B")
    if curve not in CURVES:
        raise InputError(f"curve must be one of {', '.join(CURVES)}, got {curve!r}")
    for file in files:
        if not file.is_file():
            what = "is a folder: give sound files" if file.is_dir() else "no such file"
            raise InputError(f"{file}: {what}")
    course = course or Course()
    sounds = [player.hear(file) for file in follow(files, "listening", "sound")]
    overlap = player.core.transform.n_fft // player.core.hop
    places = aligned(align, [sound.latents for sound in sounds], overlap - 1)
    frames = places.shape[1]
    name = "_to_".join(file.stem for file in files)[:LONGEST_NAME]
    while len(os.fsencode(name)) > MOST_BYTES:
        name = name[:-1]
    written = []
    targets = course.positions(frames).items()
    for ending, position in follow(targets, "morphing", "morph"):
        latents, labels, audible = mixed(
            sounds, places, position, curve, player.run.model.conditioning
        )
        target = folder / FOLDER / f"{name}{ending}.wav"
        player.write_heard(target, latents, labels, audible)
        written.append(target)
    player.tell_of_peaks()
    return written


def mixed(
    sounds: Sequence[Heard],
    places: Points,
    position: Points,
    curve: str,
    conditioning: Conditioning,
) -> tuple[Points, Points, Points]:
    """Latents, labels and audibility of a morph.

    Args:
        sounds: n of them.
        places: in each sound, [n, F], as `aligned` gives them.
        position: among the sounds, [F], 0 to 1.
        curve: one of `CURVES`.
        conditioning: whose labels they are.

    Shape: [F, Z], [F, n_labels], [F].
    """
    count = len(sounds)
    along = position * (count - 1)
    left = np.minimum(along.astype(np.int64), count - 2)
    part = (along - left)[:, None]
    frames = np.arange(len(position))
    latents = np.stack(
        [at_places(sound.latents, place) for sound, place in zip(sounds, places, strict=True)]
    )
    first, second = latents[left, frames], latents[left + 1, frames]
    between = linear(first, first, second, second, part)
    if curve == "slerp":
        between = _slerped(first, second, part, between)
    labels = np.stack(
        [_labels_at(sound.labels, place) for sound, place in zip(sounds, places, strict=True)]
    )
    one, other = labels[left, frames], labels[left + 1, frames]
    nearest = np.where(part < 0.5, one, other)
    straight = (1.0 - part) * one + part * other
    is_class = np.array([task.has_classes for task in conditioning.tasks.values()], dtype=bool)
    mixed_labels = np.where(is_class | np.isnan(straight), nearest, straight)
    heard = np.stack(
        [
            np.where(place < len(sound.audible), at_places(sound.audible[:, None], place)[:, 0], 0)
            for sound, place in zip(sounds, places, strict=True)
        ]
    )
    audible = (1.0 - part[:, 0]) * heard[left, frames] + part[:, 0] * heard[left + 1, frames]
    return between, mixed_labels, audible


def _slerped(first: Points, second: Points, part: Points, otherwise: Points) -> Points:
    """Round the zero point, or as otherwise where a vector is zero or the two are opposite."""
    norms = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    sum_of_units = np.linalg.norm(
        first / np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-12)
        + second / np.maximum(np.linalg.norm(second, axis=1, keepdims=True), 1e-12),
        axis=1,
    )
    sound = (norms > 0) & (sum_of_units > OPPOSITE)
    result = otherwise.copy()
    p, q = first[sound], second[sound]
    result[sound] = slerp(p, p, q, q, part[sound])
    return result


def _labels_at(labels: npt.NDArray[np.float32], place: Points) -> Points:
    """Labels of a sound [F, n] at places: those of the nearest frame, [P, n]."""
    nearest = np.clip(np.round(place).astype(np.int64), 0, len(labels) - 1)
    return labels[nearest].astype(np.float64)


def _extent(given: Points) -> str:
    if given.size == 0:
        return ""
    return f", values from {given.min():g} to {given.max():g}"
