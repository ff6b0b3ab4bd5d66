"""Where a spectral VAE begins: at the principal components of its frames.

A linear path beside encoder and decoder starts as the best that a linear model can do, so that the
rest has only what is not linear to learn:

    z = Λ^(-1/2) Vᵀ (x - μ)            whitened principal components, the prior's units
    r = A z + b                        least squares to the raw outputs that give the frames back

with μ, V, Λ mean, directions and variances of the training frames, at all the levels that training
shows them at. The other weights of the two last layers begin at 0, or small. Where the model hears
harmonics (`nets/harmonic.py`), x are frames over these, and z has the fundamental before them.

Source: Pearson (1901), "On lines and planes of closest fit"; a VAE whose decoder is linear learns
the same plane (Lucas et al. 2019, "Don't blame the ELBO!").
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from vschaos2.families.vae.vae import VAE
from vschaos2.nets.bound import inverse_softplus
from vschaos2.nets.decoders import DenseDecoder
from vschaos2.nets.harmonic import HarmonicBody, HarmonicDecoder
from vschaos2.nets.layers import Beside
from vschaos2.objectives.principal_components import principal_components

LOG_STD = -2.5  # of the posterior at first: far narrower than the prior, as training makes it
LEAST_FRAME = 0.05  # whose raw output is aimed at first: softplus never reaches 0
RIDGE = 3e-2  # of a frame's weight: outputs that are 0 all along say nothing of their slopes
NORMAL_STD = 0.1  # of a decoder's Normal at first
LEAST_STD = 1e-4  # of a component, relative to the first: what varies less is left out


def linear_paths(model: VAE) -> tuple[Beside | None, nn.Linear | None]:
    """The linear paths beside a model's encoder and decoder; None where there is none."""
    body: Any = model.encoder.body
    if isinstance(body, HarmonicBody):
        body = body.body
    decoder: Any = model.decoder
    if isinstance(decoder, HarmonicDecoder):
        decoder = decoder.dense
    linear = decoder.linear if isinstance(decoder, DenseDecoder) else None
    return body if isinstance(body, Beside) else None, linear


@torch.no_grad()
def begin_linear(model: VAE, magnitude: Tensor) -> None:
    """Begin the linear paths that a model has at the principal components of its frames.

    Args:
        model: whose transform's level is set.
        magnitude: of training frames, [N, K].
    """
    body, linear = linear_paths(model)
    frames = model.transform.to_frames(magnitude)
    pitch, head = frames[:, :0], model.encoder.head
    decoder = model.decoder
    if isinstance(decoder, HarmonicDecoder):
        heard: Any = model.encoder.body
        frames, pitch = heard.normalised(frames)
        head, decoder = head.head, decoder.dense  # type: ignore[union-attr]
    found = principal_components(frames, model.latent_dim - pitch.shape[1])
    whitening = found.directions * (found.stds > LEAST_STD * found.stds[0])[:, None]
    whitening = whitening / found.stds.clamp_min(1e-12)[:, None]
    if body is not None:
        _begin_encoder(body, head, whitening, found.mean)
    if linear is not None and model.temporal is None:
        last: Any = decoder.layers[-1]  # type: ignore[index]
        points = torch.cat((pitch, (frames - found.mean) @ whitening.T), 1)
        if model.output == "normal":
            deviations = torch.full_like(frames, math.log(NORMAL_STD))
            solution = least_squares(points, torch.cat((frames, deviations), 1))
        else:
            solution = softplus_least_squares(points, frames)
        linear.weight.zero_()
        linear.weight[:, : model.latent_dim] = solution[:-1].T
        linear.bias.copy_(solution[-1])
        last.weight.zero_()
        last.bias.zero_()


def _begin_encoder(body: Beside, head: Any, whitening: Tensor, mean: Tensor) -> None:
    """Begin an encoder's means at whitened components [Z, K], about their mean [K]."""
    dims, bins = whitening.shape
    body.linear.weight.zero_()  # nothing of labels
    body.linear.weight[:bins] = whitening.T
    body.linear.bias.copy_(-whitening @ mean)
    head.weight[:dims] = 0.0
    head.weight[:dims, -dims:] = torch.eye(dims)
    head.weight[dims:] *= 0.1
    head.bias[:dims], head.bias[dims:] = 0.0, LOG_STD


def least_squares(points: Tensor, values: Tensor) -> Tensor:
    """The linear map, and below it the constants, that take points nearest to values.

    Shape: [N, Z], [N, K] → [Z + 1, K].
    """
    design = torch.cat((points, torch.ones(len(points), 1)), 1).double()
    return torch.linalg.lstsq(design, values.double()).solution.float()


def softplus_least_squares(points: Tensor, values: Tensor) -> Tensor:
    """The linear map and the constants whose softplus takes points near to values ≥ 0.

    Around the raw outputs r of the values themselves, softplus(r + δ) ≈ y + σ(r) δ: each output is
    a least-squares problem of its own, weighted by σ(r)² = (1 - e^(-y))². Few points leave slopes
    open, which are drawn to 0; constants are not.

    Shape: [N, Z], [N, K] → [Z + 1, K].
    """
    design = torch.cat((points, torch.ones(len(points), 1)), 1).double()
    count = design.shape[1]
    products = (design[:, :, None] * design[:, None]).flatten(1)  # [N, (Z + 1)²]
    raw = inverse_softplus(values.double().clamp_min(LEAST_FRAME))
    weights = raw.sigmoid().square()
    normal = (products.T @ weights).T.reshape(-1, count, count)
    ridge = torch.cat((design.new_full((count - 1,), RIDGE), design.new_full((1,), 1e-9)))
    normal = normal + len(design) * ridge.diag()
    wanted = design.T @ (weights * raw)
    return torch.linalg.solve(normal, wanted.T.unsqueeze(-1)).squeeze(-1).T.float()
