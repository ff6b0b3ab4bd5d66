"""A chain of another make, retrieved: an equaliser, a compressor, a delay, and Freeverb for a room.

    pip install pedalboard
    python -m benchmarks.retrieval_foreign RECORDING

The structure differs from what is fitted, its room above all: the settings are a likeness.
"""

import argparse
import time
from pathlib import Path

import torch
from omegaconf import OmegaConf
from torch import Tensor

from benchmarks.retrieval import HEARD, RATE, SCORED, passage
from vschaos2.api import compose
from vschaos2.processors.chain import Chain
from vschaos2.retrieval.fit import Fit
from vschaos2.retrieval.spectra import multi_scale_distance

ECHO_MS, BAR = 378.0, 0.3


def foreign(sound: Tensor) -> Tensor:
    """What pedalboard makes of a sound: [T] → [2, T]."""
    import pedalboard as pb

    board = pb.Pedalboard(
        [
            pb.HighpassFilter(90), pb.PeakFilter(500, 5, 1), pb.PeakFilter(3000, -6, 1.5),
            pb.HighShelfFilter(6000, 4), pb.Compressor(-28, 4, 8, 120), pb.Gain(6),
            pb.Delay(ECHO_MS / 1000.0, 0.35, 0.25),
            pb.Reverb(room_size=0.6, damping=0.5, wet_level=0.18, dry_level=0.85, width=1.0),
        ]
    )  # fmt: skip
    return torch.from_numpy(board(sound.expand(2, -1).numpy().copy(), RATE, reset=True))


def main() -> None:
    """Print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path)
    path = parser.parse_args().recording
    torch.set_num_threads(1)
    heard, scored = passage(path, HEARD), passage(path, SCORED)
    wanted = foreign(scored)
    processors = compose("effect_chain", "data.dataset.root=.").model.net.processors
    chain = Chain(OmegaConf.to_container(processors), RATE)  # type: ignore[arg-type]
    begun = time.process_time()
    fit = Fit(chain, heard, foreign(heard), RATE, 0)
    fit.run(lambda step: None)
    seconds = time.process_time() - begun
    with torch.no_grad():
        left = float(multi_scale_distance(fit.rendering.render(scored), wanted))
    whole = float(multi_scale_distance(scored.expand(2, -1), wanted))
    off_ms = chain.preset()["echo_ms"] - ECHO_MS
    print(f"left {left / whole:.1%} (bar {BAR:.0%}), echo {off_ms:+.3f} ms, {seconds:.0f} s")


if __name__ == "__main__":
    main()
