"""Files of the onsets of sounds and films alike: each is found in its own way."""

from collections.abc import Callable, Sequence
from pathlib import Path

from vschaos2.audio import AUDIO_EXTENSIONS, find_files
from vschaos2.errors import InputError
from vschaos2.events.film_motion import film_onsets
from vschaos2.events.hearing import onsets_of_sound
from vschaos2.events.onsets import SUFFIX, Onsets
from vschaos2.events.options import MIN_GAP_MS, THRESHOLD, Listening
from vschaos2.families.film.marks import heard_onsets
from vschaos2.families.film.seeing import film_onsets_by_run
from vschaos2.film.opening import FILM_EXTENSIONS, is_film, pyav
from vschaos2.film.sound import rate_of
from vschaos2.film.usual import FILM_GAP_S, FILM_THRESHOLD
from vschaos2.generation.onsets import write_times
from vschaos2.generation.reconstruct import named_files
from vschaos2.runs.folder import Run


def onsets_of_files(
    inputs: Sequence[Path],
    folder: Path,
    threshold: float | None = None,
    min_gap_ms: float | None = None,
    run: Run | None = None,
    is_heard: bool = False,
    is_replaced: bool = False,
) -> list[Path]:
    """Write the onsets of sounds and films to folder/NAME.times.csv; → the files written.

    Args:
        inputs: sound files and films, or folders of them, whose sub-folders are kept.
        folder: where the results go.
        threshold: that an onset is above; None for what is usual for its kind.
        min_gap_ms: between two onsets, at least; None for what is usual.
        run: of the family "film", which sees strikes; None: films are judged by their motion.
        is_heard: films are judged by their sound.
        is_replaced: whether files of times that are there already are written anew.

    Raises:
        InputError: as `named_files` and `write_times`; for a number out of range, or a run that no
            film is given for.
    """
    listening = Listening(
        THRESHOLD if threshold is None else threshold,
        MIN_GAP_MS if min_gap_ms is None else min_gap_ms,
    )
    least = FILM_THRESHOLD if threshold is None else threshold
    apart_s = FILM_GAP_S if min_gap_ms is None else min_gap_ms / 1000.0
    jobs = named_files(inputs, folder, suffix=SUFFIX, find=_sounds_and_films)
    if any(is_film(job.source) for job in jobs):
        pyav()
    elif run is not None or is_heard:
        raise InputError("--run and --sound are for films, and none is given: leave them out")

    def find(path: Path, tell: Callable[[str], None]) -> Onsets:
        if not is_film(path):
            return onsets_of_sound(path, listening, lambda s: tell(f"{s / 60:.1f} min"))
        if is_heard:
            return heard_onsets(path, rate_of(path), listening)
        if run is not None:
            return film_onsets_by_run(run, path, least, apart_s)
        return film_onsets(path, least, apart_s)

    return write_times(jobs, find, is_replaced)


def _sounds_and_films(folder: Path) -> list[Path]:
    return find_files(folder, AUDIO_EXTENSIONS | FILM_EXTENSIONS, "sound files or films")
