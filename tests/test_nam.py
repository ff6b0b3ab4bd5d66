""".nam files of Neural Amp Modeler: read, played, written, and refused where they are none."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from forked import run_forked

from vschaos2.errors import InputError
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.nam_export import export_nam
from vschaos2.families.effect.nam_import import import_nam
from vschaos2.families.effect.rendering import rendered
from vschaos2.families.export import export, playable_of
from vschaos2.families.loading import load_run
from vschaos2.generation.process import set_controls
from vschaos2.nets.audio_recurrent import LSTM, AudioGRU
from vschaos2.runs.folder import Run
from vschaos2.runs.listing import list_runs

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
ROOT = Path(__file__).resolve().parent.parent
NO_KNOBS = np.zeros((0, 1), np.float32)
SILENT_LSTM = {"input_size": 1, "hidden_size": 1, "num_layers": 1}


def nam(architecture: str, config: dict, weights: list[float], **others) -> dict:
    return {
        "version": "0.5.4", "architecture": architecture, "config": config, "weights": weights,
        "sample_rate": 8000, **others,
    }  # fmt: skip


def array(n_in: int, channels: int, kernel: int, dilations: list[int], head: int, **others) -> dict:
    """An array as files up to version 0.5 have it."""
    return {
        "input_size": n_in, "condition_size": 1, "channels": channels, "kernel_size": kernel,
        "dilations": dilations, "head_size": head, "head_bias": False, "activation": "Tanh",
        "gated": False, **others,
    }  # fmt: skip


def wavenet(*layers: dict, **others) -> dict:
    return {"layers": list(layers), "head": None, "head_scale": 0.5, **others}


# r; of a layer a, b, c, m, p, q; h; scale
SMALL = nam("WaveNet", wavenet(array(1, 1, 2, [3], 1)), [2, 0.5, -1, 0.25, 3, 7, 8, 0.75, 0.5])


def write(folder: Path, content: dict | str | bytes, name: str = "amp") -> Path:
    path = folder / f"{name}.nam"
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def imported(folder: Path, content: dict, **levels) -> Run:
    return load_run(import_nam(write(folder, content), folder / "runs", "amp", **levels))


def played(run: Run, x: np.ndarray, knobs: np.ndarray = NO_KNOBS) -> np.ndarray:
    return rendered(run.model, x[None].astype(np.float32), knobs)[0]


def noise(count: int = 200) -> np.ndarray:
    return np.random.default_rng(3).uniform(-1.0, 1.0, count).astype(np.float32)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-x))


def test_one_layer_is_its_closed_form(tmp_path):
    """y[t] = scale h tanh(a r x[t-3] + b r x[t] + c + m x[t]); p and q lead nowhere."""
    x = noise().astype(np.float64)
    r, a, b, c, m, _, _, h, scale = SMALL["weights"]
    before = np.concatenate((np.zeros(3), x[:-3]))
    due = scale * h * np.tanh(a * r * before + b * r * x + c + m * x)
    np.testing.assert_allclose(played(imported(tmp_path, SMALL), x), due, atol=1e-6)


class Slow:
    """Oracle: the format one sample at a time, silence being sound that is zero for long."""

    def __init__(self, content: dict) -> None:
        self.config, self.weights = content["config"], list(content["weights"])

    def take(self, *shape: int) -> np.ndarray:
        count = int(np.prod(shape))
        values, self.weights = self.weights[:count], self.weights[count:]
        return np.array(np.float32(values), np.float64).reshape(shape)

    def wavenet(self, x: np.ndarray, silence: int) -> np.ndarray:
        """Zeros stand before the sound, so many that nothing of what was before them is heard."""
        x = np.concatenate((np.zeros(silence), x))[None]
        h, said = x, None
        for layer in self.config["layers"]:
            channels, k = layer["channels"], layer["kernel_size"]
            wide = 2 * channels if layer["gated"] else channels
            h = self.take(channels, layer["input_size"]) @ h
            total = 0.0 if said is None else said
            for d in layer["dilations"]:
                taps, bias = self.take(wide, channels, k), self.take(wide, 1)
                z = bias + self.take(wide, 1) @ x
                for tap in range(k):
                    late = (k - 1 - tap) * d
                    z += taps[:, :, tap] @ np.pad(h, ((0, 0), (late, 0)))[:, : h.shape[1]]
                a = np.tanh(z[:channels])
                if layer["gated"]:
                    a *= sigmoid(z[channels:])
                mix, constant = self.take(channels, channels), self.take(channels, 1)
                h, total = h + mix @ a + constant, total + a
            said = self.take(layer["head_size"], channels) @ total
            if layer["head_bias"]:
                said = said + self.take(layer["head_size"], 1)
        (scale,) = self.take(1)
        assert not self.weights
        return scale * said[0, silence:]

    def lstm(self, x: np.ndarray) -> np.ndarray:
        n, count = self.config["hidden_size"], self.config["num_layers"]
        ins = [1] + [n] * (count - 1)
        layers = [
            [self.take(4 * n, n_in + n), self.take(4 * n), self.take(n), self.take(n)]
            for n_in in ins
        ]
        out, constant = self.take(n), self.take(1)
        assert not self.weights
        y = []
        for value in x:
            told = np.array([value])
            for layer in layers:
                w, b, h, c = layer
                i, f, g, o = np.split(w @ np.concatenate((told, h)) + b, 4)
                c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
                told = sigmoid(o) * np.tanh(c)
                layer[2:] = told, c
            y.append(out @ told + constant[0])
        return np.array(y)


def drawn(count: int, seed: int = 0) -> list[float]:
    return (0.4 * np.random.default_rng(seed).standard_normal(count)).tolist()


def two_arrays() -> dict:
    """Two arrays, the second with a gate."""
    first = array(1, 3, 3, [1, 2, 4], 2)
    second = array(3, 2, 2, [1, 5], 1, gated=True, head_bias=True)
    of_first = 3 + 3 * (27 + 3 + 3 + 9 + 3) + 6
    of_second = 6 + 2 * (16 + 4 + 4 + 4 + 2) + 3
    return nam("WaveNet", wavenet(first, second), drawn(of_first + of_second + 1))


def two_layers() -> dict:
    config = {"input_size": 1, "hidden_size": 3, "num_layers": 2}
    return nam("LSTM", config, drawn(12 * 4 + 12 + 6 + 12 * 6 + 12 + 6 + 4))


def test_wavenet_is_what_the_format_says_from_the_first_sample(tmp_path):
    content, x = two_arrays(), noise()
    run = imported(tmp_path, content)
    due = Slow(content).wavenet(x, 100)
    np.testing.assert_allclose(played(run, x), due, atol=2e-6)
    assert abs(due[0] - Slow(content).wavenet(x, 0)[0]) > 1e-3  # silence is no zero within
    assert run.model.net.reach == 2 * (1 + 2 + 4) + 1 + 5


def test_lstm_is_what_the_format_says_from_its_own_first_state(tmp_path):
    content, x = two_layers(), noise()
    np.testing.assert_allclose(
        played(imported(tmp_path, content), x), Slow(content).lstm(x), atol=2e-6
    )


@pytest.mark.parametrize(
    ("told", "due"),
    [
        ("ReLU", lambda x: np.maximum(x, 0.0)),
        ({"type": "LeakyReLU", "negative_slope": 0.1}, lambda x: np.where(x < 0, 0.1 * x, x)),
        ({"type": "PReLU", "negative_slope": 0.3}, lambda x: np.where(x < 0, 0.3 * x, x)),
        ({"type": "Hardtanh", "min_val": -0.5, "max_val": 0.7}, lambda x: np.clip(x, -0.5, 0.7)),
        ("LeakyHardtanh", lambda x: np.clip(x, -1, 1) + 0.01 * (x - np.clip(x, -1, 1))),
        ("Sigmoid", sigmoid),
        ("SiLU", lambda x: x * sigmoid(x)),
        ("Hardswish", lambda x: x * np.clip(x + 3, 0, 6) / 6),
        ("Softsign", lambda x: x / (1 + abs(x))),
    ],
)
def test_activations_are_their_formulas(tmp_path, told, due):
    layer = {**array(1, 1, 1, [1], 1), "activation": told}
    content = nam("WaveNet", wavenet(layer), [1, 5, 0, 0, 0, 0, 1, 1])
    x = noise().astype(np.float64)
    np.testing.assert_allclose(played(imported(tmp_path, content), x), due(5 * x), atol=2e-6)


def test_newer_files_say_the_same_in_other_words(tmp_path):
    old, new = two_arrays(), two_arrays()
    new["version"] = "0.7.0"
    for layer in new["config"]["layers"]:
        count = len(layer["dilations"])
        is_gated, size = layer.pop("gated"), layer.pop("head_size")
        layer["head"] = {"out_channels": size, "kernel_size": 1, "bias": layer.pop("head_bias")}
        layer["kernel_sizes"] = [layer.pop("kernel_size")] * count
        layer["activation"] = [{"type": "Tanh"}] * count
        layer["gating_mode"] = ["gated" if is_gated else "none"] * count
        layer["secondary_activation"] = [{"type": "Sigmoid"} if is_gated else None] * count
        layer |= {"bottleneck": layer["channels"], "groups_input": 1, "slimmable": None}
        layer["layer1x1"] = {"active": True, "groups": 1}
        layer["head1x1"] = {"active": False, "out_channels": 1, "groups": 1}
        layer["conv_pre_film"] = {"active": False, "shift": True, "groups": 1}
    x = noise()
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    heard = played(imported(tmp_path / "new", new), x)
    assert (heard == played(imported(tmp_path / "old", old), x)).all()


def test_a_head_with_a_past_adds_up_what_its_array_said(tmp_path):
    """y[t] = Σ taps · relu(x[t - …]) + bias."""
    layer = array(1, 1, 1, [1], 1, activation="ReLU")
    del layer["head_size"], layer["head_bias"]
    layer["head"] = {"out_channels": 1, "kernel_size": 3, "bias": True}
    content = nam("WaveNet", wavenet(layer), [1, 1, 0, 0, 0, 0, 0.25, 0.5, 1.0, 0.125, 1])
    x = noise().astype(np.float64)
    due = np.convolve(np.maximum(x, 0), [1.0, 0.5, 0.25])[: len(x)] + 0.125
    np.testing.assert_allclose(played(imported(tmp_path, content), x), due, atol=1e-6)


def test_of_a_container_the_largest_model_is_played(tmp_path):
    models = [
        {"max_value": 1.0, "model": two_layers()},
        {"max_value": 0.5, "model": SMALL},
    ]
    content = nam("SlimmableContainer", {"submodels": models}, [], metadata={"name": "both"})
    run = imported(tmp_path, content)
    x = noise()
    np.testing.assert_allclose(played(run, x), Slow(two_layers()).lstm(x), atol=2e-6)
    assert run.kept["name"] == "both"


METADATA = {
    "name": "Bright\x1b[31m amp", "gear_make": "House", "loudness": -21.5, "input_level_dbu": 12.5,
    "output_level_dbu": None, "training": {"validation_esr": 0.0123}, "date": {"year": 2026},
}  # fmt: skip


def test_what_a_file_tells_is_kept(tmp_path):
    run = imported(tmp_path, {**SMALL, "metadata": METADATA})
    assert run.model.rate_hz == 8000
    assert run.kept["loudness_db"] == -21.5
    assert run.kept["input_level_dbu"] == 12.5
    assert run.kept["gear_make"] == "House"
    assert "output_level_dbu" not in run.kept
    assert "\x1b" not in run.kept["name"]
    assert run.summary["validation/esr"] == 0.0123
    (row,) = list_runs(tmp_path / "runs")
    assert (row.name, row.state, row.best) == ("amp", "trained", 0.0123)


def test_a_file_that_tells_no_rate_is_of_48_khz(tmp_path):
    content = {key: value for key, value in SMALL.items() if key != "sample_rate"}
    assert imported(tmp_path, content).model.rate_hz == 48_000


def test_levels_are_brought_to_those_of_the_amp(tmp_path):
    """12.5 dBu were full scale: at a converter of 18.5 dBu the same voltage is 6 dB less."""
    x = noise()
    content = {**two_arrays(), "metadata": METADATA}
    run = imported(tmp_path, content, input_level_dbu=18.5, loudness_db=-18.0)
    due = 10 ** (3.5 / 20) * Slow(content).wavenet(10 ** (6 / 20) * x, 100)
    np.testing.assert_allclose(played(run, x), due, atol=5e-6)
    assert run.kept["input_gain_db"] == 6.0
    assert run.kept["output_gain_db"] == 3.5


def test_it_is_exported_and_plays_the_same(tmp_path):
    content = {**two_arrays(), "metadata": METADATA}
    run = imported(tmp_path, content)
    path = export(run, tmp_path / "out", "amp", {}, blocks=3)
    loaded, x = torch.jit.load(str(path)), noise(256)
    made = torch.cat([loaded(part[None, None])[0, 0] for part in torch.from_numpy(x).split(64)])
    np.testing.assert_allclose(made, played(run, x), atol=1e-6)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["effect"]["gear_make"] == "House"
    assert card["effect"]["held_out_esr"] == 0.0123
    assert {"amp.pd", "amp.maxpat"} <= {each.name for each in path.parent.iterdir()}


def pedal(net: type = LSTM, **options) -> Run:
    """An effect of two knobs with levels of its own."""
    torch.manual_seed(0)
    knobs = (Knob("drive", 0.0, 10.0, 5.0), Knob("tone", 200.0, 400.0, 250.0))
    model = EffectModel(net(1, 2, 1, 16_000, 4, **options), knobs, 16_000)
    model.set_levels(0.5, 2.0)
    return Run(Path("runs/pedal/version_0"), None, model.eval(), {}, {"validation/esr": 0.02})


def test_what_is_written_gives_the_sound_that_it_was_made_of(tmp_path):
    run, x = pedal(layers=2), noise()
    content = json.loads(export_nam(run, tmp_path, "pedal", ["drive", "8"]).read_text())
    due = played(run, x, np.array([[8.0], [250.0]], np.float32))
    np.testing.assert_allclose(Slow(content).lstm(x), due, atol=2e-6)
    other = played(run, x, np.array([[5.0], [250.0]], np.float32))
    assert np.abs(other - due).max() > 1e-3
    assert content["sample_rate"] == 16_000
    assert content["metadata"]["knobs"] == {"drive": 8.0, "tone": 250.0}
    again = load_run(import_nam(tmp_path / "pedal.nam", tmp_path / "runs", "again"))
    np.testing.assert_allclose(played(again, x), due, atol=2e-6)
    assert again.summary["validation/esr"] == 0.02


def test_a_file_that_was_read_is_written_again_bit_for_bit(tmp_path):
    content = two_layers()
    run = imported(tmp_path, content)
    again = json.loads(export_nam(run, tmp_path, "again").read_text())
    assert again["weights"] == np.float32(content["weights"]).tolist()
    assert again["config"] == content["config"]


@pytest.mark.parametrize(
    ("run", "words", "message"),
    [
        (pedal(), ["drive"], "pairs of NAME VALUE"),
        (pedal(), ["gain", "1"], "no such knob (there are drive, tone)"),
        (pedal(), ["drive", "loud"], "must be a number"),
        (pedal(), ["drive", "11"], "from 0 to 10"),
        (pedal(skip=True), [], "without a skip connection"),
        (pedal(AudioGRU), [], "is no LSTM"),
    ],
)
def test_what_no_file_can_say_is_refused(tmp_path, run, words, message):
    with pytest.raises(InputError) as error:
        export_nam(run, tmp_path / "out", "pedal", words)
    assert message in str(error.value)
    assert list(tmp_path.iterdir()) == []


def edited(*path, value) -> dict:
    """SMALL with one value changed, or taken away."""
    content = copy.deepcopy(SMALL)
    place = content
    for key in path[:-1]:
        place = place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return content


LAYER = ("config", "layers", 0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is no .nam file"),
        (b"\xff\xfe\x00", "is no .nam file"),
        ("[" * 100_000, "is no .nam file"),
        ("[1]", "must hold key: value pairs"),
        (edited("architecture", value=None), "architecture is missing"),
        (edited("architecture", value="ConvNet"), "'ConvNet', and WaveNet and LSTM are read"),
        (edited("version", value=5), "version must be a text"),
        (edited("weights", value=None), "weights is missing"),
        (edited("weights", value=SMALL["weights"][:-1]), "weights must be 9, as its config says"),
        (edited("weights", value=[*SMALL["weights"], 0.0]), "got 10"),
        (edited("weights", 3, value="0.1"), "weights[3] must be a number"),
        (edited("weights", 3, value=float("nan")), "weights[3] must be a number"),
        (edited("weights", 3, value=1e300), "weights[3] must be a number"),
        (edited("weights", value=[]), "weights must be 9"),
        (edited("sample_rate", value=0), "sample_rate must be a number from 1000"),
        (edited("sample_rate", value=float("inf")), "sample_rate must be"),
        (edited("metadata", value=3), "metadata must hold"),
        (edited("metadata", value={"loudness": "loud"}), "metadata.loudness must be a number"),
        (edited("config", "condition_dsp", value={}), "config.condition_dsp is {}"),
        (edited("config", "layers", value={}), "config.layers must be a list"),
        (edited("config", "layers", value=[]), "arrays: how many"),
        (edited("config", "layers", value=[1]), "config.layers[0] must hold"),
        (edited("config", "shape", value=1), "config.shape is no key"),
        (edited(*LAYER, "channels", value=0), "channels must be a whole number from 1"),
        (edited(*LAYER, "channels", value=10**9), "channels must be a whole number from 1"),
        (edited(*LAYER, "channels", value=True), "channels must be a whole number from 1"),
        (edited(*LAYER, "dilations", value=[2**40]), "dilations must be a whole number"),
        (edited(*LAYER, "dilations", value=[]), "layers, as there are dilations"),
        (edited(*LAYER, "kernel_size", value=[2, 2]), "must be a list of 1 values"),
        (edited(*LAYER, "activation", value="os.system"), "activations must be Tanh"),
        (edited(*LAYER, "activation", value={"type": "Tanh", "_target_": "x"}), "_target_"),
        (edited(*LAYER, "gated", value=1), "gated must be true or false"),
        (edited(*LAYER, "gating_mode", value="half"), "gates must be none, gated, blended"),
        (edited(*LAYER, "input_size", value=2), "input_size must be 1, got 2"),
        (edited(*LAYER, "condition_size", value=2), "condition_size is 2"),
        (edited(*LAYER, "head_size", value=2), "head_channels must be 1"),
        (edited(*LAYER, "conv_pre_film", value={"active": True}), "conv_pre_film is active"),
        (edited(*LAYER, "surprise", value=1), "config.layers[0].surprise is no key"),
        (nam("LSTM", {**SILENT_LSTM, "input_size": 2}, []), "config.input_size is 2"),
        (nam("LSTM", {**SILENT_LSTM, "hidden_size": 10**6}, []), "config.hidden_size must be"),
        (nam("LSTM", SILENT_LSTM, []), "weights must be 16"),
        (nam("SlimmableContainer", {"submodels": []}, []), "submodels is empty"),
        (nam("SlimmableContainer", {"submodels": [{"model": SMALL}]}, []), "max_value is missing"),
    ],
)
def test_what_is_no_such_file_is_told_in_one_line(tmp_path, content, message):
    path = write(tmp_path, content)
    with pytest.raises(InputError) as error:
        import_nam(path, tmp_path / "runs", "amp")
    said = str(error.value)
    assert message in said
    assert said.startswith(str(path))
    assert "\n" not in said
    assert len(said) < len(str(path)) + 200
    assert not (tmp_path / "runs").exists()


def test_a_level_is_only_set_where_the_file_tells_its_own(tmp_path):
    path = write(tmp_path, SMALL)
    with pytest.raises(InputError, match=r"^--loudness: .* does not tell metadata\.loudness"):
        import_nam(path, tmp_path / "runs", "amp", loudness_db=-18.0)
    with pytest.raises(InputError, match="leave --input-level out"):
        import_nam(path, tmp_path / "runs", "amp", input_level_dbu=12.0)
    assert not (tmp_path / "runs").exists()


def test_programs_import_play_and_write(tmp_path):
    def program(name: str, *words: str | Path):
        return run_forked(ROOT / name, [*map(str, words)], ROOT)

    path = write(tmp_path, two_layers(), "My amp, 7")
    runs = tmp_path / "runs"
    done = program("generate.py", "import", path, "--rundir", runs)
    assert done.returncode == 0, done.stderr
    assert (runs / "My amp- 7" / "version_0" / "config.yaml").is_file()
    done = program("script.py", runs, "--nam", "-n", "My amp- 7", "-o", tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "My amp- 7.nam").read_text())["config"]["hidden_size"] == 3
    done = program("generate.py", "import", write(tmp_path, "{", "bad"), "--rundir", runs)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1 and "bad.nam: is no .nam file" in done.stderr
    assert not (runs / "bad").exists()


def test_it_is_set_as_any_effect(tmp_path):
    stage = playable_of(imported(tmp_path, SMALL), {})
    set_controls(stage, ["mix", "0"])
    x = torch.from_numpy(noise())[None, None]
    torch.testing.assert_close(stage.eager(x), x)


def test_the_package_of_neural_amp_modeler_says_the_same(tmp_path):
    """Where it is installed: its models from our files, ours from its files, sample by sample."""
    pytest.importorskip("nam.models", exc_type=ImportError)
    from nam.models._from_nam import init_from_nam
    from nam.models.wavenet import WaveNet

    def theirs(content: dict) -> np.ndarray:
        with torch.no_grad():
            return init_from_nam(content).eval()(torch.from_numpy(noise(3000))).numpy()

    x = noise(3000)
    written = json.loads(export_nam(pedal(layers=2), tmp_path, "pedal").read_text())
    due = played(pedal(layers=2), x, np.array([[5.0], [250.0]], np.float32))
    np.testing.assert_allclose(theirs(written), due, atol=2e-6)
    assert (played(imported(tmp_path, two_layers()), x) == theirs(two_layers())).all()
    torch.manual_seed(1)
    kinds = {
        "gated": {"name": "PairMultiply", "primary": "Tanh", "secondary": "Sigmoid"},
        "blended": {"name": "PairBlend", "primary": "SiLU", "secondary": "Sigmoid"},
        "LeakyReLU": "LeakyReLU",
        "Hardswish": "Hardswish",
        "LeakyHardtanh": "LeakyHardtanh",
    }
    for name, kind in kinds.items():
        first = {
            "input_size": 1, "condition_size": 1, "channels": 4, "kernel_sizes": [3, 6],
            "dilations": [1, 7], "activation": kind, "bottleneck": 3,
            "head_1x1_config": {"active": True, "out_channels": 2, "groups": 1},
            "head": {"out_channels": 5, "kernel_size": 4, "bias": True},
        }  # fmt: skip
        second = {
            "input_size": 4, "condition_size": 1, "channels": 5, "kernel_size": 3,
            "dilations": [2], "activation": "Tanh",
            "layer_1x1_config": {"active": False, "groups": 1},
            "head": {"out_channels": 2, "kernel_size": 1, "bias": False},
        }  # fmt: skip
        head = {"channels": 3, "activation": "Tanh", "out_channels": 1, "kernel_sizes": [2, 1]}
        layers = [first, second]
        net = WaveNet.init_from_config(
            {"layers_configs": layers, "head": head, "head_scale": 2.0, "sample_rate": 48_000}
        )
        (tmp_path / name).mkdir()
        net.export(tmp_path / name, basename="theirs")
        run = load_run(import_nam(tmp_path / name / "theirs.nam", tmp_path / "runs", name))
        with torch.no_grad():
            due = net.eval()(torch.from_numpy(x)).numpy()
        np.testing.assert_allclose(played(run, x), due, rtol=0, atol=2e-6 * np.abs(due).max())
