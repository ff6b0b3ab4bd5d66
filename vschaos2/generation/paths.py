"""Paths through a run's latent space, written as sound, and as arrays that can be edited.

A path [steps, dims] counts in the coordinates of the exported instrument's axes: what `decode`
takes in a host, one point a frame. The training sounds lie within ±3 on every axis, one of their
standard deviations is about 1.
"""

import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from vschaos2 import trajectories
from vschaos2.errors import InputError
from vschaos2.families.vae.instrument_core import LATENT_LIMIT
from vschaos2.files import open_plain, write_whole
from vschaos2.folders import made_folder
from vschaos2.generation.player import Player
from vschaos2.progress import follow
from vschaos2.ranges import check_count

Points = npt.NDArray[np.float64]

FOLDER = "trajectories"
SWING = 1.5  # amplitude of the kinds that oscillate: wide, and well within the sounds' ±3
DRAWN_HZ = (0.1, 1.0)  # frequencies that nobody gave are drawn between these
MOST_VALUES = 2**26  # of a path: half a gigabyte, hours of sound
MOST_EXAMPLES = 10_000  # of a kind
LONGEST_S = 4 * 3600  # of a path that is drawn, in seconds
FARTHEST = 1e6  # coordinate that is read; beyond `LATENT_LIMIT`, all sound alike
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
            and for 1 in `point` (a draw of the prior) and `interpolate` (a factor there).
        frequency: cycles per second, one number or one for each axis; None to do `line` and
            `interpolate` once, and to draw others between 0.1 and 1 Hz for each axis.

    Raises:
        InputError: for a seed below 0, an amplitude out of reach or a frequency below 0.
    """

    seed: int = 0
    amplitude: float | None = None
    frequency: Sequence[float] | None = None

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
        kinds: names in `trajectories.KINDS`.
        folder: made if missing.
        examples: of each kind, up to 10000.
        steps: frames of each example, up to four hours of sound.
        options: of the paths.
        origin: a sound whose mean latent the paths start from or go round; the mean of the
            training sounds if None.

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
    middle = np.zeros(dims) if origin is None else player.mean_point(origin)
    times = np.arange(steps) / player.frames_per_second
    duration = max(steps - 1, 1) / player.frames_per_second
    unlike = list(dict.fromkeys(kinds))
    for kind in unlike:  # mistakes are told before anything is written
        path_of(kind, player, middle, duration, given, given.seed)
    player.tell_of_labels()
    written = []
    for kind, example in follow(list(product(unlike, range(examples))), "playing", "path"):
        path = path_of(kind, player, middle, duration, given, given.seed + example)
        points = path(times)
        written.append(folder / FOLDER / f"{kind}_{example}.wav")
        player.write(written[-1], points)
        write_latents(written[-1].with_suffix(".npy"), points)
    return written


def play_latents(player: Player, files: Sequence[Path], folder: Path) -> list[Path]:
    """Write folder/trajectories/NAME.wav for paths NAME.npy, [steps, dims].

    Returns:
        The sound files.

    Raises:
        InputError: for a file that holds no such path; nothing is written then. Files of one name
            are refused too, as their sounds would take one place.
    """
    paths = [read_latents(file, player.core.latent_dims) for file in files]
    targets = [folder / FOLDER / f"{file.stem}.wav" for file in files]
    for file, target in zip(files, targets, strict=True):
        if targets.count(target) > 1:
            raise InputError(f"{file}: another file has this name, too: rename one of them")
    player.tell_of_labels()
    jobs = zip(targets, paths, strict=True)
    for target, points in follow(jobs, "playing", "path", len(paths)):
        player.write(target, points)
    return targets


def path_of(
    kind: str, player: Player, origin: Points, duration: float, options: PathOptions, seed: int
) -> trajectories.Trajectory:
    """A path of a kind, in the coordinates of the player's axes.

    Args:
        kind: a name in `trajectories.KINDS`.
        player: whose axes they are, and whose training sounds `interpolate` passes through.
        origin: [D].
        duration: seconds from the first point to the last.
        options: what was asked for.
        seed: of this example.

    Raises:
        InputError: for a kind or an option that cannot be.
    """
    dims = player.core.latent_dims
    try:
        known = trajectories.options(kind)
        values: dict[str, Any] = {"origin": origin, "seed": seed}
        if "phase" in known and kind not in ONCE:
            values["phase"] = None
        if kind == "interpolate":
            stops = max(2, round(duration * TOUR_POINTS_HZ) + 1)
            values |= {"points": _training_points(player, stops, seed), "method": "cubic"}
        if "frequency" in known:
            values["frequency"] = _frequency(kind, dims, duration, options.frequency, seed)
        amplitude = options.amplitude
        if amplitude is None:
            amplitude = 1.0 if kind in ("point", "interpolate") else SWING
        reach = amplitude * (math.sqrt(dims) if kind in DISTANCES else 1.0)
        values["amplitude"] = (reach, reach / 2) if kind == "ellipse" else reach
        return trajectories.make(kind, dims, **values)
    except ValueError as error:
        raise InputError(f"--trajectories {kind}: {error}") from error


def write_latents(path: Path, points: Points) -> None:
    """Write a path as .npy, float32 [S, D], whole or not at all.

    Raises:
        InputError: if the file cannot be written.
    """
    made_folder(path.parent)
    content = io.BytesIO()
    np.save(content, points.astype(np.float32), allow_pickle=False)
    write_whole(path, content.getbuffer())


def read_latents(path: Path, dims: int) -> Points:
    """A path from a .npy file: [S, D], finite numbers.

    Raises:
        InputError: if the file is missing, is no array of numbers, has another shape, or holds
            something that is not finite, or so far out that the model would not play it.
    """
    points = read_array(path)
    remedy = f"give [steps, {dims}]"
    if points.ndim != 2 or points.shape[1] != dims or len(points) == 0:
        raise InputError(f"{path}: must be [steps, {dims}], got {list(points.shape)}: {remedy}")
    far = ~(np.abs(points) <= FARTHEST).all(1)  # true of NaN, too
    if far.any():
        step = int(np.argmax(far))
        what = "beyond any sound" if np.isfinite(points[step]).all() else "not finite"
        raise InputError(f"{path}: step {step} is {what}: give numbers within ±{FARTHEST:g}")
    return points


def read_array(path: Path) -> Points:
    """An array of numbers from a .npy file, as float64; nothing pickled is read.

    Raises:
        InputError: if the file is missing, holds anything else or too much.
    """
    try:
        open_plain(path).close()
        # Mapped, a file of claims that it does not hold costs nothing, and is refused.
        with np.errstate(over="ignore"):
            array = np.lib.format.open_memmap(path, mode="r")
    except InputError:
        raise
    except Exception as error:  # a forged header fails in many ways
        why = "no such file" if isinstance(error, FileNotFoundError) else "not in that format"
        raise InputError(
            f"{path}: is no .npy array of numbers ({why}): write one with numpy.save"
        ) from error
    if array.dtype.kind not in "fiu":
        raise InputError(f"{path}: must hold real numbers, got {array.dtype}: save a float array")
    if array.size > MOST_VALUES:
        raise InputError(
            f"{path}: holds {array.size} numbers, more than the {MOST_VALUES} that are played at "
            "once: cut it in parts"
        )
    with np.errstate(over="ignore"):  # numbers of more than 64 bits
        return np.array(array, dtype=np.float64)


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
    """Coordinates of training windows drawn at random, [count, D]."""
    latents = player.run.kept.latents
    chosen = np.random.default_rng([seed, FREQUENCY_STREAM]).integers(len(latents), size=count)
    axes = player.axes
    return ((latents[chosen] - axes.centre) @ axes.to_axes).double().numpy()
