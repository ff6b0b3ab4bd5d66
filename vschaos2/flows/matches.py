"""Which points of one cloud do what points of another do: of the same class, and nearest in kind.

Two instruments never play the same recording. Frames of both that do the same - sound the same
pitch, as loud, rising or falling alike - stand in for a recording that was played by both.
"""

import torch
from torch import Tensor

ROWS_AT_ONCE = 1024
MOST_CANDIDATES = 4096  # of a class; more of the same do not come nearer
NONE = -1


def matches(
    classes: Tensor,
    kinds: Tensor,
    other_classes: Tensor,
    other_kinds: Tensor,
    count: int,
    seed: int,
) -> Tensor:
    """For every point the nearest ones of the other cloud in its class.

    Args:
        classes: of the points, whole numbers, [N].
        kinds: what is to be alike, each axis in units in which 1 matters, [N, K].
        other_classes: of the other cloud, [M].
        other_kinds: the same, [M, K].
        count: points wanted for each; where a class has fewer they are repeated.
        seed: of the choice among too many candidates.

    Returns:
        Numbers of points of the other cloud, nearest first, [N, count]; `NONE` where it has no
        point of that class.
    """
    found = torch.full((len(classes), count), NONE, dtype=torch.long)
    chance = torch.Generator().manual_seed(seed)
    for value in classes.unique().tolist():
        rows = (classes == value).nonzero()[:, 0]
        candidates = (other_classes == value).nonzero()[:, 0]
        if not len(candidates):
            continue
        if len(candidates) > MOST_CANDIDATES:
            drawn = torch.randperm(len(candidates), generator=chance)[:MOST_CANDIDATES]
            candidates = candidates[drawn.sort().values]
        nearest = min(count, len(candidates))
        repeated = torch.arange(count) % nearest
        for part in rows.split(ROWS_AT_ONCE):
            apart = torch.cdist(kinds[part], other_kinds[candidates])
            order = apart.topk(nearest, largest=False).indices[:, repeated]
            found[part] = candidates[order]
    return found
