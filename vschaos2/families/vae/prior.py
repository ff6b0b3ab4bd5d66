"""How the latents of recordings move: what comes next, after all that came before.

    latents [B, F, Z] ──basis──> x [B, F, D] ──memory──> a mixture of Gaussians over the next x

D is the number of principal axes of the recordings' latents that carry what changes; each is scaled
to a deviation of 1, and what is drawn stays within the recordings' range on it. Means are said as
steps from the frame before.

Not the VAE's own prior N(0, I), which knows no time.
"""

from typing import Final

import torch
from torch import Tensor, nn

from vschaos2.nets.mixture import Mixture, mixture_from_output, n_parameters
from vschaos2.nets.recurrent import GRU

QUANTILES = 33  # from the least to the greatest
PLACES = 256  # frames of the recordings that a prior remembers
LEAN = 0.2  # how far each frame is drawn to them
NEAR = 0.5  # deviation of the kernel that says which of them are near


class Basis(nn.Module):
    """The coordinates that a prior counts in: x = (z - centre) · to_basis, within a range.

    Args:
        latent_dim: of the model, Z.
        dims: of the prior, D.
    """

    centre: Tensor  # [Z]
    to_basis: Tensor  # [Z, D]
    from_basis: Tensor  # [D, Z]
    lowest: Tensor  # [D]
    highest: Tensor  # [D]
    first: Tensor  # where a stream begins, [D]
    drawn: Tensor  # quantiles of what a prior draws on each axis, rising, [D, Q]
    recorded: Tensor  # the same of the recordings
    places: Tensor  # frames of the recordings, [P, D]

    near: Final[float]
    lean: Final[float]

    def __init__(self, latent_dim: int, dims: int) -> None:
        super().__init__()
        self.near, self.lean = NEAR, LEAN
        for name, shape in {
            "centre": [latent_dim],
            "to_basis": [latent_dim, dims],
            "from_basis": [dims, latent_dim],
            "lowest": [dims],
            "highest": [dims],
            "first": [dims],
            "drawn": [dims, QUANTILES],
            "recorded": [dims, QUANTILES],
            "places": [PLACES, dims],
        }.items():
            self.register_buffer(name, torch.zeros(shape))

    def forward(self, latents: Tensor) -> Tensor:
        """Coordinates of latents, [..., Z] → [..., D]."""
        return torch.matmul(latents - self.centre, self.to_basis)

    @torch.jit.export
    def latents(self, x: Tensor) -> Tensor:
        """Latents of coordinates, [..., D] → [..., Z]; other axes rest at their mean."""
        return self.centre + torch.matmul(x, self.from_basis)

    @torch.jit.export
    def bounded(self, x: Tensor) -> Tensor:
        """Coordinates within the recordings' range."""
        return torch.minimum(torch.maximum(x, self.lowest), self.highest)

    @torch.jit.export
    def distributed(self, x: Tensor) -> Tensor:
        """Coordinates as often anywhere on an axis as the recordings are, [..., D].

        The quantiles of what is drawn become those of the recordings, with straight lines between
        them: a monotone map of each axis, which ends where the recordings do.
        """
        step = self.drawn[:, 1:] - self.drawn[:, :-1]
        slope = (self.recorded[:, 1:] - self.recorded[:, :-1]) / step
        above = torch.minimum((x.unsqueeze(-1) - self.drawn[:, :-1]).clamp_min(0.0), step)
        return self.recorded[:, 0] + (above * slope).sum(-1)

    @torch.jit.export
    def leaning(self, x: Tensor) -> Tensor:
        """Coordinates a little nearer to frames that were recorded, [B, F, D] → [B, F, D].

        Axes drawn each for itself meet where no recording was, and what a decoder never learnt is
        dull and loud. A part of a step of the mean shift of Fukunaga & Hostetler (1975): towards
        the mean of the frames near by, weighted by w_p ∝ exp(-|x - p|² / 2σ²), in which |x|² is
        the same for all.
        """
        rows = x.flatten(0, 1)
        closeness = torch.matmul(
            rows, self.places.transpose(0, 1)
        ) - 0.5 * self.places.square().sum(1)
        weights = torch.softmax(closeness / self.near**2, 1)
        return x + self.lean * (torch.matmul(weights, self.places).reshape(x.shape) - x)


class LatentPrior(nn.Module):
    """A causal model of sequences of latents.

    Args:
        latent_dim: of the model, Z.
        dims: axes that move, D.
        hidden_dims: units of the memory, H.
        components: of the mixture, M.
        every: frames from one step to the next; straight lines lie between.

    Attributes:
        spread: factor on the deviations that are drawn, at temperature 1; see
            `prior_training.calibrate`.
        wander: how far the number in [0, 1) that chooses the component goes in a step: 1, anywhere.
    """

    spread: Tensor
    wander: Tensor
    every: Final[int]
    components: Final[int]
    dims: Final[int]

    def __init__(
        self,
        latent_dim: int,
        dims: int,
        hidden_dims: int = 96,
        components: int = 6,
        every: int = 1,
    ) -> None:
        super().__init__()
        self.latent_dim, self.dims, self.components = latent_dim, dims, components
        self.hidden_dims, self.every = hidden_dims, every
        self.basis = Basis(latent_dim, dims)
        self.memory = GRU(dims, hidden_dims)
        self.head = nn.Linear(self.memory.n_outputs, n_parameters(components, dims))
        self.state_size = self.memory.state_size
        self.register_buffer("spread", torch.ones(()))
        self.register_buffer("wander", torch.ones(()))

    def forward(
        self, x: Tensor, state: Tensor, mask: Tensor | None = None
    ) -> tuple[Mixture, Tensor]:
        """What comes after each frame, [B, F, D] → mixtures [B, F, M, D], and the state after.

        Args:
            x: coordinates, [B, F, D].
            state: of the memory, [B, S].
            mask: factors on what the memory says, [B, F, O], while it learns: dropout.
        """
        heard, state = self.memory(x, state)
        if mask is not None:
            heard = heard * mask
        said = mixture_from_output(self.head(heard), self.components, self.dims)
        return Mixture(said.logits, said.mean + x.unsqueeze(2), said.std), state
