"""Which hit is struck at each event: how hard, of which class, and drawn from which noise.

What an option says counts for all events; what it leaves open a column of the events' file may say
for each; what nobody says is any class, and as hard as the event is strong. The plan can be written
as a file of events, edited and rendered again: a hit whose `draw` stays sounds as it did.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.audio import read_audio
from vschaos2.errors import InputError
from vschaos2.events.onsets import Onsets
from vschaos2.families.foley.cutting import attacks, cut
from vschaos2.families.foley.hit_model import STEPS, HitModel, varied
from vschaos2.families.foley.labels_of import DRAW, VELOCITY
from vschaos2.ranges import check_count, check_number

LIKE_VARIATION = 0.3  # where an example is to be followed
MOST_SEED, MOST_STEPS = 2**31, 64

Values = npt.NDArray[np.float64]
logger = logging.getLogger(__name__)


class HitOptions(NamedTuple):
    """What all events have in common.

    Attributes:
        labels: class of each label, by name, that every hit is of.
        like: noise that stands for an example, [K]; None for a hit of the model's own.
        velocity: of every hit, 0 to 1; None for that of its event.
        variation: from 0, the same hit each time, to 1, another one each time; None for what suits.
        seed: others, other hits.
        steps: of the flow.
    """

    labels: Mapping[str, str] = {}
    like: Tensor | None = None
    velocity: float | None = None
    variation: float | None = None
    seed: int = 0
    steps: int = STEPS


class HitPlan(NamedTuple):
    """What is struck when.

    Attributes:
        times_s: of the events, never falling, [N].
        velocity: of each hit, 0 to 1, [N].
        classes: number of the class of each label, -1 for any, by name: [N].
        noise: that each is drawn from, [N, K].
        events: all of it as a table, to be written.
    """

    times_s: Values
    velocity: Values
    classes: Mapping[str, npt.NDArray[np.int64]]
    noise: npt.NDArray[np.float32]
    events: Onsets


def hit_plan(model: HitModel, events: Onsets, options: HitOptions) -> HitPlan:
    """What is struck at each event.

    Raises:
        InputError: for a label, a class or a number that cannot be, in an option or in a column.
    """
    like = options.like
    variation = options.variation
    if variation is None:
        variation = 1.0 if like is None else LIKE_VARIATION
    check_number("--variation", variation, 0.0, 1.0)
    check_count("--seed", options.seed, 0, MOST_SEED)
    check_count("--steps", options.steps, 1, MOST_STEPS)
    for label in options.labels:
        model.classes_of(label)
    words = {label: _words(model, label, events, options) for label in model.label_names}
    classes = {
        label: np.array([-1 if not word else model.number_of(label, word) for word in of], np.int64)
        for label, of in words.items()
    }
    # As a file of times has them: rendered from that, it is the same sound.
    events = replace(events, times_s=events.times_s.round(6), strengths=events.strengths.round(3))
    velocity = _velocity(events, options.velocity).round(3)
    draws = _draws(events)
    common = np.random.default_rng([options.seed, 0]).standard_normal(model.noise_dims)
    base = torch.as_tensor(common if like is None else like, dtype=torch.float64)
    noise = np.empty((len(events), model.noise_dims), np.float32)
    for row, draw in enumerate(draws):
        fresh = np.random.default_rng([options.seed, 1, draw]).standard_normal(model.noise_dims)
        noise[row] = varied(base, torch.from_numpy(fresh), variation).numpy()
    columns = {
        VELOCITY: [f"{value:.3f}" for value in velocity],
        **words,
        DRAW: [str(draw) for draw in draws],
    }
    known = {name.lower() for name in columns}
    others = {name: of for name, of in events.labels.items() if name.lower() not in known}
    table = replace(events, labels={**columns, **others})
    return HitPlan(events.times_s, velocity, classes, noise, table)


def made_by(model: HitModel, plan: HitPlan, first: int, last: int, steps: int) -> Tensor:
    """The sound of hits number first to last, without the last: [last - first, samples]."""
    labels = {name: torch.from_numpy(of[first:last]) for name, of in plan.classes.items()}
    velocity = torch.from_numpy(plan.velocity[first:last]).float()
    hits = model.draw(labels, velocity, torch.from_numpy(plan.noise[first:last]), steps)
    return model.sound(hits)


def tell_of_labels(model: HitModel, plan: HitPlan) -> None:
    """Say of which labels nobody says the class of some hits."""
    for label, of in plan.classes.items():
        if open_ := int((of < 0).sum()):
            known = ", ".join(model.classes_of(label))
            logger.info(
                "%s of %d hits is any: choose one of %s by --meta %s NAME, or in the file of times",
                label, open_, known, label,
            )  # fmt: skip


def _words(model: HitModel, label: str, events: Onsets, options: HitOptions) -> Sequence[str]:
    if label in options.labels:
        model.number_of(label, options.labels[label])
        return [options.labels[label]] * len(events)
    # Names of columns are read in small letters, whatever those of the label are.
    named = {name.lower(): of for name, of in events.labels.items()}
    given = events.labels.get(label, named.get(label.lower()))
    if given is None:
        return [""] * len(events)
    known = model.classes_of(label)
    for word, time_s in zip(given, events.times_s, strict=True):
        if word and word not in known:
            raise InputError(
                f"{label} {word!r} of the event at {time_s:.3f} s is none that the hits know "
                f"(they know {', '.join(known)}): mend the file of times, or say one for all by "
                f"--meta {label} NAME"
            )
    return given


def _velocity(events: Onsets, of_all: float | None) -> Values:
    if of_all is not None:
        check_number("--velocity", of_all, 0.0, 1.0)
        return np.full(len(events), of_all)
    told = events.labels.get(VELOCITY, [""] * len(events))
    velocity = events.strengths.copy()
    for row, word in enumerate(told):
        if word:
            velocity[row] = _number(VELOCITY, word, events.times_s[row], 0.0, 1.0)
    return velocity


def _draws(events: Onsets) -> list[int]:
    """Numbers of draws: those of the file, and for others the least that are free."""
    told = events.labels.get(DRAW, [""] * len(events))
    draws = [
        int(_number(DRAW, word, time_s, 0, MOST_SEED)) if word else -1
        for word, time_s in zip(told, events.times_s, strict=True)
    ]
    taken, free = set(draws), 0
    for row, draw in enumerate(draws):
        if draw < 0:
            while free in taken:
                free += 1
            draws[row], free = free, free + 1
    return draws


def _number(name: str, word: str, time_s: float, least: float, most: float) -> float:
    try:
        value = float(word)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise InputError(
            f"{name} of the event at {time_s:.3f} s must be a number from {least:g} to {most:g}, "
            f"got {word!r:.40}"
        )
    return value


def example_of(
    model: HitModel, path: Path, labels: Mapping[str, str], velocity: float | None
) -> Tensor:
    """The noise that stands for the first stroke of a recording: → [K].

    Raises:
        InputError: if it cannot be read, or is silent.
    """
    rate_hz = model.sample_rate_hz
    sound = read_audio(path, rate_hz)
    starts = attacks(sound, rate_hz)
    if not starts:
        raise InputError(f"{path}: is silent: give the recording of a hit by --like")
    (hit,) = cut(sound, starts[:1], rate_hz, model.samples)
    numbers = {name: model.number_of(name, word) for name, word in labels.items()}
    given = None if velocity is None else torch.tensor([velocity])
    return model.noise_of(torch.from_numpy(hit)[None], numbers, given)[0]
