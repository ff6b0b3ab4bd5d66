"""Files put in their places together: all of them, or none."""

from collections.abc import Mapping
from pathlib import Path


def place_together(waiting: Mapping[Path, Path]) -> None:
    """Rename complete files to their places; if one fails, what was there before is there again.

    Args:
        waiting: place of each file, by where it waits: in the same folder, so that it is renamed
            and not copied.

    Raises:
        OSError: of the rename that failed.
    """
    kept: dict[Path, Path] = {}
    placed: list[Path] = []
    try:
        for path, place in waiting.items():
            if place.is_file():
                old = place.with_name(f".{place.name}.old.tmp")
                place.replace(old)
                kept[place] = old
            path.replace(place)
            placed.append(place)
    except OSError:
        for place in placed:
            place.unlink(missing_ok=True)
        for place, old in kept.items():
            old.replace(place)
        raise
    for old in kept.values():
        old.unlink(missing_ok=True)
