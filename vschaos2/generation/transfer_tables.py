"""The evaluation of a bridge as tables for people, as CSV and JSON, and as a picture."""

import io
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from vschaos2.families.bridge.ways import AFFINE, BRIDGE
from vschaos2.folders import made_folder
from vschaos2.generation.map_picture import FAINT, HUES, INK
from vschaos2.generation.transfer_evaluation import LIMIT, Score
from vschaos2.generation.written_tables import csv_text, even_table, finite, number
from vschaos2.placing import place_together
from vschaos2.terminal import printable

HEADS = {
    "timbre": "timbre",
    "pitch": "pitch",
    "DPD": "DPD",
    "JD": "JD",
    "distance_db": "to truth, dB",
    "FD": "FD",
    "level_r": "level r",
    "own_level_r": "level r by itself",
    "cycle": "cycle",
    "x_real_time": "× real time",
}
LEGEND = (
    "Timbre: part of the frames that a judge takes for the target. Pitch: part that sounds the "
    "source's key, in the octave that is wanted. DPD: how far the melodies lie apart, in "
    "semitones with octaves folded; JD: how far the sets of their notes do. To truth: how far "
    "spectra lie from what the target really played, whatever the level (with --paired). FD: "
    "Fréchet distance of latents to the target's. Level r: how closely the loudness of what is "
    "played follows the source; by itself: where that of the source were not carried over. Cycle: "
    "what going there and back in 8 steps misses. × real time: of the latents alone, one thread, "
    "as busy as this machine was."
)


def markdown(scores: Sequence[Score]) -> str:
    """The evaluation as Markdown, a table for each pair of instruments."""
    tables = []
    for source, target in dict.fromkeys((score.source, score.target) for score in scores):
        rows = [[f"{printable(source)} → {printable(target)}", *HEADS.values()]]
        for score in scores:
            if (score.source, score.target) == (source, target):
                rows.append([score.way, *(_cell(score.values, key) for key in HEADS)])
        tables.append(even_table(rows))
    return "\n\n".join([*tables, LEGEND]) + "\n"


def _cell(values: dict[str, float], key: str) -> str:
    value = values.get(key, float("nan"))
    if 0.0 < abs(value) < 5e-4:
        return f"{value:.1e}"
    return number(value, 4 if key == "cycle" else 3)


def write_evaluation(scores: Sequence[Score], run: Path, folder: Path) -> list[Path]:
    """Write folder/evaluation.md, .csv, .json and .png, all or none.

    Raises:
        InputError: if they cannot be written.
    """
    rows: list[dict[str, Any]] = [
        {"source": score.source, "target": score.target, "way": score.way}
        | {key: score.values.get(key, float("nan")) for key in HEADS}
        for score in scores
    ]
    content = {
        "run": f"{run.parent.name}/{run.name}",
        "scores": [
            {"source": score.source, "target": score.target, "way": score.way}
            | finite(score.values)
            for score in scores
        ],
    }
    made_folder(folder)
    texts: dict[Path, bytes | str] = {
        folder / "evaluation.md": markdown(scores),
        folder / "evaluation.csv": csv_text(rows),
        folder / "evaluation.json": json.dumps(content, indent=2, allow_nan=False) + "\n",
        folder / "evaluation.png": picture(scores),
    }
    place_together(texts)
    return list(texts)


def picture(scores: Sequence[Score]) -> bytes:
    """Timbre against pitch, a point for each way, a line along the levels of the flow."""
    pairs = list(dict.fromkeys((score.source, score.target) for score in scores))
    columns = min(2, len(pairs))
    rows = -(-len(pairs) // columns)
    figure = Figure((6.5 * columns, 5.0 * rows), dpi=130, layout="constrained")
    FigureCanvasAgg(figure)
    every = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, (source, target) in zip(every, pairs, strict=False):
        own = [score for score in scores if (score.source, score.target) == (source, target)]
        swept = [score for score in own if re.fullmatch(rf"{BRIDGE} [\d.]+, .*", score.way)]
        axes.plot(
            [score.values["timbre"] for score in swept],
            [score.values["pitch"] for score in swept],
            *("o-",),
            color=HUES[0],
        )
        for score in swept:
            axes.annotate(
                score.way.split()[1].rstrip(","),
                (score.values["timbre"], score.values["pitch"]),
                textcoords="offset points",
                xytext=(5, 5),
                color=HUES[0],
            )
        for place, score in enumerate(s for s in own if s not in swept):
            axes.plot(
                *(score.values["timbre"], score.values["pitch"]),
                marker={LIMIT: "*", AFFINE: "s"}.get(score.way, "D"),
                linestyle="none",
                color=HUES[1 + place % (len(HUES) - 1)],
                label=score.way,
            )
        axes.set(
            title=f"{printable(source)} → {printable(target)}",
            xlabel="timbre: frames heard as the target",
            ylabel="pitch: frames on the source's key",
            xlim=(-0.03, 1.03),
        )
        axes.grid(color=FAINT)
        axes.legend(fontsize=8, labelcolor=INK)
    for axes in every[len(pairs) :]:
        axes.axis("off")
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()
