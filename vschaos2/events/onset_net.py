"""A small trained net that hears when something begins, where the flux hears too little: in notes.

    bands of a frame ──groups──> how loud, how much louder ──causal layers──> how likely an onset is

What it says of a frame is about the onset `WAIT` frames before: as late as the flux is. It was
taught on sounds by code whose onsets are known (`benchmarks/onset_net.py`, which writes its
weights); they are plain numbers in `onset_net.npz` beside this file.
"""

import io
import math
from importlib import resources

import numpy as np
import torch
from torch import Tensor, nn

from vschaos2.events.flux import HIGHEST_HZ, LOWEST_HZ
from vschaos2.nets.layers import WideLinear, padded_rows

WAIT = 3  # frames
GROUPS, WIDTH = 24, 40
GROWTH_GAIN = 4.0  # of what has grown, which is less than what is loud
LAYERS = ((2 * GROUPS, WIDTH, 3, 1), (WIDTH, WIDTH, 5, 1), (WIDTH, WIDTH, 5, 4))
WEIGHTS = "onset_net.npz"


def groups(centres_hz: Tensor) -> Tensor:
    """Weights that gather bands in `GROUPS` as wide as each other on the logarithm: [N, GROUPS].

    A group without a band is the band nearest to it; above all bands it is nothing.

    Args:
        centres_hz: of the bands, rising, [N].
    """
    place = torch.log2(centres_hz / LOWEST_HZ) / math.log2(HIGHEST_HZ / LOWEST_HZ) * GROUPS
    made = torch.zeros(len(centres_hz), GROUPS)
    for group in range(GROUPS):
        inside = (place >= group) & (place < group + 1)
        if bool(inside.any()):
            made[inside, group] = 1.0 / float(inside.sum())
        elif group + 0.5 <= float(place[-1]):
            made[int((place - group - 0.5).abs().argmin()), group] = 1.0
    return made


class OnsetNet(nn.Module):
    """Causal layers over frames.

    Attributes:
        state_size: numbers that are carried from block to block, S.

    Shape: x [B, F, 2·GROUPS], state [B, S] → log-odds [B, F]; state. What is said of a frame does
        not depend, to the last bit, on the block it comes in.
    """

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(WideLinear(i * taps, o) for i, o, taps, _ in LAYERS)
        self.taps = [taps for _, _, taps, _ in LAYERS]
        self.steps = [step for _, _, _, step in LAYERS]
        self.widths = [count for count, _, _, _ in LAYERS]
        self.last = WideLinear(WIDTH, 1)
        self.state_size = sum((taps - 1) * step * i for i, _, taps, step in LAYERS)

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        batch, count = x.shape[0], x.shape[1]
        kept: list[Tensor] = []
        at = 0
        for number, layer in enumerate(self.layers):
            taps, step, width = self.taps[number], self.steps[number], self.widths[number]
            past = (taps - 1) * step
            before = state[:, at : at + past * width].reshape(batch, past, width)
            at += past * width
            both = torch.cat((before, x), 1)
            kept.append(both[:, count:].reshape(batch, -1))
            seen = torch.cat([both[:, n * step : n * step + count] for n in range(taps)], 2)
            rows = layer(padded_rows(seen.reshape(batch * count, -1)))[: batch * count]
            x = torch.relu(rows).reshape(batch, count, -1)
        rows = self.last(padded_rows(x.reshape(batch * count, -1)))[: batch * count]
        return rows.reshape(batch, count), torch.cat(kept, 1)


def ready_net() -> OnsetNet:
    """The net that comes with the package."""
    content = (resources.files("vschaos2") / "events" / WEIGHTS).read_bytes()
    net = OnsetNet()
    with np.load(io.BytesIO(content), allow_pickle=False) as weights:
        net.load_state_dict({key: torch.from_numpy(weights[key]).float() for key in weights.files})
    return net.eval().requires_grad_(False)
