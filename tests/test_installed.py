"""The package, built as a wheel and installed, is whole without the clone."""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from vschaos2 import __version__

ROOT = Path(__file__).resolve().parent.parent
QUICK = (
    *("trainer.max_epochs=1", "trainer.accelerator=cpu", "trainer.log_every_n_steps=1"),
    *("data.loader.batches_per_epoch=2", "data.loader.batch_size=4"),
    *("data.loader.validation_windows=4", "data.transform.n_fft=256", "data.transform.hop=64"),
    *("model.encoder.hidden_dim=8", "model.decoder.hidden_dim=8", "callbacks.monitor=null"),
)


def done(*command: str | Path, cwd: Path | None = None) -> str:
    """What a command prints; no path leads its Python to the clone."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    environment.pop("PYTHONPATH", None)
    process = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, cwd=cwd, env=environment, timeout=240
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from what the package needs of the clone, and from nothing else."""
    source = tmp_path_factory.mktemp("source")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(
        ROOT / "vschaos2", source / "vschaos2", ignore=shutil.ignore_patterns("__pycache__")
    )
    options = ("--quiet", "--no-index", "--no-deps", "--no-build-isolation")
    done(sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", source / "out", source)
    (built,) = (source / "out").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel, and with the libraries of this one."""
    place = tmp_path_factory.mktemp("environment")
    done(sys.executable, "-m", "venv", "--without-pip", place)
    python = place / "bin" / "python"
    site = Path(
        done(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    )
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    pip = (sys.executable, "-m", "pip", "--python", python, "install", "--quiet")
    done(*pip, "--no-index", "--no-deps", wheel)
    home = Path(done(python, "-c", "import vschaos2; print(vschaos2.__file__)", cwd=place).strip())
    assert home == site / "vschaos2" / "__init__.py"
    return place / "bin"


def test_wheel_holds_the_package_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = ROOT / "vschaos2"
    folders = (package / "recognition/ready", package / "export/web")
    data = [path for folder in folders for path in folder.iterdir()]
    data += [package / "events/onset_net.npz", *(package / "configs").rglob("*.yaml")]
    wanted = [package / "py.typed", *package.rglob("*.py"), *data]
    assert held == {path.relative_to(ROOT).as_posix() for path in wanted}
    assert wheel.name == f"vschaos2-{__version__}-py3-none-any.whl"


@pytest.mark.slow
def test_installed_package_checks_and_trains_outside_the_clone(installed, tmp_path):
    sounds = tmp_path / "my sounds"
    sounds.mkdir()
    rng = np.random.default_rng(0)
    for number in range(4):
        soundfile.write(sounds / f"{number}.wav", 0.1 * rng.standard_normal(8000), 44_100)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "own.yaml").write_text(
        "defaults:\n  - dgt_live\n  - _self_\nmodel:\n  latent_dim: 3\n"
    )
    command = installed / "vschaos2"

    assert done(command, "--version", cwd=tmp_path) == f"vschaos2 {__version__}\n"
    own = ("--config-dir", "mine", "--config", "own")
    assert "4 files" in done(command, "check", sounds, *own, cwd=tmp_path)
    own = ("--config-dir", "mine", "--config-name", "own", f"data.dataset.root={sounds}", *QUICK)
    two = ("trainer.devices=2", "trainer.strategy=ddp")  # the first starts the second anew
    told = done(command, "train", *own, *two, "name=tried", "check=true", cwd=tmp_path)
    assert told == "checked: tried can be trained; nothing of it is kept\n"
    assert {path.name for path in tmp_path.iterdir()} == {"my sounds", "mine"}
