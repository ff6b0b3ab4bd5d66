"""The demo of a bridge, with a few notes and a few steps, in one process."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from vschaos2.programs import export, generate, train

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The TorchScript")
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PROGRAMS = {"train_model.py": train, "generate.py": generate, "script.py": export}
FEW_STEPS = (
    'vae_training.overrides=["data.loader.batches_per_epoch=10", "callbacks.monitor=null"]',
    *("data.loader.batches_per_epoch=10", "trainer.accelerator=cpu"),
)


@pytest.mark.slow
def test_the_demo_plays_a_voice_as_strings(tmp_path, monkeypatch, capsys):
    pytest.importorskip("swift_f0")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    demo, called = importlib.import_module("make_transfer_demo"), []

    def run(program: str, *words: object) -> None:
        called.append(program)
        few = FEW_STEPS if program == "train_model.py" else ()
        monkeypatch.setattr(sys, "argv", [program, *map(str, words), *few])
        try:
            PROGRAMS[program].main()
        except SystemExit as end:
            assert not end.code, program

    monkeypatch.setattr(demo, "run", run)
    monkeypatch.setattr(demo, "TEST_MELODIES", 1)
    monkeypatch.setattr(demo, "SECONDS", 5.0)
    words = ["--melodies", "3", "--vae-epochs", "1", "--epochs", "1"]
    monkeypatch.setattr(sys, "argv", ["make_transfer_demo.py", "demo", *words])
    demo.main()
    assert set(called) == set(PROGRAMS)
    folder = tmp_path / "demo"
    for name in ("voice2strings.ts", "voice2strings.pd", "evaluation/evaluation.png"):
        assert (folder / name).stat().st_size > 0
    rows = json.loads((folder / "evaluation" / "evaluation.json").read_text())["scores"]
    assert {row["source"] for row in rows} == {"voice", "strings"}
    assert len(list((folder / "as_strings").rglob("*.wav"))) == 3
    assert len(list((folder / "as_voice").rglob("*.wav"))) == 1
    assert "voice as strings" in capsys.readouterr().out
