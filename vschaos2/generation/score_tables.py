"""An evaluation as a table for people, and as CSV and JSON for programs."""

import json
import math
from pathlib import Path

from vschaos2.families.vae.instrument_core import KEEP_INPUT
from vschaos2.folders import made_folder
from vschaos2.generation.evaluation import OCTAVE, ORIGINAL, Evaluation
from vschaos2.generation.written_tables import csv_text, even_table, finite, number
from vschaos2.placing import place_together
from vschaos2.terminal import printable

FOLDER = "evaluation"
# Heads of the columns, short enough for a terminal.
HEADS = {
    "spectral_convergence": "SC",
    "log_spectral_distance_db": "LSD",
    "multi_resolution_stft": "MRS",
    "snr_db": "SNR",
    "gain_db": "gain",
}
# Of the second table, after the way: original, forward's or decode's.
NOISE_HEADS = {"roughness": "roughness", "hop_tone_db": "hop tone"}
NOISE_WAYS = {ORIGINAL: "original", KEEP_INPUT: "kept", "decode": "decode"}
LEGEND = (
    "Sound with the input's phase, then, as decode …, from latents alone: "
    "SC spectral convergence (0 equal, 1 silence), LSD log-spectral distance in dB, MRS "
    "multi-resolution STFT distance, SNR in dB, gain in dB. Below, for the original and both: "
    "roughness, the spread of neighbouring magnitudes (noise 0.45, smooth 0), and hop tone, how "
    "far the envelope's spectrum stands out at the frame rate, in dB (noise 0). Then how much "
    "louder than the original each octave is, by its lowest frequency, in dB (0 as loud)."
)
LONGEST_NAME = 32  # characters of a file's name in the table


def markdown(result: Evaluation) -> str:
    """The evaluation as Markdown tables with even columns.

    Distances of every file and their means; then its noise; then levels by octave; then the labels.
    """
    distances, noise = {}, {}
    for key in result.means:
        way, measure = key.split("/")
        if measure.startswith(OCTAVE):
            continue
        if measure in NOISE_HEADS:
            noise[key] = f"{NOISE_WAYS[way]} {NOISE_HEADS[measure]}"
        else:
            distances[key] = HEADS[measure] if way == KEEP_INPUT else f"{way} {HEADS[measure]}"
    parts = [_file_table(result, heads) for heads in (distances, noise) if heads]
    parts += _octave_table(result)
    if result.labels:
        heads = ["label", "measure", "value", "frames"]
        scores = [
            [printable(task), measure.replace("_", " "), number(value), str(frames)]
            for task, measure, value, frames in result.labels
        ]
        parts.append(even_table([heads, *scores]))
    return "\n\n".join([*parts, LEGEND]) + "\n"


def _file_table(result: Evaluation, heads: dict[str, str]) -> str:
    """A table of the scores named by `heads` (score: head of its column), every file and means."""
    rows = [
        [_cut(printable(file)), *(number(score[key]) for key in heads)]
        for file, score in zip(result.files, result.scores, strict=True)
    ]
    mean = [f"mean of {len(rows)}", *(number(result.means[key]) for key in heads)]
    return even_table([["file", *heads.values()], *rows, mean])


def _octave_table(result: Evaluation) -> list[str]:
    """How much louder each octave is than the original's, mean over files; nothing if unknown.

    The octave that is farthest off is named first.
    """
    levels: dict[str, dict[str, float]] = {}
    for key, level_db in result.means.items():
        way, measure = key.split("/")
        if measure.startswith(OCTAVE):
            octave = measure.removeprefix(OCTAVE).replace("_hz_db", " Hz")
            levels.setdefault(way, {})[octave] = level_db
    if not levels:
        return []
    rows = []
    for way, octaves in levels.items():
        known = {octave: value for octave, value in octaves.items() if math.isfinite(value)}
        worst = max(known, key=lambda octave: abs(known[octave]), default="–")
        rows.append([NOISE_WAYS[way], worst, *(number(value) for value in octaves.values())])
    heads = ["octaves from … up, dB", "worst", *next(iter(levels.values()))]
    return [even_table([heads, *rows])]


def write_tables(result: Evaluation, folder: Path) -> list[Path]:
    """Write folder/evaluation.md, .csv (a line for each file) and .json, all or none.

    In JSON, what is not finite is null.

    Raises:
        InputError: if they cannot be written.
    """
    texts: dict[str, bytes | str] = {
        ".md": markdown(result), ".csv": _csv(result), ".json": _json(result),
    }  # fmt: skip
    made_folder(folder)
    places = {folder / f"evaluation{ending}": text for ending, text in texts.items()}
    place_together(places)
    return list(places)


def _csv(result: Evaluation) -> str:
    return csv_text(
        [
            {"file": printable(file), **{key: score[key] for key in result.means}}
            for file, score in zip(result.files, result.scores, strict=True)
        ]
    )


def _json(result: Evaluation) -> str:
    content = {
        "run": f"{result.run.parent.name}/{result.run.name}",
        "inversion": result.inversion,
        "means": finite(result.means),
        "labels": {
            label.task: finite({label.measure: label.value, "frames": label.frames})
            for label in result.labels
        },
        "files": {
            file: finite(score) for file, score in zip(result.files, result.scores, strict=True)
        },
        "skipped": result.skipped,
    }
    return json.dumps(content, indent=2, allow_nan=False) + "\n"


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else "…" + name[1 - LONGEST_NAME :]
