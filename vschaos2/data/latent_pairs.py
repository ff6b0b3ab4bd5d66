"""What stands in for the frames of one domain in every other."""

from collections.abc import Sequence

import torch
from torch import Tensor

from vschaos2.data.latent_takes import LatentTake, contents
from vschaos2.flows.matches import NONE, matches

MATCHES = 4  # frames of another domain that stand in for each of this


class Pairs:
    """The frames of some takes, and what stands in for them in every other domain.

    Args:
        takes: whose frames are to be paired.
        others: whose frames they are paired with, of every domain.
        octaves: that a pair's second frame lies above the first, [N, N].
        seed: of the choice among many.
        others_moved: the same as `others` in other keys. Only a frame whose key none of `others`
            sounds is paired with one of these: a sound in another key is not quite the instrument.
    """

    def __init__(
        self,
        takes: Sequence[LatentTake],
        others: Sequence[LatentTake],
        octaves: Tensor,
        seed: int,
        others_moved: Sequence[LatentTake] = (),
    ) -> None:
        self.takes, count = list(takes), len(octaves)
        of = [[take for take in others if take.domain == domain] for domain in range(count)]
        moved = [[t for t in others_moved if t.domain == domain] for domain in range(count)]
        self.latents = [
            torch.cat([take.latents for take in (*of[domain], *moved[domain])])
            for domain in range(count)
        ]
        self.tables: list[dict[int, Tensor]] = [{} for _ in takes]
        theirs = [contents(own) for own in of]
        instead = [contents(own) if own else None for own in moved]
        for source in range(count):
            numbers = [i for i, take in enumerate(takes) if take.domain == source]
            own = [self.takes[number] for number in numbers]
            for target in range(count):
                if target == source or not own:
                    continue
                mine = contents(own, 12.0 * float(octaves[source, target]))
                found = matches(*mine, *theirs[target], MATCHES, seed)
                if (others_of := instead[target]) is not None:
                    other = matches(*mine, *others_of, MATCHES, seed)
                    other = torch.where(other == NONE, NONE, other + len(theirs[target][0]))
                    found = torch.where(found == NONE, other, found)
                parts = found.split([len(take.latents) for take in own])
                for number, part in zip(numbers, parts, strict=True):
                    self.tables[number][target] = part

    def window(
        self, number: int, first: int, count: int, target: int, which: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Frames of a take, the paired ones and their weights: [F, Z], [F, Z], [F]."""
        span = slice(first, first + count)
        rows = self.tables[number][target][span]
        rows = rows.gather(1, which[:, None])[:, 0]
        paired = self.latents[target][rows.clamp_min(0)]
        return self.takes[number].latents[span], paired, (rows != NONE).float()
