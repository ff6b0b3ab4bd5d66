"""The small engine on 64-bit ARM, under qemu-user, held against this machine's and torch's."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from small_engine import ROOT, built, relative
from taught import HOP, USUAL, sound, taught
from test_small_engine_effects import effect

from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.playable import Playable

TOOLS = ("cmake", "aarch64-linux-gnu-g++", "qemu-aarch64")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        bool(MISSING),
        reason=f"{', '.join(MISSING)} missing: apt-get install g++-aarch64-linux-gnu "
        "libc6-dev-arm64-cross qemu-user",
    ),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def folder() -> Path:
    options = f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'engine/aarch64.cmake'}"
    place = ROOT / "build/engine-aarch64"
    built(place, options, target="engine_fuzz")
    return built(place, options, target="engine_play")


def plays(
    folder: Path, path: Path, method: str, block: int, values: torch.Tensor, **settings: object
) -> np.ndarray:
    """What it makes under qemu, all channels behind each other."""
    given, out = path.with_suffix(".in"), path.with_suffix(".out")
    given.write_bytes(values.contiguous().numpy().tobytes())
    words = [str(word) for word in (path, method, block, given, out)]
    words += [f"{name}={value}" for name, value in settings.items()]
    command = ["qemu-aarch64", str(folder / "engine_play"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return np.fromfile(out, np.float32)


def due(playable: Playable, method: str, values: torch.Tensor, **settings: object) -> np.ndarray:
    for name, value in settings.items():
        assert set_attribute(playable.eager, name, value) == 0
    playable.reset()
    with torch.inference_mode():
        made: np.ndarray = getattr(playable.eager, method)(values[None])[0].reshape(-1).numpy()
    return made


def test_an_instrument(folder, tmp_path):
    playable, path = taught(USUAL, plays_itself=True), tmp_path / "usual.ts"
    path.write_bytes(playable.saved())
    points = torch.randn(1, 3, 8, generator=torch.Generator().manual_seed(0))
    walk = torch.nn.functional.interpolate(points, 64, mode="linear")[0]
    plain = {"texture": 0.0, "limiter": "off"}
    heard = sound(0.3, seed=1)
    for method, values, inversion, most in (
        ("forward", heard, "keep_input", 1e-5),
        ("encode", heard, "keep_input", 1e-5),
        ("decode", walk, "eco", 1e-3),
    ):
        settings = {**plain, "inversion": inversion}
        made = [plays(folder, path, method, n * HOP, values, **settings) for n in (1, 16)]
        assert np.array_equal(*made), method
        assert relative(made[0], due(playable, method, values, **settings)) < most, method


@pytest.mark.parametrize("name", ["lstm", "gru of all", "gcn", "ssm", "chain"])
def test_effects(folder, tmp_path, name):
    playable, path = effect(name), tmp_path / "effect.ts"
    path.write_bytes(playable.saved())
    inlets = playable.methods["forward"].inlets
    heard = 0.2 * torch.randn(inlets, 2048, generator=torch.Generator().manual_seed(1))
    made = [plays(folder, path, "forward", block, heard) for block in (64, 1024)]
    assert np.array_equal(*made)
    assert relative(made[0], due(playable, "forward", heard)) < 1e-5


def test_damaged_files_crash_nothing(folder, tmp_path):
    path = tmp_path / "usual.ts"
    path.write_bytes(effect("lstm").saved())
    command = ["qemu-aarch64", str(folder / "engine_fuzz"), str(path), "20", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
