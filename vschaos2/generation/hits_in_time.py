"""Hits laid at their moments: each begins at its own sample, and all of them ring on.

What is laid at a moment is not asked for before it is near, and forgotten once it has sounded: a
film of hours takes no more memory than one of seconds.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError

BLOCK_SAMPLES = 2**16
TOGETHER = 32  # hits that are made at once

Samples = npt.NDArray[np.float32]


def start_samples(
    times_s: npt.NDArray[np.float64], sample_rate_hz: int, offset_s: float = 0.0
) -> npt.NDArray[np.int64]:
    """The sample at which each event is, the nearest one: [N] → [N].

    Args:
        times_s: of the events.
        sample_rate_hz: of the sound.
        offset_s: how much later they shall be.

    Raises:
        InputError: for a moment that no sample number reaches.
    """
    moments = np.rint((np.asarray(times_s, dtype=np.float64) + offset_s) * sample_rate_hz)
    if not (np.abs(moments) < 2.0**53).all():
        raise InputError("times must be moments of a sound: some are far too late")
    return moments.astype(np.int64)


def in_time(
    starts: npt.NDArray[np.int64],
    made: Callable[[int, int], Samples],
    attack: int,
    length: int,
    block_samples: int = BLOCK_SAMPLES,
) -> Iterator[Samples]:
    """A sound in which hit n strikes at sample starts[n].

    Args:
        starts: of the hits, never falling, [N]; what would strike outside of the sound is cut
            where that begins or ends.
        made: hits number first to last, without the last → [last - first, L], L the same always.
        attack: the sample of each of them at which it strikes.
        length: of the sound, in samples.
        block_samples: of every block but the last.

    Shape: → [block_samples] each; in all [length].

    Example:
        >>> hits = lambda first, last: np.ones((last - first, 2), dtype=np.float32)
        >>> np.concatenate(list(in_time(np.array([1, 2]), hits, 0, 5))).tolist()
        [0.0, 1.0, 2.0, 1.0, 0.0]
    """
    if (np.diff(starts) < 0).any():
        raise ValueError("starts must never fall")
    firsts = starts - attack
    ringing = np.zeros(0, dtype=np.float32)  # from the beginning of the next block on
    done = 0
    for at in range(0, length, block_samples):
        count = min(block_samples, length - at)
        due = int(np.searchsorted(firsts, at + count))
        while done < due:
            last = min(done + TOGETHER, due)
            for first, sound in zip(firsts[done:last], made(done, last), strict=True):
                skipped = int(min(max(at - first, 0), len(sound)))
                ringing = _added(ringing, sound[skipped:], int(max(first - at, 0)))
            done = last
        block = np.zeros(count, dtype=np.float32)
        part = ringing[:count]
        block[: len(part)] = part
        ringing = ringing[count:]
        yield block


def _added(sum_: Samples, sound: Samples, start: int) -> Samples:
    """A sum with one more sound in it, from a sample on; it grows where it must."""
    end = start + len(sound)
    if end > len(sum_):
        sum_ = np.concatenate((sum_, np.zeros(end - len(sum_), dtype=np.float32)))
    sum_[start:end] += sound
    return sum_
