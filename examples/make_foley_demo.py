"""From nothing to a film with sound, and an instrument of hits: what `make demo-foley` runs.

    python examples/make_foley_demo.py FOLDER [--hits N] [--minutes M]

Strikes things of wood, metal, ceramic and cloth by code, and draws a film in which a stick strikes
a block; trains hits of all four; finds the strikes in the film by its motion, strikes new wood on
them and puts the sound beside the film's untouched pictures; once more in metal, as the file of
times says that was edited; once more after the clapping of another sound. It draws what was found
beside what is true, and exports the hits for nn~. Each step is a command that works as well on
films and folders of your own.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from foley_picture import draw_alignment
from shown_command import run
from strikes import write_strikes
from struck import write_hits

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from vschaos2.events.onsets import SUFFIX, read_onsets, write_onsets
from vschaos2.events.scores import agreement

SEED = 5
FILM_S = 8.0
TOLERANCE_S = 0.067  # two pictures of a film of 30 a second


def main() -> None:
    """Build whatever of the demo is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--hits", type=int, default=240, help="to learn from (%(default)s)")
    parser.add_argument("--minutes", type=float, default=2.0, help="of training (%(default)s)")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    start = time.monotonic()
    hits, films, runs = folder / "hits", folder / "films", folder / "runs"
    made = folder / "made"
    if not (folder / "hits.ts").exists():
        write_hits(hits, arguments.hits)
        (film,) = write_strikes(films, 1, FILM_S, SEED, sound=False, times=True)
        print(f"sounds: {hits}, film: {film} (when it is struck: {SUFFIX} beside it)", flush=True)
        run(
            *("train_model.py", "--config-name", "oneshots", "name=struck", f"rundir={runs}"),
            *(f"data.dataset.root={hits}", f"minutes={arguments.minutes:g}"),
        )
        trained = max(runs.glob("struck/version_*"), key=lambda path: int(path.name.split("_")[1]))
        foley = ("generate.py", "foley", trained)
        run(*foley, "--video", film, "--material", "wood", "--mux", "--out", made)
        times = made / "foley" / f"{film.stem}{SUFFIX}"
        edited = folder / f"edited{SUFFIX}"
        write_edited(times, edited)
        run(*foley, "--onsets", edited, "--video", film, "--mux", "--out", folder / "edited")
        run("generate.py", "evaluate", trained, "--out", folder / "evaluation")
        run("script.py", trained, "-o", folder, "-n", "hits")
    (film,) = sorted(films.glob("*.mp4"))
    sound = made / "foley" / f"{film.stem}.wav"
    draw_alignment(film, sound, folder / "alignment.png")
    report(folder, film, time.monotonic() - start)


def write_edited(times: Path, target: Path) -> None:
    """The same events, every other one of metal: as one would edit them by hand."""
    events = read_onsets(times)
    materials = ["metal" if number % 2 else "wood" for number in range(len(events))]
    write_onsets(target, replace(events, labels={**events.labels, "material": materials}))


def report(folder: Path, film: Path, seconds: float) -> None:
    """Say what there is, and how well the strikes were found."""
    true = read_onsets(film.with_name(film.stem + SUFFIX)).times_s
    found = read_onsets(folder / "made" / "foley" / f"{film.stem}{SUFFIX}").times_s
    score = agreement(found, true, TOLERANCE_S)
    missed_ms = 1000.0 * float(np.abs(score.errors_s).mean()) if score.paired else float("nan")
    others = score.found - score.paired
    print(
        f"""
Done in {seconds / 60:.1f} minutes. In {folder}/:
  made/foley/        the film with its sound, the sound, and the times, to be edited
  edited/foley/      the same, wood and metal by turns, as {folder}/edited{SUFFIX} says
  alignment.png      what was found in the film, and what was struck
  hits.ts            [nn~ hits hit] (card: hits.json); hits.pd, .maxpat to play it with
  runs/struck/       the trained run: generate.py and script.py take it

{score.paired} of {score.true} strikes found, {others} that are none; {missed_ms:.0f} ms off.
Hits are on the sample at which the file of times has them."""
    )


if __name__ == "__main__":
    main()
