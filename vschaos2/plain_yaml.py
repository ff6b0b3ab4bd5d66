"""YAML of strangers: text, numbers, lists and mappings, and nothing that refers to anything else.

A few lines of YAML can stand for a billion values (aliases of aliases), name Python objects
(tags) or, once OmegaConf reads them, call functions and read the environment (`${…}`). What a
program has saved needs none of it: a file that uses it is refused before anything is made of it.
"""

import math
import unicodedata
from collections.abc import Hashable
from typing import Any

import yaml

MOST_BYTES = 65_536  # of a file; the longest of our own has some 4000
MOST_NODES = 10_000
MOST_DEPTH = 24
REFERENCE = "${"  # to another value, to the environment, to a function: behind any escapes


class NotPlainError(ValueError):
    """Something that plain YAML does not have; the message is one line, and may name its key."""


def parse_plain(text: str) -> Any:
    """The plain values of a YAML document: dict, list, str, int, float, bool and None.

    Raises:
        NotPlainError: for a text that is no YAML, or more than plain: an alias, anchor, tag or
            merged mapping, a key given twice, a `${`, a missing value (`???`), a control
            character, a date, a number that is infinite or has more than 64 bits; or for too many
            values or levels.
    """
    if len(text) > MOST_BYTES:
        raise NotPlainError(f"more than {MOST_BYTES} characters")
    try:
        content = yaml.load(text, _PlainLoader)
    except NotPlainError:
        raise
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: an odd number
        raise NotPlainError(" ".join(str(error).split())) from error
    _check(content, "")
    return content


class _PlainLoader(yaml.SafeLoader):
    """Refuses what is more than plain while it reads, so that nothing large comes to be."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.nodes = 0
        self.depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()
        if getattr(event, "anchor", None) is not None:
            raise NotPlainError(f"anchors and aliases (such as {event.anchor}) are not read")
        if getattr(event, "tag", None) is not None:
            raise NotPlainError(f"tags ({event.tag}) are not read")
        self.nodes += 1
        self.depth += 1
        if self.nodes > MOST_NODES or self.depth > MOST_DEPTH:
            raise NotPlainError(f"more than {MOST_NODES} values, or {MOST_DEPTH} levels")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        for key, name in zip(node.value, keys, strict=True):
            if key[0].tag == "tag:yaml.org,2002:merge":
                raise NotPlainError("merged mappings (<<) are not read")
            if type(name) not in (str, int) or not str(name).isprintable() or len(str(name)) > 200:
                raise NotPlainError(f"{name!r:.200} is no key")
        if len(set(keys)) < len(keys):
            twice = next(key for key in keys if keys.count(key) > 1)
            raise NotPlainError(f"the key {twice!r} stands twice in one place")
        return super().construct_mapping(node, deep)


def _check(value: Any, where: str) -> None:
    """Raise NotPlainError unless a value, called `where`, is plain all through."""
    if isinstance(value, dict):
        for key, inner in value.items():
            name = f"{where}.{key}" if where else str(key)
            _check(key, f"the key {name}")
            _check(inner, name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            _check(inner, f"{where}[{number}]")
    elif isinstance(value, str):
        if any(unicodedata.category(c) == "Cc" and c not in "\t\n" for c in value):
            raise NotPlainError(f"{where}: {value[:80]!r} has control characters in it")
        if REFERENCE in value or value == "???":
            raise NotPlainError(
                f"{where}: {value[:80]!r} stands for something else: write the value"
            )
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise NotPlainError(f"{where}: {value} is no finite number")
    elif isinstance(value, int):
        if abs(value) >= 2**63:
            raise NotPlainError(f"{where}: a number of more than 64 bits")
    elif value is not None:
        raise NotPlainError(f"{where}: {value!r} is no text, number, list or mapping")
