"""The demo of chains of effects, with a few seconds of training, in one process."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vschaos2.programs import analyse, evaluations, generate, retrieve, train

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The TorchScript")
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
PROGRAMS = {
    "analyse_chain.py": analyse, "generate.py": generate, "retrieve.py": retrieve,
    "train_model.py": train,
}  # fmt: skip
QUICK = {
    "train_model.py": [
        "data.loader.validation_examples=100", "data.loader.calibration_examples=100",
        "data.loader.first_examples=200", "data.loader.fresh_examples=0",
        "data.loader.batches_per_epoch=5", "data.rendering.seconds=0.7", "data.store.workers=0",
        "trainer.max_epochs=1",
    ],
    "retrieve.py": ["trainer.max_epochs=1", "data.loader.batches_per_epoch=4"],
}  # fmt: skip


@pytest.mark.slow
def test_the_demo_names_chains_and_plays_one(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(EXAMPLES))
    monkeypatch.setattr(evaluations, "EXAMPLES", 50)
    demo, called = importlib.import_module("make_order_demo"), []

    def run(program: str, *words: object) -> None:
        called.append(program)
        monkeypatch.setattr(sys, "argv", [program, *map(str, words), *QUICK.get(program, [])])
        try:
            PROGRAMS[program].main()
        except SystemExit as end:
            assert not end.code, program

    monkeypatch.setattr(demo, "run", run)
    monkeypatch.setattr(sys, "argv", ["make_order_demo.py", "demo", "--seconds", "5"])
    demo.main()
    assert set(called) == set(PROGRAMS)
    folder = tmp_path / "demo"
    for name in ("chain/c-chain.ts", "chain/c-chain.pd", "chain/c-chain.maxpat", "order.png"):
        assert (folder / name).stat().st_size > 0
    dry, untouched = (soundfile.read(folder / f"{n}.wav")[0] for n in ("dry", "takes/a"))
    np.testing.assert_allclose(
        untouched * (np.abs(dry).max() / np.abs(untouched).max()), dry, atol=1e-5
    )
    named = json.loads((folder / "chain" / "chain.json").read_text())
    assert named["chains"][0]["orders"]
    assert json.loads((folder / "runs/exact/version_0/settings.json").read_text())
    said = capsys.readouterr().out
    assert "Done in" in said and "by chance" in said
    assert "distortion → delay and delay → distortion" in said
    called.clear()
    monkeypatch.setattr(sys, "argv", ["make_order_demo.py", "demo"])
    demo.main()  # all is there
    assert called == []
