"""The demo of an effect, with a few seconds of sound and of training."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vschaos2.families.effect.rendering import rendered
from vschaos2.families.loading import load_run

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_the_demo_makes_a_pedal(tmp_path):
    folder = tmp_path / "demo_effect"
    program = [sys.executable, ROOT / "examples" / "make_effect_demo.py", folder]
    done = subprocess.run(
        [*program, "--seconds", "2", "--dry-seconds", "16"],
        capture_output=True, text=True, timeout=280, cwd=tmp_path,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    for name in ("pedal.ts", "pedal.pd", "pedal.maxpat", "pedal.png"):
        assert (folder / name).stat().st_size > 0
    (drive,) = [
        row for row in json.loads((folder / "pedal.json").read_text())["attributes"]
        if row["name"] == "drive"
    ]  # fmt: skip
    assert (drive["lowest"], drive["highest"]) == (6.0, 30.0)
    for name in ("held_out", "never_recorded"):
        found = json.loads((folder / f"{name}_evaluation" / "evaluation.json").read_text())
        assert found["means"]["esr"] > 0.0 and found["means"]["linear_esr"] > 0.1
    (made,) = (folder / "processed").rglob("*.wav")
    sound, rate_hz = soundfile.read(made)
    dry, _ = soundfile.read(folder / "never_recorded" / "dry" / "other.wav", dtype="float32")
    due = rendered(
        load_run(folder / "runs" / "pedal").model, dry[None], np.array([[18.0]], np.float32)
    )[0]
    assert rate_hz == 44_100
    np.testing.assert_allclose(sound, due, atol=1e-4)
    again = subprocess.run([*program], capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert again.returncode == 0 and "train_model.py" not in again.stdout
