"""Where dry sounds come from: a folder of clean recordings, or instruments by code without end."""

from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from vschaos2.chains.plucked import take
from vschaos2.chains.sustained import sustained
from vschaos2.data.cache import SampleCache
from vschaos2.data.stretches import Stretch

Samples = npt.NDArray[np.float32]
TRIES = 20  # of a place in recordings, until one sounds
QUIET = 0.01  # root mean square of a passage, of the loudest there is, below which it is left

PLUCKED = "plucked"  # what stands for guitars by code, where no folder is called so
PLAYED = "played"  # for three guitars by code and somebody who bows or blows


class Takes(Protocol):
    """Dry sounds."""

    def draw(self, rng: np.random.Generator, samples: int) -> Samples:
        """A passage. Shape: → [samples], with sound in it."""


class Plucked(NamedTuple):
    """Guitars by code: never the same twice.

    Attributes:
        rate_hz: of the sound.
        kind: "note", "chord", "phrase", or None for any.
    """

    rate_hz: int
    kind: str | None = None

    def draw(self, rng: np.random.Generator, samples: int) -> Samples:
        """See `Takes`."""
        return take(rng, samples / self.rate_hz, self.rate_hz, self.kind)[:samples]


class Sustained(NamedTuple):
    """Bowed and blown instruments by code: never the same twice.

    Attributes:
        rate_hz: of the sound.
    """

    rate_hz: int

    def draw(self, rng: np.random.Generator, samples: int) -> Samples:
        """See `Takes`."""
        return sustained(rng, samples / self.rate_hz, self.rate_hz)[:samples]


class Recordings(NamedTuple):
    """Passages of recordings; short ones are followed by silence.

    Attributes:
        cache: the recordings.
        files: those that are drawn from.
        stretches: of each what is drawn from; None for all of it.
    """

    cache: SampleCache
    files: list[int]
    stretches: list[Stretch] | None = None

    def draw(self, rng: np.random.Generator, samples: int) -> Samples:
        """See `Takes`."""
        best = np.zeros(samples, np.float32)
        for _ in range(TRIES):
            place = int(rng.integers(len(self.files)))
            file = self.cache.files[self.files[place]]
            first, end = self.stretches[place] if self.stretches else (0, file.length)
            count = min(samples, end - first)
            start = first + int(rng.integers(end - first - count + 1))
            found = np.zeros(samples, np.float32)
            found[:count] = self.cache.gather(np.array([file.start + start]), count)[0]
            if np.square(found).mean() > np.square(best).mean():
                best = found
            if np.sqrt(np.square(best).mean()) > QUIET * max(file.peak, 1e-4):
                return best
        return best


class Mixed(NamedTuple):
    """Several kinds of dry sounds, each as often as the others.

    Attributes:
        sources: of them.
    """

    sources: tuple[Takes, ...]

    def draw(self, rng: np.random.Generator, samples: int) -> Samples:
        """See `Takes`."""
        return self.sources[int(rng.integers(len(self.sources)))].draw(rng, samples)


def by_code(kind: str, rate_hz: int) -> Takes:
    """Instruments by code: `PLUCKED` or `PLAYED`."""
    guitars = Plucked(rate_hz)
    if kind == PLUCKED:
        return guitars
    return Mixed((guitars, guitars, guitars, Sustained(rate_hz)))
