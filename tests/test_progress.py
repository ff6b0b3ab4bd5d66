"""Progress is a bar on a terminal, and few lines elsewhere."""

import io
import logging

import pytest

from vschaos2 import progress
from vschaos2.progress import follow


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_terminal_gets_a_bar(monkeypatch, caplog):
    monkeypatch.setattr("sys.stderr", Terminal())
    with caplog.at_level(logging.INFO):
        assert list(follow("abc", "spelling", "letter")) == ["a", "b", "c"]
        assert "spelling: 100%" in progress.sys.stderr.getvalue()
    assert not caplog.messages


@pytest.mark.parametrize(("every_s", "lines"), [(60.0, 0), (0.0, 3)])
def test_log_file_gets_a_line_a_minute_and_no_carriage_return(
    monkeypatch, caplog, every_s: float, lines: int
):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr(progress, "LINE_EVERY_S", every_s)
    with caplog.at_level(logging.INFO):
        assert list(follow(iter("abc"), "spelling", "letter", 3)) == ["a", "b", "c"]
    assert caplog.messages == [f"spelling: {n} of 3 letters" for n in (1, 2, 3)][:lines]
    assert progress.sys.stderr.getvalue() == ""
