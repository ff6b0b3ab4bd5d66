"""Strikes of whole films of any length, by a trained network, in bounded memory."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from vschaos2.errors import InputError
from vschaos2.events.onsets import Onsets, onsets_of
from vschaos2.families.film.net import FilmNet, seen_either_way
from vschaos2.families.film.picking import picked
from vschaos2.film.frames import frame_chunks
from vschaos2.film.usual import FILM_GAP_S, FILM_THRESHOLD
from vschaos2.ranges import check_number
from vschaos2.runs.folder import Run

Values = NDArray[np.float64]
CHUNK = 256


def film_onsets_by_run(
    run: Run, path: Path, threshold: float = FILM_THRESHOLD, min_gap_s: float = FILM_GAP_S
) -> Onsets:
    """When something is struck in a film, as a trained network sees it.

    Args:
        run: of the family "film".
        path: a film.
        threshold: of likelihood, 0 to 1.
        min_gap_s: between two onsets, at least; of nearer ones the likelier stays.

    Raises:
        UnreadableFilm: if the film cannot be read.
        InputError: for a value out of range, or a run of another family.
    """
    if run.config.family != "film":
        raise InputError(
            f"{run.folder}: is of the family {run.config.family!r}, which sees no strikes: give a "
            "run of onset_video"
        )
    check_number("threshold", threshold, 0.0, 1.0)
    check_number("min_gap_s", min_gap_s, 0.0, 60.0)
    likely, offsets = seen_in_film(run.model, path)
    places, strengths = picked(likely, offsets, threshold, min_gap_s * run.model.rate_hz)
    return onsets_of(places.clip(min=0.0) / run.model.rate_hz, strengths)


def seen_in_film(model: FilmNet, path: Path, chunk: int = CHUNK) -> tuple[Values, Values]:
    """How likely a strike is at each picture of a film, and how much later: [F] each.

    Raises:
        UnreadableFilm: if the film cannot be read.
    """
    chunks = frame_chunks(path, model.rate_hz, model.size, chunk)
    parts = list(seen_in_chunks(model, chunks))
    likely, offsets = (np.concatenate(each) for each in zip(*parts, strict=True))
    return likely, offsets


@torch.inference_mode()
def seen_in_chunks(
    model: FilmNet, chunks: Iterator[NDArray[np.uint8]]
) -> Iterator[tuple[Values, Values]]:
    """The same of pictures that come in chunks of any length: as of the whole.

    A picture is spoken of once those are there that the network waits for; as many before it are
    kept as it looks back at.
    """
    reach, delay = model.reach_frames, model.delay_frames
    nothing = np.zeros((0, model.size, model.size), np.uint8)
    held = nothing
    said = 0  # of what is held, pictures that were spoken of
    for pictures in chain((chunk for chunk in chunks if len(chunk)), (nothing,)):
        is_end = len(pictures) == 0
        held = np.concatenate((held, pictures))
        end = len(held) if is_end else len(held) - delay
        if end <= said:
            continue
        seen = seen_either_way(model, torch.from_numpy(held)[None].float() / 255.0)
        likely = torch.sigmoid(seen.logits)[0, said:end].numpy().astype(np.float64)
        yield likely, seen.offsets[0, said:end].numpy().astype(np.float64)
        begin = max(0, end - reach)
        held, said = held[begin:], end - begin
