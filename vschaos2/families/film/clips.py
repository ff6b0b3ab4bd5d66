"""The films of a folder, decoded once: small grey pictures at even distances, in files of bytes.

They stand beside the films, in `.vschaos2/films/`, one file a film, called after what the film was
and how it was decoded: a film that changes is decoded anew. Where nothing can be written there,
they stand in a folder that is removed in the end.
"""

import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vschaos2.audio import find_files
from vschaos2.errors import InputError
from vschaos2.families.film.marks import Marks, Values, marked
from vschaos2.files import open_own, reason, whole_file
from vschaos2.film.frames import Grey, frame_chunks
from vschaos2.film.opening import FILM_EXTENSIONS, pyav
from vschaos2.folders import own_folders
from vschaos2.progress import Progress

logger = logging.getLogger(__name__)

STORE = Path(".vschaos2") / "films"
# Up to this size pictures are held in memory; beyond it each window is read from its file.
RESIDENT_BYTES = 512 * 2**20


class Clip(NamedTuple):
    """A film, or a part of it.

    Attributes:
        name: path of the film below the folder.
        pictures: file of its pictures.
        first: number of the first picture of the part.
        length: pictures in the part.
        strikes: in pictures from the first one of the part, not whole numbers.
    """

    name: str
    pictures: Path
    first: int
    length: int
    strikes: Values

    def part(self, first: int, count: int) -> "Clip":
        """Some pictures of it."""
        inside = (self.strikes >= first - 0.5) & (self.strikes < first + count - 0.5)
        strikes = self.strikes[inside] - first
        return self._replace(first=self.first + first, length=count, strikes=strikes)


class Clips:
    """All usable films of a folder.

    Args:
        root: the folder.
        n_files: use so many only, the first ones; None for all.
        rate_hz: pictures a second.
        size: S.
        marks: how strikes are known.
        sample_rate_hz: at which sound is heard.

    Raises:
        InputError: if there is none.
    """

    def __init__(
        self,
        root: Path,
        n_files: int | None,
        rate_hz: float,
        size: int,
        marks: Marks,
        sample_rate_hz: int,
    ) -> None:
        pyav()  # its absence is told once, and not of every film
        self.root, self.rate_hz, self.size = root, rate_hz, size
        self._spare: tempfile.TemporaryDirectory[str] | None = None
        self._store = self._writable()
        paths = find_files(root, FILM_EXTENSIONS, "films")[:n_files]
        self.clips: list[Clip] = []
        unmarked = 0
        with Progress("reading films", "film", len(paths)) as progress:
            for path in paths:
                try:
                    strikes_s = marked(path, marks, sample_rate_hz, root)
                    if strikes_s is None:
                        unmarked += 1
                        logger.warning("left out, nothing says when something is struck: %s", path)
                    else:
                        self.clips.append(self._clip(path, strikes_s))
                except InputError as error:
                    logger.warning("left out: %s", error)
                progress.update()
        if not self.clips:
            why = "none of its films can be read" if paths else "holds no films"
            if unmarked:
                why = "its films have neither sound nor NAME.times.csv beside them"
            raise InputError(f"{root}: {why}: give a folder of films whose strikes are known")
        total = sum(clip.length for clip in self.clips) * size**2
        self._held: dict[Path, NDArray[np.uint8]] = {}
        if total <= RESIDENT_BYTES:
            self._held = {c.pictures: self._read(c.pictures, 0, c.length) for c in self.clips}

    def pictures(self, clip: Clip, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Some pictures of a clip; its first and last one stand for those beyond its ends.

        Shape: [F] → [F, S, S].
        """
        numbers = clip.first + numbers.clip(0, clip.length - 1)
        if clip.pictures in self._held:
            return self._held[clip.pictures][numbers]
        first = int(numbers.min())
        return self._read(clip.pictures, first, int(numbers.max()) + 1 - first)[numbers - first]

    def digest(self) -> str:
        """A text that changes with the films and their strikes."""
        told = [
            (c.name, c.pictures.name, c.first, c.length, c.strikes.tolist()) for c in self.clips
        ]
        text = repr(told).encode("utf-8", "surrogatepass")
        return hashlib.blake2b(text).hexdigest()[:16]

    def _writable(self) -> Path:
        """Where pictures can be kept."""
        try:
            folder = own_folders(self.root, self.root / STORE)
            tempfile.TemporaryFile(dir=folder).close()
        except OSError as error:
            logger.warning(
                "%s: nothing can be written here (%s), so pictures are not kept for the next time",
                self.root, reason(error),
            )  # fmt: skip
            self._spare = tempfile.TemporaryDirectory(prefix="vschaos2-films-")
            folder = Path(self._spare.name)
        return folder

    def _clip(self, path: Path, strikes_s: Values) -> Clip:
        """A film, decoded if it is not yet."""
        name = path.relative_to(self.root).as_posix()
        status = path.stat()
        what = (name, status.st_size, status.st_mtime_ns, self.rate_hz, self.size)
        digest = hashlib.blake2b(repr(what).encode("utf-8", "surrogatepass"), digest_size=12)
        kept = self._store / f"{digest.hexdigest()}.u8"
        if not kept.is_file():
            with whole_file(kept) as file:
                for chunk in frame_chunks(path, self.rate_hz, self.size):
                    file.write(chunk.data)
        count = kept.stat().st_size // self.size**2
        if count == 0:
            kept.unlink()
            raise InputError(f"{kept}: was empty: start again")
        return Clip(name, kept, 0, count, strikes_s * self.rate_hz)

    def _read(self, path: Path, first: int, count: int) -> Grey:
        """So many pictures of a file."""
        square = self.size**2
        try:
            with open_own(path) as file:
                file.seek(first * square)
                content = file.read(count * square)
        except OSError as error:
            raise InputError(f"cannot read {path}: {reason(error)}") from error
        if len(content) < count * square:
            raise InputError(f"{path} has become shorter: start again, and it is made anew")
        return np.frombuffer(content, np.uint8).reshape(count, self.size, self.size)


def split(
    clips: list[Clip], validation_fraction: float, seed: int
) -> tuple[list[Clip], list[Clip]]:
    """Those that train, and those held out: whole films by a hash; of a single one, its end."""
    if len(clips) == 1:
        clip = clips[0]
        held = min(max(1, round(validation_fraction * clip.length)), clip.length)
        return [clip.part(0, max(1, clip.length - held))], [clip.part(clip.length - held, held)]

    def drawn(clip: Clip) -> bytes:
        return hashlib.blake2b(os.fsencode(f"{seed}:{clip.name}"), digest_size=8).digest()

    count = min(max(1, round(validation_fraction * len(clips))), len(clips) - 1)
    order = sorted(clips, key=drawn)
    held_out = {clip.name for clip in order[:count]}
    return (
        [clip for clip in clips if clip.name not in held_out],
        [clip for clip in clips if clip.name in held_out],
    )


def windows(clips: list[Clip], frames: int, most: int) -> Iterator[tuple[Clip, int]]:
    """Windows beside each other that cover clips, evenly thinned out: a clip, and where in it."""
    every = [(clip, start) for clip in clips for start in range(0, clip.length, frames)]
    keep = np.unique(np.linspace(0, len(every) - 1, min(most, len(every))).round().astype(int))
    return (every[number] for number in keep.tolist())
