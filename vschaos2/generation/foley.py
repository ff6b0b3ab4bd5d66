"""Sound for a film, or after another sound: hits on its events, or a texture that follows it."""

import logging
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from vschaos2.audio import AudioWriter, read_blocks
from vschaos2.audio.write import WAV_BYTES
from vschaos2.errors import InputError
from vschaos2.events.onsets import SUFFIX, write_onsets
from vschaos2.families.foley.hit_model import HitModel
from vschaos2.files import check_place
from vschaos2.folders import made_folder
from vschaos2.generation.foley_guide import Guide, curve_of, duration_of, events_of
from vschaos2.generation.hit_plan import (
    MOST_SEED,
    HitOptions,
    HitPlan,
    hit_plan,
    made_by,
    tell_of_labels,
)
from vschaos2.generation.hits_in_time import BLOCK_SAMPLES, in_time, start_samples
from vschaos2.generation.player import Player
from vschaos2.generation.sustained import sustained
from vschaos2.progress import Progress
from vschaos2.ranges import check_count, check_number
from vschaos2.runs.folder import Run

FOLDER = "foley"
CEILING = 0.98  # of full scale
END_FADE_MS = 10.0  # where a film ends while hits ring
MOST_OFFSET_MS = 60_000.0
FILM_SUFFIXES = (".mp4", ".m4v", ".mov", ".mkv")

Samples = npt.NDArray[np.float32]
logger = logging.getLogger(__name__)


class Results(NamedTuple):
    """Where results go.

    Attributes:
        sound: what was made.
        times: its events.
        film: with the new sound; None for none.
    """

    sound: Path
    times: Path
    film: Path | None


def foley(
    run: Run,
    folder: Path,
    guide: Guide,
    options: HitOptions,
    offset_ms: float = 0.0,
    mux: bool = False,
    overwrite: bool = False,
    spared: Sequence[Path] = (),
) -> list[Path]:
    """Write the hits of a guide's events: folder/foley/NAME.wav and NAME.times.csv; → the files.

    Args:
        run: trained hits.
        folder: where results go.
        guide: what has events.
        options: which hits.
        offset_ms: how much later every hit comes than its event.
        mux: write the guide's film with this sound, too; its pictures stay as they are.
        overwrite: write NAME.times.csv anew although it is there, and may have been edited.
        spared: further files that are read, and so are not written over.

    Raises:
        InputError: for a guide without events, an option that cannot be, or a file that cannot
            be read or written.
    """
    model: HitModel = run.model
    check_number("--offset", offset_ms, -MOST_OFFSET_MS, MOST_OFFSET_MS)
    results = _results(folder, guide, mux, spared)
    is_own = guide.events is not None and _is_same(guide.events, results.times)
    _check_times(results.times, is_own or overwrite)
    events = events_of(guide)
    if not len(events) and guide.events is not None:
        raise InputError(f"{guide.path}: has no events: write a moment in seconds into each row")
    if not len(events):
        raise InputError(
            f"{guide.path}: has no events: lower --threshold, or write them by hand into "
            f"{guide.name}{SUFFIX} and give that by --onsets"
        )
    plan = hit_plan(model, events, options)
    tell_of_labels(model, plan)
    rate_hz = model.sample_rate_hz
    starts = start_samples(plan.times_s, rate_hz, offset_ms / 1000.0)
    end = max(0, int(starts[-1])) + model.samples
    duration_s = duration_of(guide)
    length = end if duration_s is None else round(duration_s * rate_hz)
    if guide.film is None:
        length = max(length, end)
    if 4 * length > WAV_BYTES:
        raise InputError(
            f"{guide.path}: asks for {length / rate_hz:g} s of sound, and a WAV file holds "
            f"{WAV_BYTES // (4 * rate_hz)} s at most: mend its times, or give a shorter one"
        )
    if outside := int(((starts < 0) | (starts >= length)).sum()):
        logger.warning(
            "%d of %d hits strike before the sound begins or after it ends: they are not heard "
            "whole", outside, len(starts),
        )  # fmt: skip
    made_folder(results.sound.parent)
    _write_hits(results.sound, model, plan, options.steps, starts, length)
    write_onsets(results.times, plan.events)
    written = [results.sound, results.times]
    logger.info("%s: %d hits", guide.name, len(events))
    return _with_film(written, results, guide, rate_hz)


def texture(run: Run, folder: Path, guide: Guide, seed: int = 0, mux: bool = False) -> list[Path]:
    """Write a texture as loud as a guide: folder/foley/NAME.wav; → the files written.

    Args:
        run: a trained VAE.
        folder: where results go.
        guide: a sound, or a film, whose motion leads.
        seed: others, other textures.
        mux: as `foley`.

    Raises:
        InputError: as `foley`, or for a guide of events alone.
    """
    if guide.events is not None:
        raise InputError("--onsets: a texture follows a curve: give --audio or --video")
    check_count("--seed", seed, 0, MOST_SEED)
    results = _results(folder, guide, mux)
    player = Player(run)
    made_folder(results.sound.parent)
    sustained(player, curve_of(guide), results.sound, seed)
    player.tell_of_peaks()
    return _with_film([results.sound], results, guide, player.rate_hz)


def _write_hits(
    target: Path,
    model: HitModel,
    plan: HitPlan,
    steps: int,
    starts: npt.NDArray[np.int64],
    length: int,
) -> None:
    """Write hits at their samples, all of them softer where any would pass full scale."""

    def made(first: int, last: int) -> Samples:
        return np.asarray(made_by(model, plan, first, last, steps).numpy())

    fade = round(END_FADE_MS / 1000.0 * model.sample_rate_hz)

    def sound() -> Iterator[Samples]:
        return _ended(in_time(starts, made, model.attack_samples, length), length, fade)

    blocks = -(-length // BLOCK_SAMPLES)
    with torch.inference_mode(), Progress("striking", "block", 2 * blocks) as progress:
        peak = 0.0
        for block in sound():
            peak = max(peak, float(np.abs(block).max(initial=0.0)))
            progress.update()
        gain = np.float32(min(1.0, CEILING / max(peak, 1e-9)))
        if gain < 1.0:
            logger.info("turned down by %.1f dB, so that nothing clips", -20.0 * np.log10(gain))
        with AudioWriter(target, model.sample_rate_hz) as writer:
            for block in sound():
                writer.write(gain * block)
                progress.update()


def _ended(blocks: Iterator[Samples], length: int, fade: int) -> Iterator[Samples]:
    """A sound whose last samples fall to nothing in a raised cosine."""
    fade, done = min(fade, length), 0
    for block in blocks:
        left = length - (done + np.arange(len(block))) - 0.5
        done += len(block)
        gain = 0.5 - 0.5 * np.cos(np.pi * np.clip(left / max(fade, 1), 0.0, 1.0))
        yield block * gain.astype(np.float32)


def _results(folder: Path, guide: Guide, mux: bool, spared: Sequence[Path] = ()) -> Results:
    if mux and guide.film is None:
        raise InputError("--mux writes a film: give one by --video")
    place, suffix = folder / FOLDER, ""
    if mux and guide.film is not None:
        suffix = guide.film.suffix.lower()
        suffix = suffix if suffix in FILM_SUFFIXES else ".mkv"
    name = guide.name
    film = place / f"{name}{suffix}" if suffix else None
    results = Results(place / f"{name}.wav", place / f"{name}{SUFFIX}", film)
    for path in results:
        if path is None:
            continue
        for source in (guide.audio, guide.film, *spared):
            if source is not None and _is_same(source, path):
                raise InputError(f"{path}: would be written over itself: give another --out")
        if place.exists():
            check_place(path)
    if film is not None and guide.film is not None:
        from vschaos2.film.muxing import check_copied

        check_copied(guide.film, film)
    return results


def _is_same(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _check_times(path: Path, may_replace: bool) -> None:
    if path.exists() and not may_replace:
        raise InputError(
            f"{path}: is there already, and may have been edited: render it by --onsets "
            f"{shlex.quote(str(path))}, give --overwrite, or another --out"
        )


def _with_film(written: list[Path], results: Results, guide: Guide, rate_hz: int) -> list[Path]:
    if results.film is not None and guide.film is not None:
        from vschaos2.film.muxing import muxed

        muxed(guide.film, read_blocks(results.sound, rate_hz, BLOCK_SAMPLES), rate_hz, results.film)
        written.append(results.film)
    return written
