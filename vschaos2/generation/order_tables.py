"""The evaluation of an estimator of chains as tables and pictures, and as JSON for programs."""

import io
import json
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from vschaos2.families.order.pictures import draw_confusions, draw_effects
from vschaos2.folders import made_folder
from vschaos2.generation.order_evaluation import MeasuredSet, OrderEvaluation
from vschaos2.generation.written_tables import csv_text, even_table
from vschaos2.placing import place_together

LEGEND = (
    "Class: the chain, where orders that are the same to the sample count as one. Set: its effects "
    "in any order. Order given the set: of those whose set is right, by chance beside it. Edit: "
    "effects to insert, delete or replace. Calibration: how far probabilities are from how often "
    "they are right."
)


def markdown(result: OrderEvaluation) -> str:
    """The evaluation as Markdown."""
    sets = result.sets
    own = sets[0]
    tables = [_main_table(sets), _length_table(sets), _effect_table(sets), _pair_table(sets)]
    if own.settings:
        tables.append(_setting_table(own))
    return "\n\n".join([*tables, LEGEND]) + "\n"


def _main_table(sets: list[MeasuredSet]) -> str:
    head = ["", "class", "among three", "set", "order given set", "chance", "edit", "calibration"]
    rows = [head]
    for each in sets:
        s = each.scores
        rows.append(
            [
                each.name,
                _3(s.class_exact),
                _3(s.among_three),
                _3(s.set_exact),
                _3(s.order_given_set.right),
                _3(s.order_given_set.chance),
                f"{s.edit_distance:.2f}",
                _3(s.calibration_error),
            ]
        )
    return even_table(rows)


def _length_table(sets: list[MeasuredSet]) -> str:
    lengths = list(sets[0].scores.by_length)
    rows = [["class, by length", *map(str, lengths)]]
    for each in sets:
        of = each.scores.by_length
        rows.append([each.name, *(_3(of[n].right) if n in of else "" for n in lengths)])
    for each in sets[:1]:
        of = each.scores.given_set
        rows.append(
            [
                "true set given (chance)",
                *(f"{_3(of[n].right)} ({_3(of[n].chance)})" if n in of else "" for n in lengths),
            ]
        )
    return even_table(rows)


def _effect_table(sets: list[MeasuredSet]) -> str:
    names = sets[0].scores.names
    rows = [["there or not", *names]]
    for each in sets:
        rows.append([each.name, *(_3(each.scores.by_effect[n].right) for n in names)])
    return even_table(rows)


def _pair_table(sets: list[MeasuredSet]) -> str:
    rows = [["which comes first", *(each.name for each in sets), "examples"]]
    pairs = sets[0].scores.by_pair
    for pair, own in sorted(pairs.items(), key=lambda each: -each[1].right):
        cells = [_3(each.scores.by_pair[pair].right) for each in sets]
        rows.append([" · ".join(pair), *cells, str(own.of)])
    return even_table(rows)


def _setting_table(own: MeasuredSet) -> str:
    rows = [["setting", "error", "of the median's", "within 5 %", "in its range", "examples"]]
    for each in own.settings:
        rows.append(
            [
                each.name,
                _3(each.error),
                f"{each.ratio:.2f}",
                _3(each.within),
                _3(each.covered),
                str(each.examples),
            ]
        )
    return even_table(rows)


def _3(value: float) -> str:
    return f"{value:.3f}"


def write_evaluation(result: OrderEvaluation, folder: Path) -> list[Path]:
    """Write folder/evaluation.md, .csv and .json, effects.png and confusions.png, all or none.

    Raises:
        InputError: if they cannot be written.
    """
    own = result.sets[0]
    made_folder(folder)
    content = {
        "run": f"{result.run.parent.name}/{result.run.name}",
        "sets": {each.name: _plain(each) for each in result.sets},
    }
    rows: list[dict[str, Any]] = [
        {"set": each.name, **{k: v for k, v in _plain(each).items() if isinstance(v, int | float)}}
        for each in result.sets
    ]
    texts: dict[Path, bytes | str] = {
        folder / "evaluation.md": markdown(result),
        folder / "evaluation.csv": csv_text(rows),
        folder / "evaluation.json": json.dumps(content, indent=2, allow_nan=False) + "\n",
        folder / "effects.png": _png(draw_effects(own.scores, "Which effects, which orders")),
        folder / "confusions.png": _png(draw_confusions(own.scores, "Heard for what was there")),
    }
    place_together(texts)
    return list(texts)


def _plain(each: MeasuredSet) -> dict[str, Any]:
    s = each.scores
    return {
        "examples": each.examples,
        "class_exact": s.class_exact,
        "exact": s.exact.right,
        "among_three": s.among_three,
        "set_exact": s.set_exact,
        "order_given_set": s.order_given_set.right,
        "order_given_set_chance": s.order_given_set.chance,
        "edit_distance": s.edit_distance,
        "calibration_error": s.calibration_error,
        "by_length": {str(n): share._asdict() for n, share in s.by_length.items()},
        "true_set_given": {str(n): share._asdict() for n, share in s.given_set.items()},
        "by_effect": {name: share._asdict() for name, share in s.by_effect.items()},
        "by_pair": {" ".join(pair): share._asdict() for pair, share in s.by_pair.items()},
        "exchangeable": {" ".join(pair): share._asdict() for pair, share in s.exchangeable.items()},
        "calibration": [list(each) for each in s.calibration],
        "settings": {of.name: {**of._asdict(), "ratio": of.ratio} for of in each.settings},
    }


def _png(picture: Figure) -> bytes:
    content = io.BytesIO()
    picture.savefig(content, format="png")
    return content.getvalue()
