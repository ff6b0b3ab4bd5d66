"""A prior let loose: each step drawn from what the steps before let expect, without an end."""

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
        self.model, self.every = prior, prior.every
        self.draws = RandomDraws(prior.dims)
        self.memory = State(prior.state_size)
        self.begun = State(1)  # 0 until there is a step behind it
        self.before = State(prior.dims)  # the last step
        self.position = State(prior.dims)  # the step that the stream is on its way to
        self.choice = State(1)
        self.phase = 0  # frames since the last step
        self.spread, self.wander = float(prior.spread), float(prior.wander)

    @torch.jit.export
    def forget(self) -> None:
        """Begin with a step."""
        self.phase = 0

    @torch.jit.export
    def set_seed(self, seed: int) -> None:
        """Other random numbers from the next frame on."""
        self.draws.seed = seed

    def forward(self, temperature: Tensor) -> Tensor:
        """The next latents, at a temperature ≥ 0 for each: [B, F] → [B, F, Z]."""
        batch, count = temperature.shape
        basis = self.model.basis
        first = basis.first
        # Rows in fours: a stream does not know what plays beside it.
        begun = self.begun.recall(batch) > 0.0
        before = padded_rows(torch.where(begun, self.before.recall(batch), first))
        x = padded_rows(torch.where(begun, self.position.recall(batch), first))
        state = padded_rows(self.memory.recall(batch))
        choice = self.choice.recall(1)
        heat = padded_rows(temperature)
        uniform, normal = self.draws(count)
        path: list[Tensor] = []
        for frame in range(count):
            if self.phase == 0:
                moved = choice + self.wander * (uniform[frame : frame + 1] - 0.5)
                choice = torch.remainder(moved, 1.0)
                before = x
                after, state = self.model(x.unsqueeze(1), state)
                next_one = mixture_sample(
                    Mixture(after.logits[:, 0], after.mean[:, 0], after.std[:, 0]),
                    choice,
                    self.spread * normal[frame : frame + 1],
                    heat[:, frame : frame + 1],
                )
                x = basis.bounded(next_one)
            self.phase += 1
            point = (before + float(self.phase) / float(self.every) * (x - before)).unsqueeze(1)
            # Each frame by itself, as products of more rows add in another order.
            path.append(basis.latents(basis.leaning(basis.distributed(point))))
            if self.phase == self.every:
                self.phase = 0
        self.begun.keep(torch.ones([batch, 1], device=x.device))
        self.before.keep(before[:batch])
        self.position.keep(x[:batch])
        self.memory.keep(state[:batch])
        self.choice.keep(choice)
        return torch.cat(path, 1)[:batch]
