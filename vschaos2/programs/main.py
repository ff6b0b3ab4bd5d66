"""One command for all programs: `vschaos2 train …`, or `python -m vschaos2 train …`."""

import sys
from importlib import import_module

from vschaos2 import __version__
from vschaos2.command_line import run, say
from vschaos2.errors import InputError
from vschaos2.terminal import printable

SUMMARIES = {
    "train": "an instrument from a folder of recordings",
    "generate": "sound files, paths, morphs, measures and maps from a trained run",
    "export": "a trained run as NAME.ts for nn~ in Max and PureData, its card and its patches",
    "check": "a report on a folder of recordings and its labels, before a training",
    "pitch": "pitch and octave labels for a folder of recordings",
    "retrieve": "the settings of a chain of effects, from a dry and a wet recording",
    "presets": "the settings of many retrieved chains, as a collection to study and to play",
    "analyse": "which effects are on a recording, and in which order",
}


def main() -> None:
    """Start the program that the first word names, with the words behind it.

    Raises:
        InputError: if it names none.
    """
    word = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if word in ("-h", "--help"):
        say(help_text())
    elif word == "--version":
        say(f"vschaos2 {__version__}")
    elif word in SUMMARIES:
        program = import_module(f"vschaos2.programs.{word}")
        del sys.argv[1]
        if word == "train":  # its further processes are started with sys.argv
            sys.argv[0] = str(program.__file__)
        program.main()
    else:
        from vschaos2.config import suggestion

        known = suggestion(word, list(SUMMARIES))
        raise InputError(
            f"vschaos2 has no program {printable(word)!r}{known} (there are {', '.join(SUMMARIES)})"
        )


def help_text() -> str:
    """What each program is for, a line each."""
    lines = [f"  {word:<9} {summary}" for word, summary in SUMMARIES.items()]
    return "\n".join(
        [
            "usage: vschaos2 PROGRAM …, vschaos2 PROGRAM --help, vschaos2 --version",
            "",
            "A folder of recordings becomes an instrument that plays in Max and PureData.",
            "",
            *lines,
        ]
    )


def start() -> None:
    """What the installed command calls: mistakes become one line and exit code 2."""
    run(main)
