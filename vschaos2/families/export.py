"""A run of any family into NAME.ts, its card and its patches."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vschaos2.errors import InputError
from vschaos2.export.card import BLOCKS
from vschaos2.export.playable import Playable
from vschaos2.export.write import check_name, export_playable, facts_of
from vschaos2.families.registry import family_of
from vschaos2.runs.folder import Run


def export(
    run: Run,
    folder: Path,
    name: str,
    wishes: Mapping[str, Any],
    blocks: int = BLOCKS,
    with_page: bool = False,
    with_plugins: bool = False,
) -> Path:
    """Script a trained model, check and measure the file, and only then put it in its place.

    Args:
        run: the trained model.
        folder: where NAME.ts, NAME.json and the patches go; made if missing.
        name: of the files, at least three characters.
        wishes: what is to be otherwise than usual, by name; which there are its family says.
        blocks: calls to time for each method and block size.
        with_page: whether NAME.html is written, too, which plays it in a browser.
        with_plugins: whether plug-ins are written, too, which carry it.

    Returns:
        The path of NAME.ts.

    Raises:
        InputError: for a name, a wish or a place that cannot be.
        ExportError, UnknownOperatorError: if the file fails a check; nothing is written then.
    """
    check_name(name)
    playable = playable_of(run, wishes)
    return export_playable(playable, facts_of(run), folder, name, blocks, with_page, with_plugins)


def playable_of(run: Run, wishes: Mapping[str, Any]) -> Playable:
    """What a host would play of a run.

    Raises:
        InputError: if its family has no real-time form, or for a wish that cannot be.
    """
    family = family_of(run.config)
    if family.playable is None:
        raise InputError(
            f"{run.folder}: is of family {family.name!r}, which has no form that a host could play"
        )
    return family.playable(run, wishes)
