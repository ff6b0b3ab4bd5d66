"""The pages that are written from the code, or quote it, say what the code says."""

import ast
import re
from pathlib import Path

import pytest

from docs import write_configuration, write_processors, write_programs
from vschaos2.dsp.inversion import MagnitudeInversion
from vschaos2.dsp.streaming import StreamingSynthesis

ROOT = Path(__file__).resolve().parent.parent


def test_page_of_the_configuration_is_current():
    written = write_configuration.PAGE.read_text(encoding="utf-8")
    assert written == write_configuration.page(), "run python3 -m docs.write_configuration"


def test_page_of_the_programs_is_current():
    written = write_programs.PAGE.read_text(encoding="utf-8")
    assert written == write_programs.page(), "run python3 -m docs.write_programs"


def test_page_of_the_processors_is_current():
    written = write_processors.PAGE.read_text(encoding="utf-8")
    assert written == write_processors.page(), "run python3 -m docs.write_processors"


def test_a_key_without_a_meaning_is_an_error(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(
        "# Of the file.\nsaid: 1     # first,\n            # and more\ngroup:\n  silent: 2\n"
    )
    with pytest.raises(ValueError, match=r"group\.silent"):
        write_configuration.keys_of(path)
    path.write_text(
        "# Of the file.\nsaid: 1     # first,\n            # and more\n# above\nb: [1, 2]\n"
    )
    assert write_configuration.keys_of(path, "x.") == [
        ("x.said", "1", "first, and more"),
        ("x.b", "[1, 2]", "above"),
    ]


def messages() -> list[str]:
    """Every text in the source, with … for what is filled in when it is said."""
    found = []
    for path in (*ROOT.glob("*.py"), *(ROOT / "vschaos2").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        documentation = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if id(node) in documentation:
                continue
            if isinstance(node, ast.JoinedStr):
                parts = [p.value if isinstance(p, ast.Constant) else "…" for p in node.values]
                found.append("".join(map(str, parts)))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(re.sub(r"%[sdg]", "…", node.value))
    literal = r'"((?:[^"\\\n]|\\.)*)"'
    for path in (ROOT / "externals").rglob("*.c*"):
        for statement in path.read_text(encoding="utf-8").split(";"):
            joined = re.sub(r"(?<=\")\s+(?=\")", "", statement).replace('""', "")
            found.append("…".join(re.sub("%[sdgz]+", "…", t) for t in re.findall(literal, joined)))
    return found


def is_said(quote: str, texts: list[str]) -> bool:
    """Whether the parts of a quoted message stand, in their order, in one text of the source."""
    # Whose message it is, a file's mostly, may be said by the error that carries it.
    quote = re.sub("^…:? (?:is (?=an? |no ))?", "", quote).strip("…")
    pattern = ".*".join(map(re.escape, quote.split("…")))
    return any(re.search(pattern, text, re.S) for text in texts)


def test_every_message_that_is_explained_is_said():
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    quotes = re.findall(r"^\| `([^`]+)` \|", page, re.M)
    texts = messages()
    assert len(quotes) > 20
    too_short = [quote for quote in quotes if len(quote.strip("….: ")) < 7]
    assert too_short == [], "say too little to be looked for"
    assert [quote for quote in quotes if not is_said(quote, texts)] == [], "no program says these"
    assert not is_said("no such folder: … give a forlder", texts)


def test_delays_of_the_page_are_those_of_the_code():
    page = (ROOT / "docs" / "how_it_works.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| (any|`\w+`), (.+?) \|.*?\| (\d+) \| (.+?) ms \| (.+?) ms \|", page, re.M
    )
    assert len(rows) == 4
    for _, names, samples, *milliseconds in rows:
        for name in re.findall(r"`(\w+)`", names):
            for (n_fft, hop), told in zip(((2048, 512), (512, 128)), milliseconds, strict=True):
                keeps = name == "keep_input"
                part = (
                    StreamingSynthesis(n_fft, hop)
                    if keeps
                    else MagnitudeInversion(n_fft, hop, name)
                )
                assert part.delay_samples == int(samples) * n_fft // 2048, name
                assert abs(1000 * part.delay_samples / 44_100 - float(told)) < 0.51, name
