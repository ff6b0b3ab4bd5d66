"""vschaos~ without libtorch in a real Pd, held against Python, sample by sample."""

import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from pd.runner import BLOCK, play
from small_engine import ROOT, built, relative
from small_hits import decaying_hits
from taught import HOP, USUAL, sound, taught
from test_external import HEADERS, compiler, require  # noqa: F401
from test_external import library as with_libtorch  # noqa: F401
from test_small_engine_bridge import WAYS, bridge

from vschaos2.export.nn_tilde import set_attribute
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.grey import ChainNet
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.playable import PlayableEffect
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.nets.audio_recurrent import LSTM
from vschaos2.recognition.playable_onsets import PlayableOnsets

sys.path.insert(0, str(ROOT / "externals"))
import make_release

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def library() -> Path:
    for tool in ("cmake", "g++", "pd"):
        require(tool, shutil.which(tool) is not None)
    require("m_pd.h", any(Path(folder, "m_pd.h").exists() for folder in HEADERS))
    return built(ROOT / "build/external", target="vschaos_tilde", source="externals")


@pytest.fixture(scope="module")
def playable() -> PlayableVAE:
    return taught(USUAL)


@pytest.fixture(scope="module")
def path(playable, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("engine") / "taught.ts"
    file.write_bytes(playable.saved())
    return file


def hosted(playable: PlayableVAE, method: str, signals: np.ndarray, buffer: int) -> np.ndarray:
    """What a host has to play: chunks through the model, one delay late."""
    set_attribute(playable.eager, "reset", True)
    chunk, delay = max(HOP, buffer // 2), buffer or HOP - BLOCK
    _, in_ratio, outlets, out_ratio = playable.methods[method]
    length = signals.shape[1]
    output = np.zeros((outlets, length + chunk + delay), np.float32)
    for start in range(0, length - chunk + 1, chunk):
        values = torch.from_numpy(signals[None, :, start : start + chunk])
        with torch.inference_mode():
            result = getattr(playable.eager, method)(values[..., in_ratio - 1 :: in_ratio])
        output[:, start + delay :][:, :chunk] = result[0].repeat_interleave(out_ratio, -1)
    return output[:, :length]


@pytest.mark.parametrize("buffer", [0, 2048])
def test_it_plays_as_python_does(library, playable, path, tmp_path, buffer):
    signals = sound(0.5, seed=3).numpy()
    settings = {"inversion": "eco", "limiter": "off", "texture": 0.0}
    for name, value in settings.items():
        assert set_attribute(playable.eager, name, value) == 0
    messages = [(-1, f"set {name} {value}") for name, value in settings.items()]
    encode, decode = (f"vschaos~ {path} {method} {buffer}" for method in ("encode", "decode"))
    latents = hosted(playable, "encode", signals, buffer)
    made = play(tmp_path, library, [(encode, 3)], signals, messages)
    assert made.code == 0
    assert relative(made.signals, latents) < 1e-5
    held = np.ascontiguousarray(latents)
    made = play(tmp_path, library, [(decode, 1)], held, messages)
    assert relative(made.signals, hosted(playable, "decode", held, buffer)) < 1e-3
    messages[0] = (-1, "set inversion keep_input")
    assert set_attribute(playable.eager, "inversion", "keep_input") == 0
    forward = f"vschaos~ {path} forward {buffer}"
    made = play(tmp_path, library, [(forward, 1)], signals, messages)
    assert relative(made.signals, hosted(playable, "forward", signals, buffer)) < 1e-5


def test_two_voices_of_one_object(library, path, tmp_path):
    signals = sound(0.4, seed=3).numpy()
    pair = np.concatenate((signals, 0.5 * signals))
    made = play(tmp_path, library, [(f"vschaos~ {path} forward 512 2", 2)], pair)
    for voice in (0, 1):
        box = f"vschaos~ {path} forward 512"
        alone = play(tmp_path, library, [(box, 1)], pair[voice : voice + 1])
        assert np.array_equal(made.signals[voice], alone.signals[0])


def test_an_effect_and_its_knob(library, tmp_path):
    """As in Python, sample by sample, while a knob and the bypass move."""
    torch.manual_seed(0)
    net = LSTM(1, 1, 1, 44100, hidden_dims=16)
    model = EffectModel(net, [Knob("drive", 0.0, 10.0, 4.0)], 44100).eval()
    effect = PlayableEffect(model.requires_grad_(False), {})
    file, signals = tmp_path / "pedal.ts", sound(0.5, seed=3).numpy()
    file.write_bytes(effect.saved())
    turns = [("drive", 9.0), ("bypass", 1.0), ("bypass", 0.0), ("reset", 1.0)]
    messages = [(40 * (n + 1), f"set {name} {value:g}") for n, (name, value) in enumerate(turns)]
    made = play(tmp_path, library, [(f"vschaos~ {file} forward 0", 1)], signals, messages)
    assert made.code == 0, made.lines
    due = []
    for n, part in enumerate(torch.from_numpy(signals).split(40 * BLOCK, 1)):
        if 0 < n <= len(turns):
            assert set_attribute(effect.eager, *turns[n - 1]) == 0
        with torch.inference_mode():
            due += [effect.eager.forward(block[None])[0] for block in part.split(BLOCK, 1)]
    assert relative(made.signals, torch.cat(due, 1).numpy()) < 1e-5


def test_a_chain_of_another_rate(library, tmp_path):
    """Echoes and a room of 48 kHz in a Pd of 44.1 kHz, which makes stereo of mono."""
    items = [{"echo": {"echo_ms": 100.0, "echo_db": 0.0}}, {"fdn_reverb": {"reverb_db": 0.0}}]
    model = EffectModel(ChainNet(1, 0, 2, 48000, items), (), 48000).eval()
    effect = PlayableEffect(model.requires_grad_(False), {})
    file, signals = tmp_path / "room.ts", sound(0.5, seed=3).numpy()
    file.write_bytes(effect.saved())
    messages = [(100, "set echo_ms 130")]
    made = play(tmp_path, library, [(f"vschaos~ {file} forward 0", 2)], signals, messages)
    assert made.code == 0, made.lines
    assert set_attribute(effect.eager, "sample_rate", 44100) == 0
    due = []
    with torch.inference_mode():
        for part in torch.from_numpy(signals).split(100 * BLOCK, 1):
            if len(due) == 100:
                assert set_attribute(effect.eager, "echo_ms", 130.0) == 0
            due += [effect.eager.forward(block[None])[0] for block in part.split(BLOCK, 1)]
    assert relative(made.signals, torch.cat(due, 1).numpy()) < 1e-5


def test_hits_at_the_sample(library, tmp_path):
    """Struck anywhere in Pd's blocks they sound as in Python, and begin at their triggers."""
    playable, x = decaying_hits(), np.zeros((7, 128 * BLOCK), np.float32)
    file, at = tmp_path / "knock.ts", [100, 1333, 5000]
    file.write_bytes(playable.saved())
    x[0, at], x[1], x[2] = 1.0, 0.7, 1.0
    messages = [(-1, "set seed 5"), (-1, "set axis1 0.5")]
    made = play(tmp_path, library, [(f"vschaos~ {file} hit 0", 1)], x, messages)
    assert made.code == 0, made.lines
    for name, value in (("seed", 5), ("axis1", 0.5)):
        assert set_attribute(playable.eager, name, value) == 0
    with torch.inference_mode():
        due = playable.eager.hit(torch.from_numpy(x)[None])[0].numpy()
    assert relative(made.signals, due) < 1e-5
    assert np.flatnonzero(made.signals[0])[0] == at[0]


def test_onsets_at_their_samples(library, tmp_path):
    """By the flux, then by the net that hears notes."""
    playable, file = PlayableOnsets(44_100), tmp_path / "ear.ts"
    file.write_bytes(playable.saved())
    x = playable.example("detect", 1200 * BLOCK, torch.Generator().manual_seed(1))[0]
    messages = [(-1, "set min_gap_ms 20"), (600, "set notes 1")]
    made = play(tmp_path, library, [(f"vschaos~ {file} detect 0", 1)], x.numpy(), messages)
    assert made.code == 0, made.lines
    assert set_attribute(playable.eager, "min_gap_ms", 20.0) == 0
    due = []
    for number, part in enumerate(x.split(BLOCK, 1)):
        if number == 600:
            assert set_attribute(playable.eager, "notes", 1.0) == 0
        with torch.inference_mode():
            due.append(playable.eager.detect(part[None])[0])
    due = torch.cat(due, 1).numpy()
    assert np.count_nonzero(due) >= 20 and np.abs(made.signals - due).max() < 1e-5


def test_a_bridge_on_its_way(library, tmp_path):
    """Axes of one instrument as another's, while it is told how far to go, and where."""
    playable, file = bridge(*WAYS["translator"]), tmp_path / "duo.ts"
    file.write_bytes(playable.saved())
    signals = np.repeat(np.random.default_rng(0).normal(size=(3, 80)), HOP, 1).astype(np.float32)
    made = play(tmp_path, library, [(f"vschaos~ {file} translate 0", 3)], signals, [])
    assert made.code == 0, made.lines
    assert relative(made.signals, hosted(playable, "translate", signals, 0)) < 1e-5
    messages = [(-1, "set target thin_string"), (-1, "set amount 0.5"), (-1, "reset")]
    made = play(tmp_path, library, [(f"vschaos~ {file} translate 0", 3)], signals, messages)
    for name, value in (("target", "thin_string"), ("amount", 0.5)):
        assert set_attribute(playable.eager, name, value) == 0
    assert relative(made.signals, hosted(playable, "translate", signals, 0)) < 1e-5


def test_answers_and_errors(library, path, tmp_path):
    messages = [
        *[(10, f"set gain_db {value}") for value in (-6, 900)],
        *[(10, text) for text in ("get gain_db", "get nothing", "set gain_db loud", "set delay 1")],
        *[(10, text) for text in ("latency", "get inversion", "set inversion best", "get delay")],
        (20, "set projection ica"),
        *[(30, text) for text in ("get projection", "reset", "reload")],
    ]
    box = f"vschaos~ {path} forward 2048"
    made = play(tmp_path, library, [(box, 1)], sound(0.4).numpy(), messages)
    infos = [line.removeprefix("info: ") for line in made.lines if line.startswith("info: ")]
    assert made.code == 0 and infos[0] == "gain_db -6" and infos[1] == "latency 2432 2048 384"
    assert infos[2:] == ["inversion default", "delay 384 512", "projection ica"]
    errors = [line.split(f"{path}: ")[-1] for line in made.lines if line.startswith("error")]
    assert errors[0] == "set gain_db: the model refuses this value: it takes -120 to 60"
    assert errors[1].startswith("get nothing: the model has no attribute nothing, but temperature")
    assert errors[2] == "set gain_db: needs a number, got loud"
    assert errors[3] == "set delay: needs 2 values, got 1"
    assert errors[4].startswith("set inversion: the model refuses this value: it takes default, ")
    assert len(errors) == 5


def test_files_that_it_does_not_play_cost_one_line(library, path, tmp_path):
    script = torch.jit.script(torch.nn.Linear(1, 1))
    torch.jit.save(script, tmp_path / "foreign.ts")
    (tmp_path / "short.ts").write_bytes(path.read_bytes()[:-2000])
    for name, said in (
        ("foreign", "says nothing to the small engine: export it again"),
        ("short", "is cut short"),
    ):
        made = play(tmp_path, library, [(f"vschaos~ {name} forward", 1)], sound(0.1).numpy())
        errors = [line for line in made.lines if line.startswith("error")]
        assert made.code == 0 and len(errors) == 1 and said in errors[0], made.lines
        assert not made.signals.any()


class Halver(torch.nn.Module):
    """Another maker's model, as nn~ plays it."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("forward_params", torch.tensor([1, 1, 1, 1]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return 0.5 * x

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["forward"]


def test_beside_libtorch_each_file_is_played_by_who_can(
    with_libtorch,  # noqa: F811
    path,
    tmp_path,
    monkeypatch,
):
    foreign, signals = tmp_path / "foreign.ts", sound(0.2).numpy()
    torch.jit.save(torch.jit.script(Halver()), foreign)
    for player, file, due in (
        ("", path, "engine"),
        ("", foreign, "libtorch"),
        ("engine", path, "engine"),
        ("libtorch", path, "libtorch"),
        ("torch", path, "engine"),
    ):
        monkeypatch.setenv("VSCHAOS_PLAYER", player)
        box = f"vschaos~ {file} forward 0"
        made = play(tmp_path, with_libtorch, [(box, 1)], signals, [(10, "dump")])
        assert f"info: player {due}" in made.lines, made.lines
        assert any("VSCHAOS_PLAYER is torch" in line for line in made.lines) == (player == "torch")
        if file == foreign:
            assert np.array_equal(made.signals, 0.5 * signals)
        else:
            assert made.signals.any()


def test_a_release_plays_in_pd_and_stays_small(library, path, tmp_path, monkeypatch):
    monkeypatch.setattr(make_release, "library", lambda _: library / "vschaos~.pd_linux")
    folder, package = make_release.pack(tmp_path, ["amd64", "arm64"])
    machine = "arm64" if platform.machine() == "aarch64" else "amd64"
    assert (folder / f"vschaos~.l_{machine}").exists() and (folder / "LICENSE").exists()
    assert package.name.endswith("](Linux-amd64-32)(Linux-arm64-32).dek")
    with zipfile.ZipFile(package) as archive:
        assert sorted(Path(name).name for name in archive.namelist()) == sorted(
            file.name for file in folder.iterdir()
        )
    assert sum(file.stat().st_size for file in folder.iterdir()) < make_release.MOST_BYTES
    made = play(tmp_path, folder, [(f"vschaos~ {path} forward 0", 1)], sound(0.1).numpy())
    assert made.code == 0 and made.signals.any()


def test_it_is_small_and_needs_no_library_of_its_own(library):
    file = library / "vschaos~.pd_linux"
    assert file.stat().st_size < 450_000
    needed = subprocess.run(["ldd", file], capture_output=True, text=True, check=True).stdout
    assert "torch" not in needed
