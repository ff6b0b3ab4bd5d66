"""A Gaussian of the settings of many chains, in raw numbers, and its file, prior.npz.

    names, units, scales       of the P settings, in the order of everything else
    least, most                ends of their ranges
    mean, covariance           [P] and [P, P] of raw numbers, float64
    chains, shrinkage          how many it was drawn from; how far correlations were taken back

A raw number is what a fit moves (see `processors.parameter`): at the position p = 1/(1 + e⁻ʳ) of
its range, a setting of scale "linear" or "db" is least + (most - least) p, one of scale "log"
least (most/least)ᵖ. Where raw numbers mean something else, as in a foreign collection, the scale is
"raw", and the ends are NaN.

Few chains say little of many settings: from N of them, a covariance has N - 1 directions at most.
So correlations are taken back towards none by as much as they are uncertain (J. Schäfer and
K. Strimmer, "A shrinkage approach to large-scale covariance matrix estimation", 2005): variances
stay, and the covariance can be inverted.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.files import read_at_most, write_whole
from vschaos2.processors.parameter import SCALES, Parameter

PRIOR = "prior.npz"
RAW = "raw"  # the scale of a setting whose raw numbers are told by no range
NEAREST = 6.0  # raw: a setting at 1/400 from the end of its range is as near as at the end itself
LEAST_DEVIATION = 0.05  # raw: where all chains agree, the next may still be otherwise
LEAST_SHRINKAGE = 0.01
MOST_BYTES, MOST_SETTINGS = 2**27, 2_000


class Prior(NamedTuple):
    """What settings are like, of chains of one kind.

    Attributes:
        parameters: P of them: name, unit, range; of scale `RAW` without one.
        mean: raw, [P], float64.
        covariance: raw, [P, P], float64, positive definite.
        chains: how many it was drawn from.
        shrinkage: 0 to 1, of correlations.
    """

    parameters: tuple[Parameter, ...]
    mean: Tensor
    covariance: Tensor
    chains: int = 0
    shrinkage: float = 0.0

    def surprise(self, raw: Tensor) -> Tensor:
        """How unusual settings are: the mean square of deviations, 1 of a usual chain.

        (r - μ)ᵀ Σ⁻¹ (r - μ) / P, whose mean over the Gaussian itself is 1; differentiable.

        Shape: [..., P] → [...].
        """
        away = (raw.double() - self.mean)[..., None]
        whole = torch.linalg.cholesky(self.covariance)
        along = torch.linalg.solve_triangular(whole, away, upper=False)
        return along.square().mean((-2, -1))

    def of(self, parameters: Sequence[Parameter], where: str) -> "Prior":
        """The same of a chain's parameters, in its order.

        Args:
            parameters: of the chain; it may have fewer than the prior.
            where: the file, for messages.

        Raises:
            InputError: if the chain has a parameter that the prior does not know, or knows with
                another range.
        """
        places = {each.name: place for place, each in enumerate(self.parameters)}
        for each in parameters:
            known = self.parameters[places[each.name]] if each.name in places else None
            if known is None:
                raise InputError(
                    f"{where}: knows nothing of {each.name}: use one of chains like this one"
                )
            if _range(known) != _range(each):
                raise InputError(
                    f"{where}: {each.name} runs from {known.least:g} to {known.most:g} "
                    f"({known.scale}) there and from {each.least:g} to {each.most:g} "
                    f"({each.scale}) here: use one of chains like this one"
                )
        index = torch.tensor([places[each.name] for each in parameters], dtype=torch.long)
        return self._replace(
            parameters=tuple(parameters),
            mean=self.mean[index],
            covariance=self.covariance[index][:, index],
        )


def gaussian(raw: Tensor, parameters: Sequence[Parameter]) -> Prior:
    """The Gaussian of chains: [N, P] raw numbers, N ≥ 3 → a prior."""
    found = bounded(raw, parameters)
    count, size = found.shape
    if count < 3:
        raise ValueError(f"raw: a Gaussian needs 3 chains or more, got {count}")
    mean = found.mean(0)
    deviations = (found - mean).square().sum(0).div(count - 1).sqrt()
    unit = (found - mean) / deviations.clamp_min(1e-9)
    products = unit[:, :, None] * unit[:, None, :]
    average = products.mean(0)
    uncertain = (products - average).square().sum(0) * (count / (count - 1) ** 3)
    correlations = average * (count / (count - 1))
    apart = ~torch.eye(size, dtype=torch.bool)
    strength = float(correlations[apart].square().sum())
    share = float(uncertain[apart].sum()) / strength if strength > 0.0 else 1.0
    share = min(1.0, max(LEAST_SHRINKAGE, share))
    correlations = torch.where(apart, (1.0 - share) * correlations, 1.0)
    widths = deviations.clamp_min(LEAST_DEVIATION)
    covariance = correlations * widths[:, None] * widths
    return Prior(tuple(parameters), mean, covariance, count, share)


def bounded(raw: Tensor, parameters: Sequence[Parameter]) -> Tensor:
    """Raw numbers, none of them beyond `NEAREST`: ends of ranges are infinitely far away."""
    ranged = torch.tensor([each.scale != RAW for each in parameters])
    found = raw.double()
    return torch.where(ranged, found.clamp(-NEAREST, NEAREST), found)


def write_prior(path: Path, prior: Prior) -> None:
    """Write a prior, whole or not at all.

    Raises:
        InputError: if it cannot be written.
    """
    content = io.BytesIO()
    np.savez(
        content,
        names=np.array([each.name for each in prior.parameters]),
        units=np.array([each.unit for each in prior.parameters]),
        scales=np.array([each.scale for each in prior.parameters]),
        least=np.array([each.least for each in prior.parameters], dtype=np.float64),
        most=np.array([each.most for each in prior.parameters], dtype=np.float64),
        mean=prior.mean.numpy(),
        covariance=prior.covariance.numpy(),
        chains=np.array(prior.chains),
        shrinkage=np.array(prior.shrinkage),
    )
    write_whole(path, content.getbuffer())


def read_prior(path: Path) -> Prior:
    """The prior of a file, or of the folder that holds it.

    Nothing in it is executed.

    Raises:
        InputError: if there is none, or it is damaged or of another form.
    """
    path = path / PRIOR if path.is_dir() else path
    if not path.is_file():
        raise InputError(f"{path}: no such prior: generate.py effect-map makes one of presets")
    try:
        with np.load(io.BytesIO(read_at_most(path, MOST_BYTES)), allow_pickle=False) as found:
            names, units, scales = (_words(found[each]) for each in ("names", "units", "scales"))
            least, most, mean, covariance = (
                torch.from_numpy(np.asarray(found[each], dtype=np.float64))
                for each in ("least", "most", "mean", "covariance")
            )
            count, shrinkage = int(found["chains"]), float(found["shrinkage"])
        size = len(names)
        shapes = [tuple(each.shape) for each in (least, most, mean, covariance)]
        if shapes != [(size,)] * 3 + [(size, size)] or not 0 < size <= MOST_SETTINGS:
            raise ValueError(f"shapes {shapes} of {size} settings")
        if len(set(names)) != size or not set(scales) <= {*SCALES, RAW}:
            raise ValueError("names that come twice, or scales that are none")
        if not bool(torch.isfinite(mean).all()) or not bool(torch.isfinite(covariance).all()):
            raise ValueError("values that are not finite")
        if not torch.allclose(covariance, covariance.T, rtol=1e-6):
            raise ValueError("a covariance that is not symmetric")
        torch.linalg.cholesky(covariance)
        ranges = zip(names, units, scales, least.tolist(), most.tolist(), strict=True)
        parameters = tuple(
            Parameter(name, unit, low, high, low, scale) for name, unit, scale, low, high in ranges
        )
    except InputError:
        raise
    except Exception as error:  # a damaged archive may raise anything
        raise InputError(
            f"{path}: is no prior ({error}): let generate.py effect-map make it anew"
        ) from error
    return Prior(parameters, mean, covariance, count, shrinkage)


def _words(found: Any) -> tuple[str, ...]:
    if found.dtype.kind != "U" or found.ndim != 1:
        raise ValueError("names that are no words")
    return tuple(map(str, found))


def _range(each: Parameter) -> tuple[str, float, float]:
    return each.scale, round(each.least, 6), round(each.most, 6)
