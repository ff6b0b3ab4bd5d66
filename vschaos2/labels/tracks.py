"""Labels over time: segments of one recording, and one table of all of them to ask at once.

Which label holds at a moment t:

* A segment covers onset ≤ t < offset.
* Where segments overlap, the one with the latest onset holds; of those with the same onset, the
  one on the later line. When it ends, one that still lasts beneath it holds again.
* Where one segment ends, the one that begins there holds. Where nothing else is known at the very
  end of a segment, it still holds, so that the last moment of a recording has the last label.
* Everywhere else, in gaps and before the first and after the last segment, the label is unknown.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from vschaos2.errors import InputError
from vschaos2.labels.words import Line, OnError, columns_after_value, raise_error, read_lines

# Segments of one recording, [N, 3] float64: onset and offset in seconds, label (NaN: unknown).
Track = npt.NDArray[np.float64]
NOTHING: Track = np.zeros((0, 3))


def constant_track(value: float) -> Track:
    """One label for the whole of a recording, [1, 3]."""
    return np.array([[-math.inf, math.inf, value]])


def read_track(
    path: Path, read_value: Callable[[str], float], on_error: OnError = raise_error
) -> Track:
    """The segments of a track file, in the order of its lines.

    A line is `onset,offset<TAB>value`, with or without blanks around the comma, or
    `onset<TAB>offset<TAB>value` as sound editors write label tracks. Times are seconds from the
    start of the recording, with a decimal point if any; an offset may be inf.

    Args:
        path: the track file.
        read_value: turns the text of a value into a label, ValueError says why not.
        on_error: receives an InputError for every bad line; the others still count.

    Shape: [N, 3].

    Raises:
        InputError: as `read_lines`, and whatever on_error raises.
    """
    segments = []
    for line in read_lines(path):
        try:
            segments.append(_segment(line, read_value))
        except InputError as error:
            on_error(error)
    return np.array(segments, np.float64).reshape(-1, 3)


def _segment(line: Line, read_value: Callable[[str], float]) -> tuple[float, float, float]:
    columns = line.columns
    times, rest = columns[0].split(","), columns[1:]
    if len(times) == 1 and len(columns) > 2:
        times, rest = columns[:2], columns[2:]
    try:
        onset, offset = map(float, times)
    except ValueError as error:
        raise line.error(
            "no onset and offset: write seconds as 0.5,1.25 with a decimal point"
        ) from error
    if not 0 <= onset < math.inf:
        raise line.error(f"onset {onset:g} s is not in the recording: times count from its start")
    if not onset < offset:
        raise line.error(f"offset {offset:g} s must come after onset {onset:g} s: correct them")
    if not rest or not rest[0]:
        raise line.error("no value: write one after the times and a tab, or none")
    columns_after_value(line, rest[1:])
    try:
        return onset, offset, read_value(rest[0])
    except ValueError as error:
        raise line.error(str(error)) from error


def flatten(track: Track) -> Track:
    """The same labels as pieces that follow each other without overlapping.

    Shape: [N, 3] → [M, 3], M ≤ 2N - 1.
    """
    track = track[np.argsort(track[:, 0], kind="stable")]
    if (track[1:, 0] >= track[:-1, 1]).all():
        return track
    pieces: list[tuple[float, float, float]] = []
    # In order of their onsets, segments begin on top of those that last: a stack.
    lasting: list[tuple[float, float]] = []
    now = -math.inf
    for onset, offset, value in [*track.tolist(), (math.inf, math.inf, math.nan)]:
        while lasting and now < onset:
            end, label = lasting[-1]
            if end > now:
                pieces.append((now, min(end, onset), label))
                now = min(end, onset)
            if end <= now:
                lasting.pop()
        lasting.append((offset, value))
        now = onset
    return np.array(pieces)


def completed(track: Track, other: Track) -> Track:
    """The labels of a track and, wherever it says nothing or unknown, those of another.

    Shape: [N, 3], [M, 3] → pieces that follow each other without overlapping, [P, 3].
    """
    edges, known, heard = _side_by_side(track, other)
    values = np.where(np.isnan(known), heard, known)
    begins = np.flatnonzero(np.diff(values, prepend=math.nan))  # NaN counts, and is left out
    ends = np.append(begins, len(values))[1:]
    pieces = np.stack([edges[begins], edges[ends], values[begins]], 1)
    return pieces[~np.isnan(pieces[:, 2])]


def agreement_s(track: Track, other: Track) -> tuple[float, float]:
    """The time, in seconds, for which two tracks say the same, and for which both say something."""
    edges, known, heard = _side_by_side(track, other)
    both = ~(np.isnan(known) | np.isnan(heard))
    length_s = np.diff(edges)
    return float(length_s[both & (known == heard)].sum()), float(length_s[both].sum())


def _side_by_side(
    track: Track, other: Track
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Edges of spans in which neither track changes, [P + 1], and the labels of both in them."""
    pieces = [flatten(track), flatten(other)]
    edges = np.unique(np.concatenate([piece[:, :2].ravel() for piece in pieces]))
    first, second = (_values(piece, edges[:-1]) for piece in pieces)
    return edges, first, second


def _values(pieces: Track, moments: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The labels that pieces without overlap give to moments: [N, 3], [B] → [B], NaN: none."""
    if len(pieces) == 0:
        return np.full(len(moments), math.nan)
    row = np.searchsorted(pieces[:, 0], moments, side="right") - 1
    covers = (row >= 0) & (moments < pieces[row, 1])
    return np.where(covers, pieces[row, 2], math.nan)


def overlap_s(track: Track) -> float:
    """The longest time, in seconds, by which a segment begins before another has ended."""
    if len(track) < 2:
        return 0.0
    track = track[np.argsort(track[:, 0], kind="stable")]
    ends = np.maximum.accumulate(track[:-1, 1])
    return max(0.0, float((np.minimum(ends, track[1:, 1]) - track[1:, 0]).max()))


class SegmentTable:
    """The labels of one task over all recordings.

    Args:
        tracks: segments by the number of their recording; recordings may be missing.
    """

    def __init__(self, tracks: Mapping[int, Track]) -> None:
        # The first row, before every recording, is what a search that finds nothing finds.
        nothing = np.array([[-math.inf, -math.inf, math.nan]])
        pieces = [nothing, *(flatten(tracks[number]) for number in sorted(tracks))]
        owners = np.repeat([-1, *sorted(tracks)], [len(piece) for piece in pieces])
        rows = np.concatenate(pieces)
        # NumPy sorts complex numbers by their real parts first: recording + i·onset is the order.
        self._begins = _complex(owners, rows[:, 0])
        self._ends = rows[:, 1]
        self._values = rows[:, 2].astype(np.float32)

    def at(
        self, file_index: npt.NDArray[np.int64], seconds: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float32]:
        """Labels at moments of recordings, NaN where unknown.

        Shape: file_index [B], seconds [B] → [B], float32.
        """
        asked = _complex(file_index, seconds)
        row = np.searchsorted(self._begins, asked, side="right") - 1
        holds = (self._begins.real[row] == file_index) & (seconds <= self._ends[row])
        return np.where(holds, self._values[row], np.float32(np.nan))

    def seconds_by_value(self, durations_s: npt.NDArray[np.float64]) -> dict[float, float]:
        """How long every known label holds, in seconds over all recordings.

        Shape: durations_s [number of recordings].
        """
        owners = self._begins.real[1:].astype(np.int64)
        begins, ends = (
            np.clip(times, 0.0, durations_s[owners])
            for times in (self._begins.imag[1:], self._ends[1:])
        )
        known = ~np.isnan(self._values[1:])
        values, which = np.unique(self._values[1:][known], return_inverse=True)
        totals = np.bincount(which, (ends - begins)[known], len(values))
        return dict(zip(values.tolist(), totals.tolist(), strict=True))


def _complex(real: npt.ArrayLike, imaginary: npt.ArrayLike) -> npt.NDArray[np.complex128]:
    # Not real + 1j * imaginary: 1j * inf has a real part, which is not a number.
    result = np.empty(np.shape(real), np.complex128)
    result.real = real
    result.imag = imaginary
    return result
