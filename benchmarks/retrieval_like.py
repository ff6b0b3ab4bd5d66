"""A dry take is given the sound of another recording: is it nearer to the truth than by guessing?

    python -m benchmarks.retrieval_like DRY REFERENCE [--first 0] [--cases 10]

Chains are drawn from a Gaussian around settings as a voice gets them: 32 are the collection, of
which the prior is made; others, one a case, are the truth, which makes a wet recording of the
reference's take. From it and the dry take settings are found. The truth on the dry take is what
they ought to sound like: distance of spectra at one loudness, beside those of the mean preset, of
the collection's preset that sounds most like the recording, and of the dry take as it is.
"""

import argparse
import time
from pathlib import Path

import torch
from omegaconf import OmegaConf
from torch import Tensor

from benchmarks.retrieval import RATE, passage
from vschaos2.api import compose
from vschaos2.processors.chain import Chain
from vschaos2.processors.parameter import Parameter, Ranges
from vschaos2.retrieval.likeness import Likeness, place_raw
from vschaos2.retrieval.prior import Prior, gaussian
from vschaos2.retrieval.rendering import Rendering
from vschaos2.retrieval.spectra import multi_scale_distance

COLLECTION = 32
FACTORS = 6  # that settings have in common
SPREAD = 0.8  # raw
SHARED = 0.7  # of a setting's variance
VOICE = {
    "peak1_hz": 400, "peak2_hz": 3500, "low_shelf_gain_db": -2, "high_shelf_gain_db": 4,
    "high_pass_hz": 90, "low_pass_hz": 16_000, "expander_threshold_db": -65,
    "compressor_threshold_db": -28, "compressor_ratio": 3.5, "makeup_db": 4,
    "compressor_attack_ms": 8, "compressor_release_ms": 120, "echo_db": -17, "echo_ms": 350,
    "echo_feedback": 0.3, "reverb_db": -13, "reverb_low_s": 1.6,
}  # fmt: skip


def collection(parameters: tuple[Parameter, ...], count: int, seed: int) -> Tensor:
    """Raw numbers of chains as voices get them: [N, P]."""
    if unknown := VOICE.keys() - {p.name for p in parameters}:
        raise ValueError(f"no settings of the chain: {', '.join(unknown)}")
    values = torch.tensor([[VOICE.get(p.name, p.default)] for p in parameters])
    mean = Ranges(parameters).raw(values)[:, 0]
    of = torch.Generator().manual_seed(7)
    mixed = torch.randn(len(mean), FACTORS, generator=of, dtype=torch.float64)
    mixed = mixed / mixed.norm(dim=1, keepdim=True) * SHARED**0.5
    of.manual_seed(10_000 + seed)
    common = torch.randn(count, FACTORS, generator=of, dtype=torch.float64) @ mixed.T
    own = torch.randn(count, len(mean), generator=of, dtype=torch.float64) * (1 - SHARED) ** 0.5
    return mean.clamp(-3.0, 3.0) + SPREAD * (common + own)


def case(seed: int, dry: Tensor, take: Tensor, prior: Prior, presets: Tensor) -> dict[str, float]:
    """Distances to the truth, by who found the settings."""
    processors = compose("effect_chain", "data.dataset.root=.").model.net.processors
    chain = Chain(OmegaConf.to_container(processors), RATE)  # type: ignore[arg-type]
    rendering = Rendering(chain, RATE)

    def played(raw: Tensor, sound: Tensor) -> Tensor:
        place_raw(rendering, raw)
        with torch.no_grad():
            return rendering.render(sound)

    (true,) = collection(chain.physical, 1, 100 + seed)
    reference, wanted = played(true, take), played(true, dry)
    search = Likeness(rendering, dry, reference, prior, 0.1)

    def away(sound: Tensor) -> float:
        level = (wanted.square().mean() / sound.square().mean()).sqrt()
        return float(multi_scale_distance(sound * level, wanted))

    heard = [search.unlike(played(raw, search.dry)) for raw in presets]
    nearest = presets[min(range(len(heard)), key=heard.__getitem__)]
    begun = time.process_time()
    search.run()
    seconds = time.process_time() - begun
    with torch.no_grad():
        made = rendering.render(dry)
    print(
        f"  unlike: dry {search.unlike(dry.expand(2, -1)):.2f}, mean "
        f"{search.unlike(played(prior.mean, search.dry)):.2f}, nearest {min(heard):.2f}, found "
        f"{search.costs[-1]:.2f}, truth {search.unlike(wanted):.2f}"
    )
    return {
        "found": away(made),
        "mean": away(played(prior.mean, dry)),
        "nearest": away(played(nearest, dry)),
        "dry": away(dry.expand(2, -1)),
        "seconds": seconds,
    }


def main() -> None:
    """Print a line for each case, and in how many the settings that were found are nearest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dry", type=Path)
    parser.add_argument("reference", type=Path, help="a take, dry")
    parser.add_argument("--first", type=int, default=0, help="seed")
    parser.add_argument("--cases", type=int, default=10)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    dry, take = (passage(each, (1.0, 11.0)) for each in (arguments.dry, arguments.reference))
    processors = compose("effect_chain", "data.dataset.root=.").model.net.processors
    parameters = Chain(OmegaConf.to_container(processors), RATE).physical  # type: ignore[arg-type]
    presets = collection(parameters, COLLECTION, 0)
    prior = gaussian(presets, parameters)
    won = 0
    for seed in range(arguments.first, arguments.first + arguments.cases):
        found = case(seed, dry, take, prior, presets)
        won += found["found"] < min(found["mean"], found["nearest"])
        print(f"{seed}: " + ", ".join(f"{k} {v:.3f}" for k, v in found.items()), flush=True)
    print(f"nearer than mean and nearest in {won} of {arguments.cases} (bar 80 %)")


if __name__ == "__main__":
    main()
