"""What .venv is installed from is pinned to the last indirect dependency, and is what runs here."""

import ast
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
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


def ranges() -> dict[str, SpecifierSet]:
    """Name → versions of what `pip install` of the package asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = map(Requirement, project["dependencies"])
    return {canonicalize_name(each.name): each.specifier for each in wanted}


def imported() -> set[str]:
    """Every module outside the standard library that the package imports by name."""
    found: set[str] = set()
    for path in (ROOT / "vschaos2").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found.add(str(node.module).partition(".")[0])
    return found - set(sys.stdlib_module_names) - {"vschaos2"}


CONSTRAINTS = pins("constraints.txt")


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-dev.txt", "requirements-video.txt"]
)
def test_all_that_is_installed_is_pinned(name):
    wanted: set[str] = set()
    for requirement in lines(name):
        needed(requirement, wanted)
    assert wanted - CONSTRAINTS.keys() == set()


def test_constraints_say_what_the_requirements_say():
    for name in (
        "requirements.txt",
        "requirements-dev.txt",
        "requirements-pitch.txt",
        "requirements-video.txt",
    ):
        for package, pinned in pins(name).items():
            assert CONSTRAINTS[package] == pinned


def test_what_runs_here_is_what_is_pinned():
    for package, pinned in CONSTRAINTS.items():
        try:
            installed = version(package)
        except PackageNotFoundError:  # of another system
            continue
        assert re.sub(r"\+.*", "", installed) == pinned, package


def test_nothing_withdrawn_is_pinned_or_allowed():
    for package, versions in WITHDRAWN.items():
        assert CONSTRAINTS[package] not in versions
        assert not list(ranges()[package].filter(versions))


def test_pins_are_of_what_the_package_asks_for_and_lie_in_its_ranges():
    assert pins("requirements.txt").keys() == ranges().keys()
    for package, pinned in pins("requirements.txt").items():
        assert pinned in ranges()[package], package


def test_ranges_are_bounded_and_begin_at_a_version_that_was_tested():
    note = (ROOT / "benchmarks" / "oldest_versions.md").read_text(encoding="utf-8")
    tested = dict(re.findall(r"^    ([\w-]+)==(\S+)$", note, re.M))
    for package, allowed in ranges().items():
        bounds = {each.operator: each.version for each in allowed}
        assert bounds.keys() - {"!="} == {">=", "<"}, package
        oldest = {canonicalize_name(name): pinned for name, pinned in tested.items()}[package]
        assert oldest in allowed and oldest.startswith(bounds[">="]), package


def test_the_package_asks_for_all_that_it_imports():
    brought = packages_distributions()
    assert {"torch", "yaml", "google"} < imported()
    for module in imported():
        names = {canonicalize_name(name) for name in brought[module]}
        assert names & ranges().keys(), f"{module} is imported, and comes with {names}"
