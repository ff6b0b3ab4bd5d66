"""Plug-ins and the page of what was exported already, from NAME.ts and its card alone."""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vschaos2.errors import InputError
from vschaos2.export.for_engine import description
from vschaos2.export.page import check_played, page
from vschaos2.export.plugin_files import check_built, check_plugin_name, plugin_files
from vschaos2.export.write import check_name
from vschaos2.files import open_plain, read_at_most, reason
from vschaos2.folders import results_folders
from vschaos2.placing import place_together
from vschaos2.terminal import printable

LARGEST_CARD = 1 << 24  # bytes
NO_ARCHIVE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, RuntimeError),
    *(KeyError, ValueError, TypeError, AttributeError, IndexError, OverflowError),
)


def write_of_exported(
    path: Path,
    folder: Path,
    name: str | None,
    *,
    with_page: bool = False,
    with_plugins: bool = False,
    built: Path | None = None,
) -> Path:
    """Write what an exported file can be carried by.

    Args:
        path: NAME.ts, with its card NAME.json beside it. Nothing of it is run.
        folder: where they go; made if missing.
        name: of what is written, if it is another than the file's.
        with_page: whether NAME.html is written.
        with_plugins: whether plug-ins are written.
        built: the folder that `make plugins` fills, if it is another.

    Returns:
        The place of one of them: NAME.clap, or else NAME.html.

    Raises:
        InputError: for a file without a card, one that its card was not made for, or one that the
            small engine does not play.
    """
    name = path.stem if name is None else name
    check_name(name)
    if with_plugins:
        check_plugin_name(name)
    content, card = read_exported(path)
    card_place = path.with_suffix(".json")
    made: dict[Path, bytes | str] = {}
    try:
        _check_engine(path, card, description(content))
        if with_plugins:
            check_built(card["methods"], built)
            made |= plugin_files(name, card, content, built)
        if with_page:
            check_played(card["methods"])
            made[Path(f"{name}.html")] = page(name, card, content)
    except NO_ARCHIVE as error:
        if isinstance(error, InputError):
            raise
        raise _no_card(card_place) from error
    with results_folders((folder / place).parent for place in made):
        place_together({folder / place: text for place, text in made.items()})
    return folder / (f"{name}.clap" if with_plugins else f"{name}.html")


def read_exported(path: Path) -> tuple[bytes, dict[str, Any]]:
    """An exported file and its card, which were made for each other.

    Args:
        path: NAME.ts. A card without the hash of its file is an older one: the file then must be
            whole as an archive.

    Raises:
        InputError: if one of them is missing, damaged, no plain file, or not the other's.
    """
    card_place = path.with_suffix(".json")
    try:
        with open_plain(path) as file:
            open_plain(card_place).close()  # which is missed before a large file is read
            content = file.read()
    except OSError as error:
        raise InputError(
            f"{error.filename}: cannot be read: {reason(error)}: what carries a model is made of "
            "NAME.ts and the NAME.json that script.py writes beside it"
        ) from error
    try:
        card = json.loads(read_at_most(card_place, LARGEST_CARD).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        if isinstance(error, InputError):
            raise
        raise _no_card(card_place) from error
    if not isinstance(card, dict):
        raise _no_card(card_place)
    due = card.get("sha256")
    if due is not None and due != hashlib.sha256(content).hexdigest():
        raise InputError(
            f"{path}: is not the file that its card {card_place.name} was made for: export it again"
        )
    if not _is_whole(content):
        raise InputError(f"{path}: is no exported file, or a damaged one: export it again")
    return content, card


def _is_whole(content: bytes) -> bool:
    """Whether it is an archive of which each entry is what was put there."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if archive.testzip() is not None:
                return False
        description(content)
    except NO_ARCHIVE:
        return False
    return True


def _no_card(place: Path) -> InputError:
    return InputError(f"{place}: is no card of an exported file: export it again")


def _check_engine(path: Path, card: Mapping[str, Any], about: Mapping[str, Any]) -> None:
    told = card.get("engine")
    if told is None:
        raise InputError(f"{path}: was exported before plug-ins could play it: export it again")
    if not told["plays"]:
        raise InputError(
            f"{path}: plug-ins and pages play by the small engine, which knows nothing of "
            f"{printable(str(told.get('knows_nothing_of')))}: play the .ts in Pd or Max"
        )
    if list(told["plays"]) != list(about.get("methods", {})):
        raise InputError(
            f"{path}: plays otherwise than its card {path.stem}.json tells: export it again"
        )
