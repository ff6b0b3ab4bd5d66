"""Chains drawn over the whole ranges, each fitted: how much is left, and where most.

    python -m benchmarks.retrieval_random RECORDING [--first 0] [--count 20]

Every setting of `effect_chain` is drawn evenly along its range, by seeds 0 to 19. A chain whose
sound is 20 dB softer or louder than what entered is drawn again: it would not be one. Each
makes the wet sound of 12 s of a recording, its room heard for 12 s; it is scored on 12 s that were
not heard.
"""

import argparse
import math
import statistics
from pathlib import Path

import torch
from omegaconf import OmegaConf
from torch import Tensor

from benchmarks.retrieval import HEARD, RATE, SCORED, Trial, fitted, passage
from vschaos2.api import compose
from vschaos2.processors.chain import Chain
from vschaos2.retrieval.rendering import Rendering

TAIL_S = 12.0
MOST_DB = 20.0  # that a chain may make louder or softer
BAR = 0.08
COLUMNS = (
    "high_pass_hz", "low_pass_hz", "expander_threshold_db", "expander_ratio",
    "compressor_threshold_db", "compressor_ratio", "makeup_db", "echo_db", "echo_ms",
    "echo_feedback", "reverb_db", "reverb_low_s", "reverb_high_ratio",
)  # fmt: skip


def drawn(seed: int, sound: Tensor) -> Chain:
    """A chain whose settings lie anywhere in their ranges, and which can be heard."""
    generator = torch.Generator().manual_seed(1_000 + seed)
    processors = compose("effect_chain", "data.dataset.root=.").model.net.processors
    chain = Chain(OmegaConf.to_container(processors), RATE)  # type: ignore[arg-type]
    if unknown := {*COLUMNS} - {p.name for p in chain.physical}:
        raise ValueError(f"no settings of the chain: {', '.join(unknown)}")
    level = float(sound.square().mean())
    while True:
        values = {}
        for each in chain.physical:
            place = 0.002 + 0.996 * float(torch.rand((), generator=generator))
            values[each.name] = (
                each.least * (each.most / each.least) ** place
                if each.scale == "log"
                else each.least + (each.most - each.least) * place
            )
        chain.load_preset(values)
        with torch.no_grad():
            made = float(Rendering(chain, RATE).render(sound).square().mean())
        if abs(10.0 * math.log10(made / level + 1e-12)) < MOST_DB:
            return chain


def told(seed: int, true: Chain, made: Trial) -> str:
    """A row: what is left, and settings as they were and as they were found."""
    due, found = true.preset(), made.chain.preset()
    pairs = ", ".join(f"{name} {due[name]:.3g} → {found[name]:.3g}" for name in COLUMNS)
    return f"{seed}: {made.left:.1%} in {made.seconds:.0f} s; {pairs}"


def main() -> None:
    """Print a line for each chain, and the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--heard", type=float, nargs=2, default=HEARD, help="seconds")
    parser.add_argument("--scored", type=float, nargs=2, default=SCORED, help="seconds")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    heard = passage(arguments.recording, tuple(arguments.heard))
    scored = passage(arguments.recording, tuple(arguments.scored))
    left = []
    for seed in range(arguments.first, arguments.first + arguments.count):
        true = drawn(seed, heard)
        made = fitted(true, heard, scored, TAIL_S)
        left.append(made.left)
        print(told(seed, true, made), flush=True)
    print(f"median {statistics.median(left):.1%} (bar {BAR:.0%}), most {max(left):.1%}")


if __name__ == "__main__":
    main()
