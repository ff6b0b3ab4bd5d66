"""The list of runs says of each what its files say, and never fails because of one of them."""

import json
import os
import sys
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

import generate
from vschaos2.errors import InputError
from vschaos2.runs.checkpoints import save_checkpoint
from vschaos2.runs.folder import create_run_folder, save_config
from vschaos2.runs.listing import list_runs, run_in, table
from vschaos2.runs.lock import training_in
from vschaos2.runs.settings import differences, short_keys, short_value


def checkpoint(step: int, best: float, **more) -> dict:
    summary = {"step": float(step), "seconds": 90.0}
    more = {"callbacks": {"best": {"score": best}}, **more}
    return {"state_dict": {"a": torch.zeros(2)}, "summary": summary, **more}


def run(rundir: Path, name: str, config, **checkpoints) -> Path:
    folder = create_run_folder(rundir, name)
    save_config(folder, config)
    for which, content in checkpoints.items():
        save_checkpoint(folder / "checkpoints" / f"{which}.ckpt", content)
    return folder


@pytest.fixture
def rundir(tmp_path, tiny_config) -> Path:
    labelled = OmegaConf.merge(
        tiny_config,
        {"model": {"conditioning": {"pitch": {}, "octave": {}}, "prediction": {"pitch": {}}}},
    )
    last, best = checkpoint(20, 0.5, is_over=True), checkpoint(10, 0.25)
    run(tmp_path, "b", labelled, last=last, best=best)
    run(tmp_path, "b", tiny_config, last=checkpoint(7, 0.75, is_over=False))
    run(tmp_path, "a", tiny_config)
    broken = run(tmp_path, "c", tiny_config, last=last)
    (broken / "checkpoints" / "last.ckpt").write_bytes(b"no zip")
    (create_run_folder(tmp_path, "d") / "config.yaml").write_text("a: [")
    create_run_folder(tmp_path, "e")
    (tmp_path / "b" / "version_x").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    return tmp_path


def test_rundir_means_the_run_that_was_trained_last_or_the_one_that_is_named(rundir):
    for age, name in enumerate(["c", "b"]):
        for file in (rundir / name).glob("version_*/checkpoints/*.ckpt"):
            os.utime(file, (1000 - age, 1000 - age))
    assert run_in(rundir) == rundir / "c"
    os.utime(rundir / "b" / "version_0" / "checkpoints" / "best.ckpt", (2000, 2000))
    assert run_in(rundir) == rundir / "b"
    assert run_in(rundir, "c") == rundir / "c"


def test_run_means_itself_whatever_the_name(rundir, tmp_path_factory):
    empty = tmp_path_factory.mktemp("empty")
    for path in (rundir / "b", rundir / "b" / "version_1", rundir / "nowhere", empty):
        assert run_in(path) == run_in(path, "c") == path


def test_runs_that_are_not_there_are_told_with_those_that_are(rundir, tiny_config, tmp_path):
    with pytest.raises(InputError, match=r"no run 'bb', did you mean 'b'\? \(there are a, b, c"):
        run_in(rundir, "bb")
    run(tmp_path / "fresh", "new", tiny_config)
    with pytest.raises(InputError, match=r"none of its runs has a checkpoint yet \(new\)"):
        run_in(tmp_path / "fresh")


def test_every_version_is_a_row_in_order(rundir):
    rows = list_runs(rundir)
    assert [(row.name, row.version) for row in rows] == [
        *(("a", 0), ("b", 0), ("b", 1), ("c", 0), ("d", 0), ("e", 0)),
    ]
    states = [row.state.split(":")[0] for row in rows]
    assert states == ["empty", "trained", "interrupted", "damaged", "damaged", "empty"]
    assert "last.ckpt: cannot be read" in rows[3].state and "YAML" in rows[4].state


def test_numbers_are_those_of_the_checkpoints(rundir):
    row = list_runs(rundir)[1]
    assert (row.steps, row.minutes, row.best, row.latent_dim) == (20, 1.5, 0.25, 4)
    assert row.labels == ("pitch", "octave")


def test_one_run_or_one_version_can_be_asked_for(rundir):
    assert [row.version for row in list_runs(rundir / "b")] == [0, 1]
    assert [row.path for row in list_runs(rundir / "b" / "version_1")] == [
        str(rundir / "b" / "version_1")
    ]


def test_run_that_is_being_trained_says_so(rundir):
    with training_in(rundir / "b" / "version_1"):
        assert list_runs(rundir)[2].state == "training"
    assert list_runs(rundir)[2].state == "interrupted"


def test_run_of_an_earlier_version_counts_as_trained(tmp_path, tiny_config):
    run(tmp_path, "old", tiny_config, best=checkpoint(3, 0.5))
    assert list_runs(tmp_path)[0].state == "trained"


def test_table_is_one_line_each_with_columns_in_line(rundir):
    lines = table(list_runs(rundir)).split("\n\n")[0].splitlines()
    assert len(lines) == 7
    assert lines[2].split()[:2] == ["b", "0"] and lines[2].endswith("pitch octave  trained")
    assert lines[2][lines[0].index("latents") + 6] == "4"


def test_folders_without_runs_are_refused(tmp_path):
    with pytest.raises(InputError, match="no such folder"):
        list_runs(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no run"):
        list_runs(tmp_path)


def test_program_prints_the_same_as_text_and_json(rundir, monkeypatch, capsys):
    def program(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["generate.py", "runs", *arguments])
        generate.main()
        return capsys.readouterr().out

    rows = list_runs(rundir)
    assert program(str(rundir)) == table(rows) + "\n"
    assert json.loads(program(str(rundir), "--json")) == [
        {**row._asdict(), "labels": list(row.labels)} for row in rows
    ]


# --- sweeps ---


def swept(tmp_path: Path, config, *changes: dict[str, object]) -> list:
    """A row of each version of a run, which has these values in its configuration."""
    for number, values in enumerate(changes):
        own = OmegaConf.merge(config, {"name": f"n{number}", "rundir": str(tmp_path)})
        for key, value in values.items():
            OmegaConf.update(own, key, value, force_add=True)
        run(tmp_path, "s", own, last=checkpoint(number, 0.5 - 0.125 * number))
    return list_runs(tmp_path)


def test_versions_show_the_settings_in_which_they_differ(tmp_path, tiny_config):
    rows = swept(
        tmp_path,
        tiny_config,
        {"training.beta.target": 0.01, "model.latent_dim": 4, "data.loader.shuffle": True},
        {"training.beta.target": 0.001, "model.latent_dim": 8, "data.loader.shuffle": True},
        {"training.beta.target": 0.01, "model.latent_dim": 8, "data.loader.shuffle": True},
    )
    assert [row.differs for row in rows] == [
        {"model.latent_dim": 4, "training.beta.target": 0.01},
        {"model.latent_dim": 8, "training.beta.target": 0.001},
        {"model.latent_dim": 8, "training.beta.target": 0.01},
    ]
    assert table(rows).split("\n\n")[1].splitlines() == [
        "s: where its versions differ",
        "v   best  latent_dim  target",
        "0  0.500  4           0.01",
        "1  0.375  8           0.001",
        "2  0.250  8           0.01",
    ]


def test_runs_of_other_names_and_the_same_again_have_nothing_to_compare(tmp_path, tiny_config):
    for name, dim in (("a", 4), ("b", 8)):
        tiny_config.model.latent_dim = dim
        run(tmp_path, name, tiny_config)
        run(tmp_path, name, tiny_config)
    rows = list_runs(tmp_path)
    assert [row.differs for row in rows] == [{}] * 4
    assert len(table(rows).splitlines()) == 5


def test_keys_are_as_short_as_tells_them_apart():
    keys = ["model.encoder.hidden_dim", "model.decoder.hidden_dim", "seed", "a.seed", "b.c"]
    assert short_keys(keys) == ["encoder.hidden_dim", "decoder.hidden_dim", "seed", "a.seed", "c"]


def test_values_are_compared_as_values_and_shown_short():
    one = {"a": 1, "b": True, "c": None, "d": "x" * 30 + "end", "e": 0.1, "f": "1"}
    other = {"a": 1.0, "b": 1, "c": 0, "d": "x", "e": 0.10000001, "f": 1, "g": "[1, 2]"}
    assert differences([one, other]) == [
        {key: one[key] for key in "bcdef"},
        {key: other[key] for key in "bcdefg"},
    ]
    assert [short_value(one[key]) for key in "abcde"] == [
        "1",
        "true",
        "null",
        "…" + "x" * 16 + "end",
        "0.1",
    ]


def test_parts_that_only_some_versions_have_come_last_and_are_empty_in_the_others(rundir):
    rows = list_runs(rundir / "b")
    assert list(rows[0].differs) == [
        *("model.conditioning.pitch", "model.conditioning.octave", "model.prediction.pitch"),
    ]
    assert rows[1].differs == {}
    text = table(rows).split("\n\n")[1].splitlines()
    assert text[1].split() == ["v", "best", "conditioning.pitch", "octave", "prediction.pitch"]
    assert text[3].split() == ["1", "0.750"]


def test_table_stays_in_a_hundred_columns_and_says_what_it_leaves_out(tmp_path, tiny_config):
    keys = [f"training.losses.a_rather_long_name_{i}" for i in range(9)]
    rows = swept(tmp_path, tiny_config, *(dict.fromkeys(keys, value) for value in (1, 2)))
    text = table(rows).split("\n\n")[1].splitlines()
    assert max(map(len, text)) <= 100
    assert text[0] == "s: where its versions differ (5 more: see --json)"
    assert len(text[1].split()) == 2 + (100 - len("v   best")) // (2 + len("a_rather_long_name_0"))
    assert list(rows[0].differs) == keys


def test_damaged_configurations_are_left_out_of_the_comparison(tmp_path, tiny_config):
    rows = swept(tmp_path, tiny_config, {"seed": 1}, {"seed": 2}, {"seed": 3})
    (tmp_path / "s" / "version_1" / "config.yaml").write_text("model: &a [*a]")
    odd = {"model": {"latent_dim": 4, "\x1b[2J": {"x": []}}, "data": {}, "seed": [1, {"a": 2}]}
    (tmp_path / "s" / "version_2" / "config.yaml").write_text(json.dumps(odd))
    rows = list_runs(tmp_path)
    assert [row.state.split(":")[0] for row in rows] == ["trained", "damaged", "damaged"]
    assert rows[0].differs == {} and rows[1].differs is None is rows[2].differs
    odd["model"].pop("\x1b[2J")
    (tmp_path / "s" / "version_2" / "config.yaml").write_text(json.dumps(odd))
    rows = list_runs(tmp_path)
    assert rows[2].differs == {"seed": "[1, {'a': 2}]"} and rows[0].differs["seed"] == 1
