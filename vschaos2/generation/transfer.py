"""Sound files as another instrument would play them."""

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from omegaconf import OmegaConf

from vschaos2.audio import SoundReader, check_rate, read_blocks
from vschaos2.config import suggestion
from vschaos2.errors import InputError
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.hearing import hear_frames, pitch_tracker
from vschaos2.families.bridge.transfer_core import TransferCore
from vschaos2.families.bridge.ways import (
    BRIDGE,
    TRANSLATOR,
    USUAL_GUIDANCE,
    USUAL_STEPS,
    WARM,
    Way,
    ways_of,
)
from vschaos2.families.vae.signal_path import RECOVERIES, check_choices
from vschaos2.flows.paths import level_of_sigma
from vschaos2.generation.process import at_rate
from vschaos2.generation.reconstruct import named_files, write_sounds
from vschaos2.pitch.extraction import hz_to_midi
from vschaos2.pitch.trackers import SAMPLE_RATE_HZ
from vschaos2.ranges import check_count, check_number
from vschaos2.runs.folder import Run
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

FOLDER, AUTO = "transfers", "auto"
BLOCK_SAMPLES = 2**16
HEARD_S = 60.0  # of a file, that tell which instrument it is and how high it plays
MOST_OCTAVES, WORTH = 4, 0.05  # part of the frames that an octave must gain
MOST_SEMITONES = 48.0
Samples = npt.NDArray[np.float32]


class TransferOptions(NamedTuple):
    """How files are carried over.

    Attributes:
        to: name of the instrument that plays.
        origin: of the one that is heard, or "auto".
        method: one of `families.bridge.ways.WAYS`; the run's usual one if None.
        levels: how far up to noise, one result for each; the usual if none.
        sigmas: the same as deviations of the noise.
        steps: on each side of the noise; the usual if None.
        solver: one of `flows.solvers.METHODS`; the usual if None.
        transpose: semitones, or "auto" for the octave that suits.
        inversion: where phases come from; the run's if None.
        seed: of the noise of warm.
        guidance: how much further away from the other each flow goes; the usual if None.
        rate_hz: of the results; the model's if None.
    """

    to: str
    origin: str = AUTO
    method: str | None = None
    levels: Sequence[float] = ()
    sigmas: Sequence[float] = ()
    steps: int | None = None
    solver: str | None = None
    transpose: str = AUTO
    inversion: str | None = None
    seed: int = 0
    guidance: float | None = None
    rate_hz: int | None = None


def transfer(
    run: Run, inputs: Iterable[Path], folder: Path, options: TransferOptions
) -> list[Path]:
    """Write what files would be, played by another instrument; → the files written.

    Level and onsets are the source's. Memory does not grow with a file's length.

    Args:
        run: a trained bridge.
        inputs: sound files, or folders of them.
        folder: results go to folder/transfers.
        options: how.

    Raises:
        InputError: for an option that cannot be, or no readable file.
    """
    model: BridgeModel = run.model
    target = instrument_number(model, "--to", options.to)
    given = None if options.origin == AUTO else instrument_number(model, "--from", options.origin)
    if given == target:
        raise InputError(f"--from and --to are both {options.to}: there is nothing to carry over")
    inversion = options.inversion or str(OmegaConf.select(run.config, "inversion"))
    check_choices(inversion, RECOVERIES, options.rate_hz)
    semitones = _semitones(options.transpose)
    ways = _ways(model, options)
    rate_hz = options.rate_hz or model.vae.transform.sample_rate_hz
    check_rate(rate_hz, "--sr")
    jobs = list(named_files(inputs, folder / FOLDER, f"_to_{in_a_file_name(options.to)}"))
    written: list[Path] = []
    known: dict[Path, tuple[int, float]] = {}

    def about(source: Path, way: Way) -> tuple[int, float]:
        if source not in known:
            known[source] = _about(model, source, given, target, semitones, way)
        return known[source]

    for way, ending in ways:
        named = [
            job._replace(target=job.target.with_stem(job.target.stem + ending)) for job in jobs
        ]

        def sound_of(source: Path, way: Way = way) -> Iterator[Samples]:
            origin, raised = about(source, way)
            core = TransferCore(model, way, origin, target, raised, inversion)
            at = model.vae.transform.sample_rate_hz

            def opened() -> Iterator[Samples]:
                return read_blocks(source, at, BLOCK_SAMPLES, mixed=False)

            return at_rate(core.through(opened), at, rate_hz)

        written += write_sounds(named, rate_hz, sound_of, "carrying over", _channels)
    return written


def instrument_number(model: BridgeModel, option: str, name: str) -> int:
    """The number of an instrument of a bridge.

    Raises:
        InputError: if there is none of that name.
    """
    names = list(model.instruments)
    if name not in names:
        raise InputError(
            f"{option} {name}: no such instrument{suggestion(name, names)} (there are "
            f"{', '.join(names)})"
        )
    return names.index(name)


def in_a_file_name(instrument: str) -> str:
    """What files are called after an instrument: a label may hold what leads to other folders."""
    return re.sub(r"[/\\\0]", "_", instrument)


def octaves_for(keys: npt.NDArray[np.floating], low: float, high: float) -> int:
    """By how many octaves keys must be raised to lie within a range; the fewest that do.

    Args:
        keys: MIDI keys, none unknown, [N].
        low: of the range.
        high: the same; both 0 for a range that nobody knows.
    """
    if not len(keys) or high <= 0.0:
        return 0

    def inside(octaves: int) -> float:
        raised = keys + 12.0 * octaves
        return float(((raised >= low - 1.0) & (raised <= high + 1.0)).mean())

    best = max(range(-MOST_OCTAVES, MOST_OCTAVES + 1), key=lambda o: (round(inside(o), 2), -abs(o)))
    return best if inside(best) > inside(0) + WORTH else 0


def likeliest_source(model: BridgeModel, latents: torch.Tensor, target: int | None = None) -> int:
    """The instrument, other than a target, that frames most likely are of: [F, Z]."""
    x = model.standardised(latents).double()
    scores = []
    for number in range(len(model.instruments)):
        covariance = model.covariances[number].double()
        covariance = covariance + 1e-4 * torch.eye(len(covariance), dtype=torch.double)
        of = torch.distributions.MultivariateNormal(model.centres[number].double(), covariance)
        scores.append(-torch.inf if number == target else float(of.log_prob(x).mean()))
    return int(np.argmax(scores))


def _ways(model: BridgeModel, options: TransferOptions) -> list[tuple[Way, str]]:
    """The ways that options ask for, and what the names of their results end with."""
    method = options.method or ways_of(model)[0]
    if options.levels and options.sigmas:
        raise InputError("--level and --sigma say the same: give one of them")
    for sigma in options.sigmas:
        check_number("--sigma", sigma, 0.0, 1e3)
    check_count("--seed", options.seed, 0, 2**31)
    levels = [*options.levels, *(level_of_sigma(model.path, s) for s in options.sigmas)]
    if levels and method not in (BRIDGE, WARM):
        if options.method is not None or BRIDGE not in ways_of(model):
            raise InputError(
                f"--level and --sigma say how far {BRIDGE} and {WARM} go: not {method}"
            )
        method = BRIDGE  # who says how far wants to go through noise
    of_noise = (
        ("--steps", options.steps),
        ("--solver", options.solver),
        ("--guidance", options.guidance),
    )
    for name, value in of_noise:
        if value is not None and method not in (BRIDGE, WARM):
            raise InputError(f"{name} is of {BRIDGE} and {WARM}, not of {method}: add --method")
    ending = "" if options.method is None and not levels else f"_{method}"
    steps = USUAL_STEPS if options.steps is None else options.steps
    guidance = USUAL_GUIDANCE if options.guidance is None else options.guidance
    how = steps, options.solver or "midpoint", options.seed, guidance
    if not levels:
        return [(Way(model, method, None, *how), ending)]
    levels = list(dict.fromkeys(levels))
    told = [f"{level:.3g}" for level in levels]
    if len({*told}) < len(told):  # each is a file of its own
        told = [repr(level) for level in levels]
    return [
        (Way(model, method, level, *how), ending + text)
        for level, text in zip(levels, told, strict=True)
    ]


def _about(
    model: BridgeModel,
    source: Path,
    given: int | None,
    target: int,
    semitones: float | None,
    way: Way,
) -> tuple[int, float]:
    """Which instrument a file is of, and by how much it is raised; both are told."""
    rate_hz = model.vae.transform.sample_rate_hz
    origin = given
    if origin is None:
        others = [n for n in range(len(model.instruments)) if n != target]
        origin = others[0]
        if len(others) > 1:
            start = _beginning(source, rate_hz)
            origin = likeliest_source(model, hear_frames(start, model.vae)[0], target)
    name, other = (printable(model.instruments[number]) for number in (origin, target))
    learnt = float(model.octaves[origin, target]) if way.name == TRANSLATOR else 0.0
    if semitones is not None:
        raised = semitones
    else:
        keys = _keys(source)
        # A translator was taught the octave; what goes through noise keeps the pitch that it hears.
        of = origin if way.name not in (BRIDGE, WARM) else target
        low, high = model.ranges[of].tolist()
        raised = 12.0 * octaves_for(keys, low, high)
    total = raised + 12.0 * learnt
    logger.info(
        "%s: heard as %s, played as %s%s", printable(source.name), name, other,
        f", {abs(total):g} semitones {'higher' if total > 0 else 'lower'}" if total else "",
    )  # fmt: skip
    return origin, raised


def _beginning(source: Path, rate_hz: int) -> torch.Tensor:
    blocks, held = read_blocks(source, rate_hz, BLOCK_SAMPLES), []
    for block in blocks:
        held.append(block)
        if sum(map(len, held)) >= HEARD_S * rate_hz:
            break
    return torch.from_numpy(np.concatenate(held))


def _keys(source: Path) -> npt.NDArray[np.floating]:
    """The keys that the beginning of a file sounds, [N]; none where nothing can tell."""
    tracker = pitch_tracker()
    if tracker is None:
        return np.zeros(0)
    f0_hz, periodicity = tracker(_beginning(source, SAMPLE_RATE_HZ).numpy())
    return hz_to_midi(f0_hz[(periodicity >= tracker.threshold) & (f0_hz > 0)])


def _semitones(transpose: Any) -> float | None:
    if transpose == AUTO:
        return None
    try:
        semitones = float(transpose)
    except ValueError:
        raise InputError(f"--transpose must be auto or semitones, got {transpose!r}") from None
    check_number("--transpose", semitones, -MOST_SEMITONES, MOST_SEMITONES)
    return semitones


def _channels(source: Path) -> int:
    with SoundReader(source) as sound:
        return sound.channels
