"""How the settings of many chains lie: distributions, what goes together, axes, a Gaussian.

Raw numbers are compared (see `prior`): all ranges are alike there, and no mean of chains
leaves them.
"""

import io
import json
import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.special import betainccinv
from torch import Tensor

from vschaos2.errors import InputError
from vschaos2.files import read_at_most
from vschaos2.placing import place_together
from vschaos2.retrieval.diffvox import GAUSSIAN
from vschaos2.retrieval.preset_folder import MOST_BYTES, Presets
from vschaos2.retrieval.prior import PRIOR, Prior, bounded, gaussian, write_prior

FEWEST = 3  # presets that have axes
MAP, DISTRIBUTIONS, CORRELATIONS = "effect_map.json", "distributions.csv", "correlations.csv"
SAME = 1e-6  # raw: what deviates less is the same in all chains
MOST_AXES, NAMED = 12, 5  # that are told of; settings that are named with each
QUANTILES = (0.0, 0.1, 0.5, 0.9, 1.0)


class EffectMap(NamedTuple):
    """How settings lie.

    Attributes:
        presets: of which.
        prior: a Gaussian of them.
        directions: orthonormal rows, the one with the greatest variance first, [Z, P].
        deviations: along them, raw, [Z].
        explained: the part of the variance that is along each, [Z].
        places: of the presets along them, in deviations, [N, Z].
        correlations: of the settings; 0 of one that is the same in all chains, [P, P].
        pairs: of settings that go together, places and correlation, the strongest first.
    """

    presets: Presets
    prior: Prior
    directions: Tensor
    deviations: Tensor
    explained: Tensor
    places: Tensor
    correlations: Tensor
    pairs: list[tuple[int, int, float]]

    def moves(self, axis: int, count: int = NAMED) -> list[tuple[str, float]]:
        """The settings that an axis moves most, and how far by one deviation, raw.

        Those that are not shown are left out.
        """
        weights = self.directions[axis] * self.deviations[axis]
        shown = self.presets.shown
        strongest = sorted(shown, key=lambda place: -abs(float(weights[place])))[:count]
        return [(self.presets.names[place], float(weights[place])) for place in strongest]


def map_effects(presets: Presets) -> EffectMap:
    """How the settings of presets lie.

    Raises:
        InputError: for fewer than three.
    """
    count = len(presets.tracks)
    if count < FEWEST:
        raise InputError(
            f"{count} presets have no axes: retrieve more tracks, {FEWEST} or more, and collect "
            "them anew"
        )
    prior = gaussian(presets.raw, presets.parameters)
    found = bounded(presets.raw, presets.parameters)
    away = found - found.mean(0)
    _, spread, directions = torch.linalg.svd(away, full_matrices=False)
    deviations = spread / math.sqrt(count - 1)
    has_length = deviations > SAME
    deviations, directions = deviations[has_length], directions[has_length]
    if not len(deviations):
        raise InputError("all presets are the same: there is nothing to map")
    # The setting that an axis moves most rises along it: so an axis points one way each time.
    strongest = directions.gather(1, directions.abs().argmax(1, keepdim=True))
    directions = directions * strongest.sign()
    variances = deviations.square()
    correlations = _correlations(away)
    return EffectMap(
        presets,
        prior,
        directions,
        deviations,
        variances / variances.sum(),
        away @ directions.T / deviations,
        correlations,
        _pairs(correlations, count),
    )


def _correlations(away: Tensor) -> Tensor:
    lengths = away.norm(dim=0)
    unit = torch.where(lengths > SAME, away / lengths.clamp_min(SAME), 0.0)
    return (unit.T @ unit).clamp(-1.0, 1.0)


def _pairs(correlations: Tensor, count: int) -> list[tuple[int, int, float]]:
    """Pairs of which chance would bring one at most.

    r² of what is unrelated and Gaussian is of the Beta distribution of 1/2 and (N - 2)/2.
    """
    if count < 4:
        return []
    first, second = torch.triu_indices(len(correlations), len(correlations), offset=1)
    found = correlations[first, second]
    limit = math.sqrt(betainccinv(0.5, 0.5 * (count - 2), 1.0 / max(1, len(found))))
    kept = (found.abs() > limit).nonzero()[:, 0]
    order = kept[found[kept].abs().argsort(descending=True)]
    return [(int(first[at]), int(second[at]), float(found[at])) for at in order]


def write_map(folder: Path, found: EffectMap) -> list[Path]:
    """Write what was found, but for pictures: tables, effect_map.json and prior.npz; → which.

    Raises:
        InputError: if it cannot be written.
    """
    contents = {
        folder / MAP: json.dumps(told(found, folder), indent=1, allow_nan=False) + "\n",
        folder / DISTRIBUTIONS: distributions(found.presets),
        folder / CORRELATIONS: _matrix(found),
    }
    place_together(contents)
    write_prior(folder / PRIOR, found.prior)
    return [*contents, folder / PRIOR]


def told(found: EffectMap, folder: Path) -> dict[str, Any]:
    """effect_map.json: axes with what they move, pairs, and how the Gaussian came about."""
    names = found.presets.names
    axes = [
        {
            "explained": round(float(found.explained[axis]), 4),
            "deviation": round(float(found.deviations[axis]), 4),
            "moves": {name: round(by, 4) for name, by in found.moves(axis)},
        }
        for axis in range(min(MOST_AXES, len(found.explained)))
    ]
    pairs = [
        {"settings": [names[a], names[b]], "correlation": round(r, 3)}
        for a, b, r in found.pairs[:200]
    ]
    content = {
        "presets": len(found.presets.tracks),
        "settings": len(names),
        "axes": axes,
        "pairs": pairs,
        "shrinkage": round(found.prior.shrinkage, 4),
    }
    published = folder / GAUSSIAN
    if published.is_file():
        content["gaussian_npz_differs_by"] = _against(published, found)
    return content


def _against(path: Path, found: EffectMap) -> float:
    """How far a published Gaussian is from what its own rows say, in the same raw numbers.

    Raises:
        InputError: if it is of other settings.
    """
    try:
        with np.load(io.BytesIO(read_at_most(path, MOST_BYTES)), allow_pickle=False) as said:
            mean, covariance = (np.asarray(said[key], np.float64) for key in ("mean", "cov"))
    except InputError:
        raise
    except Exception as error:  # a damaged archive may raise anything
        raise InputError(f"{path}: cannot be read ({error}): remove it") from error
    raw = found.presets.raw.numpy()
    own = np.cov(raw, rowvar=False)
    if mean.shape != raw.shape[1:] or covariance.shape != own.shape:
        raise InputError(
            f"{path}: is of {mean.shape} settings, the rows have {raw.shape[1]}: remove it"
        )
    scale = np.sqrt(np.diag(own)).max()
    apart = max(np.abs(mean - raw.mean(0)).max() / scale, np.abs(covariance - own).max() / scale**2)
    return round(float(apart), 6)


def distributions(presets: Presets) -> str:
    """Quantiles of every setting in its unit, as comma-separated values."""
    lines = ["setting,unit,least,10 %,median,90 %,most"]
    at = torch.tensor(QUANTILES, dtype=torch.float64)
    quantiles = torch.quantile(presets.values, at, dim=0).T.tolist()
    for parameter, row in zip(presets.parameters, quantiles, strict=True):
        numbers = ",".join(f"{value:.5g}" for value in row)
        lines.append(f"{parameter.name},{parameter.unit},{numbers}")
    return "\n".join(lines) + "\n"


def _matrix(found: EffectMap) -> str:
    names = found.presets.names
    lines = [",".join(["setting", *names])]
    for name, row in zip(names, found.correlations.tolist(), strict=True):
        lines.append(",".join([name, *(f"{value:.3f}" for value in row)]))
    return "\n".join(lines) + "\n"


def table(found: EffectMap) -> str:
    """The axes and the strongest pairs, for the terminal."""
    names, count = found.presets.names, len(found.presets.tracks)
    lines = [f"{count} presets of {len(names)} settings"]
    for axis in range(min(6, len(found.explained))):
        moved = ", ".join(
            f"{name} {'up' if by > 0.0 else 'down'}" for name, by in found.moves(axis, 4)
        )
        lines.append(f"  axis {axis + 1}: {float(found.explained[axis]):6.1%} of variance: {moved}")
    for first, second, r in found.pairs[:6]:
        together = "with" if r > 0.0 else "against"
        lines.append(f"  {names[first]} goes {together} {names[second]} ({r:+.2f})")
    if not found.pairs:
        lines.append("  no two settings go together more than chance would have it")
    return "\n".join(lines)
