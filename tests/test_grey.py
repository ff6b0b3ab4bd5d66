"""A chain of processors as an effect: it is learnt, exported, set by its parameters, refused."""

import json

import exports
import numpy as np
import pytest
import soundfile
import torch
from pedals import CONFIGS, RATE, TINY, composed, riff, train_pedal, write_pairs
from scipy.signal import lfilter

from vschaos2.config import plain
from vschaos2.errors import InputError
from vschaos2.export.nn_tilde import get_attribute, set_attribute
from vschaos2.families.effect.build import build_model
from vschaos2.families.effect.material import material
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.export import export, playable_of
from vschaos2.families.loading import load_run
from vschaos2.families.train import train

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
STILL = np.zeros((0, 1), np.float32)
GAIN_DB, PEAK_HZ, PEAK_DB, PEAK_Q = 6.0, 800.0, -9.0, 1.0
CHAIN = (
    "model.net.hidden_dims=null",
    "model.net.processors=[gain,{peak:{peak_hz:1200,peak_gain_db:-1}}]",
    "data.loader.batch_size=2",
    "data.loader.window_samples=4096",
    "data.loader.windows_per_stream=1",
    "data.loader.batches_per_epoch=200",
)


def equaliser(dry: np.ndarray) -> np.ndarray:
    """A bell between two gains, by Bristow-Johnson's formulae."""
    w, amplitude = 2.0 * np.pi * PEAK_HZ / RATE, 10.0 ** (PEAK_DB / 40.0)
    alpha = np.sin(w) / (2.0 * PEAK_Q)
    b = [1.0 + alpha * amplitude, -2.0 * np.cos(w), 1.0 - alpha * amplitude]
    a = [1.0 + alpha / amplitude, -2.0 * np.cos(w), 1.0 - alpha / amplitude]
    return 10.0 ** (GAIN_DB / 20.0) * lfilter(b, a, dry)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A pair of an equaliser, and a chain that learnt it."""
    place = tmp_path_factory.mktemp("grey")
    dry = np.concatenate((riff(), 0.05 * np.random.default_rng(1).standard_normal(RATE)))
    for side, sound in (("dry", dry), ("wet", equaliser(dry))):
        (place / "pairs" / side).mkdir(parents=True)
        soundfile.write(place / "pairs" / side / "riff.wav", sound, RATE, subtype="FLOAT")
    train_pedal(place / "pairs", place / "runs", *CHAIN, name="effect_grey_eq")
    return place


@pytest.fixture(scope="module")
def run(place):
    return load_run(place / "runs" / "effect_grey_eq")


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    return export(run, tmp_path_factory.mktemp("exported"), "grey", {}, blocks=3)


def played(loaded, dry: np.ndarray, block: int = 64) -> np.ndarray:
    """A sound through an exported file in blocks, from rest."""
    set_attribute(loaded, "reset", True)
    blocks = torch.from_numpy(dry)[None, None].split(block, 2)
    return torch.cat([loaded(x) for x in blocks], 2)[0].numpy()


def sound(seconds: float = 0.512) -> np.ndarray:
    return riff(seconds, seed=3).astype(np.float32)


def test_the_parameters_of_the_device_are_found(run):
    found = run.model.net.chain.preset()
    assert found["gain_db"] == pytest.approx(GAIN_DB, abs=0.1)
    assert found["peak_hz"] == pytest.approx(PEAK_HZ, rel=0.02)
    assert found["peak_gain_db"] == pytest.approx(PEAK_DB, abs=0.5)
    assert found["peak_q"] == pytest.approx(PEAK_Q, rel=0.1)
    dry = riff(1.0, seed=9).astype(np.float32)
    wet = equaliser(dry)
    y = rendered(run.model, dry[None], STILL)[0]
    assert np.square(y - wet).sum() / np.square(wet).sum() < 1e-3


@pytest.mark.parametrize("block", [64, 192, 4096])
def test_the_file_streams_what_the_chain_renders(exported, run, block):
    dry = sound()
    due = rendered(run.model, dry[None], STILL)
    np.testing.assert_allclose(played(exports.loaded(exported), dry, block), due, atol=1e-5)


def test_the_card_shows_every_parameter(exported, run):
    card = json.loads(exported.with_suffix(".json").read_text())
    rows = {row["name"]: row for row in card["attributes"]}
    for parameter in run.model.net.chain.physical:
        row = rows[parameter.name]
        assert (row["lowest"], row["highest"]) == (parameter.least, parameter.most)
        assert row.get("unit", "") == parameter.unit
        assert row["value"] == pytest.approx(run.model.net.chain.preset()[parameter.name], rel=1e-5)
    assert rows["peak_hz"]["curve"] == "exponential"
    patch = exported.with_suffix(".pd").read_text()
    assert "peak_gain_db" in patch and "gain_db" in patch


def test_what_is_set_is_heard_until_it_is_released(exported, run):
    loaded, dry = exports.loaded(exported), sound()
    learnt = played(loaded, dry)
    first = get_attribute(loaded, "peak_gain_db")
    assert set_attribute(loaded, "peak_gain_db", 3.0) == 0
    assert set_attribute(loaded, "peak_gain_db", 30.0) != 0  # beyond its range
    chain = playable_of(run, {}).eager.model.net.chain
    chain.load_preset({"peak_gain_db": 3.0})
    x = torch.from_numpy(dry)[None, None]
    due, _ = chain(x, x.new_zeros(1, 0, 1), chain.begin(1))
    np.testing.assert_allclose(played(loaded, dry), due[0].detach().numpy(), atol=1e-5)
    hz = torch.tensor([PEAK_HZ])
    steady = np.sin(2.0 * np.pi * PEAK_HZ * np.arange(8192) / RATE).astype(np.float32)
    heard = played(loaded, steady)[0, 4096:]
    assert heard.max() == pytest.approx(float(chain.response(hz).abs()), rel=1e-3)
    set_attribute(loaded, "release", True)
    assert get_attribute(loaded, "peak_gain_db") == first
    np.testing.assert_allclose(played(loaded, dry), learnt, atol=1e-6)


def test_a_chain_waits_for_nothing_and_a_known_latency_is_believed(place, run):
    """The strongest tap lies at 0, unless it is said where."""
    config = run.config.copy()
    shifts = []
    for said in ("auto", 5):
        config.data.dataset.latency_samples = said
        shifts.append(material(config, run.model).takes[0].alignment["shift"])
    assert shifts == [0, 5]


def test_a_run_is_not_changed_by_what_plays_it(run):
    before = run.model.net.chain.preset()
    set_attribute(playable_of(run, {}).eager, "gain_db", -20.0)
    assert run.model.net.chain.preset() == before


def test_knobs_are_told_to_those_who_hear_them(tmp_path):
    """A drive that a knob turns: its settings are told apart, and its inlet is there."""
    root = write_pairs(tmp_path / "pairs", (2.0, 4.0, 10.0))
    words = (*CHAIN, "model.net.processors=[{tanh:{controller:told}},low_pass]")
    train_pedal(root, tmp_path, *words, name="effect_grey_eq")
    model = load_run(tmp_path / "effect_grey_eq").model
    drives = [
        model.net.chain.preset(torch.tensor([place]))["drive_db"] for place in (0.0, 0.25, 1.0)
    ]
    assert drives[0] + 2.0 < drives[1] < drives[2] - 2.0
    eager = playable_of(load_run(tmp_path / "effect_grey_eq"), {}).eager
    assert eager.modulate_params.tolist() == [2, 1, 1, 1]
    assert {"drive", "drive_db", "release"} <= set(eager.attribute_names)


def test_an_oscillator_knows_where_a_window_begins(tmp_path):
    """Rendered from inside a recording it is what it is in the whole, once its memory is full."""
    config = composed(tmp_path, tmp_path, CHAIN[0], name="effect_modulation")
    config.data.dataset.sample_rate_hz = RATE
    config.model.update({"knobs": None, "channels_in": 1, "channels_out": 1})
    model, dry = build_model(config), sound(2.0)[None]
    whole, start = rendered(model, dry, STILL), 9600
    part = rendered(model, dry[:, start:], STILL, start / RATE)
    np.testing.assert_allclose(part[:, 4096:], whole[:, start + 4096 :], atol=1e-5)
    names = {each.name for each in model.net.settings(["mix"])}
    assert "phaser_mix" in names and "mix" not in names


@pytest.mark.parametrize(
    "word, message",
    [
        ("model.net.processors=gain", r"model\.net\.processors must be"),
        ("model.net.processors=[]", r"model\.net\.processors must be a list of processors"),
        ("model.net.processors=[gian]", r"model\.net\.processors\[0\] must be a processor"),
        ("model.net.processors=[{gain:{gain_db:300}}]", r"processors\[0\]\.gain_db must be"),
        ("model.net.processors=[{gain:{controller:me}}]", r"processors\[0\]\.controller must be"),
        ("model.net.hidden_dims=3", r"model\.net has no key 'hidden_dims'"),
        (
            "model.channels_out=2",
            r"model\.channels_out must be 1, which is what this chain makes",
        ),
        ("data.loader.window_samples=1000", r"window_samples must be a multiple of 64"),
        ("data.dataset.latency_samples=half", r"latency_samples must be auto or a whole number"),
        ("data.loader.warm_up_ms=-1", r"data\.loader\.warm_up_ms must be a number from 0"),
    ],
)
def test_wrong_configurations_are_refused_in_one_line(place, tmp_path, word, message):
    with pytest.raises(InputError, match=message) as refused:
        train(composed(place / "pairs", tmp_path / "runs", *CHAIN, word, name="effect_grey_eq"))
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "runs").exists() or not any((tmp_path / "runs").iterdir())


@pytest.mark.parametrize(
    "name", sorted(p.stem for p in CONFIGS.glob("effect_*.yaml") if "Chain" in p.read_text())
)
def test_every_configuration_of_a_chain_makes_one(name, tmp_path):
    words = [word for word in TINY if "hidden_dims" not in word]
    config = composed(tmp_path, tmp_path, *words, "model.net.hidden_dims=null", name=name)
    config.data.dataset.sample_rate_hz = RATE
    config.model.update({"knobs": None, "channels_in": 1})
    if config.model.channels_out == "auto":
        config.model.channels_out = 1
    net = build_model(config).net
    assert len(net.chain.names) == len(plain(config, "model.net")["processors"])
    assert config.data.loader.window_samples % net.block == 0
