"""From one domain to another through noise: up to a level as the one, down again as the other.

    latents ──flow of the source──> partly noise ──flow of the target──> latents

The flow of a domain turns its data into noise along an equation without chance, so that the noise
still holds what the data were; the target's flow makes of it what the target would. How far up the
way goes is how much may change.

Source: Su et al. (2022), "Dual diffusion implicit bridges for image-to-image translation".
"""

import torch
from torch import Tensor, nn

from vschaos2.flows.paths import levels_between, net_input, net_label, slope_of
from vschaos2.flows.sequence_net import SequenceNet
from vschaos2.flows.solvers import stages


class NoiseBridge(nn.Module):
    """The way, in blocks.

    Each evaluation of the net keeps a past of its own: that of the same evaluation of the block
    before. So blocks joined equal the whole.

    Args:
        net: that knows the slopes of all domains.
        path: how levels are counted, one of `flows.paths.PATHS`.
        level: how far up.
        steps: on each side.
        method: one of `flows.solvers.METHODS`.
        is_warm: what arrives is noise already, so that the way down is all.

    Attributes:
        state_size: numbers carried from block to block.
        reach: frames before its own that an output hears.

    Shape: x [B, F, Z], state [B, S], source and target [B] → y [B, F, Z], state.
    """

    levels: list[float]
    wanted: list[float]

    def __init__(
        self,
        net: SequenceNet,
        path: str,
        level: float,
        steps: int,
        method: str,
        is_warm: bool = False,
    ) -> None:
        super().__init__()
        self.net = net
        self.path = path
        self.is_heun = method == "heun"
        up = levels_between(path, level, steps)
        both = [up[::-1]] if is_warm else [up, up[::-1]]
        # Level by level, source first; where both sides meet, the level stands twice.
        self.levels = [level for side in both for level in side]
        self.wanted = [level for side in both for level in stages(side, method)]
        self.steps, self.is_warm = steps, is_warm
        self.reach = net.reach * len(self.wanted)
        self.state_size = net.state_size * len(self.wanted)

    def forward(
        self, x: Tensor, state: Tensor, source: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What comes down as the target, and the past of every evaluation."""
        size = self.net.state_size
        kept: list[Tensor] = []
        sides = 1 if self.is_warm else 2
        for side in range(sides):
            domain = target if side == sides - 1 else source
            for step in range(self.steps):
                at = side * (self.steps + 1) + step
                here, there = self.levels[at], self.levels[at + 1]
                first = len(kept)
                slope, past = self._slope(
                    x, self.wanted[first], domain, state[:, first * size : (first + 1) * size]
                )
                kept.append(past)
                part = there - here if self.is_heun else 0.5 * (there - here)
                other, past = self._slope(
                    x + part * slope,
                    self.wanted[first + 1],
                    domain,
                    state[:, (first + 1) * size : (first + 2) * size],
                )
                kept.append(past)
                if self.is_heun:
                    x = x + 0.5 * (there - here) * (slope + other)
                else:
                    x = x + (there - here) * other
        return x, torch.cat(kept, 1)

    def _slope(
        self, x: Tensor, level: float, domain: Tensor, state: Tensor
    ) -> tuple[Tensor, Tensor]:
        levels = torch.full((x.shape[0],), level, device=x.device)
        heard, label = net_input(self.path, x, levels), net_label(self.path, levels)
        output, state = self.net(heard, label, domain, state)
        return slope_of(self.path, x, levels, output), state
