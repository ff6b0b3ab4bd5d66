"""Paths and names on the command line are taken as they stand."""

import importlib
import shlex
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf
from resumed_trainings import TWO_STEPS

from vschaos2.command_line import run
from vschaos2.families.loading import load_run
from vschaos2.families.vae.build import build_transform
from vschaos2.overrides import PATHS, TEXTS, lenient_overrides, literal
from vschaos2.runs.folder import read_config, save_config

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"
ODD = (
    *("Café", "日本", "it's", 'say "so"', "a(b)", "a=b", "a[b]", "a{b}", "a,b", "a;b", "a&b", "#1"),
    *("${x}", "a${b}c${", r"\${x}", r"\\${x}", "$x", "%(x)s", "a b", " a ", "a\tb", "a:b", "a|b"),
    *(
        "a\\",
        r"a\'b",
        r"\\",
        "'",
        "'a'b'",
        "a'",
        "!x",
        "@x",
        "a*?",
        "123",
        "1.5",
        "true",
        "~",
        "-x",
    ),
)
QUICK = (
    *(*TWO_STEPS, "trainer.accelerator=cpu", "data.loader.batch_size=4"),
    *("data.loader.validation_windows=4", "data.transform.n_fft=256", "data.transform.hop=64"),
    *("model.encoder.hidden_dim=4", "model.decoder.hidden_dim=4", "callbacks.monitor=null"),
)


@pytest.fixture(autouse=True)
def fresh_hydra():
    GlobalHydra.instance().clear()
    yield
    GlobalHydra.instance().clear()


@pytest.fixture(scope="module")
def recordings(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(0)
    for i in range(2):
        soundfile.write(folder / f"{i}.wav", 0.1 * rng.standard_normal(4000), 44_100)
    return folder


def start(monkeypatch, name: str, *arguments: str) -> None:
    """Run a program in this process, as from a shell."""
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    run(importlib.import_module(name).main)


def composed(*arguments: str):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose("dgt_mid", lenient_overrides(list(arguments)))


def test_every_text_comes_through_hydra_as_it_stands():
    parser = OverridesParser.create()
    for text in ODD:
        (word,) = lenient_overrides([f"name={text}"])
        value = parser.parse_override(word).value()
        assert OmegaConf.create({"name": value}).name == text
        assert OmegaConf.create({"name": literal(text)}).name == text
        # Further processes are started with what came out, and Hydra writes it in its own way.
        assert lenient_overrides([word]) == [word]
        again = parser.parse_override(word).get_value_element_as_str()
        assert parser.parse_override(f"name={again}").value() == value


@pytest.mark.parametrize("plus", ["", "+", "++"])
def test_every_key_that_is_a_path_or_a_name_takes_text(plus):
    config = composed(*(f"{plus}{key}=a,b ${{x}}" for key in TEXTS))
    assert [OmegaConf.select(config, key) for key in TEXTS] == ["a,b ${x}"] * len(TEXTS)


def test_home_is_where_a_path_begins_with_a_tilde(monkeypatch):
    monkeypatch.setenv("HOME", "/home/of mine")
    for key in PATHS:
        assert lenient_overrides([f"{key}=~/Music"]) == [f"{key}='/home/of mine/Music'"]
        assert lenient_overrides([f"{key}=a/~"]) == [f"{key}='a/~'"]
    assert lenient_overrides(["name=~/a"]) == ["name='~/a'"]
    assert lenient_overrides(["seed=~1"]) == ["seed=~1"]


def test_null_and_what_is_quoted_already_stay_as_they_are():
    for value in ("null", "'a b'", '"a b"', r"'it\'s'", "''"):
        assert lenient_overrides([f"rundir={value}"]) == [f"rundir={value}"]
    assert composed("model.init_from=null").model.init_from is None


@pytest.mark.parametrize(
    "sign", ["-m", "--multirun", "sweep=models", "+sweep=models", "hydra.mode=MULTIRUN"]
)
def test_commas_separate_what_a_sweep_tries_and_nothing_else(sign):
    words = lenient_overrides([sign, "name=a,it's,'b,c',d e", "seed=1,2"])
    assert words[1:] == [r"name='a','it\'s','b,c','d e'", "seed=1,2"]
    parsed = OverridesParser.create().parse_override(words[1])
    assert list(parsed.sweep_string_iterator()) == ["'a'", r"'it\'s'", "'b,c'", "'d e'"]
    assert lenient_overrides([sign, *words[1:]])[1:] == words[1:]
    kept = "name=choice(a,b)"
    assert lenient_overrides([sign, kept])[1:] == [kept]
    assert lenient_overrides(["name=a,b"]) == ["name='a,b'"]
    assert lenient_overrides(["sweep=null", "name=a,b"]) == ["sweep=null", "name='a,b'"]


@pytest.mark.parametrize("plus", ["", "+", "++"])
def test_arguments_of_the_trainer_need_no_plus(plus):
    assert composed(f"{plus}trainer.max_steps=40").trainer.max_steps == 40


@pytest.mark.parametrize("value", ["it's", "a(b", "Café", "{a", "a=b]"])
def test_quotes_that_the_message_shows_are_read(value, monkeypatch, capsys, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        start(monkeypatch, "train_model", f"inversion={value}")
    told = capsys.readouterr().err
    assert ended.value.code == 2 and told.count("\n") == 1
    (word,) = shlex.split(told.split("as text, write ")[1])
    assert composed(word).inversion == value
    with pytest.raises(SystemExit) as ended:
        start(monkeypatch, "train_model", word, "data.dataset.root=a")
    assert "inversion must be one of" in capsys.readouterr().err


@pytest.mark.parametrize(
    "word", ["trainer=null", "callbacks=null", "model=1e3", "data={a: 1}", "training=NaN"]
)
def test_group_without_such_a_file_is_told_with_those_there_are(word, monkeypatch, capsys):
    with pytest.raises(SystemExit) as ended:
        start(monkeypatch, "train_model", word, "data.dataset.root=a")
    told = capsys.readouterr().err
    assert ended.value.code == 2 and told.count("\n") == 1
    assert f"Could not find '{word.replace('=', '/')}' Available options in" in told


@pytest.mark.parametrize("program", ["train_model", "check_dataset"])
@pytest.mark.parametrize("word", ["hydra=null", "model@=3", "model=[1]", "=3"])
def test_whatever_fails_in_composing_is_told_in_one_line(program, word, monkeypatch, capsys):
    folder = "data.dataset.root=a" if program == "train_model" else "a"
    with pytest.raises(SystemExit) as ended:
        start(monkeypatch, program, folder, word)
    told = capsys.readouterr().err
    assert ended.value.code == 2 and told.count("\n") == 1 and told.startswith("error: ")


@pytest.mark.parametrize(
    "word, message",
    [
        ("data.transform.n_fft=1000", "n_fft must be a power of two, got 1000"),
        ("data.transform.n_fft=65536", "32768"),
        ("data.transform.contrast=foo", "contrast must be one of"),
        (
            "data.dataset.sample_rate_hz=1500001",
            "data.dataset.sample_rate_hz must be a whole number",
        ),
        ("data.dataset.sample_rate_hz=2e6", "data.dataset.sample_rate_hz must be a whole number"),
    ],
)
def test_check_of_a_dataset_and_training_refuse_the_same_values(
    word, message, recordings, tmp_path, monkeypatch, capsys
):
    for program in ("train_model", "check_dataset"):
        folder = (
            [f"data.dataset.root={recordings}", f"rundir={tmp_path}"]
            if program == "train_model"
            else [str(recordings)]
        )
        with pytest.raises(SystemExit) as ended:
            start(monkeypatch, program, *folder, word)
        assert ended.value.code == 2
        assert message in capsys.readouterr().err


def test_rates_up_to_the_greatest_are_taken():
    for rate_hz in (1_200_000, 1_500_000):
        assert build_transform(composed(f"data.dataset.sample_rate_hz={rate_hz}")).n_fft == 2048


def test_arguments_that_are_missing_are_named_without_those_that_may_be(monkeypatch, capsys):
    with pytest.raises(SystemExit):
        start(monkeypatch, "check_dataset")
    assert "are required: dataset (see" in capsys.readouterr().err


def test_options_are_taken_after_values_too(monkeypatch, capsys):
    start(monkeypatch, "train_model", "name=mine", "--config-name", "dgt_large", "--cfg", "job")
    shown = OmegaConf.create(capsys.readouterr().out)
    assert shown.name == "mine"
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        assert shown.model == compose("dgt_large").model


def test_folder_of_any_name_trains_is_kept_and_trains_on(recordings, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "it's ${x}, [日本] #1"
    shutil.copytree(recordings, folder)
    name = "runs (of {mine}), ${y}=1"
    root = f"data.dataset.root=~/{folder.name}"
    start(monkeypatch, "train_model", "name=123", f"rundir={name}", root, *QUICK)
    kept = tmp_path / name / "123" / "version_0"
    assert capsys.readouterr().out == f"trained: {name}/123/version_0\n"
    assert read_config(kept).data.dataset.root == str(folder)
    assert read_config(kept).rundir == name
    assert "${" not in (kept / "config.yaml").read_text()
    assert load_run(kept).summary["step"] == 2
    start(
        monkeypatch,
        *(
            "train_model",
            f"resume=~/{name}/123",
            root,
            "trainer.max_epochs=2",
            "trainer.max_steps=3",
        ),
    )
    assert read_config(kept).data.dataset.root == str(folder)
    with pytest.raises(SystemExit) as ended:
        start(monkeypatch, "train_model", f"resume={name}/123", "inversion=foo")
    assert ended.value.code == 2
    assert read_config(kept).inversion == "balanced"


def test_text_is_kept_in_a_configuration_without_what_readers_refuse(tmp_path):
    for text in (*ODD, r"$\{x}", r"$\\{x}", "${"):
        save_config(tmp_path, OmegaConf.create({"model": {}, "data": {}, "name": literal(text)}))
        assert "${" not in (tmp_path / "config.yaml").read_text()
        assert read_config(tmp_path).name == text


def test_every_job_of_a_sweep_that_fails_is_told_of(recordings, tmp_path, monkeypatch, capsys):
    places = (f"data.dataset.root={recordings}", f"rundir={tmp_path / 'runs'}")
    with pytest.raises(SystemExit) as ended:
        start(monkeypatch, "train_model", "-m", "seed=-1,0,-2", "check=true", *QUICK, *places)
    told = capsys.readouterr().err
    assert ended.value.code == 2
    assert told.index("got -1") < told.index("got -2") and "Error executing" not in told
