"""Plain YAML is what OmegaConf writes, and nothing that refers to anything else."""

import pytest
import yaml
from omegaconf import OmegaConf

from vschaos2.plain_yaml import MOST_BYTES, NotPlainError, parse_plain


def test_what_a_program_saves_is_read_back():
    values = {
        "text": ["", "yes", "1e5", "2024-01-01", "a: b", "é\u2028\\", "$x", "{}", "<<", "\udcff"],
        "numbers": [0, -3, 2**62, 1e-5, 1.5e300, 0.1],
        "others": [None, True, False, [], {}],
        1: {"a": {"b": [[1], {"c": None}]}},
    }
    assert parse_plain(OmegaConf.to_yaml(OmegaConf.create(values))) == values


BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
)
REFUSED = {
    "an interpolation": "a: ${b}\nb: 1",
    "behind one slash": "a: \\${b}",
    "behind three slashes": "a: \\\\\\${b}",
    "in a quoted text": "a: 'x ${oc.env:HOME}'",
    "in escapes": 'a: "\\u0024{oc.env:HOME}"',
    "in hexadecimal escapes": 'a: "\\x24\\x7Boc.env:HOME}"',
    "in a folded text": "a: >\n  x\n  ${b}\n",
    "in a literal text": "a: |\n  ${b}\n",
    "in a list": "a: [1, [2, '${b}']]",
    "in a key": "'${b}': 1",
    "in a nested key": "a: {b: {'x${b}': 1}}",
    "a missing value": "a: ???",
    "an alias": "a: &x 1\nb: *x",
    "an anchor alone": "a: &x 1",
    "an endless alias": "a: &a [*a]",
    "a billion laughs": BOMB,
    "a merged alias": "x: &x {a: 1}\ny: {<<: *x}",
    "a merged mapping": "y: {<<: {a: 1}}",
    "a Python object": "a: !!python/object/apply:os.getcwd []",
    "a Python name": "a: !!python/name:os.system",
    "a standard tag": "a: !!str 1",
    "a tag of its own": "a: !x 1",
    "a tag by its address": "%TAG ! tag:yaml.org,2002:python/\n---\na: !none x",
    "bytes": "a: !!binary aGVsbG8=",
    "a set": "a: !!set {x}",
    "a date": "a: 2024-01-01",
    "two documents": "a: 1\n---\na: 2",
    "a key given twice": "a: 1\na: 2",
    "a list as a key": "? [1]\n: 2",
    "a truth as a key": "yes: 1",
    "no key": "~: 1",
    "a number of a key": "1.5: 1",
    "infinity": "a: .inf",
    "no number": "a: [.nan]",
    "a huge number": "a: 9" + "9" * 30,
    "a number beyond conversion": "a: 9" + "9" * 5000,
    "depth": "a: " + "[" * 5000 + "]" * 5000,
    "depth in blocks": "".join(" " * i + "a:\n" for i in range(200)),
    "width": "a: [" + "1," * 20_000 + "]",
    "length": "a: " + "x" * MOST_BYTES,
    "an open bracket": "a: [",
    "a control character": 'a: "\\e[2J"',
    "two lines in a key": '"a\\nb": 1',
    "a zero byte": "a: \x00",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_more_than_plain_is_refused_in_one_line(text: str):
    with pytest.raises(NotPlainError) as caught:
        parse_plain(text)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


def test_message_names_the_key():
    with pytest.raises(NotPlainError, match=r"^model\.encoder\[1\]: .* stands for something else"):
        parse_plain("model: {encoder: [1, '${x}']}")


def test_nothing_large_comes_to_be(monkeypatch):
    made = []
    construct = yaml.SafeLoader.construct_object
    monkeypatch.setattr(
        yaml.SafeLoader,
        "construct_object",
        lambda *a, **k: made.append(1) or construct(*a, **k),
    )
    for text in (BOMB, REFUSED["depth"], REFUSED["width"], REFUSED["length"]):
        with pytest.raises(NotPlainError):
            parse_plain(text)
    assert not made
