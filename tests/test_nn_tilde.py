import copy
import hashlib
import json
import math
import time

import pytest
import torch
import torch.nn.functional as F
from exports import export_run
from torch import Tensor, nn

from vschaos2.controls import Control
from vschaos2.errors import InputError
from vschaos2.export import card as card_module
from vschaos2.export import playable as engine_module
from vschaos2.export.card import BLOCK_SIZES, card_table, measure_load, safe_buffer
from vschaos2.export.checks import check_methods
from vschaos2.export.nn_tilde import NnTildeModule, get_attribute, scripted, set_attribute
from vschaos2.export.operators import (
    KNOWN_OPERATORS,
    UnknownOperatorError,
    check_operators,
    operators,
)
from vschaos2.export.trial import ExportError, opened
from vschaos2.families.vae import playable as playable_module
from vschaos2.families.vae.kept import Kept
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.families.vae.proofs import check_quiet, check_recovered_delays, measure_recovery

N_FFT, HOP = 512, 128
VALUES = {  # one that every attribute takes, and what the getter then says
    "temperature": 0.5,
    "inversion": "hq",
    "projection": "ica",
    "gain_db": -6.0,
    "limiter": "all",
    "sample_rate": 48000,
    "reset": True,
}
METHODS = ["forward", "encode", "decode"]

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def settings(instrument) -> dict[str, list]:
    """What every getter says."""
    return {
        name: list(getattr(instrument, f"get_{name}")()) for name in instrument.get_attributes()
    }


def settings_of(module: NnTildeModule) -> dict[str, list]:
    """The same of an eager module."""
    return {name: get_attribute(module, name) for name in module.get_attributes()}


def is_taken(code: object) -> bool:
    """Whether a setter's answer means yes; nn~ reads nothing but an int."""
    assert type(code) is int
    return code == 0


# --- what the file says of itself ---


def test_methods_declare_channels_and_ratios_as_tensors(instrument):
    assert instrument.get_methods() == METHODS
    expected = {"forward": [1, 1, 1, 1], "encode": [1, 1, 4, HOP], "decode": [4, HOP, 1, 1]}
    for name, shape in expected.items():
        params = getattr(instrument, f"{name}_params")
        assert isinstance(params, Tensor) and params.dtype == torch.int64
        assert params.tolist() == shape


def test_every_channel_has_a_label(instrument):
    for name in METHODS:
        inlets, _, outlets, _ = getattr(instrument, f"{name}_params").tolist()
        inputs = getattr(instrument, f"{name}_input_labels")
        outputs = getattr(instrument, f"{name}_output_labels")
        assert (len(inputs), len(outputs)) == (inlets, outlets)
        assert all(type(label) is str and label for label in (*inputs, *outputs))
    assert instrument.encode_output_labels == instrument.decode_input_labels
    assert len(set(instrument.decode_input_labels)) == 4


def test_ratios_are_powers_of_two_of_which_the_highest_is_at_least_64(instrument):
    ratios = [getattr(instrument, f"{m}_params")[[1, 3]].tolist() for m in METHODS]
    highest = max(ratio for pair in ratios for ratio in pair)
    assert all(math.log2(ratio).is_integer() for pair in ratios for ratio in pair)
    assert highest >= 64


def test_attributes_declare_one_type_code_per_value(instrument):
    codes = {
        **{"temperature": [2], "inversion": [3], "projection": [3], "gain_db": [2]},
        **{"limiter": [3], "reset": [0], "latent_dims": [1], "delay": [1, 1], "sample_rate": [1]},
    }
    assert sorted(instrument.get_attributes()) == sorted(codes)
    kinds = [bool, int, float, str]
    for name, expected in codes.items():
        params = getattr(instrument, f"{name}_params")
        assert params.dtype == torch.int64 and params.tolist() == expected
        values = getattr(instrument, f"get_{name}")()
        assert isinstance(values, list | tuple)
        assert [type(value) for value in values] == [kinds[code] for code in expected]


def test_sample_rate_is_in_the_file(instrument):
    assert instrument.sample_rate_hz == 44100


# --- setters ---


def test_first_settings_are_neutral(fresh_instrument):
    assert settings(fresh_instrument) == {
        **{"temperature": [0.0], "inversion": ["default"], "projection": ["pca"]},
        **{"gain_db": [0.0], "limiter": ["decode"], "reset": [False]},
        **{"latent_dims": [4], "delay": [384, 512], "sample_rate": [44100]},
    }


@pytest.mark.parametrize("name", VALUES)
def test_setters_answer_zero_and_change_their_own_value_only(instrument, name: str):
    before = settings(instrument)
    assert is_taken(getattr(instrument, f"set_{name}")(VALUES[name]))
    after = settings(instrument)
    before["delay"] = after["delay"]  # follows from the inversion
    if name != "reset":
        before[name] = [VALUES[name]]
    assert after == before


@pytest.mark.parametrize(
    "name, value",
    [
        *(("temperature", value) for value in (-0.1, 10.5, math.nan, math.inf, -math.inf)),
        *(("gain_db", value) for value in (-121.0, 60.5, math.nan, math.inf, -math.inf)),
        *(("inversion", value) for value in ("", "1.000000", "Eco", "eco ", "griffin_lim")),
        *(("projection", value) for value in ("", "1.000000", "0.000000", "PCA", "tsne")),
        *(("sample_rate", value) for value in (0, -1, 8000, 44099, 96000)),
        *(("latent_dims", value) for value in (0, 2, 4)),
        ("delay", (0, 0)),
    ],
)
def test_refused_values_change_nothing(instrument, twin, name: str, value):
    for each in (instrument, twin):
        assert is_taken(each.set_inversion("eco"))
        assert is_taken(each.set_gain_db(-3.0))
    before = settings(instrument)
    arguments = value if isinstance(value, tuple) else (value,)
    assert not is_taken(getattr(instrument, f"set_{name}")(*arguments))
    assert settings(instrument) == before
    latents = torch.randn(1, 4, 6, generator=torch.Generator().manual_seed(0))
    assert torch.equal(instrument.decode(latents), twin.decode(latents))


@pytest.mark.parametrize("name", ["inversion", "projection", "limiter", "gain_db", "temperature"])
def test_setting_what_is_set_already_changes_nothing(instrument, twin, name: str):
    latents = torch.randn(1, 4, 6, generator=torch.Generator().manual_seed(0))
    sound = 0.1 * torch.randn(1, 1, 6 * HOP, generator=torch.Generator().manual_seed(1))
    for method, block in (("forward", sound), ("decode", latents)):
        for value in ("eco", "default") if name == "inversion" else (None,):
            for each in (instrument, twin):
                assert value is None or is_taken(each.set_inversion(value))
                getattr(each, method)(block)
            (current,) = getattr(instrument, f"get_{name}")()
            assert is_taken(getattr(instrument, f"set_{name}")(current))
            heard, expected = (getattr(each, method)(block) for each in (instrument, twin))
            assert float(expected.abs().max()) > 1e-4
            assert torch.equal(heard, expected)


@pytest.mark.parametrize("value", [0.0, 10.0, 1e-6])
def test_the_whole_range_of_temperature_is_taken(instrument, value: float):
    assert is_taken(instrument.set_temperature(value))
    assert instrument.get_temperature() == [value]


@pytest.mark.parametrize("value", [-120.0, 60.0, -0.0])
def test_the_whole_range_of_gain_is_taken(instrument, value: float):
    assert is_taken(instrument.set_gain_db(value))
    assert instrument.get_gain_db() == [value]


@pytest.mark.parametrize("value", [True, False])
def test_reset_is_an_event_whatever_its_value(instrument, value: bool):
    assert is_taken(instrument.set_reset(value))
    assert instrument.get_reset() == [False]


@pytest.mark.parametrize(
    "inversion, forward, decode",
    [
        ("default", 384, 512),
        ("keep_input", 384, 512),
        ("random", 384, 384),
        ("eco", 512, 512),
        ("live", 256, 256),
        ("balanced", 512, 512),
        ("hq", 512, 512),
    ],
)
def test_delay_follows_the_inversion(instrument, inversion: str, forward: int, decode: int):
    """n_fft - hop = 384 without waiting, one hop of 128 more with it, n_fft/2 = 256 in `live`."""
    assert is_taken(instrument.set_inversion("hq"))
    assert is_taken(instrument.set_inversion(inversion))
    assert instrument.get_delay() == [forward, decode]


# --- announcing methods and attributes ---


class Announcing(NnTildeModule):
    """Controls of every kind, and what they told of their changes."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = ["nothing"]
        self.words: str = ""
        self.register_method("forward", 1, 1, ["in"], ["out"])
        for control in (
            Control("level", "number", 1.0, 0.0, 2.0),
            Control("mood", "choice", "calm", choices=("calm", "wild")),
            Control("is_muted", "switch", False),
            Control("bang", "event", False),
            Control("sizes", "reading", (3, 4)),
            Control("title", "text", ""),
        ):
            self.register_control(control)

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        self.told.append(name + (" to 0" if value == 0.0 else " to more"))

    @torch.jit.export
    def get_sizes(self) -> list[int]:
        return [3, 4]

    @torch.jit.export
    def get_text(self, name: str) -> list[str]:
        return [self.words]

    @torch.jit.export
    def set_text(self, name: str, value: str) -> int:
        self.words = name + " " + value
        return 0

    def forward(self, x: Tensor) -> Tensor:
        if self.control_values["is_muted"] > 0.0:
            return torch.zeros_like(x)
        return x * self.control_values["level"] * (-1.0 if self.choice("mood") == "wild" else 1.0)


@pytest.fixture(params=["eager", "scripted"])
def announcing(request):
    return Announcing() if request.param == "eager" else scripted(Announcing())


def test_channels_are_counted_by_their_labels():
    module = NnTildeModule()
    module.register_method("encode", 1, 256, ["left", "right"], ["a", "b", "c"])
    assert module.encode_params.tolist() == [2, 1, 3, 256]
    assert module.method_names == ["encode"]


def test_controls_have_one_type_code_per_value(announcing):
    codes = {"level": [2], "mood": [3], "is_muted": [0], "bang": [0], "sizes": [1, 1]}
    codes["title"] = [3]
    assert list(announcing.get_attributes()) == list(codes)
    for name, expected in codes.items():
        assert getattr(announcing, f"{name}_params").tolist() == expected


def test_controls_tell_of_their_changes_and_refuse_what_they_cannot_be(announcing):
    sent = [
        ("level", (0.5,), 0), ("level", (0.5,), 0), ("level", (2.1,), 1), ("level", (-0.1,), 1),
        ("level", (math.nan,), 1), ("mood", ("wild",), 0), ("mood", ("sad",), 1),
        ("is_muted", (True,), 0), ("bang", (False,), 0), ("bang", (True,), 0),
        ("sizes", (3, 4), 1), ("title", ("an",), 0),
    ]  # fmt: skip
    assert [set_attribute(announcing, name, *values) for name, values, _ in sent] == [
        code for _, _, code in sent
    ]
    assert {name: get_attribute(announcing, name) for name in announcing.get_attributes()} == {
        **{"level": [0.5], "mood": ["wild"], "is_muted": [True], "bang": [False]},
        **{"sizes": [3, 4], "title": ["title an"]},
    }
    assert list(announcing.told[1:]) == [
        *("level to more", "mood to more", "is_muted to more", "bang to 0", "bang to more"),
    ]


def test_methods_read_their_controls(announcing):
    x = torch.tensor([[[1.0, -3.0]]])
    assert set_attribute(announcing, "level", 0.5) == 0
    assert torch.equal(announcing.forward(x), 0.5 * x)
    assert set_attribute(announcing, "mood", "wild") == 0
    assert torch.equal(announcing.forward(x), -0.5 * x)
    assert set_attribute(announcing, "is_muted", True) == 0
    assert torch.equal(announcing.forward(x), 0.0 * x)


def test_one_name_may_be_of_several_kinds_in_one_process():
    """Modules of one type share accessors: the kind must be part of the type."""
    files = []
    for control in (
        Control("a", "number", 1.0, 0.0, 2.0),
        Control("a", "choice", "x", choices="xy"),
    ):
        module = NnTildeModule()
        module.register_control(control)
        files.append(scripted(module))
    assert (files[0].get_a(), files[1].get_a()) == ([1.0], ["x"])


@pytest.mark.parametrize(
    "control, message",
    [
        (Control("sizes", "reading", 3), "reading sizes has no get_sizes"),
        (Control("title", "text", ""), "text title has no get_text"),
        (Control("number", "switch", True), "set_number is defined already"),
    ],
)
def test_control_without_its_accessor_or_with_one_too_many_is_refused(control, message: str):
    with pytest.raises(ValueError, match=message):
        NnTildeModule().register_control(control)


@pytest.mark.parametrize("ratio", [0, -2, 3, 96, 1000])
def test_ratios_that_the_host_cannot_serve_are_refused(ratio: int):
    for ratios in ((ratio, 1), (1, ratio)):
        with pytest.raises(ValueError, match=f"encode: ratios must be powers of two, got {ratio}"):
            NnTildeModule().register_method("encode", *ratios, ["in"], ["out"])


# --- operators ---


class Spectrum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        window = torch.ones(16, device=x.device)
        return torch.stft(x, 16, window=window, center=False, return_complex=True).abs()


class Stretch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x.unsqueeze(1), scale_factor=2.0)


class Around(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.first = nn.SiLU()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return self.inner(self.first(x))


@pytest.mark.parametrize("inner, operator", [(Spectrum(), "stft"), (Stretch(), "upsample_")])
def test_operators_that_older_hosts_do_not_know_are_refused_by_name(inner, operator: str):
    for module in (inner, Around(inner)):
        scripted = torch.jit.script(module)
        assert any(operator in name for name in set(operators(scripted)) - KNOWN_OPERATORS)
        with pytest.raises(UnknownOperatorError, match=r"operator aten::\w+ in [\w. ]+\.forward "):
            check_operators(scripted)


def test_operators_are_named_with_the_module_that_uses_them():
    found = operators(torch.jit.script(Around(Spectrum())))
    assert found["aten::stft"] == "inner.forward"


def test_operators_are_found_in_branches_and_exported_methods():
    class Hidden(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            if float(x.sum()) > 0.0:
                for _ in range(3):
                    x = torch.erfinv(x)
            return x

        @torch.jit.export
        def other(self, x: Tensor) -> Tensor:
            return torch.trace(x)

    found = operators(torch.jit.script(Hidden()))
    assert found["aten::erfinv"].endswith("forward")
    assert found["aten::trace"].endswith("other")


def test_known_operators_pass():
    check_operators(torch.jit.script(Around(nn.Linear(3, 4))))


def test_operators_that_fail_to_load_are_not_known():
    assert not [name for name in KNOWN_OPERATORS if "stft" in name or "upsample" in name]


def test_exported_instrument_uses_known_operators_only(instrument):
    found = operators(instrument)
    assert {"aten::fft_rfft", "aten::fft_irfft", "aten::addmm"} <= set(found)
    assert set(found) <= KNOWN_OPERATORS


# --- a file proves itself before it is kept ---


def contents(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def failing(*_):
    raise ExportError("it does not do what it promises")


@pytest.mark.parametrize("is_first", [True, False], ids=["no older file", "an older file"])
@pytest.mark.parametrize(
    "module, check",
    [
        (engine_module, "check_operators"),
        (card_module, "check_file"),
        (playable_module, "check_quiet"),
        (playable_module, "check_recovered_delays"),
    ],
)
def test_failed_check_writes_nothing(tmp_path, tiny_run, monkeypatch, module, check, is_first):
    if not is_first:
        (tmp_path / "tiny.ts").write_bytes(b"an older instrument")
        (tmp_path / "tiny.json").write_bytes(b"and its card")
    before = contents(tmp_path)
    monkeypatch.setattr(module, check, failing)
    with pytest.raises(ExportError):
        export_run(tiny_run, tmp_path, "tiny", blocks=1)
    assert contents(tmp_path) == before


def test_successful_export_replaces_the_older_file_and_leaves_nothing_else(tmp_path, tiny_run):
    folder = tmp_path / "new" / "folder"
    folder.mkdir(parents=True)
    (folder / "tiny.ts").write_bytes(b"an older instrument")
    wishes = {"projection": "none", "latent_dims": 0.6, "inversion": "live"}
    assert export_run(tiny_run, folder, "tiny", 1, **wishes) == folder / "tiny.ts"
    parts = ("", "-encode-decode", "-voices")
    patches = [f"tiny{part}.{end}" for part in parts for end in ("maxpat", "pd")]
    assert set(contents(folder)) == {"tiny.json", "tiny.ts", *patches}
    loaded = torch.jit.load(str(folder / "tiny.ts"))
    card = json.loads((folder / "tiny.json").read_text())
    assert settings(loaded)["projection"] == ["none"]
    # In `live` both methods recover phases, n_fft/2 late.
    assert settings(loaded)["delay"] == [256, 256]
    assert card["delay_samples"] == {"forward": 256, "decode": 256}
    # The least number of axes that explain 60 %.
    shown, explained = loaded.get_latent_dims()[0], card["latent"]["explained"]
    assert 1 <= shown == len(explained) < 4
    assert sum(explained) >= 0.6 > sum(explained[:-1])
    assert loaded.decode_params.tolist() == [shown, HOP, 1, 1]


@pytest.mark.parametrize("name", ["", "ab", "../abc", "a/bc", ".abc"])
def test_names_that_bring_the_host_down_or_lead_elsewhere_are_refused(tmp_path, tiny_run, name):
    with pytest.raises(InputError, match=r"at least three characters|has a / in it"):
        export_run(tiny_run, tmp_path / "out", name)
    assert not (tmp_path / "out").exists()


def test_exports_that_cannot_be_are_refused_in_one_line(tmp_path, tiny_run):
    (tmp_path / "file").write_text("")
    untrained = tiny_run._replace(kept=Kept(torch.zeros(0, 4), {}))
    cases = [
        (r"inversion must be one of random, eco, .*got 'ec0'", {"inversion": "ec0"}),
        (r"projection must be one of none, pca, ica, got 'pc'", {"projection": "pc"}),
        (r"count from 1 to 4 .*got 5", {"latent_dims": 5}),
        (r"cannot be made: .*choose another", {"folder": tmp_path / "file"}),
        (r"holds no training latents", {"run": untrained}),
    ]
    for message, wrong in cases:
        arguments = {"run": tiny_run, "folder": tmp_path / "out", "name": "tiny", **wrong}
        with pytest.raises(InputError, match=message) as caught:
            export_run(**arguments)
        assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("out/*"))


def test_file_of_other_weights_fails_its_check(exported_path, tiny_core, tiny_playable):
    content = exported_path.read_bytes()
    before = settings_of(tiny_playable.eager)
    deviations = check_methods(content, tiny_playable)
    assert max(deviations.values()) < 1e-5
    assert {name.split(",")[0] for name in deviations} == set(METHODS)
    assert settings_of(tiny_playable.eager) == before
    tiny_core.model = copy.deepcopy(tiny_core.model)
    tiny_core.model.decoder.layers[-1].bias += 1e-3
    with pytest.raises(ExportError, match=r"^forward, whole: deviates from the model by"):
        check_methods(content, tiny_playable)
    assert settings_of(tiny_playable.eager) == before


def test_file_that_sounds_in_silence_fails_its_check(exported_path, tiny_core, tiny_playable):
    check_quiet(exported_path.read_bytes(), tiny_core)
    tiny_core.silence = -1.0  # nothing counts as silence
    with pytest.raises(ExportError, match=r"silence does not give silence \(\d"):
        check_quiet(tiny_playable.script().save_to_buffer(), tiny_core)


def test_file_with_another_delay_fails_its_check(exported_path, tiny_core):
    content = exported_path.read_bytes()
    check_recovered_delays(content, tiny_core)
    tiny_core.set_modes("keep_input", "live")
    with pytest.raises(ExportError, match="decode: its delay is 256 samples, but it says 512"):
        check_recovered_delays(content, tiny_core)


def test_a_file_that_is_opened_twice_shares_its_code_alone(exported_path):
    content = exported_path.read_bytes()
    first, second = opened(content), opened(content)
    x = 0.1 * torch.randn(1, 1, 16 * HOP, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        heard = first.forward(x)
        assert first.set_gain_db(-20.0) == 0
        assert second.get_gain_db() == [0.0]
        # The first one's past and settings are no one else's.
        for other in (second, opened(content), torch.jit.load(str(exported_path))):
            torch.testing.assert_close(other.forward(x), heard, rtol=0, atol=1e-6)
        assert float((first.forward(x) - heard).abs().max()) > 1e-3


# --- the card ---


def test_card_says_what_the_file_does(exported_path, instrument, tiny_run, tiny_axes):
    card = json.loads(exported_path.with_suffix(".json").read_text())
    for name, ports in card["methods"].items():
        declared = getattr(instrument, f"{name}_params").tolist()
        assert [ports[k] for k in ("inlets", "in_ratio", "outlets", "out_ratio")] == declared
    assert list(card["methods"]) == METHODS
    assert list(card["delay_samples"].values()) == instrument.get_delay()
    assert card["delay_ms"] == {"forward": 8.71, "decode": 11.61}  # 384 and 512 at 44100 Hz
    assert (card["sample_rate_hz"], card["n_fft"], card["hop"]) == (44100, 512, HOP)
    assert card["sha256"] == hashlib.sha256(exported_path.read_bytes()).hexdigest()
    assert card["parameters"] == sum(p.numel() for p in tiny_run.model.parameters())
    assert card["run"] == "tiny/version_0"
    assert card["training"] == {"step": 20.0, "epoch": 1.0, "seconds": 1.5}
    assert card["torch"] == torch.__version__
    assert 0.0 <= card["largest_deviation_from_offline"] < 1e-5
    assert set(card["phase_recovery"]) == {"decode"}  # forward keeps the input's phase
    axes = tiny_axes["pca"]
    assert card["latent"]["explained"] == pytest.approx(axes.explained.tolist(), abs=1e-4)
    assert card["latent"]["lowest"] == pytest.approx(axes.lowest.tolist(), abs=1e-3)
    assert card["latent"]["highest"] == pytest.approx(axes.highest.tolist(), abs=1e-3)
    for sizes in card["load"].values():
        assert list(sizes) == ["512", "1024", "2048", "4096"]
        assert all(load["real_time_factor"] > 0 for load in sizes.values())


def test_table_has_a_line_for_every_method(exported_path):
    card = json.loads(exported_path.with_suffix(".json").read_text())
    card["load"]["decode"]["512"]["real_time_factor"] = 0.1234
    lines = card_table("tiny.ts", card, PlayableVAE.table(card)).splitlines()
    assert lines[0].startswith("tiny.ts: 44100 Hz, hop 128, 0.0 M weights")
    assert [line.split()[0] for line in lines[3:6]] == METHODS
    assert lines[5].split()[1:5] == ["4", "1", "11.6", "ms"] and "12.3%" in lines[5]
    assert lines[4].split()[3] == "–"  # encode waits for nothing
    card["smallest_safe_buffer"] = None
    card["phase_recovery"]["decode"] = {
        "model_error_whole": 0.1, "model_error_in_blocks": 0.125, "difference": 0.3,
        "mean_difference": 0.018,
    }  # fmt: skip
    table = card_table("tiny.ts", card, PlayableVAE.table(card))
    assert "smallest safe buffer: none on this machine (other work does not count)" in table
    assert (
        " of the peak\n  but decode's recovered phases differ with the block, mean spectra by 1.8%"
        "; spectra miss the model's by 10.0% whole, 12.5% in blocks of one hop\n"
    ) in table
    card["phase_recovery"]["decode"]["difference"] = 0.0
    table = card_table("tiny.ts", card, PlayableVAE.table(card))
    assert " of the peak\n  decode's recovered phases are the same in any block" in table


def loads_of(slowest_ms: dict[int, float]) -> dict:
    sizes = {str(n): {"real_time_factor": 0.0, "slowest_ms": ms} for n, ms in slowest_ms.items()}
    quick = {str(n): {"real_time_factor": 0.0, "slowest_ms": 0.0} for n in slowest_ms}
    return {"forward": quick, "decode": sizes}


@pytest.mark.parametrize(
    "slowest_ms, expected",
    [
        ({512: 35.0, 1024: 70.0}, 512),
        ({512: 36.0, 1024: 70.0}, 1024),
        ({512: 36.0, 1024: 72.0, 2048: 144.0, 4096: 280.0}, 4096),
        ({512: 36.0, 1024: 72.0, 2048: 144.0, 4096: 288.0}, None),
        ({2048: 1.0, 4096: 1.0}, 2048),
    ],
)
def test_safe_buffer_leaves_three_tenths_of_its_duration(slowest_ms: dict, expected: int | None):
    """At 10 240 Hz, 512 samples last 50 ms: 35 ms of work are safe."""
    assert safe_buffer(loads_of(slowest_ms), 10_240) == expected


def test_load_is_measured_on_one_thread_at_every_block_size(exported_path, tiny_playable):
    before = torch.get_num_threads()
    loads = measure_load(exported_path.read_bytes(), tiny_playable, blocks=1)
    assert torch.get_num_threads() == before
    for sizes in loads.values():
        assert list(map(int, sizes)) == list(BLOCK_SIZES)
        for size, load in sizes.items():
            # One call: its median and its slowest are the same time.
            seconds = load["real_time_factor"] * int(size) / 44100
            assert seconds == pytest.approx(load["slowest_ms"] / 1000, rel=0.05, abs=1e-5)


def test_other_work_on_the_machine_does_not_count_as_load(tiny_playable, monkeypatch):
    """A call that only waits spends no time of its own."""

    class Waiting:
        def get_methods(self) -> None:
            pass

        def forward(self, block: torch.Tensor) -> None:
            time.sleep(0.01)

        encode = decode = forward

    monkeypatch.setattr(card_module, "opened", lambda _: Waiting())
    monkeypatch.setattr(card_module, "BLOCK_SIZES", (512,))
    for sizes in measure_load(b"", tiny_playable, blocks=1).values():
        assert sizes["512"]["slowest_ms"] < 10.0 <= sizes["512"]["slowest_with_other_work_ms"]


@pytest.mark.parametrize("mode, is_equal", [("eco", True), ("random", True), ("balanced", False)])
def test_recovered_phases_are_alike_in_blocks_and_whole(
    tiny_core, exported_path, instrument, mode, is_equal
):
    tiny_core.set_modes("keep_input", mode)
    assert instrument.set_inversion(mode) == 0
    found = measure_recovery(instrument.save_to_buffer(), tiny_core)
    assert list(found) == ["decode"]
    alike = found["decode"]
    # The other way round: whole and blocks through the eager model, after its delay.
    generator = torch.Generator().manual_seed(0)
    points = torch.randn(1, 4, 6, generator=generator)
    axes = F.interpolate(points, 48, mode="linear")
    spectra = []
    for count in (1, 48):
        tiny_core.reset()
        sound = torch.cat([tiny_core.decode(part)[0, 0] for part in axes.split(48 // count, -1)])
        heard = sound[tiny_core.decode_delay() :]
        padded = F.pad(heard, (N_FFT - HOP, 0))
        spectra.append(tiny_core.transform.analyse(padded[None])[0].abs())
    difference = float((spectra[1] - spectra[0]).norm() / spectra[0].norm())
    assert alike["difference"] == pytest.approx(difference, abs=0.05)
    assert (alike["difference"] == 0.0) == is_equal
    assert alike["mean_difference"] <= alike["difference"]
    assert alike["model_error_in_blocks"] < alike["model_error_whole"] + 0.1


def test_file_holds_the_ranges_of_the_training_data(instrument):
    ranges = instrument.latent_ranges
    assert ranges.shape == (4, 2)
    assert bool((ranges[:, 0] < 0).all()) and bool((ranges[:, 1] > 0).all())
    torch.testing.assert_close(ranges.abs().amax(1), torch.full((4,), 3.0))
