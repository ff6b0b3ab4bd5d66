"""How the programs speak on a terminal: one line per mistake, exit code 2."""

import argparse
import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

from vschaos2.errors import InputError
from vschaos2.files import reason
from vschaos2.terminal import TerminalFormatter, prepare_streams, printable, printable_lines

# What ends a program from outside, besides Ctrl-C: `kill`, a cluster, a terminal that is closed.
ENDING_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]


class ArgumentParser(argparse.ArgumentParser):
    """argparse with one-line errors that point to --help, and files that begin with a dash."""

    words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse does; what was given is kept for the message."""
        self.words = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def _parse_optional(self, arg_string: str) -> Any:
        """What an argument is; not an option, if it is none and a file is called so."""
        is_file = os.path.exists(arg_string)  # noqa: PTH110 - anything may be given
        return None if is_file and self._is_odd(arg_string) else super()._parse_optional(arg_string)

    def _is_odd(self, word: str) -> bool:
        """Whether a word begins as an option does, and is none."""
        is_option = word.split("=")[0] in self._option_string_actions
        return len(word) > 1 and word[0] == "-" and word != "--" and not is_option

    def error(self, message: str) -> NoReturn:
        """Print the message on one line, with what would mend it, and exit with code 2."""
        odd = [w for w in self.words if self._is_odd(w) and re.match(r"-[^-\d]", w)]
        hint = ""
        if odd:
            option = re.match(r"argument (?:\S+/)?(--[\w-]+):", message)
            other = option[1] if option else "--option"
            hint = f"; a file {odd[0]} is given as ./{odd[0]}, another value as {other}={odd[0]}"
        self.exit(2, f"{self.prog}: error: {printable(message + hint)} (see {self.prog} --help)\n")


class Ended(SystemExit):
    """A signal that ends the program, after everything was tidied up; code 128 + its number.

    Args:
        number: of the signal.
        is_told: whether a line was already written that says so.
    """

    def __init__(self, number: int, is_told: bool = False) -> None:
        super().__init__(128 + number)
        self.number = number
        self.is_told = is_told


def run(main: Callable[[], None]) -> None:
    """Run a program's main: mistakes of the user become one line and exit code 2.

    Ctrl-C outside a training exits with code 130, SIGTERM with 143 and SIGHUP with 129, as a shell
    expects.
    """
    prepare_streams()
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("matplotlib", "fsspec", "hydra", "torch"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        with _signals_raised():
            main()
    except InputError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
    except Ended as end:
        if not end.is_told:
            sys.stderr.write(f"stopped by {signal.Signals(end.number).name}\n")
        sys.exit(end.code)


@contextmanager
def _signals_raised() -> Iterator[None]:
    """Let signals that end the program be raised, as Ctrl-C is, so that it tidies up.

    The second one ends it at once. A signal that is ignored (`nohup`) stays ignored. A library may
    swallow what is raised (some do while they are imported) and stumble later: that is the end too.
    """
    arrived: list[int] = []

    def end(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        arrived.append(number)
        raise Ended(number)

    before = {number: signal.getsignal(number) for number in ENDING_SIGNALS}
    heard = [number for number, handler in before.items() if handler is signal.SIG_DFL]
    try:
        for number in heard:
            signal.signal(number, end)
        yield
    except Exception as error:
        if arrived:
            raise Ended(arrived[0]) from error
        raise
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


def say(text: str) -> None:
    """Print a text of our own, whose names are printable already; it may have several lines.

    Raises:
        InputError: if it cannot be written, as to a file on a full disk.
        SystemExit: if nobody reads it any more, as with `| head`.
    """
    if sys.stdout is None:  # closed by who started the program
        return
    try:
        sys.stdout.write(f"{printable_lines(text)}\n")
        sys.stdout.flush()
    except OSError as error:
        # What still waits in the buffer would be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            sys.exit(141)  # as SIGPIPE would
        raise InputError(f"cannot print the result: {reason(error)}") from error


def fail(message: str, code: int) -> NoReturn:
    """Say on one line what is wrong, and exit."""
    sys.stderr.write(f"error: {printable(message)}\n")
    sys.exit(code)
