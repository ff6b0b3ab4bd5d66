"""What foley is made after: a file of events, a sound, or a film; its events, curve and length."""

from pathlib import Path
from typing import NamedTuple

from vschaos2.audio import length_at
from vschaos2.errors import InputError
from vschaos2.events.onsets import GREATEST_SUFFIX, Onsets, read_onsets
from vschaos2.film.frames import facts_of
from vschaos2.film.opening import is_film
from vschaos2.film.sound import sound_pieces
from vschaos2.generation.loudness_curve import (
    READ_HZ,
    LoudnessCurve,
    curve_of_film,
    curve_of_sound,
)
from vschaos2.generation.onsets import Finding
from vschaos2.runs.folder import Run


class Guide(NamedTuple):
    """What tells when, or how loud.

    Attributes:
        events: a file of events; None where sound or film is to tell them.
        audio: a sound, or a film whose sound counts.
        film: a film, whose pictures count where no events are given.
        finder: a run that finds events in films; None for motion alone.
        threshold: how much must be new in a sound, or stop in a film; None for the usual.
        min_gap_ms: least time between two events; None for the usual.
        by_net: whether a sound is listened to by a small trained net, which hears notes.
    """

    events: Path | None = None
    audio: Path | None = None
    film: Path | None = None
    finder: Run | None = None
    threshold: float | None = None
    min_gap_ms: float | None = None
    by_net: bool = False

    @property
    def path(self) -> Path:
        """The file that tells."""
        found = self.events or self.audio or self.film
        assert found is not None
        return found

    @property
    def name(self) -> str:
        """What results are called: after the film or the sound, or else the file of events."""
        of = self.film or self.audio or self.events
        assert of is not None
        if of != self.events:
            return of.stem
        return of.name.removesuffix(GREATEST_SUFFIX).removesuffix(".csv").removesuffix(".times")


def check_guide(guide: Guide) -> None:
    """See that there is one guide, and that its files are there.

    Raises:
        InputError: naming what is too much, or missing.
    """
    given = [path for path in (guide.events, guide.audio, guide.film) if path is not None]
    if not given:
        raise InputError("no guide: give --onsets TIMES.csv, --audio SOUND or --video FILM")
    if guide.audio is not None and guide.film is not None:
        raise InputError("--audio and --video are both given: leave one out")
    for path in given:
        if path.is_dir():
            raise InputError(f"{path}: is a folder: give one file")
        if not path.is_file():
            raise InputError(f"{path}: no such file")
    if guide.film is not None and not is_film(guide.film):
        raise InputError(f"{guide.film}: is no film: give one, or a sound by --audio")
    if guide.finder is not None and (guide.film is None or guide.events is not None):
        raise InputError("--finder finds events in films: give --video, and no --onsets")
    if guide.by_net and (guide.audio is None or guide.events is not None):
        raise InputError("--notes listens to a guide: give --audio, and no --onsets")
    for option, value in (("--threshold", guide.threshold), ("--min-gap", guide.min_gap_ms)):
        if value is not None and guide.events is not None:
            raise InputError(f"{option} finds events, and --onsets tells them: leave one out")


def events_of(guide: Guide) -> Onsets:
    """The events that a guide tells.

    Raises:
        InputError: if its file cannot be read.
    """
    if guide.events is not None:
        return read_onsets(guide.events)
    finding = Finding(
        guide.threshold, guide.min_gap_ms, guide.finder, guide.film is None, guide.by_net
    )
    return finding.onsets_of(guide.path)


def curve_of(guide: Guide) -> LoudnessCurve:
    """How loud a guide is over time: a sound, or the motion in a film.

    Raises:
        InputError: if it cannot be read, or is still or silent all through.
    """
    if guide.film is not None:
        return curve_of_film(guide.film)
    assert guide.audio is not None
    return curve_of_sound(guide.audio)


def duration_of(guide: Guide) -> float | None:
    """How long the film or the sound is, in seconds; None where nobody knows."""
    if guide.film is not None:
        return facts_of(guide.film).duration_s or None
    if guide.audio is None:
        return None
    if is_film(guide.audio):
        return sum(map(len, sound_pieces(guide.audio, READ_HZ))) / READ_HZ
    return length_at(guide.audio, READ_HZ) / READ_HZ
