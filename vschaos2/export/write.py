"""From a playable to files beside each other: NAME.ts, its card NAME.json, its patches."""

import json
import logging
import math
import os
import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vschaos2.errors import InputError
from vschaos2.export.card import BLOCKS, card_table, measure_card
from vschaos2.export.page import check_page, page
from vschaos2.export.playable import Playable
from vschaos2.export.plugin_files import check_plugin_name, check_plugins, plugin_files
from vschaos2.files import check_place
from vschaos2.folders import made_folder, results_folders
from vschaos2.patches import patch_files
from vschaos2.placing import place_together
from vschaos2.runs.folder import NAME_BYTES, Run
from vschaos2.terminal import printable

logger = logging.getLogger(__name__)

UNSAFE = re.compile(r'[\\$,;{}"\x00-\x1f\x7f]|#(?=\d)|^ | $|  ')


def export_playable(
    playable: Playable,
    run_facts: Mapping[str, Any],
    folder: Path,
    name: str,
    blocks: int = BLOCKS,
    with_page: bool = False,
    with_plugins: bool = False,
) -> Path:
    """Script a playable, check and measure the file, and only then put it in its place.

    Args:
        playable: what is to be played.
        run_facts: what its card says of its training, such as `facts_of` finds.
        folder: where NAME.ts, NAME.json and the patches go; made if missing.
        name: of the files, at least three characters (nn~ aborts Pd on a shorter one).
        blocks: calls to time for each method and block size.
        with_page: whether NAME.html is written, too, which plays it in a browser.
        with_plugins: whether plug-ins are written, too, which carry it.

    Returns:
        The path of NAME.ts.

    Raises:
        InputError: for a name or place that cannot be, or a page or plug-ins of what none of these
            can play.
        ExportError, UnknownOperatorError: if the file fails a check; nothing is written then.
    """
    check_name(name)
    if with_page:
        check_page(playable)
    if with_plugins:
        check_plugin_name(name)
        check_plugins(playable)
    made_folder(folder)
    target, card_place = folder / f"{name}.ts", folder / f"{name}.json"
    page_place = folder / f"{name}.html"
    for place in (target, card_place, *[page_place] * with_page):
        check_place(place)
    content = playable.saved()
    logger.info("%s: checking and measuring", target.name)
    card = measure_card(content, playable, run_facts, blocks)
    patches = {folder / file: text for file, text in patch_files(name, card).items()}
    pages = {page_place: page(name, card, content)} if with_page else {}
    if with_plugins:
        made = plugin_files(name, card, content)
        plugins = {folder / place: text for place, text in made.items()}
    else:
        plugins = {}
    card_text = json.dumps(card, indent=2, allow_nan=False) + "\n"
    with results_folders(place.parent for place in plugins):
        place_together({**patches, **pages, **plugins, card_place: card_text, target: content})
    logger.info(card_table(target.name, card, playable.table(card)))
    return target


def facts_of(run: Run) -> dict[str, Any]:
    """What a card says of a training: where it stands, how well it did, and its name."""
    return {
        "training": {
            key: round(value, 5) if math.isfinite(value) else None
            for key, value in run.summary.items()
        },
        "run": printable(f"{run.folder.parent.name}/{run.folder.name}"),
    }


def check_name(name: str) -> None:
    """Refuse a name that hosts cannot load a model by.

    nn~ aborts Pd on fewer than three characters, and adds .ts to the name by itself. Patches hold a
    name as one word, in which spaces are escaped; what `UNSAFE` matches means something else in
    Pd's or Max's files.

    Raises:
        InputError: for such a name.
    """
    if "/" in name:
        raise InputError(f"name {name!r}: has a / in it: give the folder with -o, the name with -n")
    if len(name) < 3 or name.startswith("."):
        raise InputError(
            f"name {name!r}: nn~ needs a plain file name of at least three characters: give "
            "another with -n"
        )
    if name.lower().endswith(".ts"):
        raise InputError(
            f"name {name!r}: the file is called that and .ts, and hosts would miss it: give "
            f"-n {shlex.quote(name[:-3])}"
        )
    if len(os.fsencode(name)) > NAME_BYTES:
        raise InputError(
            f"name {name!r} is too long, of {len(os.fsencode(name))} bytes: give -n one of at most "
            f"{NAME_BYTES}, as the names of patches are made of it"
        )
    unsafe = UNSAFE.search(name)
    if unsafe:
        raise InputError(
            f"name {name!r}: Pd and Max would misread {unsafe.group()!r} in it: choose another -n, "
            "of letters, digits, - and _, with single spaces between words"
        )
