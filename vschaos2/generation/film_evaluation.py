"""How right a network is about strikes in films, beside what knows nothing, and what is not taught.

network   as it was trained
motion    the film's motion alone, by which strikes are found without a training
shuffled  what the network said, at other moments: what chance comes to
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vschaos2.errors import InputError
from vschaos2.events.film_motion import film_onsets, stop_strengths
from vschaos2.events.scores import Agreement, agreement, average_precision, pooled
from vschaos2.families.film.clips import Clip, Clips
from vschaos2.families.film.material import clips_of
from vschaos2.families.film.picking import alone, picked
from vschaos2.families.film.seeing import CHUNK, seen_in_chunks
from vschaos2.film.motion import RATE_HZ, motion_of
from vschaos2.film.usual import FILM_GAP_S, FILM_THRESHOLD
from vschaos2.folders import made_folder
from vschaos2.generation.written_tables import csv_text, even_table, number
from vschaos2.placing import place_together
from vschaos2.progress import Progress
from vschaos2.runs.folder import Run

Values = NDArray[np.float64]

TOLERANCES_S = (0.05, 0.067, 0.1)
LEGEND = (
    "Average precision: of all pictures, never of a balanced choice, each as a likelier neighbour "
    "leaves it; what is shuffled shows what chance comes to. F: of strikes within so many "
    "milliseconds. Count: windows in which as many are found as there are. Error: the median "
    "distance of those found within 100 ms."
)


class Said(NamedTuple):
    """What is said of one film.

    Attributes:
        strengths: of each picture, [F].
        found_s: strikes that are found, in seconds.
    """

    strengths: Values
    found_s: Values


class FilmScores(NamedTuple):
    """How right one way of finding strikes is.

    Attributes:
        average_precision: of all pictures.
        agreements: of all films together, for each of `TOLERANCES_S`.
        counted: share of windows with the right number of strikes.
    """

    average_precision: float
    agreements: list[Agreement]
    counted: float


class FilmEvaluation(NamedTuple):
    """What `evaluate_film` found.

    Attributes:
        run: what was measured.
        films: how many films it was measured on.
        strikes: in them.
        ways: scores by name, the network's first.
    """

    run: Path
    films: int
    strikes: int
    ways: dict[str, FilmScores]


def evaluate_film(run: Run, dataset: Path | None) -> FilmEvaluation:
    """Measure a network on the films that were held out of its training, or on others.

    Args:
        run: of the family "film".
        dataset: a folder of other films whose strikes are known; None for those held out.

    Raises:
        InputError: for a folder without usable films, or without strikes.
    """
    clips, measured = clips_of(run.config, run.model, dataset)
    if not sum(len(clip.strikes) for clip in measured):
        raise InputError(f"{clips.root}: nothing is struck in these films: give others")
    said: dict[str, list[Said]] = {"network": [], "motion": [], "shuffled": []}
    rng = np.random.default_rng(0)
    with Progress("watching", "film", len(measured)) as progress:
        for clip in measured:
            likely, offsets = seen_in_clip(run.model, clips, clip)
            said["network"].append(Said(alone(likely), _found(likely, offsets, clips.rate_hz)))
            said["motion"].append(moved_in_clip(clips, clip))
            order = rng.permutation(len(likely))
            mixed = likely[order], offsets[order]
            said["shuffled"].append(Said(alone(mixed[0]), _found(*mixed, clips.rate_hz)))
            progress.update()
    window_s = float(run.config.data.loader.seconds)
    ways = {name: score(each, measured, clips.rate_hz, window_s) for name, each in said.items()}
    strikes = sum(len(clip.strikes) for clip in measured)
    return FilmEvaluation(run.folder, len(measured), strikes, ways)


def seen_in_clip(model: Any, clips: Clips, clip: Clip) -> tuple[Values, Values]:
    """How likely a strike is at each picture of a clip, and how much later: [F] each."""
    starts = range(0, clip.length, CHUNK)
    chunks = (clips.pictures(clip, np.arange(n, min(n + CHUNK, clip.length))) for n in starts)
    likely, offsets = zip(*seen_in_chunks(model, chunks), strict=True)
    return np.concatenate(likely), np.concatenate(offsets)


def moved_in_clip(clips: Clips, clip: Clip) -> Said:
    """What the motion of a clip says."""
    path = clips.root / clip.name
    stops = stop_strengths(motion_of(path).stopping)
    times_s = (clip.first + np.arange(clip.length)) / clips.rate_hz
    # The strongest stop that is nearer to a picture than to the others.
    reach = np.arange(-0.5, 0.5, 0.25) / clips.rate_hz
    places = np.round((times_s[:, None] + reach) * RATE_HZ).astype(int).clip(0, len(stops) - 1)
    found_s = film_onsets(path).times_s - clip.first / clips.rate_hz
    inside = (found_s >= 0.0) & (found_s < clip.length / clips.rate_hz)
    return Said(stops[places].max(1), found_s[inside])


def score(
    said: Sequence[Said], clips: Sequence[Clip], rate_hz: float, window_s: float
) -> FilmScores:
    """How right what is said of films is."""
    truth, right, windows = [], 0, 0
    agreements = []
    for each, clip in zip(said, clips, strict=True):
        struck = np.zeros(clip.length)
        struck[np.round(clip.strikes).astype(int).clip(0, clip.length - 1)] = 1.0
        truth.append(struck)
        true_s = clip.strikes / rate_hz
        agreements.append([agreement(each.found_s, true_s, t) for t in TOLERANCES_S])
        edges = np.arange(0.0, clip.length / rate_hz + window_s, window_s)
        counts = [np.histogram(times, edges)[0] for times in (each.found_s, true_s)]
        right += int((counts[0] == counts[1]).sum())
        windows += len(counts[0])
    strengths = np.concatenate([each.strengths for each in said])
    together = [pooled([each[n] for each in agreements]) for n in range(len(TOLERANCES_S))]
    precision = average_precision(strengths, np.concatenate(truth))
    return FilmScores(precision, together, right / windows)


def _found(likely: Values, offsets: Values, rate_hz: float) -> Values:
    return picked(likely, offsets, FILM_THRESHOLD, FILM_GAP_S * rate_hz)[0] / rate_hz


def markdown(result: FilmEvaluation) -> str:
    """The evaluation as Markdown."""
    heads = [f"F ±{1000 * t:.0f} ms" for t in TOLERANCES_S]
    rows = [["", "average precision", *heads, "precision", "recall", "count", "error ms"]]
    for name, each in result.ways.items():
        widest = each.agreements[-1]
        rows.append(
            [
                name,
                number(each.average_precision),
                *(number(of.f_measure) for of in each.agreements),
                number(widest.precision),
                number(widest.recall),
                number(each.counted),
                number(_error_ms(widest), 1),
            ]
        )
    said = f"{result.films} films, {result.strikes} strikes."
    return "\n\n".join([said, even_table(rows), LEGEND]) + "\n"


def write_evaluation(result: FilmEvaluation, folder: Path) -> list[Path]:
    """Write folder/evaluation.md, .csv and .json, all or none.

    Raises:
        InputError: if they cannot be written.
    """
    made_folder(folder)
    rows = [{"way": name, **plain(each)} for name, each in result.ways.items()]
    content = {
        "run": f"{result.run.parent.name}/{result.run.name}",
        "films": result.films,
        "strikes": result.strikes,
        "ways": {name: plain(each) for name, each in result.ways.items()},
    }
    texts: dict[Path, bytes | str] = {
        folder / "evaluation.md": markdown(result),
        folder / "evaluation.csv": csv_text(rows),
        folder / "evaluation.json": json.dumps(content, indent=2, allow_nan=False) + "\n",
    }
    place_together(texts)
    return list(texts)


def plain(scores: FilmScores) -> dict[str, float | None]:
    """Scores as plain numbers."""
    found: dict[str, float | None] = {"average_precision": scores.average_precision}
    for tolerance_s, of in zip(TOLERANCES_S, scores.agreements, strict=True):
        found[f"f_{1000 * tolerance_s:.0f}"] = of.f_measure
    widest = scores.agreements[-1]
    error_ms = _error_ms(widest)
    return {
        **found, "precision": widest.precision, "recall": widest.recall, "count": scores.counted,
        "error_ms": None if np.isnan(error_ms) else error_ms,
    }  # fmt: skip


def _error_ms(of: Agreement) -> float:
    return 1000.0 * float(np.median(np.abs(of.errors_s))) if of.paired else float("nan")
