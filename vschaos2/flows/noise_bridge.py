"""From one domain to another through noise: up to a level as the one, down again as the other.

    latents ──flow of the source──> partly noise ──flow of the target──> latents

The flow of a domain turns its data into noise along an equation without chance, so that the noise
still holds what the data were; the target's flow makes of it what the target would. How far up the
way goes is how much may change.

Source: Su et al. (2022), "Dual diffusion implicit bridges for image-to-image translation".
"""

import torch
from torch import Tensor, nn

from vschaos2.flows.paths import levels_between, net_label, slope_at
from vschaos2.flows.sequence_net import SequenceNet
from vschaos2.flows.solvers import stages


class NoiseBridge(nn.Module):
    """The way, in blocks.

    Each evaluation of the net keeps a past of its own: that of the same evaluation of the block
    before. So blocks joined equal the whole. What a net says that hears both sides comes later
    than its frame, which waits for it.

    Args:
        net: that knows the slopes of all domains.
        path: how levels are counted, one of `flows.paths.PATHS`.
        level: how far up.
        steps: on each side.
        method: one of `flows.solvers.METHODS`.
        is_warm: what arrives is noise already, so that the way down is all.

    Attributes:
        state_size: numbers carried from block to block.
        reach: frames before the last one that an output hears.
        delay: frames that an output comes later than its own.

    Shape: x [B, F, Z], state [B, S], source and target [B] → y [B, F, Z], state.
    """

    levels: list[float]
    heard: list[float]
    kept: list[float]
    said: list[float]
    told: Tensor

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
        n_domains = net.n_domains
        self.net = net
        self.is_heun = method == "heun"
        up = levels_between(path, level, steps)
        both = [up[::-1]] if is_warm else [up, up[::-1]]
        # Level by level, source first; where both sides meet, the level stands twice.
        self.levels = [level for side in both for level in side]
        wanted = [level for side in both for level in stages(side, method)]
        slopes = [slope_at(path, level) for level in wanted]
        self.heard, self.kept, self.said = (list(of) for of in zip(*slopes, strict=True))
        # Nobody learns here: what the net is told of levels and domains stays as it is.
        domains = torch.arange(n_domains)
        with torch.no_grad():
            told = [
                net.told_of(net_label(path, torch.full((n_domains,), level)), domains)
                for level in wanted
            ]
        self.register_buffer("told", torch.stack(told), persistent=False)
        self.steps, self.is_warm = steps, is_warm
        self.lag = net.delay
        self.reach, self.delay = net.reach * len(wanted), net.delay * len(wanted)
        self.waiting = 2 * net.delay * net.latent_dim
        self.state_size = (net.state_size + self.waiting) * len(wanted)

    def forward(
        self, x: Tensor, state: Tensor, source: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What comes down as the target, and the past of every evaluation."""
        pasts: list[Tensor] = []
        sides = 1 if self.is_warm else 2
        for side in range(sides):
            domain = target if side == sides - 1 else source
            for step in range(self.steps):
                at = side * (self.steps + 1) + step
                span = self.levels[at + 1] - self.levels[at]
                half = 0.5 * span
                x, slope = self._slope(x, x, domain, state, pasts)
                if self.is_heun:
                    y, other = self._slope(x + span * slope, x + half * slope, domain, state, pasts)
                    x = y + half * other
                else:
                    y, other = self._slope(x + half * slope, x, domain, state, pasts)
                    x = y + span * other
        return x, torch.cat(pasts, 1)

    def _slope(
        self, x: Tensor, beside: Tensor, domain: Tensor, state: Tensor, pasts: list[Tensor]
    ) -> tuple[Tensor, Tensor]:
        """What stands beside x, and the slope at x; both as late as the net is.

        The past of this evaluation, and what waits, are put behind those of the others.
        """
        at, size = len(pasts), self.net.state_size
        past = state[:, at * (size + self.waiting) : (at + 1) * (size + self.waiting)]
        said, kept = self.net(x * self.heard[at], self.told[at][domain], past[:, :size])
        if self.lag > 0:
            both = torch.stack((x, beside), 1)
            waited = past[:, size:].reshape(len(x), 2, self.lag, x.shape[2])
            both = torch.cat((waited, both), 2)
            kept = torch.cat((kept, both[:, :, x.shape[1] :].flatten(1)), 1)
            x, beside = both[:, 0, : x.shape[1]], both[:, 1, : x.shape[1]]
        pasts.append(kept)
        return beside, x * self.kept[at] + said * self.said[at]
