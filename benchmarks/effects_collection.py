"""What a collection of chains costs as an instrument, beside one of its chains.

    python -m benchmarks.effects_collection [BLOCKS]

Twelve chains of the structure of `effect_chain` at settings that are drawn; as a file each: one of
them alone, and all of them with eight axes. Load is processor time of one thread over the duration
of a block, the median of BLOCKS (300): at rest; while a slider of the collection moves with every
block; and of `modulate`, eight signals that wander.
"""

import sys
import time
from pathlib import Path

import torch
from omegaconf import OmegaConf
from torch import Tensor, nn

from vschaos2.api import compose
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.trial import opened
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.playable import PlayableEffect
from vschaos2.processors.parameter import Ranges
from vschaos2.retrieval.effect_map import map_effects
from vschaos2.retrieval.playable_collection import PlayableCollection
from vschaos2.retrieval.preset_folder import Presets

RATE, PRESETS, AXES = 44_100, 12, 8
SIZES = (64, 512, 2048)


def load(loaded: nn.Module, method: str, block: Tensor, blocks: int, moves: bool = False) -> float:
    """The median load of a method, as a part of real time."""
    seconds = []
    with torch.inference_mode():
        for number in range(blocks + 8):
            if moves:
                set_attribute(loaded, "axis1", 1.0 + number % 2)
            begun = time.thread_time()
            getattr(loaded, method)(block)
            seconds.append(time.thread_time() - begun)
    return float(torch.tensor(seconds[8:]).median()) * RATE / block.shape[-1]


def main() -> None:
    """Print the table."""
    blocks = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    torch.set_num_threads(1)
    processors = compose("effect_chain", "data.dataset.root=.").model.net.processors
    items = OmegaConf.to_container(processors)
    net = ChainNet(1, 0, 2, RATE, items)  # type: ignore[arg-type]
    physical = net.chain.physical
    middle = Ranges(physical).raw(torch.tensor([[p.default] for p in physical]))[:, 0]
    generator = torch.Generator().manual_seed(0)
    raw = middle + torch.randn(PRESETS, len(physical), generator=generator, dtype=torch.float64)
    values = Ranges(physical)(raw[..., None])[..., 0]
    info = {"model": {"net": {"processors": items}, "channels_in": 1}, "sample_rate_hz": RATE}
    presets = Presets(tuple(f"track {n}" for n in range(PRESETS)), physical, raw, values, info)
    net.chain.load_preset({p.name: v for p, v in zip(physical, values[0].tolist(), strict=True)})
    chain = PlayableEffect(EffectModel(net, [], RATE).eval(), {})
    collection = PlayableCollection(map_effects(presets), AXES, Path())
    print("| load, % of a core, at blocks of | " + " | ".join(map(str, SIZES)) + " |")
    print("|---" * (1 + len(SIZES)) + "|")
    for name, playable, method, moves in (
        ("one chain", chain, "forward", False),
        (f"{PRESETS} chains, at rest", collection, "forward", False),
        (f"{PRESETS} chains, a slider moved with every block", collection, "forward", True),
        (f"{PRESETS} chains, {AXES} signals", collection, "modulate", False),
    ):
        loaded = opened(playable.script().save_to_buffer())
        loaded.get_methods()
        row = []
        for size in SIZES:
            block = playable.example(method, size, torch.Generator().manual_seed(0))
            row.append(100.0 * load(loaded, method, block, blocks, moves))
        print(f"| {name} | " + " | ".join(f"{each:.1f}" for each in row) + " |", flush=True)


if __name__ == "__main__":
    main()
