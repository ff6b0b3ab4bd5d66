"""Whether a device repeats itself: what it makes of a passage that is played to it twice."""

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]

PASSAGE_S = 0.5
TRIED = 6  # passages, spread over the recording
SAME = 1e-6  # of its energy, by which two passages of one file may differ


class Repeat(NamedTuple):
    """A passage that the dry recording holds twice.

    Attributes:
        first_s: where it begins.
        again_s: where it does so again.
        esr: of what the device made of it the second time, against the first.
    """

    first_s: float
    again_s: float
    esr: float


def find_repeat(dry: Signal, wet: Signal, sample_rate_hz: int) -> Repeat | None:
    """The passage whose two answers agree best, None if nothing is played twice.

    Some passages are looked for in the whole recording, by their correlation with it.

    Shape: [T], [T], aligned.
    """
    length = round(PASSAGE_S * sample_rate_hz)
    if len(dry) < 3 * length:
        return None
    energy = np.concatenate([[0.0], np.cumsum(np.square(dry))])
    energies = energy[length:] - energy[:-length]
    n = 2 ** int(np.ceil(np.log2(len(dry) + length)))
    spectrum = np.fft.rfft(dry, n)
    best: Repeat | None = None
    for first in _loud_places(energies, length):
        passage = dry[first : first + length]
        products = np.fft.irfft(spectrum * np.fft.rfft(passage, n).conj(), n)[: len(energies)]
        # |a - b|² = |a|² + |b|² - 2 a·b
        apart = energies + energies[first] - 2.0 * products
        apart[max(0, first - length) : first + length] = np.inf
        again = int(apart.argmin())
        if apart[again] > SAME * energies[first]:
            continue
        one, other = (wet[at : at + length] for at in (first, again))
        esr = float(np.square(one - other).sum() / max(float(np.square(one).sum()), 1e-30))
        if best is None or esr < best.esr:
            early, late = sorted((first, again))
            best = Repeat(early / sample_rate_hz, late / sample_rate_hz, esr)
    return best


def _loud_places(energies: Signal, length: int) -> list[int]:
    """Where the loudest passage begins in each of some parts of the recording."""
    edges = np.linspace(0, len(energies), TRIED + 1).astype(int)
    places = [a + int(energies[a:b].argmax()) for a, b in itertools.pairwise(edges)]
    return [place for place in places if energies[place] > 1e-9 * length]
