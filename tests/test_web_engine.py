"""The engine of web pages, in node: held against torch; and whether what is kept is current."""

import ctypes
import hashlib
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from engine_beside_torch import rewritten
from small_engine import Player, built, floats, is_buildable, library, relative
from taught import HOP, USUAL, sound, taught
from test_small_engine_effects import effect
from web_engine import NO_NODE, WebEngine, node, rounded_as_in_page

from vschaos2.export.for_engine import description
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.page import WEB
from vschaos2.export.page_model import is_halved, page_model
from vschaos2.export.playable import Playable

ROOT = Path(__file__).parents[1]
MAKE = ROOT / "engine/web/make_module.py"
LARGE = {
    **USUAL,
    "encoder": {"linear": True, "hidden_dim": 256},
    "decoder": {"linear": True, "hidden_dim": 256},
}
BLOCKS = [HOP, 5 * HOP, 32 * HOP]

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
in_node = pytest.mark.skipif(node() is None, reason=NO_NODE)


def test_the_module_that_is_kept_is_of_these_sources():
    done = subprocess.run([sys.executable, MAKE, "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_the_module_that_is_kept_is_what_is_built():
    if shutil.which("clang++-19") is None or shutil.which("cmake") is None:
        pytest.skip("clang++-19 or cmake is missing: engine/web/install_tools.sh installs them")
    made = spec_from_file_location("make_module", MAKE)
    assert made and made.loader
    make_module = module_from_spec(made)
    made.loader.exec_module(make_module)
    kept = (WEB / "engine.sha256").read_text(encoding="utf-8")
    if f"compiler {make_module.compiler()}\n" not in kept:
        pytest.skip("the module that is kept was built by another clang++-19")
    module = make_module.build().read_bytes()
    assert f"module {hashlib.sha256(module).hexdigest()}\n" in kept


def walk() -> torch.Tensor:
    """Axes that move slowly: [3, 64]."""
    points = torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(points, 64, mode="linear")[0]


PLAIN = {"texture": 0.0, "limiter": "off"}
PLAYED = {
    "forward": (sound(0.4, seed=1), {**PLAIN, "inversion": "keep_input"}),
    "encode": (sound(0.4, seed=1), PLAIN),
    "decode": (walk(), {**PLAIN, "inversion": "eco"}),
}


def torch_plays(playable: Playable, method: str) -> np.ndarray:
    values, settings = PLAYED[method]
    for name, value in settings.items():
        assert set_attribute(playable.eager, name, value) == 0
    playable.reset()
    with torch.inference_mode():
        made: np.ndarray = getattr(playable.eager, method)(values[None])[0].numpy()
    return made


class Usual(NamedTuple):
    """An instrument with all that models have by default, large enough to be rounded.

    Attributes:
        content: of the .ts.
        exact: what torch makes by each method.
        rounded: the same with the weights that a page has.
        halved: names of what is rounded.
    """

    content: bytes
    exact: dict[str, np.ndarray]
    rounded: dict[str, np.ndarray]
    halved: list[str]


@pytest.fixture(scope="module")
def usual() -> Usual:
    playable = taught(LARGE, plays_itself=True)
    content = playable.saved()
    exact = {method: torch_plays(playable, method) for method in PLAYED}
    halved = rounded_as_in_page(playable, content)
    return Usual(
        content, exact, {method: torch_plays(playable, method) for method in PLAYED}, halved
    )


def spectra(signal: np.ndarray) -> np.ndarray:
    frames = np.lib.stride_tricks.sliding_window_view(signal, 512)[::HOP]
    return np.abs(np.fft.rfft(frames * np.hanning(512)))


@in_node
@pytest.mark.parametrize("method", PLAYED)
def test_it_plays_as_torch_does(usual, tmp_path, method):
    values, settings = PLAYED[method]
    web = WebEngine(page_model(usual.content), tmp_path)
    due = usual.rounded[method]
    made = web.play(method, values.numpy(), BLOCKS, len(due), **settings)
    assert all(np.array_equal(made[0], other) for other in made[1:])
    assert relative(made[0], due) < (1e-3 if method == "decode" else 1e-5)
    if method == "decode":  # other phases of the same spectra
        wanted = spectra(usual.exact[method][0])
        apart = np.linalg.norm(spectra(made[0][0]) - wanted) / np.linalg.norm(wanted)
        assert apart < 2e-3
    else:
        assert relative(made[0], usual.exact[method]) < 1e-3
    assert web.said["sampleRate"] == 44100 and web.said["blockSamples"] == HOP


@in_node
def test_it_moves_by_itself_as_the_native_engine_does(usual, tmp_path):
    if not is_buildable():
        pytest.skip("cmake and g++ are missing")
    model = page_model(usual.content)
    heat = np.full((1, 96), 1.0, np.float32)
    made = WebEngine(model, tmp_path).play("prior", heat, [4 * HOP], 3)[0]
    native = Player(library(built()), tmp_path / "model")
    assert relative(made, native.play("prior", heat, 4 * HOP)) < 1e-4
    assert made.std(1).min() > 0.05


def test_large_weights_are_half_floats_and_nothing_else(usual):
    about = description(page_model(usual.content))
    assert set(usual.halved) == {name for name, row in about["tensors"].items() if "half" in row}
    assert {"encoder.first.weight", "decoder.last.weight", "noise"} <= set(usual.halved)
    assert {"window", "dual", "gain", "pca.to_axes"}.isdisjoint(usual.halved)
    assert {key: about[key] for key in about if key != "tensors"} == {
        key: value for key, value in description(usual.content).items() if key != "tensors"
    }
    assert len(page_model(usual.content)) < 0.6 * len(usual.content)


def test_what_a_half_float_cannot_hold_stays_whole():
    weight = np.zeros((64, 64), np.float32)
    assert is_halved("layer.weight", weight)
    assert not is_halved("window", weight)
    assert not is_halved("layer.weight", weight[:63])
    weight[3, 4] = 7e4
    assert not is_halved("layer.weight", weight)


def test_half_floats_of_every_kind():
    if not is_buildable():
        pytest.skip("cmake and g++ are missing")
    halves, made = np.arange(65536, dtype="<u2"), np.zeros(65536, np.float32)
    place = halves.ctypes.data_as(ctypes.c_void_p)
    library(built()).probe_halves(place, floats(made), len(halves))
    due = halves.view("<f2").astype(np.float32)
    assert np.array_equal(made, due, equal_nan=True)
    assert np.array_equal(np.signbit(made), np.signbit(due))


@in_node
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (None, "the instrument says nothing to the small engine"),
        ({"version": 99}, "the instrument was exported by a later version"),
        ({"family": "drum"}, "the instrument"),
        ({"tensors/encoder.first.weight/shape": [1, 2]}, "encoder.first.weight"),
        ({"tensors/encoder.first.weight/offset": 8}, "encoder.first.weight"),
        ({"tensors/encoder.first.weight/record": "data/999"}, "the instrument has no part"),
    ],
)
def test_what_it_does_not_play_is_said_in_a_line(usual, tmp_path, change, said):
    rewritten(page_model(usual.content), tmp_path / "other", change)
    answer = WebEngine((tmp_path / "other").read_bytes(), tmp_path).ask([])
    assert said in answer["error"]
    assert "\n" not in answer["error"]


@in_node
@pytest.mark.parametrize("content", [b"", b"hello" * 100, bytes(4096)])
def test_files_that_are_none(tmp_path, content):
    answer = WebEngine(content, tmp_path).ask([])
    assert "the instrument is no TorchScript file" in answer["error"]


@in_node
@pytest.mark.parametrize("name", ["gru of all", "ssm", "chain"])
def test_effects_are_exact(tmp_path, name):
    playable = effect(name)
    content = page_model(playable.saved())
    assert not any("half" in row for row in description(content)["tensors"].values())
    inlets, _, outlets, _ = playable.methods["forward"]
    generator = torch.Generator().manual_seed(1)
    heard = 0.2 * torch.randn(inlets, 4096, generator=generator)
    playable.reset()
    with torch.inference_mode():
        due = playable.eager.forward(heard[None])[0].numpy()
    made = WebEngine(content, tmp_path).play("forward", heard.numpy(), [64, 128, 2048], outlets)
    assert all(np.array_equal(made[0], other) for other in made[1:])
    assert relative(made[0], due) < 1e-5


@in_node
def test_what_controls_show(usual, tmp_path):
    web = WebEngine(page_model(usual.content), tmp_path)
    given = {"gain_db": -6.5, "temperature": 99.0, "inversion": "eco", "no such": 1.0}
    said = web.ask([{"set": given, "plays": []}])
    assert said["taken"] == [True, False, True, False]
    assert said["numbers"] == {"gain_db": -6.5, "temperature": 0.0}
