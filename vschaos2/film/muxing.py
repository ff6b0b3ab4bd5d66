"""A film with new sound: its pictures as they are, packet for packet, and the sound beside them."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vschaos2.errors import InputError
from vschaos2.film.opening import UnreadableFilm, opened, picture_of, pyav, start_s, words
from vschaos2.film.write import CONTAINERS, SoundTrack, created_film

Samples = NDArray[np.floating]

BLOCK = 2**14


def muxed(
    film: Path,
    sound: Samples | Iterable[Samples],
    sample_rate_hz: int,
    out: Path,
) -> None:
    """Write a film whose pictures are another's, bit for bit, and whose sound is new.

    Sample 0 is heard at time 0 of the film (see `opening.start_s`). Pictures are not decoded, and
    keep their moments, their turn and their shape; other streams are left out. The sound becomes
    AAC in MP4 and MOV, and FLAC, which loses nothing, in MKV.

    Args:
        film: to take the pictures from.
        sound: [T] or [T, C], C of 1 or 2, in ±1; or blocks of it, as of a long film.
        sample_rate_hz: of the sound.
        out: the film to write, which ends in .mp4, .m4v, .mov or .mkv; not `film` itself.

    Raises:
        UnreadableFilm: if the film cannot be read.
        InputError: if `out` cannot be written, or cannot hold such pictures.
    """
    if out.suffix.lower() not in CONTAINERS:
        raise InputError(f"cannot write {out}: end its name in {', '.join(CONTAINERS)}")
    if out.exists() and film.exists() and out.samefile(film):
        raise InputError(f"cannot write {out}: it is the film itself: choose another name")
    blocks = _blocks(sound)
    first = next(blocks, np.zeros((0, 1), np.float32))
    with opened(film) as source, created_film(out) as container:
        stream = picture_of(film, source)
        copy = _copy_of(stream, container, film, out)
        track = SoundTrack(container, out, sample_rate_hz, first.shape[1])
        # Sound of about the same moment, so that players find both near each other.
        given = 0
        waiting: Samples | None = first
        for packet in _packets(film, source, stream):
            reached_s = float(packet.dts * packet.time_base)
            packet.stream = copy
            while waiting is not None and given < reached_s * sample_rate_hz:
                track.write(waiting)
                given += len(waiting)
                waiting = next(blocks, None)
            container.mux(packet)
        while waiting is not None:
            track.write(waiting)
            waiting = next(blocks, None)
        track.end()


def check_copied(film: Path, out: Path) -> None:
    """See that a film's pictures can be copied into a file of such a name, before long work.

    Raises:
        UnreadableFilm: if the film cannot be read.
        InputError: if the kind of `out` cannot hold such pictures.
    """
    name = CONTAINERS[out.suffix.lower()][0]
    with opened(film) as source, pyav().open(io.BytesIO(), "w", format=name) as container:
        _copy_of(picture_of(film, source), container, film, out)


def _copy_of(stream: Any, container: Any, film: Path, out: Path) -> Any:
    try:
        return container.add_stream_from_template(stream)
    except ValueError as error:
        raise InputError(
            f"{film}: its pictures ({stream.codec_context.name}) cannot be copied into "
            f"{out.suffix[1:].upper()}: convert the film to MP4 first, or leave --mux out"
        ) from error


def _packets(path: Path, source: Any, stream: Any) -> Iterator[Any]:
    """The packets of a film's pictures, on a clock that begins at its time 0."""
    av = pyav()
    zero = round(start_s(source) / stream.time_base)
    try:
        for packet in _timed(packet for packet in source.demux(stream) if packet.size):
            packet.dts -= zero
            if packet.pts is not None:
                packet.pts -= zero
            yield packet
    except (av.error.FFmpegError, OSError) as error:
        raise UnreadableFilm(path, f"its picture cannot be copied ({words(error)})") from error


def _timed(packets: Iterator[Any]) -> Iterator[Any]:
    """Packets that all say when they are to be decoded: MKV does not, and is guessed at.

    The first ones of pictures that are decoded in another order than they are shown come before
    what is known; counting back from there keeps them in their order.
    """
    early: list[Any] = []
    last: int | None = None
    for packet in packets:
        if packet.dts is None and last is None:
            early.append(packet)
            continue
        if packet.dts is None and last is not None:
            packet.dts = last + (packet.duration or 1)
        for place, each in enumerate(early):
            each.dts = packet.dts - (len(early) - place) * (packet.duration or 1)
            yield each
        early, last = [], packet.dts
        yield packet
    for each in early:  # none says when: each is decoded when it is shown
        each.dts = each.pts
        yield each


def _blocks(sound: Samples | Iterable[Samples]) -> Iterator[Samples]:
    """Sound in blocks, [T, C] each."""
    parts = [sound] if isinstance(sound, np.ndarray) else sound
    for part in parts:
        wide = part[:, None] if part.ndim == 1 else part
        for begin in range(0, len(wide), BLOCK):
            yield wide[begin : begin + BLOCK]
