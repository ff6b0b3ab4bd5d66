"""A film opened by PyAV, which is loaded when the first film is.

A film may come from a stranger. Only containers that hold everything in themselves are read, from
one plain file: lists of other files, of addresses or of devices are not followed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from vschaos2.errors import InputError
from vschaos2.files import open_plain, reason

FILM_EXTENSIONS = frozenset(
    f".{name}"
    for family in ("mp4 m4v mov 3gp", "mkv webm", "avi mpg mpeg mts m2ts", "flv ogv wmv gif")
    for name in family.split()
)
FORMATS = "mov,matroska,webm,avi,mpeg,mpegts,flv,ogg,asf,gif"  # as libavformat calls them
MOST_PIXELS = 2**26  # of a picture: 8192 by 8192


class UnreadableFilm(InputError):  # noqa: N818 - it is the file that is wrong, not the program
    """A film that cannot be used; `reason` says why without naming the file."""

    def __init__(
        self, path: Path, reason: str, remedy: str = "convert it to MP4 or remove it"
    ) -> None:
        self.reason = reason
        super().__init__(f"{path}: {reason}: {remedy}")


def is_film(path: Path) -> bool:
    """Whether a file is called as films are.

    Example:
        >>> is_film(Path("door.MP4")), is_film(Path("door.wav"))
        (True, False)
    """
    return path.suffix.lower() in FILM_EXTENSIONS


def pyav() -> Any:
    """PyAV, which decodes and encodes films.

    Raises:
        InputError: if it is not installed.
    """
    try:
        return import_module("av")
    except ModuleNotFoundError as error:
        raise InputError(
            f"{error.name} is not installed, by which films are read: run pip install -r "
            "requirements-video.txt"
        ) from error


@contextmanager
def opened(path: Path) -> Iterator[Any]:
    """A container to read, as long as the block lasts.

    Raises:
        UnreadableFilm: if it cannot be opened, is no film, or is damaged where it begins.
        InputError: if it is no plain file, or PyAV is not installed.
    """
    av = pyav()
    try:
        file = open_plain(path)
    except OSError as error:
        raise UnreadableFilm(path, f"cannot be opened ({reason(error)})", "give a film") from error
    with file:
        try:
            options = {"format_whitelist": FORMATS}
            container = av.open(file, options=options, io_open=_refused, metadata_errors="replace")
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise UnreadableFilm(
                path, f"is no film that can be read ({words(error)})", "give MP4, MOV, MKV or AVI"
            ) from error
        with container:
            yield container


def picture_of(path: Path, container: Any) -> Any:
    """The stream of pictures, ready to be decoded; that of a cover is none.

    Raises:
        UnreadableFilm: if there is none, or pictures are too large.
    """
    av = pyav()
    cover = av.stream.Disposition.attached_pic
    streams = [each for each in container.streams.video if not each.disposition & cover]
    if not streams:
        raise UnreadableFilm(path, "has no picture", "give a film, not a sound")
    stream = streams[0]
    if stream.codec_context is None:
        raise UnreadableFilm(path, "its picture cannot be decoded (no decoder is known for it)")
    if stream.width * stream.height > MOST_PIXELS:
        raise UnreadableFilm(
            path,
            f"its picture of {stream.width} by {stream.height} is too large",
            "make it smaller",
        )
    return stream


def start_s(container: Any) -> float:
    """Time 0 on the clock of the container: the first moment at which anything is presented.

    Players count from there, be it the picture or the sound that comes first.
    """
    return float((container.start_time or 0) / pyav().time_base)


def words(error: Exception) -> str:
    """One line of what libav says."""
    text = str(getattr(error, "strerror", None) or error)
    return " ".join(text.split()).rstrip(".")


def _refused(url: str, flags: int, options: Any) -> NoReturn:
    raise PermissionError("a film of several files is not read")
