import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from vschaos2.errors import InputError
from vschaos2.families.loading import load_run
from vschaos2.runs.checkpoints import read_checkpoint, save_checkpoint
from vschaos2.runs.folder import create_run_folder, find_run_folder, newest_run_folder, save_config


def checkpoint_of(model, step: float = 1.0) -> dict:
    weights = {f"average.module.{name}": value for name, value in model.state_dict().items()}
    return {
        "state_dict": {**weights, "model.unaveraged": torch.zeros(3)},
        "latents": torch.arange(12.0).reshape(3, 4),
        "summary": {"step": step, "validation/loss": 0.25},
    }


@pytest.fixture
def trained(tmp_path, tiny_config, tiny_model) -> Path:
    """A run folder with a checkpoint, as training leaves it."""
    folder = create_run_folder(tmp_path / "runs", "tiny")
    save_config(folder, tiny_config)
    save_checkpoint(folder / "checkpoints" / "last.ckpt", checkpoint_of(tiny_model))
    return folder


def refusal(function, *arguments) -> str:
    """The one line with which something is refused."""
    with pytest.raises(InputError) as caught:
        function(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# --- a new folder ---


def test_versions_count_up_and_leave_the_others_alone(tmp_path):
    first = create_run_folder(tmp_path, "sound")
    (first / "config.yaml").write_text("mine")
    second = create_run_folder(tmp_path, "sound")
    assert [first.name, second.name] == ["version_0", "version_1"]
    assert (first / "config.yaml").read_text() == "mine"
    assert [p.name for p in second.iterdir()] == ["checkpoints"]


def test_a_version_that_was_removed_is_not_given_twice_while_a_later_one_stands(tmp_path):
    for _ in range(11):
        last = create_run_folder(tmp_path, "sound")
    for number in range(10):
        (tmp_path / "sound" / f"version_{number}" / "checkpoints").rmdir()
        (tmp_path / "sound" / f"version_{number}").rmdir()
    assert last.name == "version_10"
    assert create_run_folder(tmp_path, "sound").name == "version_11"


def test_other_things_beside_the_versions_are_no_versions(tmp_path):
    parent = tmp_path / "sound"
    (parent / "version_x").mkdir(parents=True)
    (parent / "my_version_7").mkdir()
    (parent / "version_0").write_text("a file")
    assert create_run_folder(tmp_path, "sound").name == "version_1"
    assert (parent / "version_0").read_text() == "a file"


def test_trainings_that_start_together_never_share_a_folder(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(create_run_folder, tmp_path, "sound") for _ in range(40)]
        folders = {job.result() for job in jobs}
    assert {folder.name for folder in folders} == {f"version_{n}" for n in range(40)}


@pytest.mark.parametrize("name", ["", " ", ".", "..", "a/b", "../a", "/a", "a\\b", "a\nb", "a\0"])
def test_names_that_lead_elsewhere_are_refused(tmp_path, name: str):
    assert "is no folder name" in refusal(create_run_folder, tmp_path / "runs", name)
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("name", ["dgt_mid", "my run", "v1.2", "été", "c++"])
def test_plain_names_are_taken_as_they_are(tmp_path, name: str):
    assert create_run_folder(tmp_path, name) == tmp_path / name / "version_0"


def test_rundir_that_cannot_hold_folders_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    message = refusal(create_run_folder, tmp_path / "file", "sound")
    assert str(tmp_path / "file") in message and "rundir" in message


# --- finding one ---


def test_a_run_is_found_by_its_version_folder_its_name_and_its_number(trained):
    for path, version in ((trained, None), (trained.parent, None), (trained.parent, 0)):
        assert find_run_folder(path, version) == trained


def test_a_name_means_its_newest_version_that_has_learnt_something(trained, tiny_config):
    started = create_run_folder(trained.parent.parent, "tiny")
    assert find_run_folder(trained.parent) == trained  # `started` has no configuration
    save_config(started, tiny_config)
    assert find_run_folder(trained.parent) == trained  # no checkpoint either
    (started / "checkpoints" / "best.ckpt").write_bytes(
        (trained / "checkpoints" / "last.ckpt").read_bytes()
    )
    assert find_run_folder(trained.parent) == started
    assert find_run_folder(trained.parent, 0) == trained


def test_version_ten_is_newer_than_version_nine(tmp_path, tiny_config):
    for number in (9, 10):
        folder = tmp_path / "sound" / f"version_{number}"
        folder.mkdir(parents=True)
        save_config(folder, tiny_config)
    assert find_run_folder(tmp_path / "sound").name == "version_10"


def test_paths_without_a_run_say_what_is_there(trained, tmp_path):
    assert "no such run folder" in refusal(find_run_folder, tmp_path / "nowhere")
    assert "no version 7: there are 0" in refusal(find_run_folder, trained.parent, 7)
    assert find_run_folder(trained, 0) == trained
    assert "leave -v 1 out" in refusal(find_run_folder, trained, 1)
    assert "no config.yaml" in refusal(find_run_folder, tmp_path / "runs")
    assert "is a file, not a run folder" in refusal(find_run_folder, trained / "config.yaml")


def test_going_on_means_the_version_that_was_started_last(trained, tiny_config):
    started = create_run_folder(trained.parent.parent, "tiny")
    assert newest_run_folder(trained.parent) == trained  # `started` has no configuration
    save_config(started, tiny_config)
    assert newest_run_folder(trained.parent) == started
    assert newest_run_folder(trained) == trained
    assert "no such run folder" in refusal(newest_run_folder, trained / "nowhere")


# --- what is written is whole ---


def test_configuration_is_written_resolved(tmp_path, tiny_config):
    tiny_config.data.transform.hop = "${model.latent_dim}"
    save_config(tmp_path, tiny_config)
    text = (tmp_path / "config.yaml").read_text()
    assert "${" not in text
    assert OmegaConf.create(text).data.transform.hop == 4
    assert [p.name for p in tmp_path.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize("existing", [True, False])
def test_a_checkpoint_that_fails_half_way_leaves_the_old_one(tmp_path, monkeypatch, existing: bool):
    path = tmp_path / "last.ckpt"
    if existing:
        save_checkpoint(path, {"state_dict": {"a": torch.ones(2)}})
    before = path.read_bytes() if existing else b""

    def fail(_, file):
        file.write(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, {"state_dict": {"a": torch.zeros(2)}})
    assert [p.name for p in tmp_path.iterdir()] == (["last.ckpt"] if existing else [])
    assert not existing or path.read_bytes() == before


def test_checkpoints_hold_tensors_and_plain_values(tmp_path):
    checkpoint = {"state_dict": {"a": torch.arange(3.0)}, "loops": {"epoch": [1, 2.5, None, "x"]}}
    save_checkpoint(tmp_path / "last.ckpt", checkpoint)
    read = read_checkpoint(tmp_path / "last.ckpt")
    assert read["loops"] == checkpoint["loops"]
    assert torch.equal(read["state_dict"]["a"], checkpoint["state_dict"]["a"])


# --- loading ---


def test_loaded_run_is_the_model_that_was_saved(trained, tiny_model):
    run = load_run(trained.parent)
    frames = torch.rand(5, 257)
    assert torch.equal(run.model(frames), tiny_model(frames))
    assert run.folder == trained
    assert run.config.data.transform.hop == 128
    assert torch.equal(run.kept.latents, torch.arange(12.0).reshape(3, 4))
    assert run.summary == {"step": 1.0, "validation/loss": 0.25}
    assert not run.model.training
    assert not any(weight.requires_grad for weight in run.model.parameters())


def test_level_of_the_dataset_travels_with_the_weights(trained, tiny_model):
    tiny_model.transform.fit_level(0.125)
    save_checkpoint(trained / "checkpoints" / "last.ckpt", checkpoint_of(tiny_model))
    assert float(load_run(trained).model.transform.scale) == 0.125


def test_best_checkpoint_comes_before_the_last(trained, tiny_model):
    save_checkpoint(trained / "checkpoints" / "best.ckpt", checkpoint_of(tiny_model, step=7.0))
    assert load_run(trained).summary["step"] == 7.0


def test_run_without_a_checkpoint_says_so(trained):
    (trained / "checkpoints" / "last.ckpt").unlink()
    assert "no checkpoint yet" in refusal(load_run, trained)


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_truncated_checkpoint_is_one_line(trained, part: float):
    path = trained / "checkpoints" / "last.ckpt"
    content = path.read_bytes()
    path.write_bytes(content[: int(part * len(content))])
    message = refusal(load_run, trained)
    assert message.startswith(f"{path}: cannot be read as a checkpoint")


class Malicious:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("is_legacy", [False, True])
def test_checkpoint_with_something_to_execute_is_refused(trained, tmp_path, is_legacy: bool):
    path, trace = trained / "checkpoints" / "last.ckpt", tmp_path / "trace"
    content = {**torch.load(path, weights_only=True), "extra": Malicious(trace)}
    torch.save(content, path, _use_new_zipfile_serialization=not is_legacy)
    assert "cannot be read as a checkpoint" in refusal(load_run, trained)
    assert not trace.exists()
    torch.load(path, weights_only=False)  # it would have been executed
    assert trace.exists()


@pytest.mark.parametrize("content", [torch.zeros(3), {"weights": {}}, [1, 2]])
def test_files_without_a_model_are_refused(trained, content):
    torch.save(content, trained / "checkpoints" / "last.ckpt")
    assert "holds no model" in refusal(load_run, trained)


@pytest.mark.parametrize("missing", ["latents", "summary", "weights"])
def test_checkpoint_that_does_not_fit_its_configuration_is_refused(trained, tiny_model, missing):
    content = checkpoint_of(tiny_model)
    if missing == "weights":
        content["state_dict"].pop("average.module.encoder.body.0.bias")
    else:
        content.pop(missing)
    save_checkpoint(trained / "checkpoints" / "last.ckpt", content)
    assert "does not fit" in refusal(load_run, trained)


def test_edited_configuration_is_refused(trained, tiny_config):
    tiny_config.model.encoder.hidden_dim = 16
    save_config(trained, tiny_config)
    assert "does not fit" in refusal(load_run, trained)


@pytest.mark.parametrize("target", ["os.system", "subprocess.Popen", "builtins.exec"])
@pytest.mark.parametrize("place", ["model", "model.decoder", "data.transform", "model.new"])
def test_configuration_of_a_stranger_executes_nothing(
    trained, tmp_path, tiny_config, target, place
):
    trace = tmp_path / "trace"
    call = {"_target_": target, "_args_": [f"mkdir {trace}"]}
    OmegaConf.update(tiny_config, place, call, merge=False, force_add=True)
    save_config(trained, tiny_config)
    assert f"_target_ '{target}' is not a part of a model" in refusal(load_run, trained)
    assert not trace.exists()


def test_yaml_tags_execute_nothing(trained, tmp_path):
    trace = tmp_path / "trace"
    (trained / "config.yaml").write_text(f"!!python/object/apply:os.mkdir ['{trace}']")
    assert "cannot be read as YAML" in refusal(load_run, trained)
    assert not trace.exists()


@pytest.mark.parametrize("text", ["data: {}", "[1, 2]", "words", "a: [", "\x00"])
def test_configurations_of_something_else_are_refused(trained, text: str):
    (trained / "config.yaml").write_text(text)
    assert str(trained / "config.yaml") in refusal(load_run, trained)


@pytest.mark.parametrize(
    "text",
    ["", "3", "model: 3\ndata: {transform: {}}", "model: {}\ndata: {}", "a: &a [*a]"],
    ids=["empty", "number", "model is a number", "no transform", "endless"],
)
def test_damaged_configurations_are_refused(trained, text: str):
    (trained / "config.yaml").write_text(text)
    refusal(load_run, trained)


@pytest.mark.parametrize(
    "key, value",
    [("encoder", None), ("_partial_", True), ("latent_dim", "${nowhere}")],
    ids=["no encoder", "a class half built", "an interpolation into nowhere"],
)
def test_configurations_that_describe_no_model_are_refused(trained, tiny_config, key, value):
    if value is None:
        del tiny_config.model[key]
    else:
        tiny_config.model[key] = value
    (trained / "config.yaml").write_text(OmegaConf.to_yaml(tiny_config))
    refusal(load_run, trained)


@pytest.mark.parametrize(
    "change",
    [{"state_dict": [1]}, {"summary": [1]}, {"summary": {"step": "x"}}, {"latents": "x"}],
    ids=["weights", "summary", "value", "latents"],
)
def test_checkpoints_of_another_form_are_refused(trained, tiny_model, change: dict):
    save_checkpoint(trained / "checkpoints" / "last.ckpt", {**checkpoint_of(tiny_model), **change})
    refusal(load_run, trained)
