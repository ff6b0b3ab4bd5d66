"""A family of its own in one file, `one_pole.py`, is all it takes: no line changed elsewhere."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from pd.runner import play
from resumed_trainings import write_recordings
from scipy.signal import lfilter
from test_external import compiler, library  # noqa: F401

ROOT = Path(__file__).resolve().parent.parent
CONFIG = """
defaults: [{engine: default}, {callbacks: default}, {trainer: default}, _self_]
family: one_pole
data:
  dataset: {root: "???", sample_rate_hz: 44100, n_files: null, validation_fraction: 0.25}
  loader: {batch_size: 32, batches_per_epoch: 20, validation_windows: 32}
model: {start: 0.9, init_from: null}
training: {target: 0.2, optimiser: {learning_rate: 0.05, average_decay: 0.5}}
"""
SOURCE = Path(__file__).resolve().parent / "one_pole.py"


def call(monkeypatch, program: str, *words: object) -> None:
    from vschaos2.programs import export, generate, train

    programs = {"train_model.py": train, "generate.py": generate, "script.py": export}
    monkeypatch.setattr(sys, "argv", [program, *map(str, words)])
    programs[program].main()


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder with recordings, the family's configuration, and a run of it, interrupted once."""
    place = tmp_path_factory.mktemp("second")
    (place / "sounds").mkdir()
    write_recordings(place / "sounds")
    (place / "one_pole.yaml").write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        named = ["--config-dir=.", "--config-name=one_pole", "+plugins=[one_pole]"]
        words = ["name=filter", "data.dataset.root=sounds", "trainer.accelerator=cpu"]
        eager = ["callbacks.monitor.first_seconds=0", "callbacks.monitor.share=0.5"]
        call(patch, "train_model.py", *named, *words, *eager, "trainer.max_epochs=1")
        more = ["resume=runs/filter", "trainer.max_epochs=4", "plugins=[one_pole]"]
        call(patch, "train_model.py", *more)
    return place


def test_the_family_is_one_short_file():
    lines = [line for line in SOURCE.read_text().splitlines() if line.strip()]
    assert len(lines) <= 60
    ours = [p for p in (ROOT / "vschaos2").rglob("*.py") if '"one_pole"' in p.read_text()]
    assert ours == []


def test_it_learns_is_resumed_and_is_listed(place, monkeypatch, capsys):
    monkeypatch.chdir(place)
    call(monkeypatch, "generate.py", "runs", "--json")
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["state"], row["steps"]) == ("trained", 80)
    from vschaos2.families.loading import load_run

    run = load_run("runs/filter")
    assert float(run.model.coefficient) == pytest.approx(0.2, abs=0.02)
    assert row["best"] == pytest.approx(run.summary["validation/loss"])


def test_it_is_watched(place):
    samples = place / "runs/filter/version_0/samples/curves"
    assert [path.name for path in samples.rglob("*.png")] == ["learning_curves.png"]


@pytest.fixture(scope="module")
def exported(place) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        call(patch, "script.py", "runs/filter", "-o", "out", "--plugins", "one_pole")
    return place / "out" / "filter.ts"


def expected(path: Path, x: np.ndarray) -> np.ndarray:
    model = torch.jit.load(str(path))
    a = float(model.coefficient)
    return lfilter([a], [1.0, a - 1.0], x)


def test_it_is_exported_with_card_and_patches(exported):
    card = json.loads(exported.with_suffix(".json").read_text())
    ports = {"inlets": 1, "outlets": 1, "in_ratio": 1, "out_ratio": 1}
    assert card["methods"] == {"forward": ports}
    (mix,) = [each for each in card["attributes"] if each["name"] == "mix"]
    assert (mix["kind"], mix["value"], mix["lowest"], mix["highest"]) == ("number", 1.0, 0.0, 1.0)
    assert card["largest_deviation_from_offline"] < 1e-5
    names = {path.name for path in exported.parent.iterdir()}
    assert names == {"filter.ts", "filter.json", "filter.pd", "filter.maxpat"}
    assert "nn~ filter forward" in exported.with_suffix(".pd").read_text()
    x = np.random.default_rng(0).standard_normal(4096).astype(np.float32)
    model = torch.jit.load(str(exported))
    blocks = [model(torch.from_numpy(part)[None, None]) for part in np.split(x, 8)]
    y = torch.cat(blocks, -1)[0, 0].numpy()
    np.testing.assert_allclose(y, expected(exported, x), atol=1e-5)


def test_wishes_of_other_families_are_refused(place, monkeypatch):
    from vschaos2.errors import InputError

    monkeypatch.chdir(place)
    words = ["runs/filter", "-o", "other", "--plugins", "one_pole", "--projection", "pca"]
    with pytest.raises(InputError, match=r"--projection: a run of the family one_pole takes no"):
        call(monkeypatch, "script.py", *words)
    assert not Path("other").exists()


@pytest.mark.parametrize("command", ["trajectories", "map", "evaluate", "morph", "reconstruct"])
def test_commands_that_need_other_methods_say_so(place, monkeypatch, command, tmp_path):
    from vschaos2.errors import InputError

    monkeypatch.chdir(place)
    files = ["--files", "sounds/0.wav", "sounds/1.wav"]
    needs = {
        "trajectories": ["--trajectories", "sin"], "morph": files, "reconstruct": files,
    }  # fmt: skip
    words = [command, "runs/filter", "--plugins", "one_pole", *needs.get(command, [])]
    if command in ("trajectories", "morph", "reconstruct"):
        words += ["--out", tmp_path]
    needed = r"family 'one_pole' has no (encode|decode), .*: pass sounds through it with process"
    with pytest.raises(InputError, match=needed):
        call(monkeypatch, "generate.py", *words)


def test_sounds_pass_through_it(place, monkeypatch, tmp_path):
    import soundfile

    from vschaos2.families.loading import load_run

    monkeypatch.chdir(place)
    words = ["process", "runs/filter", "--plugins", "one_pole", "--files", "sounds/1.wav"]
    call(monkeypatch, "generate.py", *words, "--out", tmp_path)
    x = soundfile.read("sounds/1.wav", dtype="float32")[0]
    (made,) = tmp_path.rglob("1.wav")
    y = soundfile.read(made, dtype="float32")[0]
    a = float(load_run("runs/filter").model.coefficient)
    np.testing.assert_allclose(y, lfilter([a], [1.0, a - 1.0], x), atol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("buffer", [0, 512])
def test_it_plays_in_pd(exported, library, tmp_path, buffer):  # noqa: F811
    x = np.random.default_rng(0).standard_normal((1, 8192)).astype(np.float32) * 0.2
    played = play(tmp_path, library, [(f"vschaos~ {exported} forward {buffer}", 1)], x)
    assert played.code == 0
    delay = max(buffer, 0)
    whole = expected(exported, x[0])
    for late in range(0, 2 * max(delay, 64) + 1, 64):
        got = played.signals[0, late:]
        if np.abs(got - whole[: len(got)]).max() < 1e-5:
            return
    pytest.fail("Pd plays something else")


def training_words(name: str) -> list[str]:
    named = ["--config-dir=.", "--config-name=one_pole", "+plugins=[one_pole]", f"name={name}"]
    return [*named, "data.dataset.root=sounds", "trainer.accelerator=cpu", "trainer.max_epochs=1"]


def test_a_model_without_matrices_begins_from_another_run(place, monkeypatch):
    from vschaos2.families.loading import load_run

    monkeypatch.chdir(place)
    still = "training.optimiser.learning_rate=0"
    call(monkeypatch, "train_model.py", *training_words("on"), "model.init_from=runs/filter", still)
    call(monkeypatch, "train_model.py", *training_words("anew"), still)
    coefficients = [float(load_run(f"runs/{name}").model.coefficient) for name in ("on", "anew")]
    assert coefficients == [
        float(load_run("runs/filter").model.coefficient),
        pytest.approx(0.9, abs=1e-6),
    ]


def test_what_a_family_keeps_is_not_called_as_what_every_checkpoint_has(place, monkeypatch):
    from one_pole import Imitate

    from vschaos2.errors import InputError

    monkeypatch.chdir(place)
    for name in ("state_dict", "summary", "callbacks"):
        monkeypatch.setattr(Imitate, "kept", lambda self, model, data, name=name: {name: 1})
        with pytest.raises(InputError, match=rf"Imitate.kept: every checkpoint has {name} "):
            call(monkeypatch, "train_model.py", *training_words(f"kept_{name}"))


def test_a_measure_that_is_not_logged_is_told_of_once(place, monkeypatch, capfd):
    from one_pole import FAMILY

    from vschaos2.families import registry
    from vschaos2.monitor.watching import Measure

    monkeypatch.chdir(place)
    for key, wanted in (("validation/nothing", 1), ("validation/squares", 0)):
        family = FAMILY._replace(best_by=Measure(key))
        monkeypatch.setitem(registry._FAMILIES, "one_pole", family)
        name = key.partition("/")[2]
        call(monkeypatch, "train_model.py", *training_words(name), "trainer.max_epochs=2")
        written = "".join(capfd.readouterr())
        assert written.count(f"no best.ckpt: the validation does not log {key}") == wanted
        assert Path(f"runs/{name}/version_0/checkpoints/best.ckpt").exists() == (not wanted)


def test_scores_are_one_for_each_name(place, monkeypatch):
    from one_pole import Imitate

    from vschaos2.errors import InputError

    monkeypatch.chdir(place)
    learnt = Imitate.held_out
    counted = {"sums": torch.tensor([[6.0, 8.0], [1.0, 4.0]])}
    monkeypatch.setattr(Imitate, "scores", ("right", "near"))
    monkeypatch.setattr(
        Imitate,
        "held_out",
        lambda self, model, batch: learnt(self, model, batch)._replace(scores=counted["sums"]),
    )
    monkeypatch.setattr(
        Imitate, "loss", lambda self, batch, moment: learnt(self, self.model, batch)
    )
    call(monkeypatch, "train_model.py", *training_words("scored"))
    from vschaos2.families.loading import load_run

    summary = load_run("runs/scored").summary
    assert (summary["validation/right"], summary["validation/near"]) == (0.75, 0.25)
    counted["sums"] = counted["sums"][:1]  # would be taken for both
    with pytest.raises(InputError, match=r"Imitate.held_out: .* \[1, 2\], where \[2, 2\] is due"):
        call(monkeypatch, "train_model.py", *training_words("miscounted"))


def test_what_a_family_keeps_is_finite(place, monkeypatch):
    from one_pole import FAMILY

    from vschaos2.errors import InputError
    from vschaos2.families import registry
    from vschaos2.families.loading import load_run

    monkeypatch.chdir(place)
    kept = {"level": torch.tensor([1e9, 2.0])}  # no weight: it may be large
    keeps = FAMILY._replace(kept=lambda checkpoint, model: kept)
    monkeypatch.setitem(registry._FAMILIES, "one_pole", keeps)
    assert load_run("runs/filter").kept is kept
    kept["level"][1] = float("nan")
    with pytest.raises(InputError, match=r"best.ckpt: kept.level is not finite"):
        load_run("runs/filter")


def test_a_family_that_nothing_plays_has_no_methods(place, monkeypatch):
    from one_pole import FAMILY

    from vschaos2.errors import InputError
    from vschaos2.families import registry
    from vschaos2.families.loading import load_run
    from vschaos2.generation.methods import check_methods, has

    monkeypatch.chdir(place)
    run = load_run("runs/filter")
    assert has(run, "forward")
    monkeypatch.setitem(registry._FAMILIES, "one_pole", FAMILY._replace(playable=None))
    assert not has(run, "forward")
    with pytest.raises(InputError, match=r"has no forward, which this needs \(it has none\)"):
        check_methods(run, "forward")
