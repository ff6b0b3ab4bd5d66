"""A stranger's run folder executes nothing, reads no secret, and is one line or a model."""

import copy
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
import yaml
from hydra.utils import instantiate
from omegaconf import OmegaConf

import generate
import script
from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.vae.build import build_model
from vschaos2.families.vae.kept import class_names
from vschaos2.generation.evaluation import evaluated_files
from vschaos2.runs.checkpoints import read_checkpoint, save_checkpoint
from vschaos2.runs.folder import Run, create_run_folder, save_config
from vschaos2.runs.listing import list_runs

SECRET = "VSCHAOS2_TEST_SECRET"
CANARY = "this"  # a module of the standard library that nobody imports


MARKS = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.", "socket.")
CHANGES = ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.chmod")


class Watch:
    """What the process does that loading a run has no reason to do."""

    def __init__(self) -> None:
        self.is_on = False
        self.seen: list[str] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple) -> None:
        if not self.is_on:
            return
        if event == "open":
            path, _, flags = arguments
            if (flags or 0) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
                self.seen.append(f"writes {path}")
        elif event.startswith((*MARKS, *CHANGES)):
            self.seen.append(event)
        elif event == "import" and arguments[0] in (CANARY, "torch.hub"):
            self.seen.append(f"imports {arguments[0]}")


WATCH = Watch()  # such a hook can never be removed: one is enough


@contextmanager
def watching():
    """What is seen while the block runs."""
    WATCH.seen.clear()
    WATCH.is_on = True
    try:
        yield WATCH.seen
    finally:
        WATCH.is_on = False


def watched(function, *arguments) -> object:
    """What a function gives, or its one line, if it does nothing but read."""
    with watching() as seen:
        result = outcome(function, *arguments)
    assert not seen and CANARY not in sys.modules
    return result


@pytest.fixture(autouse=True)
def secret(monkeypatch):
    monkeypatch.setenv(SECRET, "three years of work")


@pytest.fixture
def foreign(tmp_path, tiny_config, tiny_model) -> Path:
    """A run folder with both checkpoints; its model is told a label."""
    folder = create_run_folder(tmp_path / "runs", "tiny")
    save_config(folder, tiny_config)
    weights = {f"average.module.{name}": value for name, value in tiny_model.state_dict().items()}
    content = {
        "state_dict": weights,
        "latents": torch.arange(12.0).reshape(3, 4),
        "summary": {"step": 20.0, "epoch": 1.0, "seconds": 2.0},
        "classes": {},
    }
    for name in ("last.ckpt", "best.ckpt"):
        save_checkpoint(folder / "checkpoints" / name, content)
    return folder


def outcome(function, *arguments) -> object:
    """What a function gives, or its one line."""
    try:
        return function(*arguments)
    except InputError as error:
        text = str(error)
        assert "\n" not in text and "three years" not in text and len(text) < 1500, text
        return text


# --- configurations ---


def hostile_values(mark: Path) -> list:
    """Values that write a file, run a program, import or read a secret, where they are obeyed."""
    path = {"_target_": "pathlib.Path", "_args_": [str(mark)]}
    call = f"{{_target_: os.mkdir, _args_: [{mark}]}}"
    secret = f"${{oc.env:{SECRET}}}"
    return [
        {"_target_": "pathlib.Path.touch", "_args_": [path]},
        {"_target_": "os.system", "command": f"mkdir {mark}"},
        {"_target_": "subprocess.Popen", "args": ["mkdir", str(mark)]},
        {"_target_": "builtins.eval", "_args_": [f"__import__({CANARY!r})"]},
        {"_target_": "importlib.import_module", "name": CANARY},
        {"_target_": "hydra.utils.get_object", "path": CANARY},
        {"_target_": "torch.load", "f": str(mark), "weights_only": False},
        {"_target_": "torch.hub.load", "repo_or_dir": str(mark.parent), "source": "local"},
        {"_target_": "vschaos2.families.vae.vae.VAE"},
        {"_target_": "vschaos2.nets.encoders.DenseEncoder.__init__", "_partial_": True},
        {"_target_": "vschaos2.families.vae.build.call", "_partial_": True},
        {"_target_": ["os.system"]},
        {"_target_": {"_target_": "os.mkdir", "_args_": [str(mark)]}},
        {"_args_": [str(mark)]},
        {"_recursive_": False, "_convert_": "object"},
        *("\\" * n + "${oc.create:" + call + "}" for n in range(5)),
        *(secret, [secret], {secret: secret}, {"a": [{"b": secret}]}, "x" + secret),
        *("${model}", "${.}", "${..decoder}", "${now:%Y}", "${hydra:x}", "???"),
        *(None, True, "", "x", -1, 0, 2**70, 10**400, 1e308, float("nan"), [], {}, [[]], {"a": 1}),
        *({1: 2}, {"a.b": 1}, {"": 0}, {"\x1b[2J": "\n"}, "/dev/zero", "../../..", "\0", "{0.x}%s"),
    ]


def mutated(config: dict, chance: random.Random, mark: Path) -> str:
    """The text of a configuration with one to three hostile values at random places."""
    config = copy.deepcopy(config)
    for _ in range(chance.randint(1, 3)):
        nodes = [config.get(key) for key in ("model", "model", "data")]
        node = chance.choice([node for node in (*nodes, config) if isinstance(node, dict)])
        while chance.random() < 0.6:
            inner = [value for value in node.values() if isinstance(value, dict)]
            if not inner:
                break
            node = chance.choice(inner)
        value = chance.choice(hostile_values(mark))
        key = chance.choice([*node, "added", "_args_", "conditioning", "prediction", "temporal"])
        if chance.random() < 0.05:
            node[str(value)] = node.pop(key, 1)
        else:
            node[key] = value
    text = yaml.safe_dump(config, allow_unicode=True)
    if chance.random() < 0.15:  # an edit of the text itself
        place = chance.randrange(len(text))
        edit = chance.choice(
            ["&a ", "*a", "!!python/name:os.system ", "${x}", "<<: ", "\t", "'", "["]
        )
        text = text[:place] + edit + text[place:]
    return text


def test_no_configuration_executes_or_reads_anything(foreign, tmp_path):
    mark = tmp_path / "mark"
    base = yaml.safe_load((foreign / "config.yaml").read_text())
    base["data"]["dataset"] = {"root": "sounds", "metadata_callbacks": None}
    base |= {"training": {"losses": {"l1": 1.0}}, "callbacks": {}, "trainer": {}}
    chance = random.Random(0)
    results = []
    for _ in range(300):
        (foreign / "config.yaml").write_text(mutated(base, chance, mark), "utf-8")
        results.append(watched(load_run, foreign))
        (row,) = watched(list_runs, foreign)
        assert "\n" not in row.state and "three years" not in str(row)
    assert not mark.exists()
    refused = [result for result in results if isinstance(result, str)]
    assert 150 < len(refused) < 300  # some mutations are harmless


def test_the_watch_would_see_what_an_obeyed_value_does(foreign, tmp_path):
    # The first of the values above, obeyed.
    path = {"_target_": "pathlib.Path", "_args_": [str(tmp_path / "mark")]}
    with watching() as seen:
        instantiate({"_target_": "pathlib.Path.touch", "_args_": [path]})
        assert len(seen) == 1, seen
        os.mkdir(tmp_path / "folder")  # noqa: PTH102
        subprocess.run(["true"], check=True)
        assert "os.mkdir" in seen and "subprocess.Popen" in seen
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize("escapes", range(4))
@pytest.mark.parametrize("key", ["encoder", "init_from", "output"])
def test_interpolations_are_refused_behind_any_escapes(foreign, tmp_path, key, escapes):
    config = yaml.safe_load((foreign / "config.yaml").read_text())
    call = f"{{_target_: os.mkdir, _args_: [{tmp_path / 'mark'}]}}"
    config["model"][key] = "\\" * escapes + "${oc.create:" + call + "}"
    (foreign / "config.yaml").write_text(yaml.safe_dump(config))
    assert f"model.{key}: " in watched(load_run, foreign)
    assert watched(list_runs, foreign)[0].state.startswith("damaged: ")
    assert not (tmp_path / "mark").exists()


def test_a_configuration_that_could_not_be_read_again_is_not_saved(tmp_path, tiny_config):
    tiny_config.inversion = "a \\${b}"
    assert "inversion: 'a ${b}' stands for" in outcome(save_config, tmp_path, tiny_config)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "pipe", "huge", "device"])
def test_a_configuration_that_is_no_plain_file_is_never_opened_for_long(foreign, kind):
    path = foreign / "config.yaml"
    path.unlink()
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        with path.open("wb") as file:
            file.truncate(2**40)
    assert str(foreign) in outcome(load_run, foreign)
    list_runs(foreign)


# --- checkpoints ---


def spoiled(**changes):
    return lambda content: content.update(changes)


def change_weight(value):
    def change(content: dict) -> None:
        name = next(name for name in content["state_dict"] if "decoder" in name)
        weight = content["state_dict"][name]
        content["state_dict"][name] = value(weight) if callable(value) else value

    return change


WIDE = torch.zeros(1).expand(2**40).reshape(2**36, 16)
CHECKPOINTS = {
    "no latents": lambda content: content.pop("latents"),
    "no summary": lambda content: content.pop("summary"),
    "latents of text": spoiled(latents="x"),
    "latents of another width": spoiled(latents=torch.zeros(3, 5)),
    "latents that are not finite": spoiled(latents=torch.full((3, 4), float("nan"))),
    "huge latents": spoiled(latents=torch.full((3, 4), 1e30)),
    "latents larger than the file": spoiled(latents=WIDE),
    "sparse latents": spoiled(latents=torch.zeros(3, 4).to_sparse()),
    "latents nowhere": spoiled(latents=torch.zeros(3, 4, device="meta")),
    "a summary of text": spoiled(summary={"step": "x", "epoch": 1.0, "seconds": 1.0}),
    "a summary of a list": spoiled(summary=[1]),
    "a huge number": spoiled(summary={"step": 10**400, "seconds": 1.0}),
    "weights in a list": spoiled(state_dict=[1]),
    "no weights": spoiled(state_dict={}),
    "a weight of text": change_weight("x"),
    "a weight of a dict": change_weight(lambda weight: {"a": weight}),
    "a weight of another shape": change_weight(torch.zeros(3, 1, 2)),
    "a weight that is not finite": change_weight(lambda weight: weight * float("nan")),
    "an infinite weight": change_weight(lambda weight: weight.fill_(float("inf"))),
    "a huge weight": change_weight(lambda weight: weight.fill_(1e30)),
    "a weight larger than the file": change_weight(WIDE),
    "classes of a task in a number": spoiled(classes={"pitch": 5}),
    "classes that are no mapping": spoiled(classes=[1]),
}
HARMLESS = ("classes of a task in a number",)  # the model has no such task


@pytest.mark.parametrize("what", CHECKPOINTS)
def test_edited_checkpoints_are_one_line(foreign, what):
    for name in ("last.ckpt", "best.ckpt"):
        content = read_checkpoint(foreign / "checkpoints" / name)
        CHECKPOINTS[what](content)
        save_checkpoint(foreign / "checkpoints" / name, content)
    result = watched(load_run, foreign)
    assert isinstance(result, Run) if what in HARMLESS else "best.ckpt: " in result
    assert "\n" not in list_runs(foreign)[0].state


def test_latents_larger_than_the_file_are_refused_before_they_are_converted(foreign):
    content = read_checkpoint(foreign / "checkpoints" / "best.ckpt")
    content["latents"] = torch.zeros(1, dtype=torch.float16).expand(2**40).reshape(2**38, 4)
    save_checkpoint(foreign / "checkpoints" / "best.ckpt", content)
    assert "best.ckpt: latents is not finite" in watched(load_run, foreign)


@pytest.mark.parametrize("what", ["latents that are not finite", "a summary of text"])
def test_list_of_runs_says_which_are_damaged(foreign, what):
    for name in ("last.ckpt", "best.ckpt"):
        content = read_checkpoint(foreign / "checkpoints" / name)
        CHECKPOINTS[what](content)
        save_checkpoint(foreign / "checkpoints" / name, content)
    assert list_runs(foreign)[0].state.startswith("damaged: ")


def test_names_of_classes_are_text_and_no_more_than_classes(tmp_path, tiny_config):
    tiny_config.model.conditioning = {"note": {"dim": 3}}
    model = build_model(tiny_config)
    assert class_names({"note": ["C", "D"], "other": 3}, model) == {"note": ["C", "D"]}
    for odd in ({"note": ["C", 1]}, {"note": list("CDEF")}, {"note": 5}, ["note"]):
        with pytest.raises((ValueError, TypeError, AttributeError)):
            class_names(odd, model)


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_checkpoints_that_are_no_files_do_not_count(foreign, kind):
    for name in ("last.ckpt", "best.ckpt"):
        path = foreign / "checkpoints" / name
        path.unlink()
        path.mkdir() if kind == "folder" else os.mkfifo(path)
    assert "has no checkpoint yet" in outcome(load_run, foreign)
    assert list_runs(foreign)[0].state == "empty"


def test_compressed_checkpoint_is_refused_before_it_unfolds(foreign):
    path = foreign / "checkpoints" / "best.ckpt"
    with tempfile.TemporaryFile() as copied:
        copied.write(path.read_bytes())
        with (
            zipfile.ZipFile(copied) as old,
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for part in old.infolist():
                new.writestr(part.filename, old.read(part))
    torch.load(path, weights_only=True)  # torch itself would read it
    assert "cannot be read as a checkpoint (compressed" in outcome(load_run, foreign)


# --- where results go, and what is read ---


def program(monkeypatch, *arguments: object) -> str | None:
    module, *rest = arguments
    monkeypatch.setattr(sys, "argv", [module.__name__, *map(str, rest)])
    return outcome(module.main)


@pytest.mark.parametrize("command", ["map", "evaluate"])
@pytest.mark.parametrize("kind", ["link", "dangling link", "file", "read-only"])
def test_results_stay_in_the_run_folder(foreign, tmp_path, monkeypatch, command, kind):
    name = {"map": "map", "evaluate": "evaluation"}[command]
    elsewhere = tmp_path / "precious"
    elsewhere.mkdir()
    place = foreign / name
    if kind == "link":
        place.symlink_to(elsewhere)
    elif kind == "dangling link":
        place.symlink_to(tmp_path / "mark")
    elif kind == "file":
        place.write_text("mine")
    else:  # nothing binds the tests' user, if it is root

        def refuse(**_):
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    message = program(monkeypatch, generate, command, foreign, "--dataset", tmp_path)
    assert str(place) in message
    assert list(elsewhere.iterdir()) == [] and not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    "name", ["../secret.wav", "/etc/passwd", "a/../../b.wav", "../secret.wav\t0.5\t1.0"]
)
def test_held_out_files_lie_in_the_dataset(foreign, tmp_path, tiny_run, name):
    config = OmegaConf.merge(tiny_run.config, {"data": {"dataset": {"root": str(tmp_path)}}})
    (tmp_path / "secret.wav").write_text("")
    (foreign / "held_out.txt").write_text(f"{name}\n")
    run = tiny_run._replace(folder=foreign, config=config)
    assert "lies outside of" in outcome(evaluated_files, run, None)


@pytest.mark.parametrize("kind", ["folder", "pipe", "huge"])
def test_odd_lists_of_held_out_files_are_one_line(foreign, tmp_path, tiny_run, kind):
    config = OmegaConf.merge(tiny_run.config, {"data": {"dataset": {"root": str(tmp_path)}}})
    path = foreign / "held_out.txt"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        with path.open("wb") as file:
            file.truncate(2**40)
    run = tiny_run._replace(folder=foreign, config=config)
    assert "held-out files are unknown" in outcome(evaluated_files, run, None)


@pytest.mark.parametrize("inversion", [None, "x", "${oc.env:HOME}", 3, ["hq"], {"a": 1}])
def test_odd_inversions_are_one_line(foreign, tmp_path, monkeypatch, inversion):
    config = yaml.safe_load((foreign / "config.yaml").read_text())
    config["inversion"] = inversion
    (foreign / "config.yaml").write_text(yaml.safe_dump(config))
    message = program(monkeypatch, script, foreign, "-o", tmp_path / "out")
    assert "inversion" in message
    assert not (tmp_path / "out").exists()


def test_a_held_out_file_whose_name_is_no_text_is_looked_for(foreign, tmp_path, tiny_run):
    config = OmegaConf.merge(tiny_run.config, {"data": {"dataset": {"root": str(tmp_path)}}})
    (foreign / "held_out.txt").write_bytes(b"\xff\xfe\n")
    run = tiny_run._replace(folder=foreign, config=config)
    assert "\udcff\udcfe is missing" in outcome(evaluated_files, run, None)
