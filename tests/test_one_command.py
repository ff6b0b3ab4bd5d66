"""`vschaos2 WORD …` does what the script of that word does in a clone."""

import re
import sys
from pathlib import Path

import pytest
from forked import run_forked

from vschaos2 import __version__, calling
from vschaos2.command_line import run
from vschaos2.programs.main import SUMMARIES, main

ROOT = Path(__file__).resolve().parent.parent


def told(monkeypatch, capsys, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command."""
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/vschaos2", *words])
    try:
        run(main)
        code = 0
    except SystemExit as leaving:
        code = int(leaving.code or 0)
    return code, *capsys.readouterr()


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
def test_help_tells_of_every_program_in_a_line(words, monkeypatch, capsys):
    code, output, errors = told(monkeypatch, capsys, *words)
    assert (code, errors) == (0, "")
    assert re.findall(r"^  (\w+) +\w", output, re.M) == list(calling.SCRIPTS) == list(SUMMARIES)
    assert max(map(len, output.splitlines())) < 100


def test_version_is_that_of_the_package(monkeypatch, capsys):
    assert told(monkeypatch, capsys, "--version") == (0, f"vschaos2 {__version__}\n", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian", "name=x"], "'trian', did you mean 'train'?"),
        (["exprot"], "'exprot', did you mean 'export'?"),
        (
            ["name=x"],
            "no program 'name=x' (there are train, generate, export, check, pitch, retrieve, "
            "presets, analyse)",
        ),
        (["--colour"], "no program '--colour'"),
        (["a\nb"], "no program 'a\\\\nb'"),
        (["train", "--colour"], "unknown option --colour"),
        (["train", "data.dataset.rot=x"], "did you mean 'data.dataset.root'?"),
        (["generate", "paint"], "vschaos2 generate: error: argument command: invalid choice"),
        (["generate", "map"], "(see vschaos2 generate map --help)"),
        (["export"], "(see vschaos2 export --help)"),
        (["export", "/no/run"], "/no/run: no such run"),
        (["check"], "(see vschaos2 check --help)"),
        (["pitch"], "(see vschaos2 pitch --help)"),
    ],
)
def test_mistakes_are_one_line(words, message, monkeypatch, capsys):
    code, output, errors = told(monkeypatch, capsys, *words)
    assert (code, output) == (2, "") and errors.count("\n") == 1
    assert message in errors


def test_a_program_is_named_as_it_was_called(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["sub/train_model.py", "name=x"])
    assert calling.program_name("check") == "check_dataset.py"
    assert calling.typed("check") == "python check_dataset.py"
    for started in ("/usr/bin/vschaos2", "/lib/vschaos2/__main__.py", "notebook", ""):
        monkeypatch.setattr(sys, "argv", [started])
        assert calling.program_name("check") == calling.typed("check") == "vschaos2 check"


@pytest.mark.parametrize("word", [word for word in calling.SCRIPTS if word != "train"])
def test_script_and_command_take_the_same_arguments(word):
    commands = [calling.SCRIPTS[word]], ["vschaos2/__main__.py", word]
    script, command = (
        run_forked(ROOT / program, [*words, "--help"], ROOT).stdout for program, *words in commands
    )
    script = script.replace(calling.SCRIPTS[word], f"vschaos2 {word}")
    assert script.split() == command.split() != []
