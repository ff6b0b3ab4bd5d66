"""Which part of the pairs is held out of a training.

What was played is held out, not how it was recorded: the wet recordings of one dry one, at however
many settings of the knobs, hold the same notes and stand on the same side. Of four dry recordings
or more, whole ones are held out; of fewer, the last stretch of each, with a gap before it that no
window of either side reaches across.
"""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

from vschaos2.data.stretches import Stretch

FEW = 4  # dry recordings, below which stretches are held out


class Part(NamedTuple):
    """A stretch of one take.

    Attributes:
        take: number of the take.
        stretch: of its samples.
    """

    take: int
    stretch: Stretch


class PairSplit(NamedTuple):
    """What trains and what is held out; neither is empty."""

    training: list[Part]
    held_out: list[Part]


def split_takes(
    dry: Sequence[str], lengths: Sequence[int], fraction: float, seed: int, gap: int
) -> PairSplit:
    """Takes, or stretches of them, on either side.

    Args:
        dry: name of each take's dry recording.
        lengths: of each take in samples.
        fraction: of the material that is held out, in (0, 1).
        seed: another seed holds out other recordings.
        gap: samples between the two sides of one take.
    """
    names = sorted(set(dry), key=lambda name: _hash(seed, name))
    if len(names) >= FEW:
        count = min(max(round(fraction * len(names)), 1), len(names) - 1)
        chosen = set(names[:count])
        whole = [Part(take, Stretch(0, length)) for take, length in enumerate(lengths)]
        return PairSplit(
            [part for part in whole if dry[part.take] not in chosen],
            [part for part in whole if dry[part.take] in chosen],
        )
    training, held_out = [], []
    for take, length in enumerate(lengths):
        border = length - max(1, round(fraction * length))
        training.append(Part(take, Stretch(0, max(1, border - gap))))
        held_out.append(Part(take, Stretch(border, length)))
    return PairSplit(training, held_out)


def _hash(seed: int, name: str) -> bytes:
    text = f"{seed}:{name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=8).digest()
