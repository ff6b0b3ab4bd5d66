"""What .venv is installed from is pinned to the last indirect dependency, and is what runs here."""

import re
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
WITHDRAWN = {"pytorch-lightning": {"2.6.2", "2.6.3"}}


def lines(name: str) -> list[Requirement]:
    texts = [line.split(" #")[0] for line in (ROOT / name).read_text().splitlines()]
    return [Requirement(text) for text in texts if text and not text.startswith("#")]


def pins(name: str) -> dict[str, str]:
    """Name → version of a file whose every line is NAME==VERSION."""
    found = {}
    for requirement in lines(name):
        (specifier,) = requirement.specifier
        assert specifier.operator == "==" and "*" not in specifier.version
        found[canonicalize_name(requirement.name)] = specifier.version
    return found


def needed(requirement: Requirement, seen: set[str]) -> set[str]:
    """Everything that one requirement brings with it on this machine."""
    name = canonicalize_name(requirement.name)
    if name in seen:
        return seen
    seen.add(name)
    extras = requirement.extras or {""}
    for text in requires(name) or ():
        each = Requirement(text)
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in extras):
            needed(each, seen)
    return seen


CONSTRAINTS = pins("constraints.txt")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_all_that_is_installed_is_pinned(name):
    wanted: set[str] = set()
    for requirement in lines(name):
        needed(requirement, wanted)
    assert wanted - CONSTRAINTS.keys() == set()


def test_constraints_say_what_the_requirements_say():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-pitch.txt"):
        for package, pinned in pins(name).items():
            assert CONSTRAINTS[package] == pinned


def test_what_runs_here_is_what_is_pinned():
    for package, pinned in CONSTRAINTS.items():
        try:
            installed = version(package)
        except PackageNotFoundError:  # of another system
            continue
        assert re.sub(r"\+.*", "", installed) == pinned, package


def test_nothing_withdrawn_is_pinned():
    for package, versions in WITHDRAWN.items():
        assert CONSTRAINTS[package] not in versions
