"""Writes docs/programs.md: every argument of every program, from the programs themselves.

python3 -m docs.write_programs
"""

import argparse
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn
from unittest import mock

from vschaos2.calling import SCRIPTS
from vschaos2.files import write_whole
from vschaos2.programs.main import SUMMARIES

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "programs.md"
HYDRA_FLAGS = {
    "--config-name NAME, -cn NAME": "the configuration: see [configuration.md](configuration.md)",
    "key=value": "a value of it; any number of these",
    "--config-dir FOLDER, -cd FOLDER": "a folder of configurations of your own, beside ours",
    "--multirun, -m": "a sweep: values separated by commas are all tried (see [bigger_machines.md]"
    "(bigger_machines.md))",
    "--cfg job": "shows the configuration that would be used, and trains nothing",
    "--help": "this, and the configuration",
}
INTRODUCTION = """\
# The programs

*Written by `python3 -m docs.write_programs` from the programs' own arguments.*

In a clone they are scripts. `pip install .` in the clone installs the package `vschaos2`, with its
configurations, and one command for any folder (`python -m vschaos2` is the same):

{table}
All of them answer a mistake with one line and exit code 2, and know `--help`; a usage and a remedy
name a program as you called it.

## `train_model.py`

Train an instrument from a folder of recordings.

"""


class _Found(Exception):  # noqa: N818 — no error: the way out of a program
    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__()
        self.parser = parser


def programs() -> list[str]:
    """The programs that read their arguments with argparse: all but the training."""
    return [word for word in SCRIPTS if word != "train"]


def parser_of(program: str) -> argparse.ArgumentParser:
    """The parser that a program makes when it is started."""

    def found(parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        raise _Found(parser)

    names = ("parse_args", "parse_known_args", "parse_intermixed_args")
    with mock.patch.multiple(argparse.ArgumentParser, **dict.fromkeys(names, found)):
        try:
            importlib.import_module(f"vschaos2.programs.{program}").main()
        except _Found as caught:
            return caught.parser
    raise RuntimeError(f"{program}.main() parsed no arguments")


def commands(program: str) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Name, summary and parser of a program, or of each of its commands."""
    parser = parser_of(program)
    nested = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not nested:
        yield SCRIPTS[program], parser.description or "", parser
    for action in nested:
        summaries = {choice.dest: choice.help or "" for choice in action._choices_actions}
        for name, child in action.choices.items():
            yield f"{SCRIPTS[program]} {name}", summaries.get(name, ""), child


def flags(parser: argparse.ArgumentParser) -> list[tuple[str, str]]:
    """Spelling and meaning of every argument, help left out."""
    formatter = parser._get_formatter()
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction | argparse._SubParsersAction):
            continue
        metavar = formatter._get_default_metavar_for_optional(action)
        if not action.option_strings:
            metavar = formatter._get_default_metavar_for_positional(action)
        value = formatter._format_args(action, metavar) if action.nargs != 0 else ""
        spelling = ", ".join(f"{option} {value}".strip() for option in action.option_strings)
        meaning = formatter._expand_help(action) if action.help else ""
        found.append((spelling or value, meaning + (" (required)" if _required(action) else "")))
    return found


def _required(action: argparse.Action) -> bool:
    return bool(action.option_strings) and action.required


def page() -> str:
    """The whole page, in Markdown."""
    parts = [INTRODUCTION.format(table=_commands()), _table(list(HYDRA_FLAGS.items()))]
    for program in programs():
        for name, summary, parser in commands(program):
            sentence = re.sub(r"\s+", " ", summary).strip()
            sentence = sentence[:1].upper() + sentence[1:] + ("" if sentence[-1:] == "." else ".")
            parts.append(f"\n## `{name}`\n\n{sentence}\n\n{_table(flags(parser))}")
    return "".join(parts)


def _commands() -> str:
    lines = ["| in a clone | installed | makes |\n", "|---|---|---|\n"]
    for word, script in SCRIPTS.items():
        lines.append(f"| `python {script}` | `vschaos2 {word}` | {SUMMARIES[word]} |\n")
    return "".join(lines)


def _table(rows: list[tuple[str, str]]) -> str:
    lines = ["| argument | meaning |\n", "|---|---|\n"]
    for spelling, meaning in rows:
        cells = (text.replace("|", "\\|") for text in (f"`{spelling}`", meaning))
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines)


def main() -> None:
    """Write the page."""
    write_whole(PAGE, page())


if __name__ == "__main__":
    main()
