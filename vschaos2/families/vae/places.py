"""Where in its latent space a model sounds: typical places, and ways from place to place.

Most of a latent space is nobody's: half-way between two sounds there may be silence, or something
far louder than either. So whoever moves there by chance keeps to ways along which it was measured
that the level holds: a roadmap (Kavraki et al. 1996, "Probabilistic roadmaps for path planning").
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse.csgraph import minimum_spanning_tree
from torch import Tensor

PLACES = 8
LEVEL_STEP_DB = 1.0  # places of like loudness lie within this of their median, if enough do
SOUNDING_DB = 40.0  # below the loudest twentieth of what was heard: silence
LEAST_FRAMES = 64  # that places are chosen among
STOPS = 32  # of a roadmap
STOPS_STEP_DB = 3.0  # these lie within this of their median, if enough do
HELD_DB = 3.0  # a way holds the level if it stays within this of the line between its ends
NEIGHBOURS = 6  # the nearest stops that ways lead to, where there are so many
ALONG = (0.25, 0.5, 0.75)  # of a way, where it is measured


class Roadmap(NamedTuple):
    """Stops, and from each of them the stops that a straight way leads to.

    Every stop can be reached from every other. Ways go both ways.

    Attributes:
        stops: [S, d].
        ways: for each stop the numbers of its neighbours, at least one where S > 1.
    """

    stops: Tensor
    ways: list[list[int]]


def sounding(level_db: Tensor) -> Tensor:
    """Which of these levels are no silence: those near the loudest twentieth, [N] → bool [N]."""
    return level_db >= level_db.quantile(0.95) - SOUNDING_DB


def typical_places(
    points: Tensor, level_db: Tensor, count: int = PLACES, step_db: float = LEVEL_STEP_DB
) -> list[int]:
    """Rows that are typical of points of like loudness: medoids, the first nearest to 0.

    k-medoids (Kaufman & Rousseeuw 1987) by turns (Park & Jun 2009): every point joins the nearest
    medoid, then the point with the least sum of distances to its fellows is the medoid.

    Args:
        points: [N, d], N ≥ 1.
        level_db: of each, [N].
        count: of the rows.
        step_db: how far levels may lie from their median, if enough points do.
    """
    off = (level_db - level_db[sounding(level_db)].median()).abs()
    near = off.argsort(stable=True)[: max(LEAST_FRAMES, int((off <= step_db).sum()))]
    distances = torch.cdist(points[near], points[near])
    medoids = [int(points[near].square().sum(1).argmin())]
    while len(medoids) < count:  # begin far from each other
        medoids.append(int(distances[medoids].amin(0).argmax()))
    for _ in range(20):
        nearest = distances[medoids].argmin(0)
        groups = [torch.nonzero(nearest == i).flatten() for i in range(count)]
        moved = [
            int(group[distances[group][:, group].sum(1).argmin()]) if len(group) else medoid
            for group, medoid in zip(groups, medoids, strict=True)
        ]
        if moved == medoids:
            break
        medoids = moved
    rows = near[medoids]
    return rows[points[rows].square().sum(1).argsort(stable=True)].tolist()


def roadmap(
    points: Tensor, level_db: Tensor, level_of: Callable[[Tensor], Tensor], importance: Tensor
) -> Roadmap:
    """Typical stops among points, and the ways between them along which the level holds.

    Each stop has ways to its nearest `NEIGHBOURS` among those that can be reached so; and there
    are as many more as are needed to reach all stops, of those the ways that hold the level best.

    Args:
        points: of sounds that were heard, [N, d].
        level_db: of each, [N].
        level_of: points → their levels in dB, [M, d] → [M].
        importance: what a unit on each axis counts in distances, [d].
    """
    rows = typical_places(points * importance, level_db, STOPS, STOPS_STEP_DB)
    rows = list(dict.fromkeys(rows))  # where there are fewer than stops
    stops, levels = points[rows], level_db[rows]
    count = len(rows)
    first, second = torch.triu_indices(count, count, offset=1)
    unsteady = torch.zeros(len(first))
    for part in ALONG if len(first) else ():
        between = level_of(stops[first] + part * (stops[second] - stops[first]))
        held = levels[first] + part * (levels[second] - levels[first])
        unsteady = torch.maximum(unsteady, (between - held).abs())
    deviation = torch.zeros(count, count)
    deviation[first, second] = unsteady + 1e-3  # 0 would be no way at all
    tree = minimum_spanning_tree(deviation.numpy()).toarray() > 0
    deviation = deviation + deviation.T
    distance = torch.cdist(stops * importance, stops * importance)
    distance = distance.masked_fill(deviation > HELD_DB, torch.inf).fill_diagonal_(torch.inf)
    nearest = distance.argsort(dim=1, stable=True)[:, :NEIGHBOURS]
    leads = torch.zeros(count, count, dtype=torch.bool)
    leads.scatter_(1, nearest, distance.gather(1, nearest).isfinite())
    either = leads.numpy() | leads.numpy().T | tree | tree.T
    return Roadmap(stops, [np.flatnonzero(row).tolist() for row in either])
