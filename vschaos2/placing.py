"""Files put in their places together: all of them, or none.

Each grows beside its place, as in `files.py`. When all have reached the disk, what was there gets
a second name, `.NAME.old.tmp`, and each new file its place, in one rename. So there is no moment
without a file in every place that had one; only a kill within these renames, which take less than
a millisecond together, can leave some new files beside some old ones.
"""

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from vschaos2.errors import InputError
from vschaos2.files import cannot_write, check_place, created, is_left, settle, waiting_name


def place_together(contents: Mapping[Path, bytes | str]) -> None:
    """Write files that belong together: all of them, or none.

    They take their names when every one has reached the disk, and are given back to what had the
    names before if one cannot. A process that is killed in between leaves some of both; the next
    one that places these files then first puts the rest of them in their places.

    Args:
        contents: of each file; text is written as UTF-8, line ends as they are.

    Raises:
        InputError: for the reasons of `whole_file`.
    """
    for path in contents:
        check_place(path)
    _finish_placing(list(contents))
    kept: dict[Path, Path | None] = {}
    placed: list[Path] = []
    with ExitStack() as open_files:
        try:
            for path, content in contents.items():
                file = open_files.enter_context(created(waiting_name(path)))
                file.write(content.encode() if isinstance(content, str) else content)
                settle(file)
            for path in contents:
                kept[path] = _kept(path)
                waiting_name(path).replace(path)
                placed.append(path)
        except BaseException as error:
            for place, old in kept.items():
                if old is not None:
                    old.replace(place)
                    old.unlink(missing_ok=True)  # two names of one file both stay when renamed
                elif place in placed:
                    place.unlink()
            if isinstance(error, OSError):
                raise cannot_write(path, error) from error
            raise
    for old in kept.values():
        if old is not None:
            old.unlink(missing_ok=True)


def _kept(place: Path) -> Path | None:
    """A second name for what is at a place, by which it can be put back; None if nothing is."""
    if not os.path.lexists(place):
        return None
    old = _old(place)
    try:
        os.link(place, old, follow_symlinks=False)
    except (OSError, NotImplementedError):  # there are file systems without hard links
        place.replace(old)
    return old


def _old(place: Path) -> Path:
    return place.with_name(f".{place.name}.old.tmp")


def _finish_placing(places: list[Path]) -> None:
    """Do what a process that was killed while it placed these files had yet to do.

    What was there before waits under its second name only while whole files take their places:
    if there is such a name, the files that still wait are complete.
    """
    if not any(os.path.lexists(_old(place)) for place in places):
        return
    waiting = [place for place in places if os.path.lexists(waiting_name(place))]
    if not all(map(is_left, map(waiting_name, waiting))):
        raise InputError(f"{places[0]}: another process is writing this file: wait for its end")
    try:
        for place in waiting:
            waiting_name(place).replace(place)
        for place in places:
            if os.path.lexists(place):
                _old(place).unlink(missing_ok=True)
            elif os.path.lexists(_old(place)):
                _old(place).replace(place)
    except OSError as error:
        raise cannot_write(place, error) from error
