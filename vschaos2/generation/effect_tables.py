"""The evaluation of an effect as tables for people, and as CSV and JSON for programs."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vschaos2.folders import made_folder
from vschaos2.generation.effect_evaluation import EffectEvaluation
from vschaos2.generation.effect_measures import HEADS, PIECE_HEADS, TIME_BIN_S, mean_of
from vschaos2.generation.written_tables import csv_text, even_table, finite, number
from vschaos2.placing import place_together
from vschaos2.terminal import printable

MOST_TIMES = 12  # rows over time
LEGEND = (
    "ESR is the energy of the error over that of the device's sound: 0 perfect, 1 silence; below "
    ".01 hard to tell apart, above .3 rough. Bright: under a pre-emphasis. A: as ears weigh it. "
    "Best linear: what the best filter of 512 taps leaves. EDC: how decays differ. MLDR: how far "
    "loudness moves beside what is around it. Fréchet: how far the spectra lie as a whole."
)


def markdown(result: EffectEvaluation) -> str:
    """The evaluation as Markdown: takes and their mean, knob positions, levels, time."""
    tables = [_take_table(result)]
    if result.positions:
        tables.append(_position_table(result))
    levels = [["level of the device", *PIECE_HEADS.values()]]
    levels += [[name, *_cells(scores, PIECE_HEADS)] for name, scores in result.levels.items()]
    return "\n\n".join([*tables, even_table(levels), _time_table(result), LEGEND]) + "\n"


def _take_table(result: EffectEvaluation) -> str:
    names = list(result.knobs[0]) if result.knobs else []
    rows = [["held out", *map(printable, names), *HEADS.values()]]
    for name, knobs, scores in zip(result.takes, result.knobs, result.scores, strict=True):
        told = [f"{knobs[knob]:.4g}" for knob in names]
        rows.append([printable(name), *told, *_cells(scores, HEADS)])
    means = mean_of(list(result.scores))
    rows.append([f"mean of {len(result.takes)}", *("" for _ in names), *_cells(means, HEADS)])
    return even_table(rows)


def _position_table(result: EffectEvaluation) -> str:
    head = ", ".join(printable(name) for name in result.knobs[0])
    rows = [[head, "learnt from", "takes", *HEADS.values()]]
    rows += [
        [each.name, each.heard, str(each.takes), *_cells(each.scores, HEADS)]
        for each in result.positions
    ]
    for word in ("yes", "no"):
        of = [each.scores for each in result.positions if each.heard == word]
        if len(of) > 1:
            rows.append([f"mean of {len(of)}", word, "", *_cells(mean_of(list(of)), HEADS)])
    return even_table(rows)


def _time_table(result: EffectEvaluation) -> str:
    """Means over takes, of stretches of equal length."""
    longest = max((len(times) for times in result.times), default=0)
    together = max(1, -(-longest // MOST_TIMES))
    rows = [["s", *PIECE_HEADS.values()]]
    for first in range(0, longest, together):
        of = [score for times in result.times for score in times[first : first + together]]
        end = min(first + together, longest)
        name = f"{first * TIME_BIN_S:g} to {end * TIME_BIN_S:g}"
        rows.append([name, *_cells(mean_of(list(of)), PIECE_HEADS)])
    return even_table(rows)


def _cells(scores: Mapping[str, float], heads: Mapping[str, str]) -> list[str]:
    """Four digits, and more where they would all be 0."""
    return [_cell(scores[key]) for key in heads]


def _cell(value: float) -> str:
    return f"{value:.1e}" if 0.0 < abs(value) < 5e-4 else number(value, 4)


def write_evaluation(result: EffectEvaluation, folder: Path) -> list[Path]:
    """Write folder/evaluation.md, .csv and .json, all or none.

    Raises:
        InputError: if they cannot be written.
    """
    rows: list[dict[str, Any]] = [
        {"take": printable(name), **knobs, **scores}
        for name, knobs, scores in zip(result.takes, result.knobs, result.scores, strict=True)
    ]
    content = {
        "run": f"{result.run.parent.name}/{result.run.name}",
        "means": finite(mean_of(list(result.scores))),
        "by_level": {name: finite(scores) for name, scores in result.levels.items()},
        "by_position": [
            {"position": each.name, "learnt_from": each.heard, "takes": each.takes}
            | finite(each.scores)
            for each in result.positions
        ],
        "takes": {
            printable(name): {
                "knobs": knobs,
                **finite(scores),
                "every_half_second": [finite(each) for each in times],
            }
            for name, knobs, scores, times in zip(
                result.takes, result.knobs, result.scores, result.times, strict=True
            )
        },
    }
    made_folder(folder)
    texts: dict[Path, bytes | str] = {
        folder / "evaluation.md": markdown(result),
        folder / "evaluation.csv": csv_text(rows),
        folder / "evaluation.json": json.dumps(content, indent=2, allow_nan=False) + "\n",
    }
    place_together(texts)
    return list(texts)
