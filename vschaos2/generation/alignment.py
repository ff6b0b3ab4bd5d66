"""Sounds of different lengths on one axis of time: which frame of each is heard when.

none      each at its own pace; the shorter ones end earlier
stretch   all made as long as the longest, without a change of pitch
loop      the shorter ones again and again
dtw       every sound follows the first one's events, as long as that
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError

Frames = npt.NDArray[np.float64]

DTW_CELLS = 20_000_000  # frames of one sound times those of another: some 400 MB of work


def aligned(method: str, latents: Sequence[npt.NDArray[np.floating]], loops: int = 0) -> Frames:
    """The place in each sound, in frames, at every moment of the common time.

    Args:
        method: a name in `ALIGNMENTS`.
        latents: of every sound, [F_i, Z].
        loops: frames at the end of each sound that a loop leaves out, for they hold its tail.

    Shape: [n, F], from 0 to F_i - 1; F_i where sound i has ended.

    Raises:
        InputError: for an unknown method, or sounds too long for dtw.
    """
    if method not in ALIGNMENTS:
        raise InputError(f"align must be one of {', '.join(ALIGNMENTS)}, got {method!r}")
    return ALIGNMENTS[method](latents, loops)


def at_places(values: npt.NDArray[np.floating], places: Frames) -> npt.NDArray[np.float64]:
    """Values of frames [F, D] at places between them, in straight lines: [P] → [P, D]."""
    inside = np.clip(places, 0.0, len(values) - 1.0)
    left = np.minimum(inside.astype(np.int64), max(len(values) - 2, 0))
    right = np.minimum(left + 1, len(values) - 1)
    part = (inside - left)[:, None]
    return (1.0 - part) * values[left] + part * values[right]


def _own_pace(latents: Sequence[npt.NDArray[np.floating]], loops: int) -> Frames:
    counts = [len(each) for each in latents]
    return np.stack([np.minimum(np.arange(max(counts)), count) for count in counts]).astype(float)


def _stretched(latents: Sequence[npt.NDArray[np.floating]], loops: int) -> Frames:
    longest = max(len(each) for each in latents)
    return np.stack([np.linspace(0.0, len(each) - 1.0, longest) for each in latents])


def _looped(latents: Sequence[npt.NDArray[np.floating]], loops: int) -> Frames:
    longest = max(len(each) for each in latents)
    periods = [longest if len(each) == longest else max(1, len(each) - loops) for each in latents]
    return np.stack([np.arange(longest) % period for period in periods]).astype(float)


def _warped(latents: Sequence[npt.NDArray[np.floating]], loops: int) -> Frames:
    """Sakoe & Chiba (1978): the path of least total distance between latents, by librosa.

    Where several frames of a sound belong to one of the first's, their mean is its place.
    """
    first = latents[0]
    for each in latents[1:]:
        if len(first) * len(each) > DTW_CELLS:
            raise InputError(
                f"align dtw: {len(first)} × {len(each)} frames pass the {DTW_CELLS} that it can "
                "compare: use shorter sounds, or align stretch"
            )
    from librosa.sequence import dtw  # a second to import, and only used here

    places = [np.arange(len(first), dtype=float)]
    for each in latents[1:]:
        _, path = dtw(first.T.astype(np.float64), each.T.astype(np.float64), metric="euclidean")
        total = np.bincount(path[:, 0], weights=path[:, 1].astype(float), minlength=len(first))
        places.append(total / np.bincount(path[:, 0], minlength=len(first)))
    return np.stack(places)


ALIGNMENTS: dict[str, Callable[[Sequence[npt.NDArray[np.floating]], int], Frames]] = {
    "stretch": _stretched,
    "loop": _looped,
    "dtw": _warped,
    "none": _own_pace,
}
