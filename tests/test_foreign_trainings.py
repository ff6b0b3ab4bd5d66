"""Going on with a stranger's training: nothing outside its folder changes, and odd files are told.

What is refused is refused before anything is written.
"""

import os
import random
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from resumed_trainings import contents, resume, train_new

from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.families.train import find_training
from vschaos2.runs.checkpoints import read_checkpoint, save_checkpoint
from vschaos2.training import session
from vschaos2.training.event_files import PREFIX

GO_ON = "trainer.max_epochs=2"


@pytest.fixture(scope="module")
def trained(recordings, tmp_path_factory) -> Path:
    """One epoch, with a report."""
    eager = ("callbacks.monitor.first_seconds=0", "callbacks.monitor.seconds=0.1")
    return train_new(recordings, tmp_path_factory.mktemp("runs"), "trainer.max_epochs=1", *eager)


@pytest.fixture
def foreign(trained, tmp_path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "foreign" / "version_0"))


@pytest.fixture
def unfitted(monkeypatch):
    """Trainings end where the first step would begin."""
    monkeypatch.setattr(session, "fit", lambda *_: None)


def refusal(path: Path, *overrides: str) -> str:
    with pytest.raises(InputError) as caught:
        resume(path, GO_ON, *overrides)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 1000
    return str(caught.value)


# --- links and other things that are not the run's own ---


PLACES = (
    *("held_out.txt", "metrics.csv", "config.yaml", ".training.lock", "hparams.yaml"),
    *("checkpoints/last.ckpt", "checkpoints/best.ckpt", f"{PREFIX}0000000001.x.1.0"),
    *(".held_out.txt.tmp", ".config.yaml.tmp", "checkpoints/.last.ckpt.tmp"),
)


@pytest.mark.parametrize("kind", ["link", "hard link", "pipe", "folder"])
@pytest.mark.parametrize("name", PLACES)
def test_what_is_not_the_runs_own_is_left_alone(foreign, tmp_path, unfitted, name, kind):
    precious = tmp_path / "precious"
    path = foreign / name
    if path.is_file():
        path.rename(precious)  # what is read through the link is right
    else:
        precious.write_text("three years of work")
    before = precious.read_bytes()
    if kind == "link":
        path.symlink_to(precious)
    elif kind == "hard link":
        path.hardlink_to(precious)
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    refusal(foreign)
    assert precious.read_bytes() == before


@pytest.mark.parametrize("name", ["samples", "checkpoints", "samples/curves", "map", "x"])
def test_folders_that_lead_elsewhere_are_left_alone(foreign, tmp_path, unfitted, name):
    elsewhere = tmp_path / "precious"
    path = foreign / name
    if path.is_dir():
        shutil.move(path, elsewhere)
    for report in ("step_9999999", "curves/step_9999999"):
        (elsewhere / report).mkdir(parents=True)
        (elsewhere / report / "thesis.txt").write_text("three years of work")
    path.symlink_to(elsewhere)
    before = contents(elsewhere)
    assert "link" in refusal(foreign)
    assert contents(elsewhere) == before


def test_a_version_that_is_a_link_is_no_version(foreign, tmp_path, unfitted):
    (tmp_path / "named").mkdir()
    (tmp_path / "named" / "version_0").symlink_to(foreign)
    before = contents(foreign)
    assert "not a run folder" in refusal(tmp_path / "named")
    with pytest.raises(InputError, match="not a run folder"):
        load_run(tmp_path / "named")
    assert contents(foreign) == before


def test_read_only_folder_is_one_line(foreign, unfitted, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    assert "cannot" in refusal(foreign) and "Permission denied" in refusal(foreign)


# --- where recordings are ---


def test_a_run_alone_does_not_choose_where_samples_are_kept(foreign, recordings, tmp_path):
    sounds = tmp_path / "sounds"
    shutil.copytree(recordings, sounds, ignore=shutil.ignore_patterns(".vschaos2"))
    path = foreign / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["data"]["dataset"]["root"] = str(sounds)
    path.write_text(yaml.safe_dump(config))
    before = sorted(sounds.iterdir())
    assert f"data.dataset.root={sounds}" in refusal(foreign)
    assert sorted(sounds.iterdir()) == before
    resume(foreign, GO_ON, f"data.dataset.root={sounds}")
    assert (sounds / ".vschaos2").is_dir()
    resume(foreign, "trainer.max_epochs=3")  # as it is known by now


@pytest.mark.parametrize("option", ["profiler", "model_registry", "plugins", "default_root_dir"])
def test_options_that_write_elsewhere_are_not_taken_from_a_run(foreign, option):
    path = foreign / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["trainer"][option] = "simple"
    path.write_text(yaml.safe_dump(config))
    assert f"trainer.{option} is not taken from a run folder" in refusal(foreign)


@pytest.mark.parametrize(
    ("option", "value"),
    [("devices", 4000), ("devices", "4000"), ("num_nodes", 2), ("strategy", "ddp_notebook")],
)
def test_a_run_alone_starts_no_more_processes_than_there_are_processors(foreign, option, value):
    path = foreign / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["trainer"][option] = value
    path.write_text(yaml.safe_dump(config))
    assert f"say so with trainer.{option}={value}" in refusal(foreign)
    found = find_training(foreign, [f"trainer.{option}={value}"])
    assert found.config.trainer[option] == value or str(found.config.trainer[option]) == value


def test_tables_of_absurd_width_are_refused(foreign):
    (foreign / "metrics.csv").write_text(",".join(["step", *map(str, range(2000))]) + "\n1\n")
    assert "more than 1000 columns" in refusal(foreign)


def test_secrets_are_not_saved_into_a_run(foreign, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_TEST", "three years of work")
    path = foreign / "config.yaml"
    config = yaml.safe_load(path.read_text())
    config["inversion"] = "${oc.env:SECRET_OF_THE_TEST}"
    path.write_text(yaml.safe_dump(config))
    before = contents(foreign)
    assert "inversion: '${oc.env" in refusal(foreign)
    assert contents(foreign) == before


# --- tables ---


TABLES = {
    "no text": b"step,train/loss\n\xff\xfe,1\n",
    "a field that is too long": b"step,train/loss\n" + b"1" * 200_000 + b",2\n",
}
HARMLESS_TABLES = {
    "empty": b"",
    "half a row": b"step,tr",
    "without steps": b"a,b\n1,2\n",
    "of odd steps": b"step,train/loss\nx,1\n-1,2\n1e3,3\n\xc2\xb2,4\n" + b"9" * 5000 + b",5\n",
    "of other columns": b"step,,x,x\n0,1,2,3,4,5\n1\n\n",
    "of zero bytes": b"step,train/loss\n0,\x00\n",
}


@pytest.mark.parametrize("what", TABLES)
def test_tables_that_cannot_be_read_are_one_line(foreign, what):
    (foreign / "metrics.csv").write_bytes(TABLES[what])
    before = contents(foreign)
    assert f"{foreign / 'metrics.csv'}: cannot be read as a table" in refusal(foreign)
    assert contents(foreign) == before


@pytest.mark.parametrize("what", HARMLESS_TABLES)
def test_odd_tables_cost_their_rows_alone(tmp_path, what):
    from vschaos2.monitor.curves import read_curves
    from vschaos2.training.metrics_table import MetricsFile

    (tmp_path / "metrics.csv").write_bytes(HARMLESS_TABLES[what])
    table = MetricsFile(tmp_path, 7)
    table.log_metrics({"train/loss": 0.5}, 7)
    table.save()
    (curve,) = read_curves(tmp_path / "metrics.csv", {"train/loss": "loss"})
    assert (curve.steps[-1], curve.values[-1]) == (7.0, 0.5)


# --- checkpoints ---


def change(**values):
    return lambda content: content.update(values)


def position(**values):
    return lambda content: content["position"].update(values)


def optimiser(edit):
    return lambda content: edit(content["optimizer_states"][0])


def first_state(name: str, value):
    return optimiser(lambda state: state["state"][0].update({name: value}))


def group(**values):
    return optimiser(lambda state: state["param_groups"][0].update(values))


def weight(value):
    def edit(content: dict) -> None:
        name = next(n for n in content["state_dict"] if n.startswith("model.decoder"))
        content["state_dict"][name] = value(content["state_dict"][name])

    return edit


def nan(tensor: torch.Tensor) -> torch.Tensor:
    return torch.full_like(tensor, float("nan"))


EDITS = {
    **{
        f"no {key}": lambda content, key=key: content.pop(key)
        for key in (
            *("position", "random_state", "seconds", "summary", "callbacks", "optimizer_states"),
            *("lr_schedulers", "pytorch-lightning_version", "state_dict"),
        )
    },
    **{
        f"{key} of {name}": change(**{key: value})
        for key in (
            *("position", "random_state", "seconds", "summary", "callbacks", "optimizer_states"),
            *("lr_schedulers", "pytorch-lightning_version", "state_dict", "classes"),
        )
        for name, value in (("text", "x"), ("a list", [1]), ("a tensor", torch.ones(2, 2)))
    },
    "a negative batch": position(batch=-1),
    "a huge epoch": position(epoch=10**30),
    "a step of text": position(step="7"),
    "a step that is a truth": position(step=True),
    "another key of the position": position(place=1),
    "chance too short": change(random_state=torch.zeros(1, 5, dtype=torch.uint8)),
    "chance of another type": change(random_state=torch.zeros(1, 20_000)),
    "chance that no generator takes": change(
        random_state=torch.full((1, 20_000), 255, dtype=torch.uint8)
    ),
    "seconds that are no number": change(seconds=float("nan")),
    "negative seconds": change(seconds=-1.0),
    "a best score that is no number": change(callbacks={"best": {"score": float("nan")}}),
    "a best score of text": change(callbacks={"best": {"score": "x"}}),
    "a plateau without its steps": change(callbacks={"plateau": {"best": 0.5}}),
    "a plateau of no step": change(
        callbacks={"plateau": {"best": 0.5, "best_step": 0, "end": 1.5}}
    ),
    "a plateau below nan": change(
        callbacks={"plateau": {"best": float("nan"), "best_step": 0, "end": 0}}
    ),
    "an account of text": change(callbacks={"Monitor": {"spent": "x"}}),
    "no optimiser": change(optimizer_states=[]),
    "two optimisers": lambda content: content["optimizer_states"].append({}),
    "an optimiser without groups": optimiser(lambda state: state.pop("param_groups")),
    "moments of another shape": first_state("exp_avg", torch.zeros(3)),
    "moments that are not finite": first_state("exp_avg", torch.tensor(float("nan"))),
    "moments of text": first_state("exp_avg_sq", "x"),
    "moments of some weights": optimiser(lambda state: state["state"].pop(0)),
    "betas of text": group(betas=("x", "y")),
    "an eps that is no number": group(eps=float("nan")),
    "other weights in a group": group(params=[0]),
    "a weight that is not finite": weight(nan),
    "a huge weight": weight(lambda tensor: torch.full_like(tensor, 1e30)),
    "a weight of another shape": weight(lambda tensor: torch.zeros(2, 2, 2)),
    "a weight of a dict": weight(lambda tensor: {"a": tensor}),
    "recordings in a number": change(WindowDataModule=5),
    "a batch that no epoch has": change(position={"epoch": 0, "batch": 50, "step": 50}),
    "a version in words": change(**{"pytorch-lightning_version": "2.1.abc"}),
    "a version of other digits": change(**{"pytorch-lightning_version": "2.\u0663"}),
    "a version of old": change(**{"pytorch-lightning_version": "0.1"}),
}


@pytest.mark.parametrize("what", EDITS)
def test_edited_checkpoint_is_one_line_before_anything_is_written(foreign, unfitted, what):
    path = foreign / "checkpoints" / "last.ckpt"
    content = read_checkpoint(path)
    EDITS[what](content)
    save_checkpoint(path, content)
    (foreign / ".training.lock").touch()
    before = contents(foreign)
    assert str(foreign) in refusal(foreign)
    assert contents(foreign) == before


def test_what_the_family_keeps_is_refused_by_that_name(foreign, unfitted):
    path = foreign / "checkpoints" / "last.ckpt"
    content = read_checkpoint(path)
    save_checkpoint(path, content | {"classes": [1]})
    assert "what the family vae keeps is not what a training leaves" in refusal(foreign)
    wide = torch.zeros(1, dtype=torch.float16).expand(2**40).reshape(2**38, 4)
    save_checkpoint(path, content | {"latents": wide})
    assert "latents is not finite" in refusal(foreign)


@pytest.mark.parametrize("loops", [None, {}, "x", {"fit_loop": {"state_dict": 1}}])
def test_loops_of_a_checkpoint_do_not_matter(foreign, loops):
    path = foreign / "checkpoints" / "last.ckpt"
    save_checkpoint(path, {**read_checkpoint(path), "loops": loops})
    resume(foreign, GO_ON)
    assert read_checkpoint(path)["position"]["epoch"] == 2


def test_chance_is_as_before_where_its_state_was_tried(foreign, unfitted):
    torch.manual_seed(1)
    random.seed(1)
    before = torch.get_rng_state(), random.getstate()
    from vschaos2.training.checkpoint_form import _random_state

    _random_state(read_checkpoint(foreign / "checkpoints" / "last.ckpt")["random_state"], None)
    assert torch.equal(torch.get_rng_state(), before[0]) and random.getstate() == before[1]


# --- configurations ---


ODD = (
    *(None, True, -1, 0, 10**18, 1e300, "x", "", [], [1], {}, {"a": 1}),
    *({"_target_": "os.abort"}, "../..", "/dev/null"),
)


def test_odd_values_of_a_configuration_are_one_line_or_harmless(foreign, unfitted):
    path, chance = foreign / "config.yaml", random.Random(0)
    base = yaml.safe_load(path.read_text())
    refused = 0
    for _ in range(80):
        config = yaml.safe_load(yaml.safe_dump(base))
        node = config
        while not node or chance.random() < 0.75:
            inner = [value for value in node.values() if isinstance(value, dict) and value]
            if not inner:
                break
            node = chance.choice(inner)
        key = chance.choice([*node, "added"])
        if chance.random() < 0.2:
            node.pop(key, None)
        else:
            node[key] = chance.choice(ODD)
        path.write_text(yaml.safe_dump(config))
        try:
            resume(foreign, GO_ON)
        except InputError as error:
            assert "\n" not in str(error)
            refused += 1
        path.write_text(yaml.safe_dump(base))
    assert 40 < refused < 80
