"""The arrows of docs/architecture.md, held by the code: a file imports only downwards."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from docs import write_architecture
from docs.write_architecture import FLOORS, GROUND, ROOT, arrows, imports, modules, room_of

FLOOR = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def test_the_page_is_current():
    written = write_architecture.PAGE.read_text(encoding="utf-8")
    assert written == write_architecture.page(), "run python3 -m docs.write_architecture"


def test_every_file_is_in_a_room_of_the_page():
    assert {room_of(module) for module in modules()} == set(FLOOR)


def test_rooms_import_only_from_the_floors_below():
    upwards = [
        f"{module} imports {imported}"
        for module, imported in imports()
        if room_of(module) != room_of(imported)
        and FLOOR[room_of(module)] <= FLOOR[room_of(imported)]
    ]
    assert upwards == []


def test_no_imports_run_in_a_circle():
    graph: dict[str, set[str]] = {}
    for module, imported in imports():
        is_own_package = module.startswith(f"{imported}.") or imported.startswith(f"{module}.")
        if not is_own_package:
            graph.setdefault(module, set()).add(imported)
    TopologicalSorter(graph).prepare()  # raises CycleError


def test_imports_are_found_wherever_they_stand(monkeypatch, tmp_path):
    (tmp_path / "vschaos2" / "dsp").mkdir(parents=True)
    (tmp_path / "vschaos2" / "training").mkdir()
    for place in ("vschaos2", "vschaos2/dsp", "vschaos2/training"):
        (tmp_path / place / "__init__.py").write_text('"""A room."""\n')
    (tmp_path / "vschaos2" / "training" / "step.py").write_text('"""A step."""\n')
    (tmp_path / "vschaos2" / "dsp" / "phase.py").write_text(
        '"""Phase."""\ndef late():\n    from vschaos2.training import step\n    return step\n'
    )
    monkeypatch.setattr(write_architecture, "ROOT", tmp_path)
    monkeypatch.setattr(write_architecture, "PACKAGE", tmp_path / "vschaos2")
    assert list(imports()) == [("vschaos2.dsp.phase", "vschaos2.training.step")]
    assert arrows() == {"dsp": {"training"}}


@pytest.mark.parametrize("room", ["training", "monitor", "export", "patches", "runs", "data"])
def test_engines_know_no_family(room):
    """Neither by an import, nor by a word in their code."""
    families = {path.stem for path in (ROOT / "vschaos2" / "families").iterdir() if path.is_dir()}
    families -= {"__pycache__"}
    for path in (ROOT / "vschaos2" / room).glob("*.py"):
        if path.name == "upgrade.py":  # the door for runs of version 0.1, when there was one
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
        assert not said & families, path


def test_ground_is_what_everything_may_use():
    assert FLOOR[GROUND] == 0 and arrows()[GROUND] == set()


def test_every_file_says_in_one_line_what_it_is_for():
    silent = [p for p in modules().values() if not write_architecture.purpose(p)]
    assert [p for p in silent if p != Path(ROOT / "vschaos2" / "__init__.py")] == []


def test_what_plays_loads_no_trainer():
    """Lightning and what it brings take seconds, which only a training has use for."""
    code = (
        "import sys, vschaos2.families.loading, vschaos2.families.export, vschaos2.generation;"
        "assert not {'pytorch_lightning', 'torch._dynamo', 'matplotlib'} & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0
