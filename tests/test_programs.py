"""The command-line programs, run as a user runs them, on the demo's tones."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from forked import run_forked
from resumed_trainings import TWO_STEPS

ROOT = Path(__file__).resolve().parent.parent
QUICK = (
    "data.loader.batches_per_epoch=12",
    "data.loader.batch_size=64",
    "+trainer.max_steps=12",
    "trainer.log_every_n_steps=4",
)


def program(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    script, *rest = arguments
    return run_forked(ROOT / script, [*map(str, rest)], cwd)


def anew(*arguments: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """The same by a Python of its own, as nothing was imported before."""
    script, *rest = arguments
    return subprocess.run(
        [sys.executable, ROOT / script, *map(str, rest)],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=300,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


@pytest.fixture(scope="session")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "dataset"
    done = program("examples/demo_dataset.py", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def trained(dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    rundir = tmp_path_factory.mktemp("runs")
    done = anew(
        *("train_model.py", "--config-name", "dgt_mid", "name=first", f"rundir={rundir}"),
        *(f"+data.dataset.root={dataset}", "+data.dataset.n_files=20", *QUICK),
        cwd=rundir,
    )
    assert done.returncode == 0, done.stderr
    assert f"trained: {rundir}/first/version_0" in done.stdout
    assert [path.name for path in rundir.iterdir()] == ["first"]  # nothing beside the run folder
    return rundir / "first"


def test_training_leaves_a_run_folder(trained: Path):
    folder = trained / "version_0"
    names = {path.name for path in folder.iterdir()}
    assert {"config.yaml", "checkpoints", "metrics.csv", "held_out.txt"} <= names
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {"last.ckpt", "best.ckpt"}
    assert any(name.startswith("events.out.tfevents") for name in names)
    header = (folder / "metrics.csv").read_text().splitlines()[0].split(",")
    for key in ("train/loss", "train/reconstruction/l1", "validation/divergence/kl"):
        assert key in header
    held_out = (folder / "held_out.txt").read_text().split()
    assert len(held_out) == 2
    assert all(name.startswith("data/") for name in held_out)


def test_reconstructions_keep_length_tree_and_names(trained: Path, dataset: Path, tmp_path: Path):
    sounds = tmp_path / "in"
    (sounds / "deep").mkdir(parents=True)
    rng = np.random.default_rng(0)
    soundfile.write(sounds / "a.wav", 0.1 * rng.standard_normal((30_001, 2)), 48_000)
    soundfile.write(sounds / "a.flac", 0.1 * rng.standard_normal(700), 44_100)
    soundfile.write(sounds / "deep" / "b.wav", 0.1 * rng.standard_normal(10_000), 22_050)
    (sounds / "broken.wav").write_bytes(b"RIFF and no more")
    done = program(
        *("generate.py", "reconstruct", trained, "--files", sounds, sounds / "a.wav"),
        *("--sr", "32000", "--out", tmp_path / "out"),
    )
    assert done.returncode == 0, done.stderr
    assert "broken.wav" in done.stderr
    out = tmp_path / "out" / "reconstructions"
    lengths = {
        str(path.relative_to(out)): soundfile.info(path).frames for path in out.rglob("*.wav")
    }
    stereo = round(30_001 * 32_000 / 48_000)
    assert lengths == {
        "a.wav": round(700 * 32_000 / 44_100),  # a.flac comes first
        "a-2.wav": stereo,
        "a-3.wav": stereo,
        "deep/b.wav": round(10_000 * 32_000 / 22_050),
    }
    assert soundfile.info(out / "a.wav").samplerate == 32_000


def test_exported_file_plays_and_has_a_card(trained: Path, tmp_path: Path):
    done = program(
        "script.py", trained, "-o", tmp_path / "new" / "folder", "-v", "0", "-n", "cello"
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "new" / "folder"
    assert {path.name for path in folder.iterdir()} == {
        *("cello.ts", "cello.json"),
        *("cello.pd", "cello-encode-decode.pd", "cello-voices.pd"),
        *("cello.maxpat", "cello-encode-decode.maxpat", "cello-voices.maxpat"),
    }
    card = json.loads((folder / "cello.json").read_text())
    assert card["delay_samples"] == {"forward": 1536, "decode": 2048}
    assert card["training"]["step"] == 12
    loaded = torch.jit.load(str(folder / "cello.ts"))
    assert list(loaded.get_methods()) == ["forward", "encode", "decode"]
    played = loaded.forward(torch.randn(1, 1, 4096))[0, 0]
    assert len(played) == 4096 and bool(played.isfinite().all())
    assert float(played[:1024].abs().max()) < float(played[1536:].abs().max())  # after its delay


def test_second_training_makes_a_second_version(trained: Path, dataset: Path):
    before = (trained / "version_0" / "config.yaml").read_bytes()
    done = program(
        *("train_model.py", "name=first", f"rundir={trained.parent}", *TWO_STEPS),
        *(f"data.dataset.root={dataset}", "data.dataset.n_files=5"),
    )
    assert done.returncode == 0, done.stderr
    assert (trained / "version_1" / "checkpoints" / "last.ckpt").is_file()
    assert (trained / "version_0" / "config.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train_model.py"], "data.dataset.root is missing"),
        (["train_model.py", "data.dataset.root=/no/where"], "/no/where"),
        (["train_model.py", "data.dataset.rot=x"], "did you mean 'data.dataset.root'?"),
        (["train_model.py", "--config-name", "dgt_mad"], "did you mean 'dgt_mid'?"),
        (["train_model.py", "--colour"], "unknown option --colour"),
        (["generate.py", "reconstruct", "/no/run", "--files", "x.wav"], "/no/run: no such run"),
        (["generate.py", "reconstruct", "/no/run"], "--files"),
        (["generate.py", "paint"], "invalid choice: 'paint'"),
        (["script.py", "/no/run"], "/no/run: no such run"),
        (["script.py"], "required: run"),
    ],
)
def test_mistakes_get_one_line_and_code_2(arguments, message, tmp_path):
    done = program(*arguments, cwd=tmp_path)
    assert done.returncode == 2
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert message in lines[0]
    assert list(tmp_path.iterdir()) == []


def test_empty_folder_is_told_with_the_extensions_searched(tmp_path: Path):
    (tmp_path / "data").mkdir()
    done = program("train_model.py", f"data.dataset.root={tmp_path}", f"rundir={tmp_path / 'r'}")
    assert done.returncode == 2
    assert str(tmp_path / "data") in done.stderr
    assert ".wav" in done.stderr
    assert not (tmp_path / "r").exists()


@pytest.mark.slow
def test_interrupted_training_leaves_a_usable_run(dataset: Path, tmp_path: Path):
    command = [
        *(sys.executable, ROOT / "train_model.py", "name=cut", f"rundir={tmp_path}"),
        *(f"data.dataset.root={dataset}", "data.loader.batches_per_epoch=5"),
        *("data.loader.batch_size=64", "training.prior_minutes=null"),
        *("model.encoder.hidden_dim=16", "model.decoder.hidden_dim=16"),
        *("data.transform.n_fft=512", "data.transform.hop=128"),
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    training = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    )
    checkpoint = tmp_path / "cut" / "version_0" / "checkpoints" / "last.ckpt"
    deadline = time.monotonic() + 120
    while not checkpoint.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    training.send_signal(signal.SIGINT)
    output, errors = training.communicate(timeout=60)
    assert training.returncode == 0, errors.decode()
    assert b"interrupted" in errors + output
    done = anew("script.py", tmp_path / "cut", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "cut.ts").is_file()
