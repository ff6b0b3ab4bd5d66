"""Runs of version 0.1 load, play, export and train on as they did: see runs_of_0_1/README.md.

Equal to the last bit where this machine rounds as the one did that kept them, which `probe` tells
apart; elsewhere within -60 dB of the peak, and more after a training: bins in which a clean tone
leaves nothing have phases of rounding alone, to which a model's own floor, at -80 dB, is played.
"""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from resumed_trainings import write_recordings

import generate
import script
import train_model
from vschaos2.generation.player import Player
from vschaos2.runs.checkpoints import read_checkpoint

KEPT = Path(__file__).resolve().parent / "runs_of_0_1"
NAMES = ("plain", "labelled", "temporal")
HOP = 128
WORDS = {"labelled": ["--meta", "pitch", "C"]}


def probe() -> np.ndarray:
    """What this machine makes of operations that machines round in ways of their own."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(64, 512, generator=generator)
    weights = torch.randn(257, 64, generator=generator)
    spectrum = torch.fft.rfft(x).abs()
    seen = [spectrum, torch.nn.functional.softplus(spectrum @ weights / 16), torch.tanh(x).exp()]
    return torch.cat([each.flatten() for each in seen]).numpy()


def assert_as_kept(kept: np.lib.npyio.NpzFile, name: str, now: np.ndarray, slack=1e-3) -> None:
    before = kept[name]
    assert now.shape == before.shape
    if np.array_equal(kept["probe"], probe()):
        assert np.array_equal(now, before), f"{name}: {np.abs(now - before).max():.1e}"
    assert np.abs(now - before).max() <= slack * np.abs(before).max(), name


@pytest.fixture(params=NAMES)
def name(request) -> str:
    return request.param


@pytest.fixture
def kept(name):
    return np.load(KEPT / name / "played.npz")


@pytest.fixture
def place(name, tmp_path, monkeypatch) -> Path:
    """A folder with a copy of the run at runs/NAME and its recordings, to work in."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(KEPT / name / "version_0", tmp_path / "runs" / name / "version_0")
    sounds = tmp_path / "recordings" / "data"
    sounds.mkdir(parents=True)
    write_recordings(sounds)
    for task, of in (("pitch", lambda i: "ABCD"[i % 4]), ("loud", lambda i: f"{0.25 * i}")):
        folder = tmp_path / "recordings" / "metadata" / task
        folder.mkdir(parents=True)
        lines = [f"data/{i}.wav\t{of(i)}\n" for i in range(8)]
        (folder / "metadata.txt").write_text("".join(lines))
    classes = "".join(f"{i}\t{letter}\n" for i, letter in enumerate("ABCD"))
    (tmp_path / "recordings/metadata/pitch/classes.txt").write_text(classes)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


def call(monkeypatch, program, *arguments: object) -> None:
    monkeypatch.setattr(sys, "argv", [program.__name__, *map(str, arguments)])
    program.main()


def sound(path: Path) -> np.ndarray:
    return soundfile.read(path, dtype="float32")[0]


def test_sounds_of_an_old_run_are_as_they_were(name, kept, place, monkeypatch):
    run, words = f"runs/{name}", WORDS.get(name, [])
    for inversion in ("keep_input", "balanced"):
        options = ["--files", "recordings/data/3.wav", "--inversion", inversion]
        call(monkeypatch, generate, "reconstruct", run, *options, "--out", inversion, *words)
        found = sound(place / inversion / "reconstructions" / "3.wav")
        assert_as_kept(kept, f"reconstruct_{inversion}", found)
    monkeypatch.setattr(Player, "middle", np.zeros(4))  # 0.1 went round the mean
    options = ["--trajectories", "sin", "-b", 1, "-s", 40]
    call(monkeypatch, generate, "trajectories", run, *options, *words)
    (written,) = (place / "trajectories").rglob("*.wav")
    assert_as_kept(kept, "trajectory", sound(written))


@pytest.mark.slow
def test_an_old_run_is_exported_as_it_was(name, kept, place, monkeypatch):
    call(monkeypatch, script, f"runs/{name}", "-o", "export")
    loaded = torch.jit.load(str(place / "export" / f"{name}.ts"))
    loaded.get_methods()
    generator = torch.Generator().manual_seed(0)
    for method in ("forward", "encode", "decode"):
        inlets, in_ratio = getattr(loaded, f"{method}_params")[:2].tolist()
        given = torch.rand(1, inlets, 16 * HOP // in_ratio, generator=generator) - 0.5
        loaded.set_reset(True)
        with torch.inference_mode():
            assert_as_kept(kept, method, getattr(loaded, method)(given)[0].numpy())
    card = json.loads((place / "export" / f"{name}.json").read_text())
    before = json.loads((KEPT / name / "card.json").read_text())
    # There may be more attributes than there were, and rows that say more, such as a unit.
    rows = {row["name"]: row for row in card["attributes"]}
    card["attributes"] = [
        {key: rows[old["name"]][key] for key in old} for old in before["attributes"]
    ]
    card["latent"].pop("walk")  # which 0.1 did not know
    for key, value in before.items():
        assert card[key] == value, key


@pytest.mark.slow
def test_an_old_training_goes_on_as_it_would_have(name, kept, place, monkeypatch):
    root = "recordings" if name == "labelled" else "recordings/data"
    more = ["trainer.max_epochs=21", f"data.dataset.root={root}"]
    call(monkeypatch, train_model, f"resume=runs/{name}", *more)
    checkpoint = read_checkpoint(place / "runs" / name / "version_0" / "checkpoints" / "last.ckpt")
    weights = sorted(checkpoint["state_dict"].items())
    average = [v.flatten().float() for k, v in weights if k.startswith("average.module.")]
    assert_as_kept(kept, "resumed_weights", torch.cat(average).numpy(), slack=1e-3)
    assert_as_kept(kept, "resumed_latents", checkpoint["latents"].numpy(), slack=1e-2)
    assert checkpoint["position"]["step"] == 147


def test_the_kept_runs_are_small():
    assert sum(path.stat().st_size for path in KEPT.rglob("*")) < 3e6
