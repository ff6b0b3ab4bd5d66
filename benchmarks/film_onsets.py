"""How well strikes are seen in films: the bars of the family "film", each with its figure.

    python -m benchmarks.film_onsets RUN [--causal RUN] [--films N] [--takes FOLDER]

RUN is of `onset_video`, trained on rendered films:

    python examples/strikes.py clips --films 1500
    python train_model.py --config-name onset_video data.dataset.root=clips/

It is measured on other films, drawn by another seed, beside their motion and beside chance.

--takes measures what films teach themselves, and takes minutes: films that look filmed are written
to FOLDER (or are there), with their sound and without times. In turns a third of them is put aside,
RUN goes on to learn from the sound of the others, and is asked about those put aside: each film by
a network that never saw or heard it. What is true is known as they were drawn. These are no real
films, but made to look like some; of real ones, with strikes that are known and a licence to be
given away, none was at hand.
"""

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from vschaos2.api import compose
from vschaos2.events.film_motion import film_onsets
from vschaos2.events.onsets import read_onsets
from vschaos2.events.options import Listening
from vschaos2.events.scores import agreement
from vschaos2.families.film.marks import heard_onsets
from vschaos2.families.film.seeing import film_onsets_by_run
from vschaos2.families.loading import load_run
from vschaos2.families.train import train
from vschaos2.generation.film_evaluation import evaluate_film, markdown
from vschaos2.runs.folder import Run

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "examples"))

TEST_SEED = 2  # of rendered films; those to learn from have 1
TAKES, TAKE_S, TAKES_SEED, FOLDS = 9, 24.0, 5, 3
STEPS = 400  # of a fold
WITHIN_S = 0.1


def told(what: str, figure: float, least: float, most: float = float("inf")) -> None:
    """Print a bar and its figure."""
    bar = f"≥ {least:g}" if most == float("inf") else f"{least:g} to {most:g}"
    print(f"{'held  ' if least <= figure <= most else 'missed'} {figure:6.3f}  {bar:<12} {what}")


def rendered(run: Run, folder: Path, name: str, is_causal: bool) -> None:
    """The bars of rendered films."""
    result = evaluate_film(run, folder)
    print(f"\n{name}, rendered films\n\n{markdown(result)}")
    network, shuffled = result.ways["network"], result.ways["shuffled"]
    f_67 = network.agreements[1].f_measure
    if is_causal:
        told(f"F(±67 ms), {run.model.delay_frames} pictures late", f_67, 0.9)
        return
    told("average precision of all pictures", network.average_precision, 0.98)
    told("F(±67 ms)", f_67, 0.95)
    told("right counts in two seconds", network.counted, 0.85)
    told("average precision by chance", shuffled.average_precision, 0.04, 0.1)


def taught_by_sound(run: Run, folder: Path, place: Path) -> None:
    """The bar of films that teach themselves."""
    from lifelike_strikes import write_takes

    paths = sorted(folder.glob("take_*.mp4"))
    if len(paths) < TAKES:
        paths = write_takes(folder, TAKES, TAKE_S, TAKES_SEED)
    rows = []
    for fold in range(FOLDS):
        aside = paths[fold::FOLDS]
        others = place / f"others_{fold}"
        others.mkdir()
        for path in paths:
            if path not in aside:
                shutil.copy(path, others)
        begin = time.process_time()
        config = compose(
            "onset_video", f"name=fold_{fold}", f"rundir={place}", f"data.dataset.root={others}",
            "data.marks.source=sound", f"model.init_from={run.folder}", "trainer.accelerator=cpu",
            "callbacks.monitor=null", f"data.loader.batches_per_epoch={STEPS // 4}",
            "trainer.max_epochs=4", "training.optimiser.learning_rate=1e-3",
        )  # fmt: skip
        taught = load_run(train(config))
        print(f"fold {fold}: {time.process_time() - begin:.0f} s of training", flush=True)
        for path in aside:
            true_s = read_onsets(path.with_suffix(".truth.csv")).times_s
            found = {
                "taught": film_onsets_by_run(taught, path),
                "before": film_onsets_by_run(run, path),
                "motion": film_onsets(path),
                "its own sound": heard_onsets(path, 44_100, Listening(min_gap_ms=100.0)),
            }
            scores = {k: agreement(v.times_s, true_s, WITHIN_S) for k, v in found.items()}
            rows.append({name: each.f_measure for name, each in scores.items()})
            said = ", ".join(f"{name} {value:.2f}" for name, value in rows[-1].items())
            print(f"{path.name}, {len(true_s)} strikes: F(±100 ms) {said}", flush=True)
    means = {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
    print("mean: " + ", ".join(f"{name} {value:.3f}" for name, value in means.items()))
    told("taught by sound above motion, F(±100 ms)", means["taught"] - means["motion"], 0.1)


def main(words: Sequence[str] | None = None) -> None:
    """Print every bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("run", type=Path)
    parser.add_argument("--causal", type=Path)
    parser.add_argument("--films", type=int, default=300)
    parser.add_argument("--takes", type=Path)
    wanted = parser.parse_args(words)
    from strikes import write_strikes

    run = load_run(wanted.run)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        if wanted.films:
            write_strikes(place / "films", wanted.films, 2.0, TEST_SEED, False, True)
            rendered(run, place / "films", "centred", False)
            if wanted.causal:
                rendered(load_run(wanted.causal), place / "films", "causal", True)
        if wanted.takes:
            taught_by_sound(run, wanted.takes, place)


if __name__ == "__main__":
    main()
