"""How the programs speak on a terminal: one line per mistake, exit code 2."""

import argparse
import logging
import sys
from collections.abc import Callable
from typing import NoReturn

from vschaos2.errors import InputError
from vschaos2.terminal import TerminalFormatter, prepare_streams, printable, printable_lines


class ArgumentParser(argparse.ArgumentParser):
    """argparse with one-line errors that point to --help."""

    def error(self, message: str) -> NoReturn:
        """Print the message on one line and exit with code 2."""
        self.exit(2, f"{self.prog}: error: {printable(message)} (see {self.prog} --help)\n")


def run(main: Callable[[], None]) -> None:
    """Run a program's main: mistakes of the user become one line and exit code 2.

    Ctrl-C outside a training exits with code 130, as a shell expects.
    """
    prepare_streams()
    handler = logging.StreamHandler()
    handler.setFormatter(TerminalFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    for noisy in ("matplotlib", "fsspec", "hydra", "torch"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        main()
    except InputError as error:
        fail(str(error), 2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


def say(text: str) -> None:
    """Print a text of our own, whose names are printable already; it may have several lines."""
    sys.stdout.write(f"{printable_lines(text)}\n")


def fail(message: str, code: int) -> NoReturn:
    """Say on one line what is wrong, and exit."""
    sys.stderr.write(f"error: {printable(message)}\n")
    sys.exit(code)
