"""What a film says of its own strikes: a file of times beside it, or else its sound."""

import logging
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vschaos2.config import suggestion
from vschaos2.dataset_paths import check_inside
from vschaos2.errors import InputError
from vschaos2.events.hearing import onsets_of_blocks
from vschaos2.events.onsets import Onsets, find_times, read_onsets
from vschaos2.events.options import Listening
from vschaos2.film.sound import has_sound, sound_pieces

logger = logging.getLogger(__name__)

Values = NDArray[np.float64]

SOURCES = ("auto", "times", "sound")


class Marks(NamedTuple):
    """How the strikes of films are known.

    Attributes:
        source: "times" (NAME.times.csv, or the Greatest Hits' names), "sound" (the film's own), or
            "auto": times where there are any, and sound else.
        threshold: how much must be new in the sound, 0 to 1.
        min_gap_ms: between two strikes that are heard.
        least_strength: of a strike, heard or told, 0 to 1: softer ones are left out.
    """

    source: str
    threshold: float
    min_gap_ms: float
    least_strength: float

    def check(self) -> "Marks":
        """Itself.

        Raises:
            InputError: for a value that cannot be.
        """
        if self.source not in SOURCES:
            raise InputError(
                f"data.marks.source must be {', '.join(SOURCES)}, got {self.source!r}"
                f"{suggestion(str(self.source), list(SOURCES))}"
            )
        Listening(self.threshold, self.min_gap_ms)
        if not 0.0 <= self.least_strength <= 1.0:
            raise InputError(
                f"data.marks.least_strength must be from 0 to 1, got {self.least_strength!r}"
            )
        return self


def marked(path: Path, marks: Marks, sample_rate_hz: int, root: Path) -> Values | None:
    """When something is struck in a film, in seconds; None if nothing says so.

    Raises:
        InputError: if its times or its sound cannot be read, or are a link that leads out of root.
    """
    found: Onsets
    times = find_times(path) if marks.source != "sound" else None
    if times is not None:
        check_inside(times, root)
        found = read_onsets(times)
    elif marks.source != "times" and has_sound(path):
        found = heard_onsets(path, sample_rate_hz, Listening(marks.threshold, marks.min_gap_ms))
    else:
        return None
    return found.times_s[found.strengths >= marks.least_strength]


def heard_onsets(path: Path, sample_rate_hz: int, options: Listening) -> Onsets:
    """The onsets of a film's sound, whose channels are heard together.

    Raises:
        UnreadableFilm: if there is no sound, or it cannot be decoded.
    """
    return onsets_of_blocks(
        sound_pieces(path, sample_rate_hz, mixed=False), sample_rate_hz, options
    )
