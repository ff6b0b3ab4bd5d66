"""Which settings come back of chains that are known: what is left, and how far settings are off.

    python -m benchmarks.retrieval RECORDING [CHAIN …]

Three chains with the structure of `effect_chain`, without its expander, of other line gains each,
make the wet sound of seconds 5 to 17 of a recording; the chain is fitted to these, scored on
seconds 22 to 34: distance over that of the dry sound, the equaliser (60 Hz to 14 kHz, but
for a gain), the curve of the compressor over the levels present, the echo's time, the decay.
"""

import argparse
import math
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from omegaconf import OmegaConf
from torch import Tensor

from vschaos2.api import compose
from vschaos2.audio import read_channels
from vschaos2.processors.chain import Chain
from vschaos2.processors.recursion import BLOCK
from vschaos2.retrieval.fit import Fit
from vschaos2.retrieval.rendering import TAIL_S, Rendering
from vschaos2.retrieval.spectra import multi_scale_distance

RATE = 44_100
HEARD, SCORED = (5.0, 17.0), (22.0, 34.0)
NAMES = (
    "peak1_hz", "peak1_gain_db", "peak1_q", "peak2_hz", "peak2_gain_db", "peak2_q",
    "low_shelf_hz", "low_shelf_gain_db", "high_shelf_hz", "high_shelf_gain_db",
    "high_pass_hz", "low_pass_hz", "threshold_db", "ratio", "attack_ms", "release_ms",
    "detector_ms", "makeup_db", "pan", "echo_ms", "echo_feedback", "echo_low_pass_hz",
    "echo_db", "echo_odd_pan", "echo_even_pan", "reverb_db", "reverb_low_s",
    "reverb_high_ratio", "echo_to_reverb_db",
)  # fmt: skip
CHAINS = (
    (500, 5, 1, 3000, -6, 1.5, 120, 3, 6000, 4, 80, 14000, -28, 4, 8, 120, 5, 6,
     15, 378, .45, 4000, -9, -44, 4, -12, 1.8, .444, -10),
    (250, -5, 1.5, 5500, 6, 1, 80, -4, 3500, -5, 120, 9000, -35, 3, 20, 250, 3, 4,
     -25, 612, .3, 2500, -12, 21, 39, -16, 2.6, .192, -16),
    (1200, 7, 2, 8000, 5, .7, 180, 5, 2000, 3, 40, 16000, -22, 8, 3, 60, 8, 8,
     0, 210, .6, 6000, -14, -20, 40, -9, 1.0, .6, -20),
)  # fmt: skip


def known(number: int) -> Chain:
    """One of the three chains; the gains of its lines are drawn."""
    processors = ["channel_eq", "compressor", {"space": {"reverb_eq": False}}]
    chain = Chain(processors, RATE)
    generator = torch.Generator().manual_seed(11 + number)
    values = dict(zip(NAMES, map(float, CHAINS[number]), strict=True)) | {"knee_db": 6.0}
    values |= {
        each.name: float(torch.randn((), generator=generator).clamp(-2, 2)) * 0.33
        for each in chain.physical
        if each.name.startswith(("reverb_left", "reverb_right"))
    }
    chain.load_preset(values)
    return chain


def passage(path: Path, seconds: tuple[float, float]) -> Tensor:
    """Of a recording, mono, at an RMS of .1: [T]."""
    sound = read_channels(path, RATE).mean(0)
    first, end = (round(each * RATE) for each in seconds)
    part = sound[first : first + (end - first) // BLOCK * BLOCK]
    level = float(np.sqrt(np.square(part, dtype=np.float64).mean()))
    return torch.from_numpy((part * (0.1 / level)).astype(np.float32))


def response_db(chain: Chain) -> Tensor:
    """Of the equaliser, 60 Hz to 14 kHz, without its mean."""
    eq = chain.processors[0]
    frequencies = torch.logspace(math.log10(60), math.log10(14_000), 300, dtype=torch.float64)
    values = chain.controllers[0].rest(torch.zeros(0))[None]  # type: ignore[operator]
    found = 20.0 * eq.response(values, frequencies)[0].abs().log10()  # type: ignore[operator]
    return found - found.mean()


def curve_db(preset: dict[str, float], levels_db: Tensor, prefix: str) -> Tensor:
    """What a compressor lets levels settle at, without its mean."""
    threshold, ratio, knee = (
        preset.get(f"{prefix}{name}", preset.get(name, 0.0))
        for name in ("threshold_db", "ratio", "knee_db")
    )
    over = torch.nn.functional.softplus((levels_db - threshold) / (knee / 4.0)) * (knee / 4.0)
    found = levels_db - (1.0 - 1.0 / ratio) * over
    return found - found.mean()


class Trial(NamedTuple):
    """One fit of a known chain.

    Attributes:
        chain: as it was fitted.
        left: distance on what was not heard, over that of the dry sound.
        seconds: of processor time.
        losses: of every step.
    """

    chain: Chain
    left: float
    seconds: float
    losses: list[float]


def fitted(true: Chain, heard: Tensor, scored: Tensor, tail_s: float = TAIL_S) -> Trial:
    """`effect_chain`, fitted to what a known chain makes of a sound: [T] twice."""
    truth = Rendering(true, RATE, tail_s)
    with torch.no_grad():
        wet, wanted = truth.render(heard), truth.render(scored)
    processors = compose("effect_chain", "data.dataset.root=.").model.net.processors
    chain = Chain(OmegaConf.to_container(processors), RATE)  # type: ignore[arg-type]
    begun = time.process_time()
    fit = Fit(chain, heard, wet, RATE, 0)
    fit.run(lambda step: None)
    seconds = time.process_time() - begun
    with torch.no_grad():
        made = Rendering(chain, RATE, tail_s).render(scored)
        left = float(multi_scale_distance(made, wanted))
        whole = float(multi_scale_distance(scored.expand(2, -1), wanted))
    return Trial(chain, left / whole, seconds, fit.losses)


def trial(path: Path, number: int) -> None:
    """Fit one chain, and print a row."""
    true = known(number)
    heard, scored = passage(path, HEARD), passage(path, SCORED)
    with torch.no_grad():
        eq = true.processors[0](  # what the compressor hears
            scored[None, None],
            true.controllers[0].rest(torch.zeros(0))[None, :, None],  # type: ignore[operator]
            torch.zeros(1, true.processors[0].state_size, dtype=torch.float64),
        )[0][0, 0]
    made = fitted(true, heard, scored)
    with torch.no_grad():
        off_db = response_db(made.chain) - response_db(true)
    power = eq.square().unfold(0, 2205, 2205).mean(1)
    levels = 10.0 * power[power > power.max() * 1e-4].log10()
    found, due = made.chain.preset(), true.preset()
    curve = curve_db(found, levels, "compressor_") - curve_db(due, levels, "")
    print(
        f"| {number} | {made.left:.1%} | {float(off_db.square().mean().sqrt()):.2f} dB "
        f"| {float(curve.square().mean().sqrt()):.2f} dB "
        f"| {found['echo_ms'] - due['echo_ms']:+.3f} ms "
        f"| {found['reverb_low_s'] / due['reverb_low_s'] - 1.0:+.1%} | {made.seconds:.0f} s |",
        flush=True,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", type=Path)
    parser.add_argument("chains", type=int, nargs="*", help="0 to 2 (all)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    print("| chain | distance left | equaliser | compressor's curve | echo | decay | CPU |")
    print("|---|---|---|---|---|---|---|")
    for number in arguments.chains or range(len(CHAINS)):
        trial(arguments.recording, number)


if __name__ == "__main__":
    main()
