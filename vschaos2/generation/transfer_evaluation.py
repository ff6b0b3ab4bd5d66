"""How well a bridge carries over: every way it knows beside what is done without it.

Ways are judged by what the VAE makes of their latents, before phases are recovered. What stands
beside them always: the source untouched, and the shortest way between two Gaussians, which needs no
training and sounds better than one would think. Where the same music was played by both
instruments, the distance to what the target really played is the measure that tells ways apart.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from torch import Tensor

from vschaos2.data.latent_takes import octaves_between
from vschaos2.families.bridge.bridge_model import BridgeModel
from vschaos2.families.bridge.takes import takes_of
from vschaos2.families.bridge.ways import AFFINE, BRIDGE, TRANSLATOR, WARM, Way, ways_of
from vschaos2.flows.paths import level_of_sigma
from vschaos2.generation.transfer_examples import (
    Example,
    held_out_examples,
    paired_examples,
    target_latents,
)
from vschaos2.generation.transfer_judgement import Judges
from vschaos2.progress import Progress
from vschaos2.runs.folder import Run

UNTOUCHED, LIMIT = "untouched", "target itself"
SIGMAS = (0.43, 1.0, 2.33, 5.67, 19.0)  # t = .3, .5, .7, .85, .95
SWEEP_STEPS, CYCLE_STEPS = 4, 8
LEARNT_FILES = 10  # of each instrument, that judges learn from


class Score(NamedTuple):
    """What one way made of one instrument.

    Attributes:
        source: name of the instrument that was heard.
        target: of the one that was wanted.
        way: name of the way; its level and steps behind it.
        values: measures by name, NaN for what cannot be measured.
    """

    source: str
    target: str
    way: str
    values: dict[str, float]


def evaluate_bridge(run: Run, paired: Sequence[Path] = (), sweep: bool = True) -> list[Score]:
    """Measure a bridge on what it never trained on, or on two folders of the same music.

    Args:
        run: a trained bridge.
        paired: a folder of each of two instruments, files of the same names in both, carried over
            both ways; or none, for the recordings that the training held out.
        sweep: measure the flow at several levels, too.

    Raises:
        InputError: for folders that do not go together, or recordings that are not there.
    """
    model: BridgeModel = run.model
    takes, kept_back = takes_of(run.config, model, LEARNT_FILES)
    if paired:
        pairs = paired_examples(model, paired)
    else:
        root = Path(str(run.config.data.dataset.root)).expanduser()
        pairs = held_out_examples(model, kept_back or takes, root)
    scores: list[Score] = []
    judges = Judges(model, takes)
    ways = _ways(model, sweep)
    with Progress("measuring", "way", len(pairs) * (len(ways) + 2)) as progress:
        for (source, target), examples in pairs.items():
            others = target_latents(examples, kept_back or takes, target)
            for name, way in [(UNTOUCHED, None), *ways]:
                progress.say(name)
                values = _measured(judges, examples, source, target, way, others)
                scores.append(
                    Score(model.instruments[source], model.instruments[target], name, values)
                )
                progress.update()
            if examples[0].truth is not None:
                played = [each.truth[0] for each in examples if each.truth]
                truth = [take.latents for take in played]
                octaves = octaves_between([each.take for each in examples], played)
                values = judges.values(examples, truth, target, source, others, octaves)
                names = model.instruments[source], model.instruments[target]
                scores.append(Score(*names, LIMIT, values))
            progress.update()
    return scores


def _ways(model: BridgeModel, sweep: bool) -> list[tuple[str, Way]]:
    found: list[tuple[str, Way]] = [(AFFINE, Way(model, AFFINE))]
    if TRANSLATOR in ways_of(model):
        found.append((TRANSLATOR, Way(model, TRANSLATOR)))
    if BRIDGE in ways_of(model):
        usual = Way(model, BRIDGE)
        found.append((f"{BRIDGE}, 2 steps", usual))
        found.append((f"{WARM}, {SWEEP_STEPS} steps", Way(model, WARM, None, SWEEP_STEPS)))
        for sigma in SIGMAS if sweep else ():
            level = level_of_sigma(model.path, sigma)
            name = f"{BRIDGE} {level:.2g}, {SWEEP_STEPS} steps"
            found.append((name, Way(model, BRIDGE, level, SWEEP_STEPS)))
    return found


def _measured(
    judges: Judges,
    examples: Sequence[Example],
    source: int,
    target: int,
    way: Way | None,
    others: Tensor,
) -> dict[str, float]:
    """The measures of a way; None leaves the source as it is."""
    model = judges.model
    octaves = int(model.octaves[source, target])
    frame_s = model.vae.transform.hop / model.vae.transform.sample_rate_hz
    made, began = [], time.process_time()
    through_noise = way is not None and way.name in (BRIDGE, WARM)
    for example in examples:
        heard = example.raised if through_noise else example.take.latents
        if way is None:
            made.append(heard)
            continue
        made.append(way.whole(heard[None], source, target)[0])
    spent = time.process_time() - began
    raised = octaves if way is not None and way.name != AFFINE else 0
    values = judges.values(examples, made, target, source, others, raised)
    values |= {"cycle": float("nan"), "x_real_time": float("nan")}
    if way is not None:
        seconds = frame_s * sum(len(latents) for latents in made)
        values["x_real_time"] = seconds / max(spent, 1e-6)
        if way.name == BRIDGE and octaves == 0:
            values["cycle"] = _cycle(model, examples[0].take.latents, source, target, way)
    return values


def _cycle(model: BridgeModel, latents: Tensor, source: int, target: int, way: Way) -> float:
    """Mean square of what is missed by going there and back, standardised, in 8 steps."""
    finer = Way(model, BRIDGE, way.level, CYCLE_STEPS)
    there = finer.whole(latents[None], source, target)
    back = finer.whole(there, target, source)[0]
    return float((model.standardised(back) - model.standardised(latents)).square().mean())
