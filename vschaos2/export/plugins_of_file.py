"""Plug-ins of an instrument that was exported already, from NAME.ts and its card alone."""

import json
from pathlib import Path
from typing import Any

from vschaos2.errors import InputError
from vschaos2.export.plugin_files import check_built, plugin_files
from vschaos2.export.write import check_name
from vschaos2.files import reason
from vschaos2.folders import made_folder
from vschaos2.placing import place_together
from vschaos2.terminal import printable


def write_plugins_of(path: Path, folder: Path, name: str | None, built: Path | None = None) -> Path:
    """Write the plug-ins of an exported file.

    Args:
        path: NAME.ts, with its card NAME.json beside it. Nothing of it is run.
        folder: where they go; made if missing.
        name: of the plug-ins, if it is another than the file's.
        built: the folder that `make plugins` fills, if it is another.

    Returns:
        The place of one of them, NAME.clap.

    Raises:
        InputError: for a file without a card, or one that the small engine does not play.
    """
    name = path.stem if name is None else name
    check_name(name)
    card_place = path.with_suffix(".json")
    try:
        content = path.read_bytes()
        card = json.loads(card_place.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"{error.filename}: cannot be read: {reason(error)}: a plug-in is made of NAME.ts and "
            "the NAME.json that script.py writes beside it"
        ) from error
    except ValueError as error:
        raise InputError(
            f"{card_place}: is no card of an exported file: export it again"
        ) from error
    try:
        _check_engine(path, card)
        check_built(card["methods"], built)
        made = plugin_files(name, card, content, built)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(
            f"{card_place}: is no card of an exported file: export it again"
        ) from error
    for place in made:
        made_folder((folder / place).parent)
    place_together({folder / place: text for place, text in made.items()})
    return folder / f"{name}.clap"


def _check_engine(path: Path, card: dict[str, Any]) -> None:
    told = card.get("engine")
    if told is None:
        raise InputError(f"{path}: was exported before plug-ins could play it: export it again")
    if not told["plays"]:
        raise InputError(
            f"{path}: plug-ins play by the small engine, which knows nothing of "
            f"{printable(str(told.get('knows_nothing_of')))}: play the .ts in Pd or Max"
        )
