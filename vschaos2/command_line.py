"""How the programs speak on a terminal: one line per mistake, exit code 2."""

import argparse
import logging
import sys
from collections.abc import Callable
from typing import NoReturn

from vschaos2.errors import InputError


class ArgumentParser(argparse.ArgumentParser):
    """argparse with one-line errors that point to --help."""

    def error(self, message: str) -> NoReturn:
        """Print the message on one line and exit with code 2."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def run(main: Callable[[], None]) -> None:
    """Run a program's main: mistakes of the user become one line and exit code 2.

    Ctrl-C outside a training exits with code 130, as a shell expects.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for noisy in ("matplotlib", "fsspec", "hydra", "torch"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        main()
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(2)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)
