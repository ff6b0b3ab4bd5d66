import argparse
import importlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from docs.write_configuration import configurations
from vschaos2.command_line import ArgumentParser, run
from vschaos2.config import call, check_keys, suggestion
from vschaos2.errors import InputError
from vschaos2.families.vae.build import build_model
from vschaos2.overrides import CHOICES, FLAGS, VALUED, composed, explain, lenient_overrides

CONFIGS = Path(__file__).resolve().parent.parent / "vschaos2" / "configs"


@pytest.fixture(autouse=True)
def fresh_hydra(monkeypatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    GlobalHydra.instance().clear()
    yield
    GlobalHydra.instance().clear()


def compose_with(*arguments: str):
    name = next((a.split("=", 1)[1] for a in arguments if a.startswith("--")), "dgt_mid")
    overrides = [a for a in lenient_overrides(list(arguments)) if not a.startswith("--")]
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose(name, overrides)


def explanation(*arguments: str) -> str:
    """What a player reads when the composition of these arguments fails."""
    with pytest.raises((HydraException, OmegaConfBaseException)) as caught:
        OmegaConf.resolve(compose_with(*arguments))
    message = str(explain(caught.value, CONFIGS, list(arguments)))
    assert "\n" not in message
    return message


# --- suggestions and overrides ---


def test_a_mistyped_word_brings_the_nearest_known_one():
    assert suggestion("pcaa", ["none", "pca", "ica"]) == ", did you mean 'pca'?"
    assert suggestion("zzz", ["none", "pca", "ica"]) == ""
    assert suggestion("pca", []) == ""


def test_a_plus_means_set_it_and_nothing_else_changes():
    arguments = ["+a.b=1", "a=1", "++c=2", "~d", "a='+b'", "+e=+1"]
    expected = ["++a.b=1", "a=1", "++c=2", "~d", "a='+b'", "++e=+1"]
    assert lenient_overrides(arguments) == expected
    assert lenient_overrides([]) == []


@pytest.mark.parametrize("plus", ["", "+", "++"])
def test_existing_keys_are_set_with_and_without_a_plus(plus: str):
    config = compose_with(f"{plus}data.dataset.root=my_folder", f"{plus}data.dataset.n_files=3")
    assert (config.data.dataset.root, config.data.dataset.n_files) == ("my_folder", 3)


def test_a_plus_adds_a_key_that_is_not_there():
    assert compose_with("+trainer.limit_train_batches=2").trainer.limit_train_batches == 2


@pytest.mark.parametrize("flag", FLAGS)
def test_every_option_of_hydra_passes_and_comes_first_with_its_value(flag: str):
    value = CHOICES.get(flag, ("dgt_live",))[-1]
    forms = [[flag, value], [f"{flag}={value}"]] if flag in (*VALUED, *CHOICES) else [[flag]]
    for form in forms:
        for given in (["a=1", *form, "b=2"], ["a=1", "b=2", *form], [*form, "a=1", "b=2"]):
            assert lenient_overrides(given) == [*form, "a=1", "b=2"]


def test_options_are_those_of_hydra_and_take_the_values_that_it_takes():
    actions = [a for a in get_args_parser()._actions if a.option_strings]
    assert sorted(FLAGS) == sorted(flag for a in actions for flag in a.option_strings)
    assert sorted(VALUED) == sorted(f for a in actions if a.nargs is None for f in a.option_strings)
    for action in actions:
        for flag in action.option_strings:
            assert CHOICES.get(flag) == (tuple(action.choices) if action.choices else None)


@pytest.mark.parametrize(
    "words, message",
    [
        (["a=1", "--config-name"], "--config-name needs a value"),
        (["-cn", "-m", "a=1"], "-cn needs a value"),
        (["-cn="], "-cn needs a value"),
        (["a=1", "--cfg", "b=2"], "--cfg must be one of job, hydra, all, got 'b=2'"),
        (["-i=x"], "-i must be one of all, config"),
        (["-m=x"], "-m=x: -m takes no value"),
        (["=3"], "'=3' is no key=value"),
        (["++=3"], "'++=3' is no key=value"),
        ([""], "'' is no key=value"),
    ],
)
def test_words_that_hydra_would_stumble_over_are_refused(words: list[str], message: str):
    with pytest.raises(InputError, match=rf"^{re.escape(message)}"):
        lenient_overrides(words)


def test_unknown_options_are_refused_with_the_nearest_one_or_the_syntax_of_values():
    with pytest.raises(InputError, match=r"--config-nam, did you mean '--config-name'\?"):
        lenient_overrides(["--config-nam=dgt_mid"])
    with pytest.raises(InputError, match="unknown option --zzzz: values are set as key=value"):
        lenient_overrides(["--zzzz"])


@pytest.mark.parametrize("name", [p.stem for p in configurations(("base",))])
def test_every_configuration_composes_and_describes_a_model(name: str):
    config = compose_with(f"--config-name={name}", "data.dataset.root=my_folder")
    assert OmegaConf.missing_keys(config) == set()
    model = build_model(config)
    frames = model.transform(torch.zeros(1, model.transform.n_fft))[:, 0]
    labels = torch.zeros(len(frames), len(model.conditioning.tasks))
    assert model(frames, labels).shape == frames.shape


# --- calling what a configuration describes ---


def filterbank(n_bands: int, width_hz: float = 1.0, *, seed: int = 0) -> tuple[int, float, int]:
    if n_bands < 1:
        raise ValueError(f"n_bands must be at least 1,\n   got {n_bands}")
    if width_hz < 0:
        raise InputError(f"width_hz={width_hz}")
    return n_bands, width_hz, seed


def test_call_gives_options_to_their_arguments():
    assert call(filterbank, "bank", {"n_bands": 3, "width_hz": 2.0}, seed=7) == (3, 2.0, 7)
    options = OmegaConf.create({"n_bands": 3})
    assert call(filterbank, "bank", options) == (3, 1.0, 0)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"n_bnads": 3}, "bank has no key 'n_bnads', did you mean 'n_bands'? (its keys: "),
        ({"n_bands": 3, "seed": 1}, "bank has no key 'seed' (its keys: n_bands, width_hz)"),
        ({"n_bands": 0}, "bank: n_bands must be at least 1, got 0"),
        ({"width_hz": 1.0}, "bank: filterbank() missing 1 required positional argument: 'n_bands'"),
        ({"n_bands": "three"}, "bank.n_bands must be a whole number, got 'three'"),
        ({"n_bands": 3, "width_hz": -1.0}, "width_hz=-1.0"),
    ],
)
def test_call_tells_each_mistake_in_one_line(options: dict, message: str):
    with pytest.raises(InputError) as caught:
        call(filterbank, "bank", options, seed=0)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_call_leaves_our_own_errors_as_they_are():
    def broken() -> None:
        raise KeyError("a fault of the program")

    with pytest.raises(KeyError):
        call(broken, "bank", {})


def test_keys_are_checked_against_the_known_ones():
    config = OmegaConf.create({"loader": 1, "datset": 2})
    with pytest.raises(InputError) as caught:
        check_keys(config, "data", ("loader", "dataset"))
    assert str(caught.value).startswith("no config key 'data.datset', did you mean 'dataset'? (kn")
    with pytest.raises(InputError, match="no config key 'datset'"):
        check_keys(config, "", ("loader", "dataset"))
    check_keys(config, "data", ("loader", "datset"))


# --- Hydra's complaints ---


@pytest.mark.parametrize(
    "argument, message",
    [
        (
            "data.dataset.roo=x",
            "no config key 'data.dataset.roo', did you mean 'data.dataset.root'?",
        ),
        ("trainr.max_epochs=1", "no config key 'trainr.max_epochs', did you mean 'trainer.max_ep"),
        ("zzzzzzzz=1", "no config key 'zzzzzzzz'"),
        ("minuts=3", "no config key 'minuts', did you mean 'minutes'?"),
        ("data.loader.batch_size.x=3", "no config key 'data.loader.batch_size.x'"),
        (
            "--config-name=dgt_midd",
            "no configuration 'dgt_midd', did you mean 'dgt_mid'? (there are",
        ),
        (
            "model=densee",
            "configuration: In 'base': Could not find 'model/densee' Available options",
        ),
        (
            "data.sequence=[1,",
            "'data.sequence=[1,': cannot be read as a value: as text, write "
            """'data.sequence='"'"'[1,'"'"''""",
        ),
        ("just_words", "'just_words' is no key=value"),
        ("~data.nothing", "configuration: Could not delete from config. 'data.nothing' does not"),
        ("seed=${nowhere}", "configuration: Interpolation key 'nowhere' not found"),
    ],
)
def test_composition_errors_are_one_line_with_what_to_do(argument: str, message: str):
    told = explanation(argument)
    assert told.startswith(message)


@pytest.mark.parametrize("spelling", [["--config-name", "b"], ["-cn", "b"], ["--config-name=b"]])
def test_mistyped_keys_are_looked_up_in_the_configuration_that_is_asked_for(tmp_path, spelling):
    (tmp_path / "dgt_mid.yaml").write_text("alpha: {width: 1}")
    (tmp_path / "b.yaml").write_text("alpha: {width_hz: 1}")
    folder = initialize_config_dir(str(tmp_path), version_base="1.3")
    with folder, pytest.raises(HydraException) as caught:
        compose("b", ["alpha.width_h=1"])
    told = explain(caught.value, tmp_path, [*spelling, "alpha.width_h=1"])
    assert str(told) == "no config key 'alpha.width_h', did you mean 'alpha.width_hz'?"


@pytest.mark.parametrize("spelling", [["--config-dir", "{}"], ["-cd", "{}"], ["--config-dir={}"]])
def test_mistyped_keys_are_looked_up_in_a_folder_of_ones_own(tmp_path, spelling):
    (tmp_path / "own.yaml").write_text(
        "defaults: [dgt_live, {mine: a}, _self_]\nmodel: {latent_dim: 3}\n"
    )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.yaml").write_text("width_hz: 1")
    given = [word.format(tmp_path) for word in spelling]
    for word, meant in {
        "mine.width_h": "mine.width_hz",
        "model.latent_dims": "model.latent_dim",
        "data.dataset.rot": "data.dataset.root",
    }.items():
        with pytest.raises(HydraException) as caught:
            composed(CONFIGS, "own", [f"{word}=1"], tmp_path)
        told = explain(caught.value, CONFIGS, [*given, "-cn", "own"])
        assert str(told) == f"no config key {word!r}, did you mean {meant!r}?"
    with pytest.raises(HydraException) as caught:
        composed(CONFIGS, "owm", [], tmp_path)
    told = explain(caught.value, CONFIGS, [*given, "-cn", "owm"])
    assert str(told).startswith("no configuration 'owm', did you mean 'own'? (there are base, ")
    assert str(told).endswith(", own)")


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["data.dataset.roo=x"], "did you mean 'data.dataset.root'?"),
        (["--config-name", "dgt_midd"], "did you mean 'dgt_mid'?"),
        (["--confg-name=dgt_mid"], "did you mean '--config-name'?"),
        (["model=densee"], "Could not find 'model/densee'"),
        (["seed=[1,"], "cannot be read as a value"),
        (["inversion=Café"], "cannot be read as a value"),
    ],
)
def test_training_program_tells_mistakes_in_one_line(
    arguments, message, monkeypatch, tmp_path, capsys
):
    program = importlib.import_module("train_model")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train_model.py", *arguments])
    with pytest.raises(SystemExit) as caught:
        run(program.main)
    told = capsys.readouterr()
    assert caught.value.code == 2
    assert told.out == "" and told.err.count("\n") == 1
    assert told.err.startswith("error: ") and message in told.err
    assert list(tmp_path.iterdir()) == []


# --- on the terminal ---


def test_mistakes_end_a_program_with_one_line_and_code_2(capsys):
    def main() -> None:
        raise InputError("sr=-1: give a rate in Hz")

    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == 2
    assert capsys.readouterr().err == "error: sr=-1: give a rate in Hz\n"


def test_interrupted_programs_end_with_130(capsys):
    def main() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_faults_of_the_program_keep_their_traceback():
    def main() -> None:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        run(main)


def test_programs_that_succeed_say_nothing_more(capsys):
    assert run(lambda: None) is None
    assert capsys.readouterr() == ("", "")


def test_wrong_arguments_point_to_the_help_in_one_line(capsys):
    parser: argparse.ArgumentParser = ArgumentParser(prog="play.py")
    parser.add_argument("--sr", type=int)
    with pytest.raises(SystemExit) as caught:
        parser.parse_args(["--sr", "fast"])
    told = capsys.readouterr().err
    assert caught.value.code == 2
    assert told.startswith("play.py: error: argument --sr: invalid int value: 'fast'")
    assert told.endswith("(see play.py --help)\n") and told.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": "abc"}, "part.count must be a whole number, got 'abc'"),
        ({"count": True}, "part.count must be a whole number, got True"),
        ({"count": 1.5}, "part.count must be a whole number, got 1.5"),
        ({"count": 1, "rate": "x"}, "part.rate must be a number, got 'x'"),
        ({"count": 1, "name": 3}, "part.name must be a text or null, got 3"),
    ],
)
def test_values_of_another_type_are_refused_with_their_place(options, message):
    def part(count: int, rate: float = 1.0, name: str | None = None) -> None: ...

    with pytest.raises(InputError) as refused:
        call(part, "part", options)
    assert str(refused.value) == message
    call(part, "part", {"count": 1, "rate": 2, "name": None})


def test_signal_that_a_library_swallows_ends_the_program_where_that_stumbles(capsys):
    def main() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        except BaseException as swallowed:
            raise RecursionError("half imported") from swallowed

    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == 143
    assert capsys.readouterr().err == "stopped by SIGTERM\n"


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129)])
def test_signals_let_a_program_tidy_up_and_end_it_with_their_code(capsys, name, code):
    number = getattr(signal, name)
    tidied = []

    def main() -> None:
        try:
            signal.raise_signal(number)
        finally:
            tidied.append(True)

    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as caught:
        run(main)
    assert caught.value.code == code
    assert tidied == [True]
    assert capsys.readouterr().err == f"stopped by {name}\n"
    assert signal.getsignal(number) is before


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (["--files", "-dash.wav"], "a file -dash.wav is given as ./-dash.wav"),
        (["-n", "-dash"], "another value as --name=-dash"),
        (["x", "-dash"], "a file -dash is given as ./-dash"),
        (["-v", "1\n2"], "invalid int value: '1\\n2'"),
    ],
)
def test_words_that_look_like_options_are_told_on_one_line_with_the_remedy(words, remedy, capsys):
    parser = ArgumentParser(prog="play.py")
    parser.add_argument("--files", nargs="+")
    parser.add_argument("-n", "--name")
    parser.add_argument("-v", type=int)
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(words)
    told = capsys.readouterr().err
    assert ended.value.code == 2 and told.count("\n") == 1
    assert remedy in told and "see play.py --help" in told


def test_negative_numbers_are_no_files(capsys):
    parser = ArgumentParser(prog="play.py")
    parser.add_argument("--at", type=float, nargs="+")
    parser.add_argument("--sr", type=int)
    assert parser.parse_args(["--at", "-1", "2"]).at == [-1.0, 2.0]
    with pytest.raises(SystemExit):
        parser.parse_args(["--sr", "x", "--at", "-1"])
    assert "./" not in capsys.readouterr().err


def printed_to(tmp_path: Path, redirection: str) -> tuple[int, str]:
    program = tmp_path / "program.py"
    program.write_text(
        "from vschaos2.command_line import run, say\nrun(lambda: [say('x' * 9999) for _ in '12'])\n"
    )
    command = f"{sys.executable} {program} {redirection}"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(CONFIGS.parent.parent)},
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device here")
def test_results_that_cannot_be_printed_are_one_line(tmp_path):
    code, told = printed_to(tmp_path, "> /dev/full")
    assert code == 2 and told.count("\n") == 1 and "the disk is full" in told
    assert printed_to(tmp_path, "| true") == (141, "")
    assert printed_to(tmp_path, ">&-") == (0, "")
