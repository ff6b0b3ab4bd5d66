"""What a bridge reaches on the same melodies by two instruments, beside what it should.

    python -m benchmarks.melodies OUT --instruments flute violin
    python train_model.py name=both data.dataset.root=OUT/train trainer.max_epochs=6
    python train_model.py --config-name bridge name=duo vae=runs/both
    python -m benchmarks.transfer runs/duo OUT/test/flute OUT/test/violin

Prints the tables of `generate.py evaluate --paired`, then every bar with what was measured, both
ways: held or missed. At last the flow goes up in one latent space and down in another, which a
rotation of the noise between them stands for: what VAEs that were trained apart would do.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import torch
from torch import Tensor

from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.takes import takes_of
from vschaos2.families.bridge.ways import (
    AFFINE,
    BRIDGE,
    TRANSLATOR,
    USUAL_SIGMA,
    WARM,
    Way,
    ways_of,
)
from vschaos2.families.loading import load_run
from vschaos2.flows.paths import level_of_sigma, levels_between, net_label, slope_at
from vschaos2.generation.transfer_evaluation import (
    LEARNT_FILES,
    Score,
    evaluate_bridge,
)
from vschaos2.generation.transfer_examples import paired_examples
from vschaos2.generation.transfer_judgement import Judges
from vschaos2.generation.transfer_tables import markdown
from vschaos2.runs.folder import Run

FLOW = f"{BRIDGE}, 2 steps"
SPEED_FRAMES, SPEED_ROUNDS = 2000, 5
SPEEDS = ((TRANSLATOR, 1, 1000), (BRIDGE, 2, 60), (BRIDGE, 4, 30), (BRIDGE, 10, 15))
STEPS = 8  # of midpoint, up and down, between spaces apart
SLACK = 0.01  # of what should not fall or rise along a sweep
# Way, measure, whether more is better, bar.
BARS = (
    (TRANSLATOR, "timbre", True, 0.98),
    (TRANSLATOR, "pitch", True, 0.97),
    (TRANSLATOR, "DPD", False, 0.05),
    (TRANSLATOR, "distance_db", False, 4.6),
    (TRANSLATOR, "below affine", True, 0.7),
    (TRANSLATOR, "FD", False, 0.8),
    (FLOW, "timbre", True, 0.98),
    (FLOW, "pitch", True, 0.95),
    (FLOW, "distance_db", False, 4.9),
    (FLOW, "below affine", True, 0.4),
    (FLOW, "FD", False, 0.6),
    (FLOW, "cycle", False, 0.005),
)


def bars(scores: Sequence[Score]) -> Iterator[str]:
    """A line for every bar, each with what is measured both ways."""
    pairs = list(dict.fromkeys((score.source, score.target) for score in scores))
    values = {(s.source, s.target, s.way): dict(s.values) for s in scores}
    for source, target in pairs:
        affine = values[source, target, AFFINE]["distance_db"]
        for (one, other, _), found in values.items():
            if (one, other) == (source, target):
                found["below affine"] = affine - found["distance_db"]
    for way, measure, more, bar in BARS:
        found = [values[(*pair, way)][measure] for pair in pairs if (*pair, way) in values]
        if found:
            held = all(value >= bar if more else value <= bar for value in found)
            told = ", ".join(f"{value:.4g}" for value in found)
            sign = "≥" if more else "≤"
            yield f"{way}: {measure} {told} ({sign} {bar:g}): {'held' if held else 'MISSED'}"
    for source, target in pairs:
        swept = [
            found
            for (one, other, way), found in values.items()
            if (one, other) == (source, target) and way.startswith(f"{BRIDGE} ")
        ]
        if swept:
            rises = _follows([found["timbre"] for found in swept], 1.0)
            falls = _follows([found["pitch"] for found in swept], -1.0)
            held = "held" if rises and falls else "MISSED"
            yield f"{source} → {target}: along the levels timbre rises, pitch falls: {held}"


def _follows(values: Sequence[float], sign: float) -> bool:
    ordered = [sign * value for value in values]
    return all(b >= a - SLACK for a, b in pairwise(ordered))


class Apart:
    """Up in one latent space, and down in another that is turned against it.

    Args:
        model: with a flow.
    """

    name = WARM  # what is raised, and in which octave, as for a flow

    def __init__(self, model: BridgeModel) -> None:
        self.model = model
        chance = torch.Generator().manual_seed(1)
        dims = model.latent_dim
        self.turn = torch.linalg.qr(torch.randn(dims, dims, generator=chance))[0]

    def reset(self) -> None:
        """It remembers nothing."""

    @torch.no_grad()
    def __call__(self, latents: Tensor, source: int, target: int) -> Tensor:
        """Latents carried over."""
        model = self.model
        up = levels_between(model.path, level_of_sigma(model.path, USUAL_SIGMA), STEPS)
        noise = self._travelled(model.standardised(latents), up, source)
        return model.latents_of(self._travelled(noise @ self.turn, up[::-1], target))

    def _travelled(self, x: Tensor, levels: Sequence[float], domain: int) -> Tensor:
        for here, there in pairwise(levels):
            first = self._slope(x, here, domain)
            halfway = x + 0.5 * (there - here) * first
            x = x + (there - here) * self._slope(halfway, 0.5 * (here + there), domain)
        return x

    def _slope(self, x: Tensor, level: float, domain: int) -> Tensor:
        net, path = self.model.flow, self.model.path
        assert net is not None
        slope, ways = slope_at(path, level), torch.full((len(x),), domain)
        told = net.told_of(net_label(path, torch.full((len(x),), level)), ways)
        heard = torch.nn.functional.pad(x * slope.heard, (0, 0, 0, net.delay))
        said, _ = net(heard, told, x.new_zeros(len(x), net.state_size))
        return x * slope.kept + said[:, net.delay :] * slope.said


def speeds(model: BridgeModel) -> Iterator[str]:
    """How many times faster than they last latents are carried over, by way: medians."""
    latents = model.latents_of(torch.randn(1, SPEED_FRAMES, model.latent_dim))
    seconds = SPEED_FRAMES * model.vae.transform.hop / model.vae.transform.sample_rate_hz
    for name, steps, bar in SPEEDS:
        if name in ways_of(model):
            way, spent = Way(model, name, None, steps), []
            for _ in range(SPEED_ROUNDS):
                began = time.process_time()
                way.whole(latents, 0, 1)
                spent.append(time.process_time() - began)
            times = seconds / sorted(spent)[SPEED_ROUNDS // 2]
            held = "held" if times >= bar else "MISSED"
            yield f"{name}, {steps} steps: {times:.0f} times real time (≥ {bar}): {held}"


def pitch_of_spaces_apart(run: Run, paired: Sequence[Path]) -> dict[str, float]:
    """How much of a melody is left between spaces that have nothing in common, by direction."""
    model: BridgeModel = run.model
    judges = Judges(model, takes_of(run.config, model, LEARNT_FILES)[0])
    found = {}
    for (source, target), examples in paired_examples(model, paired).items():
        way = Apart(model)
        made = [way(each.take.latents[None], source, target)[0] for each in examples]
        others = torch.cat([each.truth[0].latents for each in examples if each.truth])
        values = judges.values(examples, made, target, source, others, 0)
        found[f"{model.instruments[source]} → {model.instruments[target]}"] = values["pitch"]
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("run", type=Path)
    parser.add_argument("paired", type=Path, nargs=2, metavar="FOLDER")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    run = load_run(arguments.run)
    scores = evaluate_bridge(run, arguments.paired)
    print(markdown(scores))
    print("\n".join(bars(scores)), flush=True)
    print("\n".join(speeds(run.model)), flush=True)
    if run.model.flow is not None:
        for way, pitch in pitch_of_spaces_apart(run, arguments.paired).items():
            print(f"{way}, between spaces that are turned against each other: pitch {pitch:.3f}")


if __name__ == "__main__":
    main()
