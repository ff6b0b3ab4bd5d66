"""What is printed obeys nobody but us: names, labels and messages of others are shown, not done."""

import io
import json
import logging
import logging.config
import sys
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from vschaos2.command_line import fail, run, say
from vschaos2.errors import InputError
from vschaos2.inspection.findings import Report, findings_of
from vschaos2.runs.listing import RunRow, table
from vschaos2.terminal import TerminalFormatter, printable, printable_lines

ROOT = Path(__file__).parents[1]
HOSTILE = "a\x1b[31m\nerror: forged\r\x07\x9b2J\u202egnp.exe\udce9\u2028\x00\x7f"
SHOWN = r"a\x1b[31m\nerror: forged\r\x07\x9b2J\u202egnp.exe\xe9\u2028\x00\x7f"


def obeyed(text: str) -> set[str]:
    """Characters that a terminal does not just show, other than line ends."""
    return {c for c in text if c != "\n" and not c.isprintable()}


def test_what_a_terminal_would_obey_is_shown():
    assert printable(HOSTILE) == SHOWN
    assert printable(SHOWN) == SHOWN
    assert printable_lines("one\ntwo\x1b") == "one\ntwo\\x1b"


@pytest.mark.parametrize(
    "text",
    ["", "Käse–日本 ♯.wav", "e\u0301", "no\u00a0break", "\U0001f3bb", r"C:\a", "می\u200cخواهم"],
)
def test_writing_of_all_languages_stays(text):
    assert printable(text) == text


def test_every_character_is_shown_or_escaped_in_ascii():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        shown = printable(character)
        assert shown == character or (shown.isascii() and shown.isprintable()), hex(code)
        if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000:
            assert shown != character


def test_values_of_messages_are_on_one_line_and_numbers_stay_numbers():
    logger = logging.getLogger("tests.terminal")
    record = logger.makeRecord("x", 20, "f", 1, "%s of\n%d: %.1f", (HOSTILE, 3, 0.25), None)
    assert TerminalFormatter("%(message)s").format(record) == f"{SHOWN} of\n3: 0.2"
    assert record.args == (HOSTILE, 3, 0.25)
    bare = logger.makeRecord("x", 20, "f", 1, "100 %\nof all", (), None)
    assert TerminalFormatter("%(message)s").format(bare) == "100 %\nof all"


def test_mistakes_are_told_in_one_printable_line(capsys):
    def main() -> None:
        raise InputError(f"{HOSTILE}: no such file")

    with pytest.raises(SystemExit) as ended:
        run(main)
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"error: {SHOWN}: no such file\n"
    with pytest.raises(SystemExit) as ended:
        fail(HOSTILE, 1)
    assert ended.value.code == 1
    assert capsys.readouterr().err == f"error: {SHOWN}\n"


def test_a_traceback_is_shown_and_not_obeyed(capsys, monkeypatch):
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    run(lambda: None)
    try:
        raise KeyError(HOSTILE) from ValueError(HOSTILE)
    except KeyError as error:
        sys.excepthook(KeyError, error, error.__traceback__)
    shown = capsys.readouterr().err
    assert shown.startswith("ValueError: a\\x1b[31m\n") and "Traceback" in shown
    assert not obeyed(shown)


def test_an_output_of_ascii_ends_no_program(monkeypatch):
    streams = {name: io.TextIOWrapper(io.BytesIO(), "ascii") for name in ("stdout", "stderr")}
    for name, stream in streams.items():
        monkeypatch.setattr(sys, name, stream)
    run(lambda: say("Käse – 1"))
    streams["stdout"].flush()
    assert streams["stdout"].buffer.getvalue() == b"K\\xe4se \\u2013 1\n"  # type: ignore[attr-defined]


def test_trainings_log_as_the_other_programs_do(capsys):
    """Hydra sets up a training's logging."""
    with initialize_config_dir(str(ROOT / "vschaos2" / "configs"), version_base="1.3"):
        config = compose("dgt_mid", return_hydra_config=True)
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        told = OmegaConf.to_container(config.hydra.job_logging, resolve=False)
        told["handlers"] = {"console": told["handlers"]["console"]}
        logging.config.dictConfig(told)
        logging.getLogger("vschaos2.x").warning("skipped: %s", HOSTILE)
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert capsys.readouterr() == ("", f"skipped: {SHOWN}\n")


def test_lists_and_reports_forge_no_lines(tmp_path):
    row = RunRow(HOSTILE, HOSTILE, 0, "2026-01-01 00:00", f"damaged: {HOSTILE}", labels=(HOSTILE,))
    listed = table([row])
    assert len(listed.split("\n")) == 2
    assert not obeyed(listed)
    report = Report(tmp_path / HOSTILE, findings=findings_of([HOSTILE] * 5, "error", "bad", "mend"))
    assert not obeyed(report.text())
    forged = [line for line in report.text().split("\n") if line.startswith("error: forged")]
    assert not forged
    assert json.loads(report.to_json())["findings"][0]["where"] == [HOSTILE] * 5
    assert not obeyed(report.to_json())
