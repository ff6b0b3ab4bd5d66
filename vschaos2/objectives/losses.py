"""How far reconstructed frames are from the true ones, by name.

Each loss is a pure function of tensors in one of three domains:

    magnitude      linear magnitudes S ≥ 0 [..., K], as the transform gives them
    frames         model frames [..., K], in the contrast the network sees
    distribution   model frames under the decoder's Normal output

Its name in `RECONSTRUCTION` is its key everywhere: the config's weight
(`reconstruction: {log_l1: 1.0}`), the value returned, and the log tag (`reconstruction/log_l1`).
"""

import difflib
import functools
import math
from collections.abc import Callable, Collection, Mapping
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vschaos2.errors import InputError
from vschaos2.nets.distributions import Normal, normal_log_density
from vschaos2.ranges import check_number

Domain = Literal["magnitude", "frames", "distribution"]

# Below this a magnitude counts as silence. With a Gaussian window of 2048 samples a sine of
# amplitude 1 peaks at 423, so 1e-3 lies 112 dB below it, just above the noise of 16-bit sound.
MAGNITUDE_FLOOR = 1e-3
BAND_FLOOR = 1e-2  # of a band's bins: 92 dB below that sine
STRAIGHT = 4.0  # nats of power, 17 dB
FRAME_FLOOR = 0.03  # 30 dB below the batch's level


def spectral_convergence(
    target: Tensor, estimate: Tensor, floor: float = MAGNITUDE_FLOOR
) -> Tensor:
    """The relative error ‖S - Ŝ‖_F / ‖S‖_F over the whole batch: 0 equal, 1 for a silent estimate.

    The denominator is never below that of a constant spectrum at `floor`, so a silent batch costs
    exactly 0 if reconstructed and has a bounded gradient if not. At S = Ŝ, where the norm has a
    kink, the gradient is 0.

    Args:
        target: magnitudes S ≥ 0.
        estimate: magnitudes Ŝ ≥ 0, same shape.
        floor: magnitude taken for silence, > 0.

    Source: Sturmel & Daudet (2011), "Signal reconstruction from STFT magnitude: a state of the
    art", DAFx-11. The floor is ours.
    """
    silence = floor * math.sqrt(target.numel())
    scale = torch.linalg.vector_norm(target).clamp_min(silence)
    return torch.linalg.vector_norm(target - estimate) / scale


def frame_convergence(target: Tensor, estimate: Tensor, floor: float = MAGNITUDE_FLOOR) -> Tensor:
    """The relative error of each frame, averaged: mean_f ‖S_f - Ŝ_f‖ / (‖S_f‖ + 0.03 r).

    Unlike `spectral_convergence`, a quiet frame counts as much as a loud one, down to 30 dB below
    the batch's level r, the root mean square of ‖S_f‖: there it fades, since a relative error of
    near-silence means nothing.

    Args:
        target: magnitudes S ≥ 0, frames on the last axis but one.
        estimate: magnitudes Ŝ ≥ 0, same shape.
        floor: magnitude taken for silence, > 0; r is never below a constant spectrum there.

    Shape: two of [..., K] → scalar.
    """
    norms = torch.linalg.vector_norm(target, dim=-1)
    level = norms.square().mean().sqrt().clamp_min(floor * math.sqrt(target.shape[-1]))
    errors = torch.linalg.vector_norm(target - estimate, dim=-1)
    return (errors / (norms + FRAME_FLOOR * level)).mean()


def log_l1(target: Tensor, estimate: Tensor, floor: float = MAGNITUDE_FLOOR) -> Tensor:
    """The mean of |ln(S + ε) - ln(Ŝ + ε)| in nats; one nat is 8.7 dB.

    Args:
        target: magnitudes S ≥ 0.
        estimate: magnitudes Ŝ ≥ 0, same shape.
        floor: ε > 0, in the unit of the magnitudes: what is quieter hardly counts.

    Source: Arık, Jun & Diamos (2019), "Fast spectrogram inversion using multi-head convolutional
    neural networks".
    """
    return F.l1_loss((estimate + floor).log(), (target + floor).log())


def itakura_saito(target: Tensor, estimate: Tensor, floor: float = MAGNITUDE_FLOOR) -> Tensor:
    """The mean of r - ln r - 1, r = (S² + ε²) / (Ŝ² + ε²): the Itakura–Saito divergence of powers.

    Not symmetric: a missing partial costs far more than a superfluous one, which suits peaks.

    Args:
        target: magnitudes S ≥ 0.
        estimate: magnitudes Ŝ ≥ 0, same shape.
        floor: ε > 0, in the unit of the magnitudes.

    Source: Itakura & Saito (1968); Févotte, Bertin & Durrieu (2009), "Nonnegative matrix
    factorization with the Itakura-Saito divergence". The floor is ours.
    """
    # With x = ln r the divergence is (e^x - 1) - x, which keeps its digits where r is near 1.
    log_ratio = (target.square() + floor**2).log() - (estimate.square() + floor**2).log()
    return (torch.expm1(log_ratio) - log_ratio).mean()


def band_itakura_saito(target: Tensor, estimate: Tensor, floor: float = BAND_FLOOR) -> Tensor:
    """The Itakura–Saito divergence of the powers of third octaves: r - ln r - 1, r = P / P̂.

    Least where the estimate is the mean of the powers, however uncertain they are: a quiet band of
    what was never heard keeps its level, where a loss of logarithms would leave it too soft. Above
    r = e⁴ it goes on in a straight line of ln r, so that a model that begins with silence does not
    leap.

    Args:
        target: magnitudes S ≥ 0, [..., K].
        estimate: magnitudes Ŝ ≥ 0, same shape.
        floor: of the magnitudes, > 0: bands of such bins count as silent.

    Source: as `itakura_saito`; bands and line are ours.
    """
    bands = third_octaves(target.shape[-1]).to(target)
    silence = floor**2 * bands.sum(0)
    wanted, given = target.square() @ bands + silence, estimate.square() @ bands + silence
    log_ratio = wanted.log() - given.log()
    bent = torch.expm1(log_ratio.clamp_max(STRAIGHT))
    return (bent + math.exp(STRAIGHT) * (log_ratio - STRAIGHT).relu() - log_ratio).mean()


@functools.cache
@torch.inference_mode(False)  # a validation may ask first, and a gradient may need it later
def third_octaves(bins: int) -> Tensor:
    """Which bins each third of an octave holds, the highest first: 0 or 1, [K, bands].

    Band i holds the bins above 2^(-(i + 1)/3) and up to 2^(-i/3) of the last; those that hold none
    are left out, and so is bin 0.
    """
    octaves = (bins - 1) / torch.arange(bins).clamp_min(1)
    band = (3.0 * octaves.log2() + 1e-6).floor().long()
    held = band[1:].unique()
    return (band[:, None] == held).float() * (torch.arange(bins) > 0)[:, None]


def l1(target: Tensor, estimate: Tensor) -> Tensor:
    """The mean absolute difference of model frames, in units of the contrast."""
    return F.l1_loss(estimate, target)


def mse(target: Tensor, estimate: Tensor) -> Tensor:
    """The mean squared difference of model frames, in squared units of the contrast."""
    return F.mse_loss(estimate, target)


def log_density(target: Tensor, estimate: Normal) -> Tensor:
    """The negative log-likelihood -ln p(x | z) of model frames, in nats per bin.

    A mean over bins where the ELBO has a sum: multiply by K to weigh it against a KL in nats.

    Source: Kingma & Welling (2014), "Auto-encoding variational Bayes", eq. 10.
    """
    return -normal_log_density(estimate, target).mean()


class Reconstruction(NamedTuple):
    """A reconstruction loss and the domain its two arguments live in."""

    function: Callable[..., Tensor]
    domain: Domain


RECONSTRUCTION: dict[str, Reconstruction] = {
    "spectral_convergence": Reconstruction(spectral_convergence, "magnitude"),
    "frame_convergence": Reconstruction(frame_convergence, "magnitude"),
    "log_l1": Reconstruction(log_l1, "magnitude"),
    "itakura_saito": Reconstruction(itakura_saito, "magnitude"),
    "band_itakura_saito": Reconstruction(band_itakura_saito, "magnitude"),
    "l1": Reconstruction(l1, "frames"),
    "mse": Reconstruction(mse, "frames"),
    "log_density": Reconstruction(log_density, "distribution"),
}


def reconstruction(domain: Domain) -> Callable[[Callable[..., Tensor]], Callable[..., Tensor]]:
    """A decorator that makes a loss known under its own name; see above for the domains.

    Raises:
        ValueError: from the decorator, if there is a loss of this name already.
    """

    def register(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
        if function.__name__ in RECONSTRUCTION:
            raise ValueError(f"there is a loss {function.__name__} already: rename yours")
        RECONSTRUCTION[function.__name__] = Reconstruction(function, domain)
        return function

    return register


def check_name(name: str, known: Collection[str], family: str) -> None:
    """Raise InputError for a name that is not known; it tells the nearest one and the others."""
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise InputError(f"unknown {family} loss {name!r}: {hint}known are {', '.join(known)}")


class ReconstructionLoss(nn.Module):
    """The weighted sum of reconstruction losses, each computed in its own domain.

    Args:
        weights: `{name: weight}`, weights from 0 to 10⁶, names from `RECONSTRUCTION`. A
            weight of 0 only measures.
        to_magnitude: model frames → linear magnitudes, differentiable (the transform's inverse
            contrast).

    Raises:
        InputError: for an unknown name, a weight out of its range, or no positive weight.
    """

    def __init__(
        self, weights: Mapping[str, float], to_magnitude: Callable[[Tensor], Tensor]
    ) -> None:
        super().__init__()
        for name, weight in weights.items():
            check_name(name, RECONSTRUCTION, "reconstruction")
            check_number(f"training.losses.{name}", weight, 0.0, 1e6)
        if not any(weights.values()):
            raise InputError(
                f"training.losses: no reconstruction loss has a positive weight, got "
                f"{dict(weights)}: nothing would be learnt; set for instance log_l1 to 1"
            )
        self.terms = {name: RECONSTRUCTION[name] for name in weights}
        self.needs_magnitude = any(term.domain == "magnitude" for term in self.terms.values())
        self.weights = dict(weights)
        self.to_magnitude = to_magnitude

    def forward(
        self, frames: Tensor, estimate: Normal, magnitude: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The sum to minimise, and every loss by name, unweighted and detached.

        Args:
            frames: the true model frames, [..., K].
            estimate: the decoder's output.
            magnitude: the true magnitudes, [..., K].
        """
        mean = estimate.mean
        pairs: dict[Domain, tuple] = {"frames": (frames, mean), "distribution": (frames, estimate)}
        if self.needs_magnitude:
            pairs["magnitude"] = (magnitude, self.to_magnitude(mean))
        total = frames.new_zeros(())
        values: dict[str, Tensor] = {}
        for name, term in self.terms.items():
            value = term.function(*pairs[term.domain])
            values[name] = value.detach()
            if self.weights[name] > 0:
                total = total + self.weights[name] * value
        return total, values
