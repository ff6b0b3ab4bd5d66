"""A net over sequences of noisy latents: gated dilated convolutions, each told of level and domain.

    noisy latents [B, F, Z] ──> layers ──> [B, F, Z]

It hears the past alone, and can be played live, or what comes as well, and knows more. Then what
it says of a frame comes some frames later, so that a stream of blocks needs nothing else.

Source: van den Oord et al. (2016), "WaveNet"; told of the level as in Kong et al. (2021),
"DiffWave: a versatile diffusion model for audio synthesis".
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.nets.causal import check_sizes
from vschaos2.nets.layers import DEEPEST, WideLinear, padded_rows
from vschaos2.ranges import check_count

TAPS = 3  # frames that a layer joins
WAVES = 16  # that tell of the level
TOLD = 32  # numbers that tell of the domain
LARGEST_DILATION = 512
PAST, BOTH = "past", "both"
SIDES = (PAST, BOTH)  # of a frame, that a net hears


class GatedLayer(nn.Module):
    """x + W·(tanh(a) · σ(b)), a and b being sums over three frames, a dilation apart.

    The x of an output is that of the last of the three, or of the middle one: then it lies a
    dilation back.

    Shape: x [B, F, H], past [B, 2·dilation, H], told [B, 2·H] → [B, F, H], past.
    """

    def __init__(self, dims: int, dilation: int, told_dims: int, sides: str = PAST) -> None:
        super().__init__()
        self.dims, self.dilation, self.n_taps = dims, dilation, TAPS
        self.own_tap = TAPS - 1 if sides == PAST else TAPS // 2
        self.taps = WideLinear(TAPS * dims, 2 * dims)
        self.told = WideLinear(told_dims, 2 * dims)
        self.output = WideLinear(dims, dims)

    def tell(self, told: Tensor) -> Tensor:
        """What this layer makes of what all are told: [B, E] → [B, 2·H]."""
        return self.told(told)

    def forward(self, x: Tensor, past: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        """The output of every frame, and the frames that the next block reaches."""
        batch, count = x.shape[0], x.shape[1]
        joined = torch.cat((past, x), 1)
        parts: list[Tensor] = []
        for tap in range(self.n_taps):
            parts.append(joined[:, tap * self.dilation : tap * self.dilation + count])
        rows = torch.cat(parts, 2).reshape(batch * count, self.n_taps * self.dims)
        taps = self.taps(padded_rows(rows))[: batch * count].reshape(batch, count, 2 * self.dims)
        both = taps + told.unsqueeze(1)
        gated = torch.tanh(both[:, :, : self.dims]) * torch.sigmoid(both[:, :, self.dims :])
        rows = padded_rows(gated.reshape(batch * count, self.dims))
        y = self.output(rows)[: batch * count].reshape(batch, count, self.dims)
        return parts[self.own_tap] + y, joined[:, count:]


class SequenceNet(nn.Module):
    """What a flow asks for its slopes.

    Args:
        latent_dim: numbers in a frame, Z.
        n_domains: that sequences may be of, N.
        hidden_dims: width, H.
        dilations: frames between those that each layer joins.
        hears: one of `SIDES`.

    Attributes:
        state_size: numbers carried from block to block, 2·Σ dilations·H.
        reach: frames before the last one that an output hears.
        delay: frames that an output comes later than its own: Σ dilations where both sides are
            heard, or none.

    Shape: x [B, F, Z], told [B, layers, 2·H], state [B, S] → y [B, F, Z], state. Blocks joined
        equal the whole, bit for bit. A state of zeros stands for no past.

    Raises:
        InputError: for a size out of its range.
    """

    spans: list[int]

    def __init__(
        self,
        latent_dim: int,
        n_domains: int,
        hidden_dims: int = 96,
        dilations: Sequence[int] = (1, 2, 4, 8, 1, 2),
        hears: str = PAST,
    ) -> None:
        super().__init__()
        check_sizes(hidden_dims, 1)
        if not isinstance(dilations, list | tuple) or not 1 <= len(dilations) <= DEEPEST:
            raise InputError(
                f"model.flow.dilations must be a list such as [1, 2, 4], got {dilations!r}"
            )
        for number, dilation in enumerate(dilations):
            check_count(f"model.flow.dilations[{number}]", dilation, 1, LARGEST_DILATION)
        if hears not in SIDES:
            raise InputError(f"model.flow.hears must be {' or '.join(SIDES)}, got {hears!r}")
        self.latent_dim, self.n_domains, self.hears = latent_dim, n_domains, hears
        self.dims = hidden_dims
        self.register_buffer("waves", 2.0 * torch.randn(WAVES))
        self.domain = nn.Embedding(n_domains, TOLD)
        told_dims = 4 * TOLD
        self.told = WideLinear(2 * WAVES + TOLD, told_dims)
        self.input = WideLinear(latent_dim, hidden_dims)
        self.layers = nn.ModuleList(
            GatedLayer(hidden_dims, dilation, told_dims, hears) for dilation in dilations
        )
        self.output = WideLinear(hidden_dims, latent_dim)
        self.spans = [(TAPS - 1) * dilation for dilation in dilations]
        self.reach = sum(self.spans)
        self.delay = 0 if hears == PAST else sum(dilations)
        self.state_size = self.reach * hidden_dims

    waves: Tensor

    def told_of(self, label: Tensor, domain: Tensor) -> Tensor:
        """What every layer is told of level and domain: [B], [B] → [B, layers, 2·H]."""
        angles = label[:, None] * self.waves
        known = torch.cat((angles.sin(), angles.cos(), self.domain(domain)), 1)
        told = F.silu(self.told(padded_rows(known)))
        rows = [layer.tell(told)[: len(label)] for layer in self.layers]  # type: ignore[operator]
        return torch.stack(rows, 1)

    def forward(self, x: Tensor, told: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """What a net that was told so says of every frame, and every layer's past."""
        batch, count, width = x.shape
        rows = padded_rows(x.reshape(batch * count, width))
        y = self.input(rows)[: batch * count].reshape(batch, count, self.dims)
        pasts: list[Tensor] = []
        start = 0
        every = state.reshape(batch, self.reach, self.dims)
        for index, layer in enumerate(self.layers):
            end = start + self.spans[index]
            y, past = layer(y, every[:, start:end], told[:, index])
            pasts.append(past)
            start = end
        rows = padded_rows(y.reshape(batch * count, self.dims))
        made = self.output(rows)[: batch * count].reshape(batch, count, width)
        return made, torch.cat(pasts, 1).flatten(1)
