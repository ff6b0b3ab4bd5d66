"""Files that appear whole or not at all, and are never written through somebody else's link.

A folder may come from a stranger, a disk may be full, a process may be killed at any moment. So:

* A new file grows beside its place, as `.NAME.tmp`, created exclusively: if that name is a link
  already, the link is removed and not followed. It takes its name in one rename, once it has
  reached the disk. A rename replaces a link, and does not write to where it leads.
* What a killed process left under the waiting name is removed by the next one that writes the
  same file. A lock, which the system frees when its holder dies, tells it from one in the making.
* What is changed in its place must be a plain file of one name only: no link, hard or symbolic,
  no pipe, no device.
"""

import errno
import os
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from vschaos2.errors import InputError

if sys.platform != "win32":
    import fcntl

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Flags that Windows lacks, as it lacks what they guard against.
UNFOLLOWED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
BINARY = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# To read; a pipe that nobody writes to is opened at once, and not waited for.
READ_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | BINARY


def reason(error: OSError) -> str:
    """Why the system refused, in a few words: a full disk is called that."""
    if error.errno in FULL:
        return "the disk is full, or a limit on the size of files is reached: free some space"
    return str(error.strerror or error)


def cannot_write(path: Path, error: OSError) -> InputError:
    """The one line for a file that cannot be written."""
    return InputError(f"cannot write {path}: {reason(error)}")


def not_own(path: Path, what: str) -> InputError:
    """The one line for what is not used in its place, as somebody else's may be behind it."""
    return InputError(f"{path}: is {what}, and is left alone: remove it")


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A binary file to fill, which takes its name when the block ends cleanly.

    Whatever else happens, nothing of it is left, and what had the name before keeps it. Its
    folder must exist. Code that writes to descriptors may use its `fileno()`.

        with whole_file(Path("notes.txt")) as file:
            file.write(b"all of it")

    Args:
        path: the file; one that is there is replaced.

    Raises:
        InputError: if it cannot be written, also from within the block, or if another process is
            writing this very file.
    """
    try:
        with created(waiting_name(path)) as file:
            yield file
            settle(file)
            waiting_name(path).replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error


def write_whole(path: Path, content: bytes | memoryview | str) -> None:
    """Write a file, whole or not at all; text is written as UTF-8, line ends as they are.

    Names of files that are no UTF-8 keep their bytes: read them again by "surrogateescape".

    Raises:
        InputError: for the reasons of `whole_file`.
    """
    with whole_file(path) as file:
        file.write(
            content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        )


def waiting_name(path: Path) -> Path:
    """Where a file waits until it is whole."""
    return path.with_name(f".{path.name}.tmp")


def settle(file: IO[bytes]) -> None:
    """See a file to the disk, ready to be renamed."""
    file.flush()
    os.fsync(file.fileno())
    if sys.platform == "win32":  # an open file cannot be renamed there
        file.close()


@contextmanager
def created(path: Path) -> Iterator[IO[bytes]]:
    """A new file under a waiting name, locked, which a failure removes.

    What a dead process left there is removed first.
    """
    while True:
        try:
            file = open_own(path, "x+b")
        except (FileExistsError, InputError):
            _clear(path)
            continue
        status = os.fstat(file.fileno())
        # Whoever came between creation and lock may have taken it for a dead process's.
        if try_lock(file) and os.fstat(file.fileno()).st_nlink == 1:
            break
        file.close()
    try:
        yield file
        file.close()
    except BaseException:
        with suppress(OSError):  # the buffer of a full disk cannot be flushed: let it go
            file.close()
        with suppress(OSError):
            if os.path.samestat(path.lstat(), status):  # not yet renamed
                path.unlink()
        raise


def is_left(path: Path) -> bool:
    """Whether nobody who lives fills a file in waiting."""
    try:
        with open_own(path) as file:
            return try_lock(file)
    except (OSError, InputError):  # gone; or a link, a pipe, of other rights: nobody of ours
        return True


def check_place(path: Path) -> None:
    """See that a file can be written, before the work that leads to it.

    Raises:
        InputError: if a folder has its name, or no file can be made beside it.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "a folder has this name")
        tempfile.TemporaryFile(dir=path.parent).close()
    except OSError as error:
        raise cannot_write(path, error) from error


def open_plain(path: Path) -> IO[bytes]:
    """Open a file to be read, if it is one: a pipe or a device would hold the program up.

    Raises:
        InputError: if it is no plain file, nor a link to one.
        OSError: if it cannot be opened, as by `open`.
    """
    descriptor = os.open(path, READ_AT_ONCE)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise InputError(f"{path}: is no plain file: give one")
    return os.fdopen(descriptor, "rb")


def open_own(path: Path, mode: str = "rb") -> IO[bytes]:
    """Open a file to be used in its place, if it is a plain file of one name only.

    Args:
        path: the file.
        mode: "rb"; "r+b" to change it, "ab" to append; "x+b" to make it, where none may be.

    Raises:
        InputError: if it is a link, has other names (hard links), or is no plain file.
        OSError: if it cannot be opened, as by `open`.
    """
    access = {"rb": os.O_RDONLY, "r+b": os.O_RDWR, "ab": os.O_WRONLY | os.O_APPEND | os.O_CREAT}
    flags = access.get(mode, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    try:
        descriptor = os.open(path, flags | UNFOLLOWED | BINARY, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP or (error.errno == errno.EEXIST and path.is_symlink()):
            raise not_own(path, "a link") from error
        if error.errno == errno.ENXIO:  # a pipe that nobody reads
            raise not_own(path, "no plain file") from error
        raise
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_nlink > 1:
        os.close(descriptor)
        is_plain = stat.S_ISREG(status.st_mode)
        raise not_own(path, "a file of several names" if is_plain else "no plain file")
    return os.fdopen(descriptor, "r+b" if mode == "x+b" else mode)


def read_at_most(path: Path, most_bytes: int) -> bytes:
    """The content of a plain file of at most so many bytes.

    Raises:
        InputError: if it is larger, no plain file, or cannot be read.
    """
    try:
        with open_plain(path) as file:
            content = file.read(most_bytes + 1)
    except (OSError, ValueError) as error:  # ValueError: a path with a zero byte in it
        if isinstance(error, InputError):
            raise
        raise InputError(f"cannot read {path}: {getattr(error, 'strerror', error)}") from error
    if len(content) > most_bytes:
        raise InputError(f"{path}: is larger than the {most_bytes} bytes it may have: remove it")
    return content


def try_lock(file: IO[bytes], shared: bool = False) -> bool:
    """Lock an open file if that is possible at once, and say whether it was.

    The system lets go of it when the file is closed or its holder dies. Where there are no such
    locks (Windows), it always is.
    """
    if sys.platform != "win32":
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def wait_for_lock(file: IO[bytes], patience_s: float) -> bool:
    """Lock an open file, trying for so many seconds, and say whether it was possible."""
    give_up_at = time.monotonic() + patience_s
    while not try_lock(file):
        if time.monotonic() > give_up_at:
            return False
        time.sleep(0.02)
    return True


def _clear(path: Path) -> None:
    """Remove a file in waiting, unless a living process fills it."""
    if not is_left(path):
        raise InputError(f"{path}: another process is writing this file: wait for its end")
    with suppress(FileNotFoundError):
        path.unlink()
