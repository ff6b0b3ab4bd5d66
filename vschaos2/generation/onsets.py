"""Onsets of sounds and films, each found in its own way, and their files: NAME.times.csv."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from vschaos2.audio import AUDIO_EXTENSIONS, UnreadableAudio, find_files
from vschaos2.errors import InputError
from vschaos2.events.film_motion import film_onsets
from vschaos2.events.hearing import onsets_of_sound
from vschaos2.events.onsets import (
    GREATEST_SUFFIX,
    SUFFIX,
    Onsets,
    greatest_stem,
    write_onsets,
)
from vschaos2.events.options import LIKELIHOOD, MIN_GAP_MS, THRESHOLD, Listening
from vschaos2.families.film.marks import heard_onsets
from vschaos2.families.film.seeing import film_onsets_by_run
from vschaos2.files import check_place
from vschaos2.film.opening import FILM_EXTENSIONS, UnreadableFilm, is_film, pyav
from vschaos2.film.sound import rate_of
from vschaos2.film.usual import FILM_GAP_S, FILM_THRESHOLD
from vschaos2.folders import made_folder
from vschaos2.generation.reconstruct import Job, check_read, named_files
from vschaos2.progress import Progress
from vschaos2.runs.folder import Run
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)


class Finding(NamedTuple):
    """How onsets are looked for.

    Attributes:
        threshold: that an onset is above; None for what is usual for sounds, or for films.
        min_gap_ms: between two onsets, at least; None for what is usual.
        run: of the family "film", which sees strikes; None: films are judged by their motion.
        is_heard: films are judged by their sound.
        by_net: a small trained net listens, which hears notes.
    """

    threshold: float | None = None
    min_gap_ms: float | None = None
    run: Run | None = None
    is_heard: bool = False
    by_net: bool = False

    @property
    def listening(self) -> Listening:
        """How sounds are listened to.

        Raises:
            InputError: for a number out of range.
        """
        usual = LIKELIHOOD if self.by_net else THRESHOLD
        return Listening(
            usual if self.threshold is None else self.threshold,
            MIN_GAP_MS if self.min_gap_ms is None else self.min_gap_ms,
            self.by_net,
        )

    def onsets_of(self, path: Path, tell: Callable[[str], None] = lambda text: None) -> Onsets:
        """The onsets of a sound or a film.

        Args:
            path: the file.
            tell: is told how far it is, in words.

        Raises:
            UnreadableAudio, UnreadableFilm: if it cannot be read.
            InputError: for a number out of range, or a run that sees no strikes.
        """
        if not is_film(path):
            return onsets_of_sound(path, self.listening, lambda s: tell(f"{s / 60:.1f} min"))
        if self.is_heard:
            return heard_onsets(path, rate_of(path), self.listening)
        least = FILM_THRESHOLD if self.threshold is None else self.threshold
        apart_s = FILM_GAP_S if self.min_gap_ms is None else self.min_gap_ms / 1000.0
        if self.run is not None:
            return film_onsets_by_run(self.run, path, least, apart_s)
        return film_onsets(path, least, apart_s)


def onsets_of_files(
    inputs: Sequence[Path],
    folder: Path,
    finding: Finding,
    is_replaced: bool = False,
    as_greatest_hits: bool = False,
) -> list[Path]:
    """Write the onsets of sounds and films to folder/NAME.times.csv; → the files written.

    Args:
        inputs: sound files and films, or folders of them, whose sub-folders are kept.
        folder: where the results go.
        finding: how.
        is_replaced: whether files of times that are there already are written anew.
        as_greatest_hits: whether they are called, and written, as those of the Greatest Hits are:
            NAME_times.txt.

    Raises:
        InputError: as `named_files` and `write_times`; for a number out of range, or what is for
            films where none is given.
    """
    _ = finding.listening  # numbers out of range are refused before any file is opened
    jobs = named_files(inputs, folder, suffix=SUFFIX, find=_sounds_and_films)
    if as_greatest_hits:
        jobs = _as_greatest_hits(jobs)
    if any(is_film(job.source) for job in jobs):
        pyav()
    elif finding.run is not None or finding.is_heard:
        raise InputError("--run and --sound are for films, and none is given: leave them out")
    if finding.by_net and not finding.is_heard and all(is_film(job.source) for job in jobs):
        raise InputError("--notes listens, and films are looked at: add --sound, or leave it out")
    return write_times(jobs, finding, is_replaced)


def _as_greatest_hits(jobs: Sequence[Job]) -> list[Job]:
    """The same jobs, with the names that the Greatest Hits give to their times."""
    renamed: dict[Path, Job] = {}
    for job in jobs:
        name = greatest_stem(job.target.name.removesuffix(SUFFIX)) + GREATEST_SUFFIX
        target = job.target.with_name(name)
        if target in renamed:
            raise InputError(
                f"{job.source}: and {renamed[target].source} would both be {target}: give one"
            )
        renamed[target] = job._replace(target=target)
    return list(renamed.values())


def _sounds_and_films(folder: Path) -> list[Path]:
    return find_files(folder, AUDIO_EXTENSIONS | FILM_EXTENSIONS, "sound files or films")


def write_times(jobs: Sequence[Job], finding: Finding, is_replaced: bool) -> list[Path]:
    """Find the onsets of files and write them, a line on the terminal for each.

    Raises:
        InputError: if a file of times is there already, which may have been edited; as
            `check_read`, once all that can be is written.
    """
    for job in jobs:
        if job.target.exists() and not is_replaced:
            raise InputError(
                f"{job.target}: is there already, and may have been edited: give --overwrite, or "
                "another --out"
            )
        if job.target.parent.exists():
            check_place(job.target)
    written, unread = [], []
    with Progress("listening", "file", len(jobs)) as progress:
        for job in jobs:
            name = printable(job.source.name)

            def tell(text: str, name: str = name) -> None:
                progress.say(f"{name} {text}")

            try:
                found = finding.onsets_of(job.source, tell)
            except (UnreadableAudio, UnreadableFilm) as error:
                logger.warning("skipped: %s", error)
                unread.append(job)
            else:
                made_folder(job.target.parent)
                write_onsets(job.target, found)
                logger.info("%s: %d onset%s", name, len(found), "" if len(found) == 1 else "s")
                written.append(job.target)
            progress.update()
    check_read(jobs, unread)
    return written
