"""What drawn hits are worth, beside recorded ones that nothing was learnt from.

    python examples/struck.py HITS
    python train_model.py --config-name oneshots name=struck data.dataset.root=HITS
    python examples/struck.py OTHERS --hits 1000 --seed 13
    python -m benchmarks.hits runs/struck --others OTHERS

    python train_model.py --config-name oneshots name=drums data.dataset.root=RECORDED
    python -m benchmarks.hits runs/drums --recorded

Prints every bar with what was measured by `generate.py evaluate`: held or missed; and what voices
cost in a host. A Fréchet distance to 48 hits hangs on which these are: with --others it is that to
20 times as many of another folder, each time of the labels and velocities of these 48, and to all
of them at once. With --recorded, only what needs no labels.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from vschaos2.families.foley.playable import PlayableHits, load_of_voices
from vschaos2.families.loading import load_run
from vschaos2.generation.hit_evaluation import (
    components_for,
    components_of,
    distance,
    evaluate_hits,
    hits_of,
    markdown,
)
from vschaos2.runs.folder import Run

STEPS = (1, 2, 4, 8)
SETS, OF = 20, 48  # of other hits
NEAREST = 0.8  # of the distance of held-out hits, that drawn ones keep from training hits at least
MS, OF_A_CORE, CONVERGENCE, VELOCITY, LABEL = 1.0, 0.1, 0.25, 0.85, 0.95


def say(name: str, value: float, bar: float, is_more: bool) -> None:
    """One bar."""
    is_held = value >= bar if is_more else value <= bar
    print(f"{'held  ' if is_held else 'MISSED'}  {name}: {value:.3g} (bar {bar:.3g})")


def of_others(run: Run, folder: Path) -> None:
    """Fréchet distances to many sets of hits that the training knows nothing of."""
    hits = hits_of(run, folder)
    every = components_of(run.model, hits)
    chance = np.random.default_rng(0)
    rows = []
    for _ in range(SETS):
        some = chance.choice(hits.held_out, OF, replace=False).tolist()
        drawn = components_for(run.model, hits, some)
        rows.append((distance(drawn, every[some]), distance(every[hits.training], every[some])))
    ours, training = np.mean(rows, 0)
    say(f"Fréchet distance to {SETS} times {OF} others, mean", ours, training, False)
    fewer = sum(one <= other for one, other in rows)
    print(f"        of these {fewer} are nearer than the training hits")
    drawn = components_for(run.model, hits, hits.held_out)
    whole = distance(every[hits.training], every[hits.held_out])
    say(f"to all {len(hits.held_out)}", distance(drawn, every[hits.held_out]), whole, False)


def main() -> None:
    """Print the bars."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("run", type=Path)
    parser.add_argument("--others", type=Path, help="a folder of other hits")
    parser.add_argument("--recorded", action="store_true", help="only what needs no labels")
    options = parser.parse_args()
    torch.set_num_threads(1)
    run = load_run(options.run)
    rows = evaluate_hits(run)
    print(markdown(rows), end="\n\n")
    for name, drawn, _, recorded in rows:
        if name.startswith("spectral convergence"):
            say(name, drawn, CONVERGENCE, False)
        elif name.startswith("ms to draw"):
            say(name, drawn, MS, False)
        elif "nearest" in name:
            say(name, drawn, NEAREST * recorded, True)
        elif not options.recorded and name.startswith("Fréchet"):
            say(name, drawn, recorded, False)
        elif not options.recorded and name.startswith("velocity"):
            say(name, drawn, VELOCITY, True)
        elif not options.recorded and "recognised" in name:
            say(name, drawn, LABEL, True)
    playable = PlayableHits(run.model, {})
    load = load_of_voices(playable.saved(), playable)
    say("part of a core, 8 voices at 512", load, OF_A_CORE, False)
    hits = hits_of(run, None)
    kept_back = components_of(run.model, hits)[hits.held_out]
    for steps in STEPS:
        some = components_for(run.model, hits, hits.held_out, steps)
        print(f"        Fréchet distance in {steps} steps {distance(some, kept_back):.3f}")
    if options.others is not None:
        of_others(run, options.others)


if __name__ == "__main__":
    main()
