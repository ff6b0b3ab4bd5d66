"""How loud an instrument is where it is first heard: at rest, at its presets, while it walks.

    python -m benchmarks.first_sounds RUN …

Printed are levels in dB of the spectra that latents give which stand still, relative to the median
of the training windows that sound: the median, and the 5th to 95th percentile. Walks last ten
minutes at 8 s to a new place, a point each 30 ms: one goes to coordinates drawn evenly between the
ends of the sliders, axis by axis; the other is that of the patches.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from vschaos2.families.loading import load_run
from vschaos2.families.vae.places import Roadmap, sounding
from vschaos2.generation.player import Player
from vschaos2.patches.controls import slider_range
from vschaos2.patches.pd_motion import REACHED, TICK_MS
from vschaos2.runs.folder import find_run_folder

SECONDS, STEP_S = 600.0, 8.0


def walk_anywhere(ends: list[tuple[float, float]], generator: np.random.Generator) -> Tensor:
    """A point each tick; every 8 s / axes one axis begins to glide to a place of its own."""
    low, high = np.array(ends).T
    now, place = np.zeros(len(ends)), np.zeros(len(ends))
    rate, points, turn = 3e-3 * TICK_MS / STEP_S, [], 0.0
    for tick in range(int(1000 * SECONDS / TICK_MS)):
        if tick * TICK_MS >= turn:
            axis = generator.integers(len(ends))
            place[axis] = generator.uniform(low[axis], high[axis])
            turn += 1000.0 * STEP_S / len(ends)
        now = now + rate * (place - now)
        points.append(now)
    return torch.tensor(np.stack(points), dtype=torch.float32)


def walk_ways(road: Roadmap, start: Tensor, generator: np.random.Generator) -> Tensor:
    """A point each tick; every 8 s all axes begin to glide to a neighbour of the last stop."""
    now, stop, points, turn = start, 0, [], 0.0
    for tick in range(int(1000 * SECONDS / TICK_MS)):
        if tick * TICK_MS >= turn:
            stop = int(generator.choice(road.ways[stop]))
            turn += 1000.0 * STEP_S
        now = now + REACHED * TICK_MS / (1000.0 * STEP_S) * (road.stops[stop] - now)
        points.append(now)
    return torch.stack(points)


def spread(levels: Tensor) -> str:
    """Median, and 5th to 95th percentile."""
    low, middle, high = levels.quantile(torch.tensor([0.05, 0.5, 0.95])).tolist()
    return f"{middle:6.1f} ({low:6.1f} … {high:5.1f})"


@torch.inference_mode()
def main() -> None:
    """Print the levels of runs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", type=Path, nargs="+")
    for folder in parser.parse_args().runs:
        run = load_run(find_run_folder(folder))
        player, generator = Player(run), np.random.default_rng(0)
        heard, axes = player.windows, player.axes
        median = heard.level_db[sounding(heard.level_db)].median()
        dims = heard.points.shape[1]
        ends = [
            slider_range(*each)
            for each in zip(axes.lowest.tolist(), axes.highest.tolist(), strict=True)
        ]
        sets = {
            "at zero": torch.zeros(1, dims),
            "evenly within ±2": 4.0 * torch.rand(2000, dims) - 2.0,
            "training windows": heard.points,
            "presets": heard.places(),
            "walk anywhere": walk_anywhere(ends, generator),
            "walk of the patches": walk_ways(heard.roadmap(), heard.places()[0], generator),
        }
        print(f"{run.folder}: dB")
        for name, points in sets.items():
            levels = torch.cat([heard.measures_of(part)[:, 0] for part in points.split(4096)])
            print(f"  {name:20} {spread(levels - median)}")


if __name__ == "__main__":
    main()
