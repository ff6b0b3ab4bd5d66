"""From one domain to another through noise: up to a level as the one, down again as the other.

    latents ──flow of the source──> partly noise ──flow of the target──> latents

The flow of a domain turns its data into noise along an equation without chance, so that the noise
still holds what the data were; the target's flow makes of it what the target would. How far up the
way goes is how much may change.

The flow of each may be followed further than it was learnt, away from that of the other: then less
noise is enough to lose what is the source's, and more is left of what both share. Up and down are
moved alike, so that a way there and back still ends where it began.

Source: Su et al. (2022), "Dual diffusion implicit bridges for image-to-image translation"; Ho and
Salimans (2022), "Classifier-free diffusion guidance", with the other domain in place of none.
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
        guidance: how much further than a domain's own slopes those are that are followed, in parts
            of their difference from the other's. The slope that leads to the middle of a midpoint
            step goes without: it would cost another evaluation, and tells of a place alone.

    Attributes:
        rows_per_frame: of all that the net works out together.
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
    guided: list[bool]
    starts: list[int]

    def __init__(
        self,
        net: SequenceNet,
        path: str,
        level: float,
        steps: int,
        method: str,
        is_warm: bool = False,
        guidance: float = 0.0,
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
        self.guidance = guidance
        self.guided = [
            guidance != 0.0 and (self.is_heun or number % 2 == 1) for number in range(len(wanted))
        ]
        self.rows_per_frame = 2 if guidance != 0.0 else 1
        # Where in the state each evaluation keeps its past.
        sizes = [net.state_size * (2 if both else 1) + self.waiting for both in self.guided]
        self.starts = [sum(sizes[:number]) for number in range(len(sizes) + 1)]
        self.state_size = sum(sizes)

    def forward(
        self, x: Tensor, state: Tensor, source: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What comes down as the target, and the past of every evaluation."""
        pasts: list[Tensor] = []
        sides = 1 if self.is_warm else 2
        for side in range(sides):
            is_last = side == sides - 1
            domain, other = (target, source) if is_last else (source, target)
            for step in range(self.steps):
                at = side * (self.steps + 1) + step
                span = self.levels[at + 1] - self.levels[at]
                half = 0.5 * span
                x, slope = self._slope(x, x, domain, other, state, pasts)
                there = x + (span if self.is_heun else half) * slope
                begun = x + half * slope if self.is_heun else x
                x, slope = self._slope(there, begun, domain, other, state, pasts)
                x = x + (half if self.is_heun else span) * slope
        return x, torch.cat(pasts, 1)

    def _slope(
        self,
        x: Tensor,
        beside: Tensor,
        domain: Tensor,
        other: Tensor,
        state: Tensor,
        pasts: list[Tensor],
    ) -> tuple[Tensor, Tensor]:
        """What stands beside x, and the slope at x; both as late as the net is.

        The past of this evaluation, and what waits, are put behind those of the others.
        """
        at, batch = len(pasts), len(x)
        past = state[:, self.starts[at] : self.starts[at + 1]]
        size, heard, told = self.net.state_size, x * self.heard[at], self.told[at]
        if self.guided[at]:
            twice = torch.cat((past[:, :size], past[:, size : 2 * size]))
            ways = torch.cat((domain, other))
            said, kept = self.net(torch.cat((heard, heard)), told[ways], twice)
            said = said[:batch] + self.guidance * (said[:batch] - said[batch:])
            kept, size = torch.cat((kept[:batch], kept[batch:]), 1), 2 * size
        else:
            said, kept = self.net(heard, told[domain], past[:, :size])
        if self.lag > 0:
            both = torch.stack((x, beside), 1)
            waited = past[:, size:].reshape(batch, 2, self.lag, x.shape[2])
            both = torch.cat((waited, both), 2)
            kept = torch.cat((kept, both[:, :, x.shape[1] :].flatten(1)), 1)
            x, beside = both[:, 0, : x.shape[1]], both[:, 1, : x.shape[1]]
        pasts.append(kept)
        return beside, x * self.kept[at] + said * self.said[at]
