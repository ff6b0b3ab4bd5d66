"""Files of the onsets of recordings: NAME.times.csv for each, to be edited, and played from."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from vschaos2.audio import UnreadableAudio
from vschaos2.errors import InputError
from vschaos2.events.hearing import onsets_of_sound
from vschaos2.events.onsets import SUFFIX, Onsets, write_onsets
from vschaos2.events.options import Listening
from vschaos2.files import check_place
from vschaos2.film.opening import UnreadableFilm
from vschaos2.folders import made_folder
from vschaos2.generation.reconstruct import Job, check_read, named_files
from vschaos2.progress import Progress
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

# A file and what is told of how far it is, in words → its onsets.
Find = Callable[[Path, Callable[[str], None]], Onsets]


def onsets_of_sounds(
    inputs: Sequence[Path], folder: Path, options: Listening, is_replaced: bool = False
) -> list[Path]:
    """Write the onsets of sound files to folder/NAME.times.csv; → the files written.

    Args:
        inputs: sound files, or folders of them, whose sub-folders are kept.
        folder: where the results go.
        options: how to listen.
        is_replaced: whether files of times that are there already are written anew.

    Raises:
        InputError: as `named_files` and `write_times`.
    """

    def find(path: Path, tell: Callable[[str], None]) -> Onsets:
        return onsets_of_sound(path, options, lambda seconds: tell(f"{seconds / 60:.1f} min"))

    jobs = named_files(inputs, folder, suffix=SUFFIX)
    return write_times(jobs, find, is_replaced)


def write_times(jobs: Sequence[Job], find: Find, is_replaced: bool = False) -> list[Path]:
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
                found = find(job.source, tell)
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
