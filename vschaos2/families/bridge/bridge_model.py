"""A bridge: a trained VAE, and ways from the latents of one instrument to those of another.

    latents ──standardised──> the shortest way between two Gaussians ──+──> latents
                      ├─────> what a translator has learnt to add ─────┘
                      └─────> a flow up to noise, and down again ─────────> latents

Latents of all instruments are standardised together, never each by itself: that would hide a part
of the way in the units.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from vschaos2.families.vae.vae import VAE
from vschaos2.flows.paths import STRAIGHT
from vschaos2.flows.sequence_net import SequenceNet
from vschaos2.flows.translator import Translator


class BridgeModel(nn.Module):
    """What carries latents over.

    Args:
        vae: the VAE of all instruments; its weights are part of the model, and stay as they are.
        instruments: names of the domains, in order; numbers below count them from 0.
        translator: what is added to the shortest way; None for nothing.
        flow: the slopes of a flow between latents of each instrument and noise; None for none.
        path: how its levels are counted, one of `flows.paths.PATHS`.

    Attributes:
        is_fitted: whether VAE and statistics are those of a training (1), or none's (0).
        mean: of the latents of all instruments, [Z].
        deviation: the same, [Z].
        centres: standardised mean of each instrument's latents, [N, Z].
        covariances: of the same, [N, Z, Z].
        affine: matrix of the shortest way, from (first) to (second), [N, N, Z, Z].
        octaves: by how many a translation from (first) to (second) raises the pitch, [N, N].
        ranges: lowest and highest MIDI key of each instrument, [N, 2]; 0 where nobody knows.
        state_size: numbers that `translate` carries from block to block, S.
        reach: frames before its own that an output of `translate` hears.
        delay: frames that `translate` is late.
    """

    is_fitted: Tensor
    mean: Tensor
    deviation: Tensor
    centres: Tensor
    covariances: Tensor
    affine: Tensor
    octaves: Tensor
    ranges: Tensor

    def __init__(
        self,
        vae: VAE,
        instruments: Sequence[str],
        translator: Translator | None = None,
        flow: SequenceNet | None = None,
        path: str = STRAIGHT,
    ) -> None:
        super().__init__()
        count, dims = len(instruments), vae.latent_dim
        self.vae = vae.requires_grad_(False)
        self.instruments = tuple(instruments)
        self.latent_dim = dims
        self.translator = translator
        self.flow = flow
        self.path = path
        self.register_buffer("is_fitted", torch.zeros(()))
        self.register_buffer("mean", torch.zeros(dims))
        self.register_buffer("deviation", torch.ones(dims))
        self.register_buffer("centres", torch.zeros(count, dims))
        self.register_buffer("covariances", torch.eye(dims).repeat(count, 1, 1))
        self.register_buffer("affine", torch.eye(dims).repeat(count, count, 1, 1))
        self.register_buffer("octaves", torch.zeros(count, count))
        self.register_buffer("ranges", torch.zeros(count, 2))
        self.state_size = 0 if translator is None else translator.state_size
        self.reach = 0 if translator is None else translator.reach
        self.delay = 0

    @torch.jit.export
    def initial_state(self, batch: int) -> Tensor:
        """The state before any frame: zeros [B, S]."""
        return torch.zeros((batch, self.state_size), device=self.mean.device)

    @torch.jit.export
    def standardised(self, latents: Tensor) -> Tensor:
        """Latents in units of all instruments': [..., Z] → [..., Z]."""
        return (latents - self.mean) / self.deviation

    @torch.jit.export
    def latents_of(self, standardised: Tensor) -> Tensor:
        """The inverse of `standardised`: [..., Z] → [..., Z]."""
        return standardised * self.deviation + self.mean

    @torch.jit.export
    def transported(self, x: Tensor, source: int, target: int) -> Tensor:
        """The shortest way of Gaussians, of what is standardised: [B, F, Z] → [B, F, Z]."""
        if source == target:
            return x
        # A sum over products, not a matrix product: its bits are the same in blocks of any size.
        moved = ((x - self.centres[source]).unsqueeze(-1) * self.affine[source, target]).sum(-2)
        return moved + self.centres[target]

    @torch.jit.export
    def translate(
        self, latents: Tensor, state: Tensor, source: int, target: int
    ) -> tuple[Tensor, Tensor]:
        """Latents of one instrument as another's, frame by frame.

        From an instrument to itself they stay as they are, bit for bit.

        Args:
            latents: of the VAE, [B, F, Z].
            state: of `initial_state` or the block before, [B, S].
            source: number of the instrument that they are of.
            target: number of the one that is wanted.

        Returns:
            Latents [B, F, Z] and the state [B, S]. Blocks joined equal the whole, bit for
            bit.
        """
        x = self.standardised(latents)
        y = self.transported(x, source, target)
        if self.translator is not None:
            ways = torch.zeros(len(x), dtype=torch.long, device=x.device)
            added, state = self.translator(x, state, ways + source, ways + target)
            y = y + added
        return (latents if source == target else self.latents_of(y)), state

    def number_of(self, instrument: str) -> int:
        """The number of an instrument.

        Raises:
            ValueError: if there is none of that name.
        """
        return self.instruments.index(instrument)
