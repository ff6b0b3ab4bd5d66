"""A model of hits that was never trained, made by hand: quick, and with hits that die away."""

import torch
from conftest import TINY
from omegaconf import OmegaConf
from torch import Tensor, nn

from vschaos2.families.foley.hit_model import HitModel
from vschaos2.families.foley.playable import PlayableHits
from vschaos2.families.vae.build import build_model
from vschaos2.flows.vector_flow import VectorFlow

FRAMES, COMPONENTS = 70, 5
LABELS = {"material": ["wood", "thin metal"]}


def small_hits(labels: dict[str, list[str]] = LABELS) -> HitModel:
    """Two parts and a bit of decaying noise, told of a material and a velocity."""
    config = OmegaConf.create(TINY)
    told = 1 + sum(map(len, labels.values()))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = build_model(config)
        flow = VectorFlow(COMPONENTS + 1, told, 16)
        model = HitModel(vae, labels, FRAMES, COMPONENTS, flow)
        nn.init.normal_(model.basis, std=0.1)
    vae.decoder = Falling(vae.transform.n_bins)
    path = torch.zeros(FRAMES, vae.latent_dim)
    path[:, 0] = -torch.arange(FRAMES).float() / 16.0  # from frame to frame 1 dB less
    model.mean.copy_(path.flatten())
    model.is_fitted.fill_(1.0)
    return model.eval().requires_grad_(False)


def decaying_hits() -> PlayableHits:
    """The same of a dense decoder, whose first latent is its level: as an export has them."""
    model = small_hits()
    options = {"model": {"decoder": {"linear": True}, "headroom_db": 9.0}}
    with torch.random.fork_rng():
        torch.manual_seed(1)
        decoder = build_model(OmegaConf.merge(OmegaConf.create(TINY), options)).decoder
    decoder.requires_grad_(False)
    decoder.linear.weight[:, 1:] *= 4.0
    decoder.linear.weight[:, 0] = 2.0
    model.vae.decoder = decoder
    return PlayableHits(model, {})


class Falling(nn.Module):
    """A decoder whose first latent is a level, and whose others are where it is loud."""

    bins: Tensor

    def __init__(self, bins: int) -> None:
        super().__init__()
        self.register_buffer("bins", torch.linspace(0.0, 1.0, bins))

    def forward(self, latent: Tensor) -> Tensor:
        """Raw frames: [B, Z] → [B, K]."""
        place = 0.3 + 0.1 * latent[:, 1:2]
        shape = -((self.bins - place).abs() * (6.0 + latent[:, 2:3]))
        return shape + 2.0 * latent[:, :1] + 1.0
