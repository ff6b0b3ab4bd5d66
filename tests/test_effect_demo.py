"""The demo of an effect, with a few seconds of sound and of training, in one process."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vschaos2.families.effect.rendering import rendered
from vschaos2.families.loading import load_run
from vschaos2.programs import check, export, generate, train

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The TorchScript")
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PROGRAMS = {
    "check_dataset.py": check, "train_model.py": train, "generate.py": generate,
    "script.py": export,
}  # fmt: skip


@pytest.mark.slow
def test_the_demo_makes_a_pedal(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    demo, called = importlib.import_module("make_effect_demo"), []

    def run(program: str, *words: object) -> None:
        called.append(program)
        monkeypatch.setattr(sys, "argv", [program, *map(str, words)])
        try:
            PROGRAMS[program].main()
        except SystemExit as end:
            assert not end.code, program

    monkeypatch.setattr(demo, "run", run)
    words = ["make_effect_demo.py", "demo", "--seconds", "2", "--dry-seconds", "16"]
    monkeypatch.setattr(sys, "argv", words)
    demo.main()
    assert set(called) == set(PROGRAMS)
    folder = tmp_path / "demo"
    for name in ("pedal.ts", "pedal.pd", "pedal.maxpat", "pedal.png"):
        assert (folder / name).stat().st_size > 0
    attributes = json.loads((folder / "pedal.json").read_text())["attributes"]
    (drive,) = [row for row in attributes if row["name"] == "drive"]
    assert (drive["lowest"], drive["highest"]) == (6.0, 30.0)
    for name in ("held_out", "never_recorded"):
        found = json.loads((folder / f"{name}_evaluation" / "evaluation.json").read_text())
        assert found["means"]["esr"] > 0.0 and found["means"]["linear_esr"] > 0.1
    (made,) = (folder / "processed").rglob("*.wav")
    sound, rate_hz = soundfile.read(made)
    dry, _ = soundfile.read(folder / "never_recorded" / "dry" / "other.wav", dtype="float32")
    model = load_run(folder / "runs" / "pedal").model
    due = rendered(model, dry[None], np.array([[18.0]], np.float32))[0]
    assert rate_hz == 44_100
    np.testing.assert_allclose(sound, due, atol=1e-4)
    capsys.readouterr()
    called.clear()
    monkeypatch.setattr(sys, "argv", words)
    demo.main()  # all is there
    assert called == []
    assert "Error-to-signal ratio" in capsys.readouterr().out
