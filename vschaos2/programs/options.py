"""Options that several commands of generate.py have in common."""

import argparse
from pathlib import Path

MODES = "random, eco, live, balanced, hq or offline"


def add_run(parser: argparse.ArgumentParser) -> None:
    """The run that every command starts from."""
    parser.add_argument("run", type=Path, help="rundir/name, rundir/name/version_N, or rundir")
    parser.add_argument("-n", "--name", help="in a rundir, which run (the newest trained)")
    parser.add_argument("-v", "--version", type=int, help="version of the run (newest)")
    parser.add_argument(
        "--plugins", nargs="+", default=[], metavar="MODULE", help="code that the run needs (none)"
    )


def add_texture(parser: argparse.ArgumentParser) -> None:
    """How much of a sound's noise is noise."""
    parser.add_argument(
        "--texture", type=float, help="part of the noise played as noise, 0 to 1 (the run's)"
    )


def add_output(parser: argparse.ArgumentParser) -> None:
    """Where sounds go, and at which rate."""
    parser.add_argument("--sr", type=int, help="sample rate of the results (the model's)")
    parser.add_argument("--out", type=Path, default=Path(), help="folder to write to")


def add_meta(parser: argparse.ArgumentParser, text: str) -> None:
    """Labels in words."""
    parser.add_argument(
        "--meta", nargs="+", action="extend", default=[], metavar="TASK VALUE", help=text
    )
