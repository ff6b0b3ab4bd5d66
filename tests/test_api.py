"""The functions for researchers: their examples run, and give what the programs give."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from resumed_trainings import TWO_STEPS, write_recordings

import generate
import vschaos2
from vschaos2 import api
from vschaos2.errors import InputError
from vschaos2.families import loading, train

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "python.md"
QUICK = (
    *TWO_STEPS,
    *("trainer.accelerator=cpu", "data.loader.batch_size=16", "data.loader.validation_windows=32"),
    *("callbacks.monitor=null", "model.encoder.hidden_dim=16", "model.decoder.hidden_dim=16"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with recordings and a run, as the examples have it."""
    place = tmp_path_factory.mktemp("place")
    (place / "my_recordings").mkdir()
    write_recordings(place / "my_recordings")
    (place / "note.wav").write_bytes((place / "my_recordings" / "3.wav").read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        config = vschaos2.compose(
            "dgt_small", "name=cello", "data.dataset.root=my_recordings", *QUICK
        )
        vschaos2.train(config)
    return place


@pytest.fixture
def run(place, monkeypatch):
    monkeypatch.chdir(place)
    return vschaos2.load_run("runs/cello")


EXAMPLES = [
    *(api.compose, api.encode, api.decode, api.evaluate),
    *(loading.load_run, train.train),
]


@pytest.mark.parametrize("function", EXAMPLES, ids=lambda function: function.__name__)
def test_example_of_every_function_runs(function, run, monkeypatch, tmp_path):
    composed = api.compose

    def quick(*words: str):
        rundir = [f"rundir={tmp_path}/runs"] if function is train.train else []
        return composed(*words, *QUICK, *rundir)

    if function is train.train:
        monkeypatch.setattr(api, "compose", quick)
    (test,) = doctest.DocTestFinder(recurse=False).find(function, function.__name__)
    assert test.examples
    if function is train.train:
        test.examples[-1].want = f"{tmp_path}/runs/cello/version_0\n"
    said: list[str] = []
    failed, _ = doctest.DocTestRunner().run(test, out=said.append)
    assert failed == 0, "".join(said)


def test_the_page_does_what_it_says(place, monkeypatch, tmp_path, capsys):
    (text,) = re.findall(r"^```py\n(import vschaos2\n.*?)^```", PAGE.read_text(), re.M | re.S)
    monkeypatch.chdir(place)
    (place / "other.wav").write_bytes((place / "note.wav").read_bytes())
    composed = api.compose
    rundir = f"rundir={tmp_path}/runs"
    monkeypatch.setattr(api, "compose", lambda *words: composed(*words, *QUICK, rundir))
    names: dict = {}
    exec(compile(text, "python.md", "exec"), names)
    assert len(names["sound"]) == len(names["louder"]) * names["run"].model.transform.hop
    assert float(capsys.readouterr().out.splitlines()[-1]) > 0.0


def test_every_name_is_a_function_with_an_example():
    for name in vschaos2.__all__:
        assert getattr(vschaos2, name) is getattr(api, name)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = vschaos2.nothing


def test_importing_the_package_loads_no_torch():
    code = "import vschaos2, sys; assert 'torch' not in sys.modules and 'hydra' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


@pytest.mark.parametrize("projection", ["none", "pca"])
def test_what_is_encoded_and_decoded_is_what_the_programs_write(
    run, projection, tmp_path, monkeypatch
):
    heard = vschaos2.encode(run, "note.wav", projection)
    words = ["encode", "runs/cello", "--files", "note.wav", "--projection", projection]
    monkeypatch.setattr(sys, "argv", ["generate.py", *words, "--out", str(tmp_path)])
    generate.main()
    np.testing.assert_array_equal(np.load(tmp_path / "latents" / "note.npy"), heard.latents)

    sound = vschaos2.decode(run, heard.latents, projection)
    hop = run.model.transform.hop
    assert len(sound) == len(heard.latents) * hop
    words = ["trajectories", "runs/cello", "--latents", str(tmp_path / "latents" / "note.npy")]
    words += ["--projection", projection, "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", ["generate.py", *words])
    generate.main()
    (file,) = (tmp_path / "trajectories").rglob("*.wav")
    written = soundfile.read(file, dtype="float32")[0]
    audible = heard.audible[: len(written) // hop - 4].all()
    assert audible  # so that no gain is on it
    inner = slice(2 * hop, len(written) - 4 * hop)
    np.testing.assert_allclose(written[inner], sound[inner], atol=2.0**-15)


def test_frames_lie_where_their_labels_are_read(run):
    heard = vschaos2.encode(run, "note.wav")
    transform = run.model.transform
    steps = np.diff(heard.seconds) * transform.sample_rate_hz
    np.testing.assert_allclose(steps, transform.hop)
    assert heard.seconds[0] * transform.sample_rate_hz == transform.hop - transform.n_fft / 2
    assert heard.labels.shape == (len(heard.latents), 0)


@pytest.mark.parametrize(
    "latents, message",
    [
        (np.zeros((3, 2)), r"latents must be \[frames, 8\], got \[3, 2\]"),
        (np.zeros(8), r"latents must be \[frames, 8\], got \[8\]"),
        (np.zeros((0, 8)), r"latents must be \[frames, 8\], got \[0, 8\]"),
        (np.full((3, 8), np.nan), "not finite"),
    ],
)
def test_latents_of_another_form_are_refused(run, latents, message):
    with pytest.raises(InputError, match=message):
        vschaos2.decode(run, latents)


@pytest.mark.parametrize(
    "words, message",
    [
        (("dgt_nothing",), "no configuration 'dgt_nothing'"),
        (("dgt_mid", "modl.latent_dim=3"), "no config key 'modl.latent_dim'"),
        (("dgt_mid", "model.latent_dims=3"), "did you mean 'model.latent_dim'"),
    ],
)
def test_mistakes_of_compose_are_one_line(words, message):
    with pytest.raises(vschaos2.InputError, match=message) as caught:
        vschaos2.compose(*words)
    assert "\n" not in str(caught.value)


def test_own_configurations_build_on_those_of_the_house(tmp_path):
    mine = "defaults: [dgt_small, _self_]\nname: mine\nmodel: {latent_dim: 3}\n"
    (tmp_path / "mine.yaml").write_text(mine)
    config = vschaos2.compose("mine", "seed=5", folder=tmp_path)
    assert (config.name, config.model.latent_dim, config.seed) == ("mine", 3, 5)
    usual = vschaos2.compose("dgt_small")
    assert config.data.transform == usual.data.transform
    with pytest.raises(InputError, match=r"no configuration 'min', did you mean 'mine'\?"):
        vschaos2.compose("min", folder=tmp_path)
