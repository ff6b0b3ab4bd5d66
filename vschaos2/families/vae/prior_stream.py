"""A prior let loose: each frame drawn from what the frames before let expect, without an end."""

import torch
from torch import Tensor

from vschaos2.dsp.random_draws import RandomDraws
from vschaos2.dsp.state import State, Stateful
from vschaos2.families.vae.prior import LatentPrior
from vschaos2.nets.layers import padded_rows
from vschaos2.nets.mixture import Mixture, mixture_sample


class PriorStream(Stateful):
    """The latents that a prior plays by itself, block after block; `reset` begins it anew.

    All items of a batch are drawn with the same numbers: they differ by their temperatures only.

    Args:
        prior: the trained prior.
    """

    def __init__(self, prior: LatentPrior) -> None:
        super().__init__()
        self.model = prior
        self.draws = RandomDraws(prior.dims)
        self.memory = State(prior.state_size)
        self.position = State(prior.dims)  # from the first point, so that zeros are the first
        self.spread = float(prior.spread)

    @torch.jit.export
    def set_seed(self, seed: int) -> None:
        """Other random numbers from the next frame on."""
        self.draws.seed = seed

    def forward(self, temperature: Tensor) -> Tensor:
        """The next latents, at a temperature ≥ 0 for each: [B, F] → [B, F, Z]."""
        batch, count = temperature.shape
        first = self.model.basis.first
        # Rows in fours: a stream does not know what plays beside it.
        x = padded_rows(self.position.recall(batch) + first)
        state = padded_rows(self.memory.recall(batch))
        heat = padded_rows(temperature)
        uniform, normal = self.draws(count)
        normal = normal * self.spread
        path: list[Tensor] = []
        for frame in range(count):
            after, state = self.model(x.unsqueeze(1), state)
            next_one = mixture_sample(
                Mixture(after.logits[:, 0], after.mean[:, 0], after.std[:, 0]),
                uniform[frame : frame + 1],
                normal[frame : frame + 1],
                heat[:, frame : frame + 1],
            )
            x = self.model.basis.bounded(next_one)
            path.append(x)
        self.position.keep(x[:batch] - first)
        self.memory.keep(state[:batch])
        basis = self.model.basis
        return basis.latents(basis.distributed(torch.stack(path, 1)))[:batch]
