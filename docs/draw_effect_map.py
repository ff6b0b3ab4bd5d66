"""Draws docs/images/effect_map.png: chains of three studios, on the axes of their settings.

    python3 -m docs.draw_effect_map

One studio lets voices sound near and bright, one far away and soft, and one as through a telephone;
each singer is treated a little differently.
"""

from pathlib import Path

import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg

from vschaos2.processors.chain import Chain
from vschaos2.processors.parameter import Ranges
from vschaos2.retrieval.effect_map import map_effects
from vschaos2.retrieval.effect_map_pictures import axes
from vschaos2.retrieval.preset_folder import Presets

PICTURE = Path(__file__).parent / "images" / "effect_map.png"
ITEMS = ["channel_eq", "compressor", "space"]
STUDIOS = {
    "near": {"peak2_gain_db": 6.0, "high_shelf_gain_db": 5.0, "ratio": 6.0, "threshold_db": -34.0,
             "makeup_db": 8.0, "reverb_db": -34.0, "echo_db": -40.0},
    "far": {"peak2_gain_db": -3.0, "high_shelf_gain_db": -4.0, "ratio": 1.6, "reverb_db": -8.0,
            "reverb_low_s": 3.5, "echo_db": -16.0, "echo_feedback": 0.6},
    "wire": {"high_pass_hz": 420.0, "low_pass_hz": 3_200.0, "peak1_gain_db": 8.0, "ratio": 9.0,
             "reverb_db": -45.0, "echo_db": -45.0},
}  # fmt: skip
SINGERS, SPREAD = 5, 0.5  # of each studio; raw, of every setting


def presets() -> Presets:
    """Their settings."""
    chain, generator = Chain(ITEMS, 44_100.0), torch.Generator().manual_seed(3)
    ranges, rows, tracks = Ranges(chain.physical), [], []
    for studio, settings in STUDIOS.items():
        values = [settings.get(each.name, each.default) for each in chain.physical]
        middle = ranges.raw(torch.tensor(values, dtype=torch.float64)[:, None])[:, 0]
        for singer in range(SINGERS):
            away = torch.randn(len(middle), generator=generator, dtype=torch.float64)
            rows.append(middle + SPREAD * away)
            tracks.append(f"{studio} {singer + 1}")
    raw = torch.stack(rows)
    return Presets(tuple(tracks), chain.physical, raw, ranges(raw[..., None])[..., 0], {})


if __name__ == "__main__":
    figure = axes(map_effects(presets()))
    figure.set_size_inches(12.0, 6.4)
    FigureCanvasAgg(figure)
    figure.savefig(PICTURE, dpi=100)
