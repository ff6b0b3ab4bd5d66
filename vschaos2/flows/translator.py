"""A causal map from latents of one domain to those of another, by frames of the past.

    the last C frames [C·Z], source, target ──layers──> what is added to a given frame [Z]

It is a correction: before any training it adds nothing at all.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.nets.causal import check_sizes
from vschaos2.nets.layers import WideLinear, padded_rows
from vschaos2.ranges import check_count

LONGEST = 256  # frames that it may hear


class Translator(nn.Module):
    """Two hidden layers over a few frames.

    Args:
        latent_dim: numbers in a frame, Z.
        n_domains: that frames come from and go to, N.
        context: frames that an output hears, its own being the last, C.
        hidden_dims: width of the layers.

    Attributes:
        state_size: numbers carried from block to block, (C - 1)·Z: the frames before.
        reach: frames before its own that an output hears.

    Shape: x [B, F, Z], state [B, (C - 1)·Z], source and target [B] → y [B, F, Z], state. Blocks
        joined equal the whole, bit for bit. A state of zeros stands for mean frames.

    Raises:
        InputError: for a size out of its range.
    """

    def __init__(
        self, latent_dim: int, n_domains: int, context: int = 6, hidden_dims: int = 192
    ) -> None:
        super().__init__()
        check_sizes(hidden_dims, 1)
        check_count("model.translator.context", context, 1, LONGEST)
        self.latent_dim, self.n_domains, self.context = latent_dim, n_domains, context
        self.reach = context - 1
        self.state_size = self.reach * latent_dim
        # With such weights the numbers of a row do not depend on the rows beside it.
        self.input = WideLinear(context * latent_dim, hidden_dims)
        self.direction = nn.Embedding(n_domains * n_domains, hidden_dims)
        self.hidden = WideLinear(hidden_dims, hidden_dims)
        self.output = WideLinear(hidden_dims, latent_dim)
        nn.init.zeros_(self.direction.weight)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(
        self, x: Tensor, state: Tensor, source: Tensor, target: Tensor
    ) -> tuple[Tensor, Tensor]:
        """What is to be added to other frames, and the last frames of this block."""
        batch, count = x.shape[0], x.shape[1]
        joined = torch.cat((state.reshape(batch, self.reach, self.latent_dim), x), 1)
        taps = joined.unfold(1, self.context, 1).transpose(2, 3)  # [B, F, C, Z]
        rows = taps.reshape(batch * count, self.context * self.latent_dim)
        way = self.direction(source * self.n_domains + target)
        ways = way[:, None].expand(-1, count, -1).reshape(batch * count, -1)
        y = F.silu(self.input(padded_rows(rows)) + padded_rows(ways))
        y = self.output(F.silu(self.hidden(y)))[: batch * count]
        return y.reshape(batch, count, self.latent_dim), joined[:, count:].flatten(1)
