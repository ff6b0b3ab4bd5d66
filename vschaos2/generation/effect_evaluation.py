"""How near an effect comes to its device: by take, by level, by knob position, over time.

Beside each ratio of error to signal stands what the best linear filter of 512 taps would leave: a
model that is no better has learnt an equaliser, if that.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from vschaos2.data.pair_module import PairDataModule
from vschaos2.data.takes import Take
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.registry import family_of
from vschaos2.generation.effect_measures import Pieces, mean_of, scores_of
from vschaos2.runs.folder import Run

HEARD, UNHEARD, UNKNOWN = "yes", "no", "?"  # whether a run learnt from a position
MOST_STEPS = 2  # samples: what is further off is late for another reason


class Position(NamedTuple):
    """The measures of all takes of one position of the knobs.

    Attributes:
        name: what they stood at, in the order of the knobs.
        heard: whether the run learnt from it, one of the three words above.
        takes: how many there are.
        scores: means over them.
    """

    name: str
    heard: str
    takes: int
    scores: dict[str, float]


class EffectEvaluation(NamedTuple):
    """What `evaluate_effect` found.

    Attributes:
        run: the run folder.
        takes: names of what was measured.
        scores: of every take, by measure.
        knobs: of every take, by knob, the mean of those that move.
        positions: of the knobs; none where there are no knobs.
        levels: measures of pieces by the level of the device's sound in full scale.
        times: measures over time of every take, every half second.
    """

    run: Path
    takes: list[str]
    scores: list[dict[str, float]]
    knobs: list[dict[str, float]]
    positions: list[Position]
    levels: dict[str, dict[str, float]]
    times: list[list[dict[str, float]]]


def pairs_to_measure(run: Run, dataset: Path | None) -> tuple[PairDataModule, bool]:
    """The material of a run, or the pairs of another folder, all of which are to be measured.

    Raises:
        InputError: if there are none, or they cannot be read or aligned.
    """
    config = run.config.copy()
    if dataset is not None:
        config.data.update({"dry": None, "wet": None})
        config.data.dataset.root = str(dataset)
    data: Any = family_of(config).material(config, run.model)
    answers_after = run.kept.get("answers_after_samples")
    if dataset is not None and answers_after is not None:
        data.takes = [in_step(take, float(answers_after)) for take in data.takes]
    return data, dataset is not None


def in_step(take: Take, answers_after: float) -> Take:
    """A take of other recordings, as late against the dry sound as those that were learnt.

    Which whole sample a response lies nearest to is a matter of chance, and of the knobs.

    Args:
        take: aligned by itself.
        answers_after: samples from dry to wet of what was learnt, in the mean.
    """
    if not take.alignment:
        return take
    shift = int(take.alignment["shift"])
    later = shift - round(float(take.alignment["delay_samples"]) - answers_after)
    if not later or abs(later) > MOST_STEPS:
        return take
    dry, wet = (take.dry, take.wet) if later > 0 else (take.wet, take.dry)
    dry, wet = dry[:, abs(later) :], wet[:, : -abs(later)]
    if later < 0:
        dry, wet = wet, dry
    return replace(take, dry=dry, wet=wet, alignment={**take.alignment, "shift": shift - later})


def evaluate_effect(run: Run, data: PairDataModule, everything: bool = False) -> EffectEvaluation:
    """Measure a run on what it never trained on.

    Args:
        run: the trained effect.
        data: its material.
        everything: measure whole takes, of a folder that it did not train on.
    """
    parts = data.split.held_out
    if everything:
        parts = [
            part._replace(take=number, stretch=part.stretch._replace(first=0, end=take.length))
            for part in parts[:1]
            for number, take in enumerate(data.takes)
        ]
    pieces = Pieces(data.rate_hz)
    scores, times, names, knobs, positions = [], [], [], [], []
    for take_number, (first, end) in parts:
        take = data.takes[take_number]
        made = rendered(run.model, take.dry[:, :end], take.knobs)[:, first:]
        wet, dry = take.wet[:, first:end], take.dry[:, first:end]
        scores.append(scores_of(made, wet, dry, data.rate_hz))
        times.append(pieces.add(made, wet))
        names.append(take.name)
        means = take.knobs.mean(1).tolist()
        knobs.append({knob.name: mean for knob, mean in zip(run.model.knobs, means, strict=True)})
        positions.append(take.position)
    return EffectEvaluation(
        run.folder, names, scores, knobs,
        _by_position(positions, scores, run.kept) if run.model.knobs else [],
        pieces.by_level(), times,
    )  # fmt: skip


def _by_position(
    positions: list[str], scores: list[dict[str, float]], kept: dict[str, Any]
) -> list[Position]:
    """Means of takes of one position, in the order of their numbers."""
    learnt = str(kept["knob_positions"]).split("; ") if "knob_positions" in kept else None
    found = []
    for name in sorted(set(positions), key=_numbers):
        own = [score for at, score in zip(positions, scores, strict=True) if at == name]
        heard = UNKNOWN if learnt is None else HEARD if name in learnt else UNHEARD
        found.append(Position(name, heard, len(own), mean_of(list(own))))
    return found


def _numbers(position: str) -> tuple[list[float], str]:
    try:
        return [float(word) for word in position.split()], ""
    except ValueError:
        return [], position
