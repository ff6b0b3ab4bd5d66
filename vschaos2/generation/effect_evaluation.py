"""How near an effect comes to its device: ratios of error to signal, by level, knob and time.

Beside each stands what the best linear filter of 512 taps would leave: a model that is no better
has learnt an equaliser, if that.
"""

import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from vschaos2.data.pair_module import PairDataModule
from vschaos2.data.takes import Take
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.registry import family_of
from vschaos2.folders import made_folder
from vschaos2.generation.written_tables import csv_text, even_table, finite, number
from vschaos2.objectives.linear_fit import best_filter_esr
from vschaos2.objectives.waveform import (
    WEIGHTINGS,
    dc_error,
    edc_error_db,
    esr,
    log_cosh,
    mr_stft,
)
from vschaos2.placing import place_together
from vschaos2.runs.folder import Run
from vschaos2.terminal import printable

WINDOW_S, BIN_S, LEVEL_DB = 0.1, 0.5, 12.0
HEADS = {
    "esr": "ESR",
    "linear_esr": "best linear",
    "esr_pre_emphasised": "ESR bright",
    "esr_a_weighted": "ESR A",
    "mr_stft": "MR-STFT",
    "mae": "MAE",
    "log_cosh": "log-cosh",
    "dc": "DC",
    "edc_db": "EDC dB",
}
LEGEND = (
    "ESR is the energy of the error over that of the device's sound: 0 perfect, 1 silence; below "
    ".01 hard to tell apart, above .3 rough. Bright: under a pre-emphasis. A: as ears weigh it. "
    "Best linear: what the best filter of 512 taps leaves."
)


class EffectEvaluation(NamedTuple):
    """What `evaluate_effect` found.

    Attributes:
        run: the run folder.
        takes: names of what was measured.
        scores: of every take, by measure.
        knobs: of every take, by knob, the mean of those that move.
        levels: ESR of windows by the level of the device's sound, dB below its loudest.
        times: ESR over time of every take, one number every half second.
    """

    run: Path
    takes: list[str]
    scores: list[dict[str, float]]
    knobs: list[dict[str, float]]
    levels: dict[str, float]
    times: list[list[float]]


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
    return data, dataset is not None


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
    scores, levels, times, names, knobs = [], _Levels(), [], [], []
    for take_number, (first, end) in parts:
        take = data.takes[take_number]
        made = rendered(run.model, take.dry[:, :end], take.knobs)[:, first:]
        y, t = (
            torch.from_numpy(np.ascontiguousarray(of.T))[None]
            for of in (made, take.wet[:, first:end])
        )
        scores.append(_scores(y, t, take, first, end, data.rate_hz))
        levels.add(y, t, data.rate_hz)
        times.append(_over_time(y, t, data.rate_hz))
        names.append(take.name)
        means = take.knobs.mean(1).tolist()
        knobs.append({knob.name: mean for knob, mean in zip(run.model.knobs, means, strict=True)})
    return EffectEvaluation(run.folder, names, scores, knobs, levels.table(), times)


def _scores(
    y: Tensor, t: Tensor, take: Take, first: int, end: int, rate_hz: int
) -> dict[str, float]:
    """Every measure of one passage."""
    found = {name: float(esr(y, t, taps(rate_hz))) for name, taps in WEIGHTINGS.items()}
    found["linear_esr"] = best_filter_esr(take.dry[:, first:end], take.wet[:, first:end])
    others: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "mae": lambda y, t: (y - t).abs().mean(), "log_cosh": log_cosh, "dc": dc_error,
        "edc_db": edc_error_db,
    }  # fmt: skip
    found |= {name: float(measure(y, t)) for name, measure in others.items()}
    found["mr_stft"] = float(mr_stft(y, t)) if t.shape[1] >= 2048 else math.nan
    return {name: found[name] for name in HEADS}


class _Levels:
    """Energies of error and signal of short windows, by the level of the signal."""

    def __init__(self) -> None:
        self.sums: dict[int, npt.NDArray[np.float64]] = {}
        self.loudest = 0.0

    def add(self, y: Tensor, t: Tensor, rate_hz: int) -> None:
        size = round(WINDOW_S * rate_hz)
        for ours, theirs in zip(y.split(size, 1), t.split(size, 1), strict=True):
            error, signal = float((ours - theirs).square().sum()), float(theirs.square().sum())
            if signal <= 0.0:
                continue
            place = math.floor(10.0 * math.log10(signal / theirs.numel()) / LEVEL_DB)
            self.sums[place] = self.sums.get(place, np.zeros(2)) + np.array([error, signal])

    def table(self) -> dict[str, float]:
        """ESR by level, the loudest first."""
        rows = sorted(self.sums.items(), reverse=True)
        return {
            f"{LEVEL_DB * place:g} to {LEVEL_DB * (place + 1):g} dB": float(error / signal)
            for place, (error, signal) in rows
        }


def _over_time(y: Tensor, t: Tensor, rate_hz: int) -> list[float]:
    size = round(BIN_S * rate_hz)
    pieces = zip(y.split(size, 1), t.split(size, 1), strict=True)
    return [float(esr(ours, theirs)) for ours, theirs in pieces]


def markdown(result: EffectEvaluation) -> str:
    """The evaluation as Markdown tables: every take and the mean, then by level."""
    names = list(result.knobs[0]) if result.knobs else []
    rows = [["held out", *map(printable, names), *HEADS.values()]]
    for name, knobs, scores in zip(result.takes, result.knobs, result.scores, strict=True):
        told = [f"{knobs[knob]:.4g}" for knob in names]
        rows.append([printable(name), *told, *(number(scores[key], 4) for key in HEADS)])
    means = means_of(result)
    rows.append(
        [f"mean of {len(result.takes)}", *("" for _ in names)]
        + [number(means[key], 4) for key in HEADS]
    )
    levels = [["level of the device", "ESR"]]
    levels += [[name, number(value, 4)] for name, value in result.levels.items()]
    return "\n\n".join([even_table(rows), even_table(levels), LEGEND]) + "\n"


def means_of(result: EffectEvaluation) -> dict[str, float]:
    """Every measure's mean over the takes."""
    return {
        key: float(np.nanmean([scores[key] for scores in result.scores]))
        if any(scores[key] == scores[key] for scores in result.scores)
        else math.nan
        for key in HEADS
    }


def write_evaluation(result: EffectEvaluation, folder: Path) -> list[Path]:
    """Write folder/evaluation.md, .csv and .json, all or none.

    Raises:
        InputError: if they cannot be written.
    """
    table: Sequence[dict[str, Any]] = [
        {"take": printable(name), **knobs, **scores}
        for name, knobs, scores in zip(result.takes, result.knobs, result.scores, strict=True)
    ]
    content = {
        "run": f"{result.run.parent.name}/{result.run.name}",
        "means": finite(means_of(result)),
        "by_level": finite(result.levels),
        "takes": {
            printable(name): {"knobs": knobs, **finite(scores), "esr_every_half_second": times}
            for name, knobs, scores, times in zip(
                result.takes, result.knobs, result.scores, result.times, strict=True
            )
        },
    }
    made_folder(folder)
    texts: dict[Path, bytes | str] = {
        folder / "evaluation.md": markdown(result),
        folder / "evaluation.csv": csv_text(table),
        folder / "evaluation.json": json.dumps(content, indent=2, allow_nan=False) + "\n",
    }
    place_together(texts)
    return list(texts)
