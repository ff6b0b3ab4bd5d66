"""Paths through a run's latent space, written as sound, and as arrays that can be edited.

A path [steps, dims] counts in the coordinates of the exported instrument's axes: what `decode`
takes in a host, one point a frame. The training sounds lie within ±3 on every axis, one of their
standard deviations is about 1.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from vschaos2 import trajectories
from vschaos2.errors import InputError
from vschaos2.families.vae.instrument_core import LATENT_LIMIT
from vschaos2.generation.evaluation import centre_seconds
from vschaos2.generation.latent_files import LatentFrames, Points, read_frames, write_latents
from vschaos2.generation.latent_tables import MOST_VALUES
from vschaos2.generation.player import Player
from vschaos2.progress import follow
from vschaos2.ranges import check_count

FOLDER = "trajectories"
PRIOR = "prior"
SWING = 1.5  # amplitude of the kinds that oscillate: wide, and well within the sounds' ±3
DRAWN_HZ = (0.1, 1.0)  # frequencies that nobody gave are drawn between these
MOST_EXAMPLES = 10_000  # of a kind
LONGEST_S = 4 * 3600  # of a path that is drawn, in seconds
FREQUENCY_STREAM = 3  # `trajectories` draws from the streams 0 to 2 of the same seed
TOUR_POINTS_HZ = 1.0  # training sounds that `interpolate` passes in a second
# Amplitudes of these are distances in the whole space: √D times one axis's.
DISTANCES = ("line", "circle", "ellipse", "spiral", "lissajous")
# These do their figure once, from the first step to the last.
ONCE = ("line", "interpolate")
# These may have a frequency for each axis; a figure in a plane has one.
PER_AXIS = ("sin", "square", "triangle", "saw", "random", "brownian", "uniform")


@dataclass(frozen=True)
class PathOptions:
    """What all paths have in common.

    Args:
        seed: of the first example; the next ones take seed + 1, seed + 2, …
        amplitude: how far a path goes on an axis, in the coordinates of the axes; None for 1.5,
            and for 1 in `interpolate` (a factor there); without it and an origin, `point` is a
            training sound, and `line` goes from one to another.
        temperature: of `prior`, 0 to 10: how freely it moves; 1 as the recordings do.
        frequency: cycles per second, one number or one for each axis; None to do `line` and
            `interpolate` once, and to draw others between 0.1 and 1 Hz for each axis.

    Raises:
        InputError: for a seed below 0, an amplitude out of reach or a frequency below 0.
    """

    seed: int = 0
    amplitude: float | None = None
    frequency: Sequence[float] | None = None
    temperature: float = 1.0

    def __post_init__(self) -> None:
        if self.seed < 0:
            raise InputError(f"seed must be at least 0, got {self.seed}: give --seed 0")
        if self.amplitude is not None and not abs(self.amplitude) <= LATENT_LIMIT:
            raise InputError(
                f"amplitude must be within ±{LATENT_LIMIT:g}, got {self.amplitude}: try 1.5"
            )
        for frequency in self.frequency or ():
            if not (math.isfinite(frequency) and frequency >= 0.0):
                raise InputError(f"frequency must be 0 Hz or more, got {frequency}: try 0.5")


def play_paths(
    player: Player,
    kinds: Sequence[str],
    folder: Path,
    examples: int = 3,
    steps: int = 512,
    options: PathOptions | None = None,
    origin: Path | None = None,
) -> list[Path]:
    """Write folder/trajectories/KIND_I.wav, and the path beside it as KIND_I.npy.

    Args:
        player: the run.
        kinds: names in `trajectories.KINDS`, or "prior": as the recordings' latents move.
        folder: made if missing.
        examples: of each kind, up to 10000.
        steps: frames of each example, up to four hours of sound.
        options: of the paths.
        origin: a sound whose mean latent the paths start from or go round; a typical training
            sound if None.

    Returns:
        The sound files.

    Raises:
        InputError: for a kind, a number or an option that cannot be, or an unreadable sound.
    """
    dims = player.core.latent_dims
    most_steps = min(int(LONGEST_S * player.frames_per_second), MOST_VALUES // dims)
    check_count("examples (-b)", examples, 1, MOST_EXAMPLES)
    check_count("steps (-s)", steps, 1, most_steps)
    given = options or PathOptions()
    middle = None if origin is None else player.mean_point(origin)
    times = np.arange(steps) / player.frames_per_second
    duration = max(steps - 1, 1) / player.frames_per_second
    unlike = list(dict.fromkeys(kinds))
    if PRIOR in unlike:  # mistakes are told before anything is written
        _check_prior(player, origin, given, given.seed + examples - 1)
    for kind in unlike:
        if kind == PRIOR:
            continue
        path_of(kind, player, middle, duration, given, given.seed)
    player.tell_of_labels()
    written = []
    for kind, example in follow(list(product(unlike, range(examples))), "playing", "path"):
        seed = given.seed + example
        if kind == PRIOR:
            points = player.by_itself(steps, given.temperature, seed).astype(np.float64)
        else:
            points = path_of(kind, player, middle, duration, given, seed)(times)
        written.append(folder / FOLDER / f"{kind}_{example}.wav")
        player.write(written[-1], points)
        write_latents(written[-1].with_suffix(".npy"), points)
    player.tell_of_peaks()
    return written


def _check_prior(player: Player, origin: Path | None, options: PathOptions, last: int) -> None:
    """See that a run can play by itself, up to a seed, and that nothing else is asked of it."""
    if (origin, options.amplitude, options.frequency) != (None, None, None):
        raise InputError(
            f"--trajectories {PRIOR} moves as the recordings do: leave --from, --amplitude and "
            "--frequency out"
        )
    player.by_itself(1, options.temperature, last)


def play_latents(player: Player, files: Sequence[Path], folder: Path) -> list[Path]:
    """Write folder/trajectories/NAME.wav for the latents of files (see `latent_files`).

    Frames that have the times of a sound's, from its first on, are played as that sound lasts:
    with its ends, silent where it was. Anything else is a path. Labels are those that the player
    was given, or else the file's, or else guessed.

    Returns:
        The sound files.

    Raises:
        InputError: for a file that holds no such latents; nothing is written then. Files of one
            name are refused too, as their sounds would take one place.
    """
    found = [read_frames(file, player) for file in files]
    targets = [folder / FOLDER / f"{file.stem}.wav" for file in files]
    for file, target in zip(files, targets, strict=True):
        if targets.count(target) > 1:
            raise InputError(f"{file}: another file has this name, too: rename one of them")
    player.tell_of_labels(np.stack([frames.labels.max(0) for frames in found]))
    jobs = zip(targets, found, strict=True)
    for target, frames in follow(jobs, "playing", "path", len(found)):
        if is_whole_sound(frames, player):
            player.write_heard(target, frames.coordinates, frames.labels, frames.audible)
        else:
            player.write(target, frames.coordinates, frames.labels)
    player.tell_of_peaks()
    return targets


def is_whole_sound(frames: LatentFrames, player: Player) -> bool:
    """Whether frames follow each other from the first that a sound has."""
    core, count = player.core, len(frames.coordinates)
    if frames.seconds is None or count < core.transform.n_fft // core.hop:
        return False
    nearly = player.frames_per_second**-1 / 4
    return bool(np.allclose(frames.seconds, centre_seconds(core, count), rtol=0.0, atol=nearly))


def path_of(
    kind: str,
    player: Player,
    origin: Points | None,
    duration: float,
    options: PathOptions,
    seed: int,
) -> trajectories.Trajectory:
    """A path of a kind, in the coordinates of the player's axes.

    Args:
        kind: a name in `trajectories.KINDS`.
        player: whose axes they are, and whose training sounds paths go to.
        origin: [D]; None for a typical training sound. `interpolate` adds it to those it passes.
        duration: seconds from the first point to the last.
        options: what was asked for.
        seed: of this example.

    Raises:
        InputError: for a kind or an option that cannot be.
    """
    dims = player.core.latent_dims
    try:
        known = trajectories.options(kind)
        values: dict[str, Any] = {"seed": seed}
        if "phase" in known and kind not in ONCE:
            values["phase"] = None
        if "frequency" in known:
            values["frequency"] = _frequency(kind, dims, duration, options.frequency, seed)
        given, is_free = options.amplitude, origin is None and options.amplitude is None
        if kind == "interpolate":
            stops = max(2, round(duration * TOUR_POINTS_HZ) + 1)
            values |= {"points": _training_points(player, stops, seed), "method": "cubic"}
            values["origin"] = 0.0 if origin is None else origin
            values["amplitude"] = 1.0 if given is None else given
        elif is_free and kind == "point":
            values["origin"] = _training_points(player, 1, seed)[0]
        elif is_free and kind == "line":
            values["start"], values["end"] = _training_points(player, 2, seed)
        else:
            values["origin"] = player.middle if origin is None else origin
            swing = 1.0 if kind == "point" else SWING
            reach = swing if given is None else given
            reach *= math.sqrt(dims) if kind in DISTANCES else 1.0
            values["amplitude"] = (reach, reach / 2) if kind == "ellipse" else reach
        return trajectories.make(kind, dims, **values)
    except ValueError as error:
        raise InputError(f"--trajectories {kind}: {error}") from error


def _frequency(
    kind: str, dims: int, duration: float, given: Sequence[float] | None, seed: int
) -> float | list[float]:
    if given is not None:
        return given[0] if len(given) == 1 else list(given)
    if kind in ONCE:
        return 1.0 / duration
    low, high = (math.log(limit) for limit in DRAWN_HZ)
    draw = np.random.default_rng([seed, FREQUENCY_STREAM]).uniform(low, high, dims)
    hertz = np.exp(draw).tolist()
    return hertz if kind in PER_AXIS else hertz[0]


def _training_points(player: Player, count: int, seed: int) -> Points:
    """Coordinates of training windows that sound, drawn at random, [count, D]."""
    sounding = player.windows.sounding
    chosen = np.random.default_rng([seed, FREQUENCY_STREAM]).integers(len(sounding), size=count)
    return sounding[chosen].double().numpy()
