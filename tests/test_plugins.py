"""Parts of one's own: registered by a decorator, loaded only where the user names them."""

import sys
from pathlib import Path

import pytest
import torch
from forked import run_forked
from resumed_trainings import QUICK, TWO_STEPS, write_recordings

import generate
import train_model
from vschaos2.errors import InputError
from vschaos2.objectives.losses import reconstruction
from vschaos2.parts import part
from vschaos2.plugins import load_plugins

ROOT = Path(__file__).resolve().parent.parent
MINE = """
import torch
from torch import nn
from vschaos2.objectives.losses import reconstruction
from vschaos2.parts import part

@part("encoder")
class LinearEncoder(nn.Module):
    def __init__(self, n_features: int, n_outputs: int, n_labels: int = 0, width: int = 8) -> None:
        super().__init__()
        self.feature_dim = width
        self.body = nn.Linear(n_features + n_labels, width)
        self.head = nn.Linear(width, n_outputs)

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.head(self.body(frames))

@reconstruction("frames")
def cubic(target: torch.Tensor, estimate: torch.Tensor) -> torch.Tensor:
    return (target - estimate).abs().pow(3).mean()
"""
CONFIG = [
    *("rundir=runs", "name=x", "data.dataset.root=sounds", *TWO_STEPS, *QUICK[:-3]),
    *("callbacks.monitor=null", "model.decoder.hidden_dim=16", "model.latent_dim=4"),
    *("--config-dir=theirs", "model=mine", "+training.losses.cubic=1.0"),
]


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with recordings and a module of one's own, as a user works in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sounds").mkdir()
    write_recordings(tmp_path / "sounds")
    (tmp_path / "my_parts.py").write_text(MINE)
    (tmp_path / "theirs" / "model").mkdir(parents=True)
    dense = (ROOT / "vschaos2" / "configs" / "model" / "dense.yaml").read_text()
    head, _, rest = dense.partition("encoder:")
    own = "encoder: {_target_: LinearEncoder, width: 12}\ndecoder:" + rest.partition("decoder:")[2]
    (tmp_path / "theirs" / "model" / "mine.yaml").write_text(head + own)
    return tmp_path


@pytest.mark.slow
def test_own_parts_train_play_and_export_where_they_are_named_and_nowhere_else(place):
    def python(program: str, *arguments: str):
        return run_forked(ROOT / program, [*arguments], place)

    trains = ["train_model.py", *CONFIG]
    unnamed = python(*trains)
    assert unnamed.returncode == 2 and unnamed.stderr.count("\n") == 1
    assert "'LinearEncoder'" in unnamed.stderr and not Path("runs").exists()

    trained = python(*trains, "+plugins=[my_parts]")
    assert trained.returncode == 0, trained.stderr
    assert "- my_parts" in Path("runs/x/version_0/config.yaml").read_text()

    plays = ["generate.py", "reconstruct", "runs/x", "--files", "sounds/1.wav"]
    refused = python(*plays, "--out", "a")
    assert refused.returncode == 2 and refused.stderr.count("\n") == 1
    assert "needs the plug-in 'my_parts'" in refused.stderr and "--plugins" in refused.stderr
    played = python(*plays, "--out", "a", "--plugins", "my_parts")
    assert played.returncode == 0, played.stderr
    assert Path("a/reconstructions/1.wav").is_file()

    more = ["trainer.max_epochs=2", "resume=runs/x"]
    resumed = python("train_model.py", *more)
    assert resumed.returncode == 2 and "plugins=[…]" in resumed.stderr
    resumed = python("train_model.py", *more, "plugins=[my_parts]")
    assert resumed.returncode == 0, resumed.stderr
    exported = python("script.py", "runs/x", "-n", "mine", "--plugins", "my_parts")
    assert exported.returncode == 0, exported.stderr
    assert Path("mine.ts").is_file()


def test_a_configuration_of_a_strangers_loads_no_code(place, monkeypatch):
    (place / "evil.py").write_text("open('mark', 'w')\n")
    text = "defaults: [base, _self_]\nname: theirs\nplugins: [evil]\n"
    (place / "theirs" / "theirs.yaml").write_text(text)
    arguments = ["--config-dir=theirs", "--config-name=theirs", "data.dataset.root=sounds"]
    monkeypatch.setattr(sys, "argv", ["train_model.py", *arguments])
    with pytest.raises(InputError, match="needs the plug-in 'evil'"):
        train_model.main()
    assert not Path("mark").exists() and "evil" not in sys.modules


@pytest.mark.parametrize(
    "names, message",
    [
        (["no_such_parts"], "there is no module no_such_parts"),
        (["../evil"], "'../evil' is no module's name"),
        ([""], "'' is no module's name"),
        (["broken"], r"plugins: broken fails: ZeroDivisionError: .*broken.py, line 2"),
        (["unwritten"], r"plugins: unwritten fails: SyntaxError: .*unwritten.py, line 1"),
        (["twice"], r"plugins: twice fails: ValueError: .*'vae' already: .*twice.py, line 3"),
        (["needy"], r"plugins: needy fails: ModuleNotFoundError: .*no_such_thing.*line 1"),
    ],
)
def test_plugins_that_cannot_be_loaded_are_one_line(place, names, message):
    (place / "broken.py").write_text("x = 0\n1 / x\n")
    (place / "unwritten.py").write_text("def (:\n")
    (place / "twice.py").write_text(
        "from vschaos2.families.registry import family_of, register\n"
        "from omegaconf import OmegaConf\n"
        "register(family_of(OmegaConf.create({'family': 'vae'}))._replace(playable=None))\n"
    )
    (place / "needy.py").write_text("import no_such_thing\n")
    with pytest.raises(InputError, match=message) as caught:
        load_plugins(names)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["plugins=mine", "plugins={a: 1}", "plugins=3", "plugins=null"])
def test_plugins_are_a_list(place, monkeypatch, word):
    monkeypatch.setattr(sys, "argv", ["train_model.py", word, "data.dataset.root=sounds"])
    with pytest.raises(InputError, match="plugins"):
        train_model.main()


def test_a_name_is_registered_once():
    with pytest.raises(ValueError, match="the encoder DenseEncoder is there already"):
        part("encoder")(type("DenseEncoder", (torch.nn.Module,), {}))
    with pytest.raises(ValueError, match="there is a loss l1 already"):

        @reconstruction("frames")
        def l1(target, estimate):
            return target


def test_generate_takes_plugins_before_the_run(place, monkeypatch):
    arguments = ["evaluate", "runs/x", "--plugins", "no_such_parts"]
    monkeypatch.setattr(sys, "argv", ["generate.py", *arguments])
    with pytest.raises(InputError, match="there is no module no_such_parts"):
        generate.main()


def test_a_plugin_that_exits_is_one_line(place):
    (place / "quits.py").write_text("raise SystemExit(0)\n")
    with pytest.raises(InputError, match=r"plugins: quits fails: SystemExit: 0 .*line 1"):
        load_plugins(["quits"])


def test_the_order_in_which_modules_are_sought_stays(place, monkeypatch):
    (place / "plain.py").write_text("")
    paths = [str(place), *sys.path]
    monkeypatch.setattr(sys, "path", list(paths))
    load_plugins(["plain"])
    assert sys.path == paths


def test_a_plugin_may_change_where_modules_are_sought(place, monkeypatch):
    monkeypatch.setattr(sys, "path", list(sys.path))
    (place / "clears.py").write_text(
        f"import sys\nsys.path.remove({str(place)!r})\nsys.path.append('/extra')\n"
    )
    load_plugins(["clears"])
    assert sys.path[-1] == "/extra"
