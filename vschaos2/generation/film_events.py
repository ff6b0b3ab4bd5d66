"""Events and motion of films: by how suddenly motion stops, or by a run that learnt to see them."""

from pathlib import Path

from vschaos2.errors import InputError
from vschaos2.events.film_motion import film_onsets, motion_curve
from vschaos2.events.onsets import Onsets
from vschaos2.families.film.seeing import film_onsets_by_run
from vschaos2.film.frames import facts_of
from vschaos2.film.usual import FILM_GAP_S, FILM_THRESHOLD
from vschaos2.generation.loudness_curve import LoudnessCurve, even_levels
from vschaos2.runs.folder import Run


def film_events(
    film: Path, finder: Run | None, threshold: float | None, min_gap_ms: float | None
) -> Onsets:
    """When something strikes in a film.

    Args:
        film: the film.
        finder: a run that learnt it; None for motion alone.
        threshold: least strength of an event; None for the usual.
        min_gap_ms: least time between two; None for the usual.

    Raises:
        InputError: if the film cannot be read.
    """
    least = FILM_THRESHOLD if threshold is None else threshold
    gap_s = FILM_GAP_S if min_gap_ms is None else min_gap_ms / 1000.0
    if finder is None:
        return film_onsets(film, least, gap_s)
    return film_onsets_by_run(finder, film, least, gap_s)


def film_curve(film: Path) -> LoudnessCurve:
    """How loud what moves would be: in proportion to how much moves, the most being 1.

    Raises:
        InputError: if the film cannot be read, or nothing moves in it.
    """
    times_s, moving = motion_curve(film)
    if not moving.max(initial=0.0) > 0.0:
        raise InputError(f"{film}: nothing moves in it: give a film in which something does")
    duration_s = facts_of(film).duration_s or float(times_s[-1])
    return LoudnessCurve(times_s, even_levels(moving**2), duration_s)
