# ruff: noqa: F811 (fixtures of another file)
"""Patches of cards that are no VAE's: an effect's, played in a real Pd, and cards of all sorts."""

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from maxpat_check import check_maxpat, patchers
from pd.runner import Patch, run_pd
from test_external import compiler, library  # noqa: F401
from test_patches import (
    BLOCK,
    BUFFER,
    CHANGE,
    assert_heard,
    assert_laid_out,
    made_card,
    messages_of,
    noise,  # noqa: F401
    pd_patches,
    play_file,
    ports,
    timeline,
)
from torch import Tensor

from vschaos2.controls import Control
from vschaos2.export.nn_tilde import NnTildeModule
from vschaos2.export.playable import Playable
from vschaos2.export.write import export_playable
from vschaos2.families.effect.grey import ChainNet
from vschaos2.patches import patch_files
from vschaos2.patches.controls import Controls
from vschaos2.patches.max_settings import exponent

RATE_HZ, CUTOFF_HZ = 44100, 1000.0
CUTOFF = {
    "name": "cutoff_hz", "kind": "number", "value": CUTOFF_HZ, "lowest": 20.0, "highest": 20000.0,
    "unit": "Hz", "curve": "exponential",
}  # fmt: skip
EFFECT = {
    "sample_rate_hz": RATE_HZ,
    "methods": {"forward": ports(1, 1, 1, 1)},
    "delay_ms": {"forward": 0.0},
    "load": {"forward": {"512": {"real_time_factor": 0.02}}},
    "smallest_safe_buffer": BUFFER,
    "attributes": [
        CUTOFF,
        {"name": "bypass", "kind": "switch", "value": False},
        {"name": "reset", "kind": "event", "value": False},
    ],
}
RELEASE = {"name": "release", "kind": "event", "value": False, "at_load": True}
MORE = [
    {"name": "mix", "kind": "number", "value": 0.5, "lowest": 0.0, "highest": 1.0},
    {"name": "time_ms", "kind": "number", "value": 250.0, "lowest": 1.0, "highest": 5000.0,
     "unit": "ms"},
    {"name": "tap", "kind": "number", "value": 3.0},
    {"name": "slope", "kind": "number", "value": 12.0, "lowest": 6.0, "highest": 24.0,
     "unit": "dB/octave"},
    {"name": "shape", "kind": "choice", "value": "two poles", "choices": ["one pole", "two poles"]},
    {"name": "song", "kind": "text", "value": "la la"},
    {"name": "loudness", "kind": "reading", "value": 0.0},
    {"name": "secret", "kind": "number", "value": 0.0, "lowest": 0.0, "highest": 1.0,
     "shown": False},
]  # fmt: skip

STRIP = [
    {"name": f"{panel}{n}_hz", "kind": "number", "value": 100.0, "lowest": 20.0,
     "highest": 20000.0, "unit": "Hz", "curve": "exponential", "group": panel}
    for panel, count in (("filters", 14), ("compressor", 7), ("echoes", 8), ("room", 13))
    for n in range(count)
] + [
    {"name": f"axis{n}", "kind": "number", "value": 0.0, "lowest": -3.0, "highest": 3.0,
     "group": "axes", "note": "reverb_high_ratio up, compressor_ratio down"}
    for n in range(1, 6)
] + [
    {"name": "preset", "kind": "choice", "value": "mean", "group": "presets",
     "choices": ["mean", *(f"song_{n}" for n in range(40))]},
    {"name": "towards", "kind": "choice", "value": "song_1", "group": "presets",
     "choices": ["mean", "song_1", "song_2"]},
]  # fmt: skip

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def without(card: dict, *keys: str) -> dict:
    return {key: value for key, value in card.items() if key not in keys}


def with_methods(card: dict, *names: str) -> dict:
    return {**card, "methods": {name: card["methods"][name] for name in names}}


CARDS = {
    "effect": EFFECT,
    "effect of many settings": {**EFFECT, "attributes": EFFECT["attributes"] + MORE},
    "effect at the rates of hosts": {
        **EFFECT, "host_rates_hz": [44100, 48000, 88200, 96000], "trained_at_hz": 44100,
        "delay_samples_at_hz": {"44100": 0, "48000": 84, "88200": 153, "96000": 167},
        "attributes": [CUTOFF, RELEASE],
    },
    "channel strip": {**EFFECT, "attributes": STRIP + EFFECT["attributes"]},
    "effect without settings": {**EFFECT, "attributes": []},
    "stereo": {**EFFECT, "methods": {"forward": ports(2, 1, 2, 1)}},
    "bare": {
        "sample_rate_hz": 48000, "methods": {"forward": ports(1, 1, 1, 1)}, "attributes": [],
    },
    "labels without latents": without(with_methods(made_card(4, 3, 2), "forward"), "latent"),
    "latents of unknown range": without(made_card(6), "latent", "delay_ms", "load"),
    "decode alone": with_methods(made_card(4, 2, 0), "decode"),
    "forward and decode": with_methods(made_card(4, 2, 1), "forward", "decode"),
    "no real time": with_methods(made_card(4), "encode"),
}  # fmt: skip


class OnePole(NnTildeModule):
    """A low-pass y += a (x - y), a = 1 - exp(-2π f / f_s)."""

    def __init__(self) -> None:
        super().__init__()
        self.register_method("forward", 1, 1, ["sound"], ["sound"])
        self.register_control(
            Control("cutoff_hz", "number", CUTOFF_HZ, 20.0, 20000.0, "Hz", "exponential")
        )
        self.register_control(Control("bypass", "switch", False))
        self.register_control(Control("reset", "event", False))
        self.last = torch.zeros(0)

    @torch.jit.export
    def control_changed(self, name: str, value: float) -> None:
        if name == "reset":
            self.last = torch.zeros(0)

    def forward(self, x: Tensor) -> Tensor:
        a = 1.0 - math.exp(-2.0 * math.pi * self.control_values["cutoff_hz"] / 44100.0)
        if len(self.last) != len(x):
            self.last = torch.zeros(len(x))
        y = torch.zeros_like(x)
        for i in range(x.shape[-1]):
            self.last = self.last + a * (x[:, 0, i] - self.last)
            y[:, 0, i] = self.last
        return x if self.control_values["bypass"] != 0.0 else y


@pytest.fixture(scope="module")
def effect(tmp_path_factory) -> Path:
    """The folder of an exported low-pass: fuzz.ts, fuzz.json, fuzz.pd and fuzz.maxpat."""
    folder = tmp_path_factory.mktemp("effect")
    export_playable(Playable(OnePole(), RATE_HZ), {}, folder, "fuzz", blocks=1)
    card = json.loads((folder / "fuzz.json").read_text())
    card["smallest_safe_buffer"] = BUFFER
    assert card["attributes"] == EFFECT["attributes"]
    assert {path.name for path in folder.iterdir()} == {
        "fuzz.ts", "fuzz.json", *patch_files("fuzz", card)
    }  # fmt: skip
    for name, text in patch_files("fuzz", card).items():
        (folder / name).write_text(text)
    return folder


def played(
    sound: np.ndarray, cutoffs: list[tuple[int, float]], bypass: tuple[int, int], reset: int
) -> np.ndarray:
    """What Pd has to play, [T]: settings count from the half of the buffer in which they come.

    Args:
        sound: [T].
        cutoffs: (block, Hz).
        bypass: blocks in which it begins and ends.
        reset: block.
    """
    half = BUFFER // 2
    start, end, forget = (block * BLOCK // half * half for block in (*bypass, reset))
    y, last, a = np.zeros(len(sound)), 0.0, 0.0
    changes = {block * BLOCK // half * half: cutoff_hz for block, cutoff_hz in cutoffs}
    for i, x in enumerate(sound.astype(float)):
        if i in changes:
            a = 1.0 - math.exp(-2.0 * math.pi * changes[i] / RATE_HZ)
        last = (0.0 if i == forget else last) * (1.0 - a) + a * x
        y[i] = x if start <= i < end else last
    return np.concatenate((np.zeros(BUFFER), y[:-BUFFER])).astype(np.float32)


@pytest.mark.slow
def test_an_effect_plays_in_pd_as_its_panel_says(library, effect, noise, tmp_path):
    messages = [
        *play_file("fuzz", tmp_path),
        (100, "fuzz-set-cutoff_hz 300"),
        (150, "fuzz-set-bypass 1"),
        (170, "fuzz-set-bypass 0"),
        (CHANGE, "fuzz-set-reset bang"),
    ]
    recorded = timeline(tmp_path, effect / "fuzz.pd", "fuzz-forward-sound", messages, library)
    expected = played(noise, [(0, CUTOFF_HZ), (100, 300.0)], (150, 170), CHANGE)
    assert_heard(recorded, expected)
    others = [
        played(noise, [(0, CUTOFF_HZ)], (150, 170), CHANGE),
        played(noise, [(0, CUTOFF_HZ), (100, 300.0)], (0, 0), CHANGE),
        played(noise, [(0, CUTOFF_HZ), (100, 300.0)], (150, 170), -1),
    ]
    assert all(np.abs(other - expected).max() > 1e-3 for other in others)


@pytest.mark.slow
@pytest.mark.parametrize("part", [0, 32, 64, 129])
def test_an_exponential_slider_moves_in_ratios(library, tmp_path, part):
    text = patch_files("fuzz", EFFECT)["fuzz.pd"]
    (slider,) = re.findall(r"hsl 130 18 .* fuzz-set-cutoff_hz fuzz-set-cutoff_hz .*(?=;)", text)
    words = slider.split()
    words[6], words[7:9] = "1", ["empty", "empty"]  # it says its value when the patch opens
    words[-2] = str(100 * part)  # where it stands: pixels, of which it has 130
    patch = Patch()
    patch.connect(patch.box(" ".join(words)), patch.box("print value"))
    patch.send(patch.box("loadbang"), 10.0, "; pd quit")
    lines, code = run_pd(patch, tmp_path, library, "-batch")
    assert code == 0
    (value,) = [float(line.removeprefix("value: ")) for line in lines if "value: " in line]
    assert value == pytest.approx(20.0 * (20000.0 / 20.0) ** (part / 129), rel=1e-4)


@pytest.mark.parametrize("low, high", [(20.0, 20000.0), (1.0, 2.0), (0.1, 1000.0)])
def test_an_exponential_dial_is_half_way_at_the_geometric_mean(low, high):
    assert low + (high - low) * 0.5 ** exponent(low, high) == pytest.approx(math.sqrt(low * high))


@pytest.mark.parametrize("name", CARDS)
def test_patches_of_any_card_are_sound(name):
    card = CARDS[name]
    assert_laid_out(pd_patches(card, "fuzz"))
    channels = {
        method: (told["inlets"], told["outlets"]) for method, told in card["methods"].items()
    }
    for file, text in patch_files("fuzz", card).items():
        if file.endswith(".maxpat"):
            assert check_maxpat(text, channels) == []


@pytest.mark.parametrize("name", CARDS)
def test_patches_ask_for_the_methods_of_the_card_and_no_others(name):
    methods = CARDS[name]["methods"].keys()
    played = {"fuzz.pd": methods & {"forward", "decode"}}
    if {"encode", "decode"} <= methods:
        played["fuzz-encode-decode.pd"] = {"encode", "decode"}
    if "decode" in methods:
        played["fuzz-voices.pd"] = {"decode"}
    found = {
        file: {
            box.words[2]
            for canvas in patch.every()
            for box in canvas.boxes
            if box.kind == "obj" and box.words[0] in ("nn~", "vschaos~")
        }
        for file, patch in pd_patches(CARDS[name], "fuzz").items()
    }
    assert found == played
    maxpats = [file for file in patch_files("fuzz", CARDS[name]) if file.endswith(".maxpat")]
    assert sorted(maxpats) == sorted(file.replace(".pd", ".maxpat") for file in played)


def test_an_effect_has_a_control_for_each_attribute():
    patch = pd_patches(EFFECT, "fuzz")["fuzz.pd"]
    boxes = {
        word.removeprefix("fuzz-set-"): box.words
        for box in patch.boxes
        for word in box.words
        if word.startswith("fuzz-set-") and box.kind == "obj"
    }
    assert {name: words[0] for name, words in boxes.items()} == {
        "cutoff_hz": "hsl", "bypass": "tgl", "reset": "bng",
    }  # fmt: skip
    low, high, is_exponential = boxes["cutoff_hz"][3:6]
    assert (float(low), float(high), is_exponential) == (20.0, 20000.0, "1")
    comments = {" ".join(box.words) for box in patch.boxes if box.kind == "text"}
    assert {"cutoff_hz", "20 to 20000 Hz", "bypass", "reset"} <= comments
    told = set(messages_of(patch))
    assert {f"bufsize {BUFFER}", "1000", r"set cutoff_hz \$1", "set reset 1"} <= told
    assert {"set bypass false", "set bypass true"} <= told


def test_a_dial_in_max_has_the_range_and_unit_of_its_number():
    text = patch_files("fuzz", CARDS["effect of many settings"])["fuzz.maxpat"]
    boxes = [entry["box"] for entry in json.loads(text)["patcher"]["boxes"]]
    dials = [
        box["saved_attribute_attributes"]["valueof"]
        for box in boxes
        if box["maxclass"] == "live.dial"
    ]
    told = {
        dial["parameter_shortname"]: (
            dial["parameter_mmin"],
            dial["parameter_mmax"],
            dial["parameter_initial"],
            dial.get("parameter_units", dial["parameter_unitstyle"]),
            dial["parameter_exponent"] > 1.0,
        )
        for dial in dials
    }
    assert told == {
        "cutoff_hz": (20.0, 20000.0, [1000.0], 3, True),
        "mix": (0.0, 1.0, [0.5], 1, False),
        "time_ms": (1.0, 5000.0, [250.0], 2, False),
        "slope": (6.0, 24.0, [12.0], "%.2f dB/octave", False),
    }
    assert len({dial["parameter_longname"] for dial in dials}) == len(dials)


def test_what_a_card_keeps_for_itself_is_not_shown():
    card = CARDS["effect of many settings"]
    shown = [setting.name for setting in Controls.of("fuzz", card).settings]
    assert shown == [
        row["name"] for row in card["attributes"] if row["name"] not in ("loudness", "secret")
    ]
    for name, text in patch_files("fuzz", card).items():
        assert "secret" not in text and "loudness" not in text, name


def test_panels_of_a_channel_strip_fit_a_screen_and_show_everything_once():
    files = patch_files("fuzz", CARDS["channel strip"])
    patch = pd_patches(CARDS["channel strip"], "fuzz")["fuzz.pd"]
    width, height = map(int, files["fuzz.pd"].split(";")[0].split()[4:6])
    assert width <= 1272 and height <= 1400
    senders = [w for box in patch.boxes if box.kind == "obj" for w in box.words[:-1]]
    for row in STRIP:
        assert senders.count(f"fuzz-set-{row['name']}") in (1, 2), row["name"]
    titles = " ".join(" ".join(box.words) for box in patch.boxes if box.words[:1] == ["cnv"])
    for panel in ("filters", "compressor", "echoes", "room", "axes", "presets", "model"):
        assert f" {panel} " in titles
    rect = json.loads(files["fuzz.maxpat"])["patcher"]["rect"]
    assert rect[2] <= 1272


def test_what_stands_in_a_room_without_a_name_to_a_player_is_not_shown():
    """Of a chain every setting can be told, but patches leave the gains of a room's lines out."""
    net = ChainNet(1, 0, 2, RATE_HZ, ["peak", "space"])
    controls = {each.name: each for each in net.settings(())}
    assert not controls["reverb_left3"].shown and controls["reverb_low_s"].shown
    groups = {name: controls[name].group for name in ("peak_hz", "pan", "echo_ms")}
    assert groups == {"peak_hz": "peak", "pan": "echoes", "echo_ms": "echoes"}
    assert controls["reverb_peak1_hz"].group == "room"
    rows = [each.row(each.values) for each in controls.values()]
    for text in patch_files("fuzz", {**EFFECT, "attributes": rows}).values():
        assert "reverb_left3" not in text and "reverb_low_s" in text


def test_a_menu_in_max_stands_where_its_choice_begins():
    text = patch_files("fuzz", CARDS["channel strip"])["fuzz.maxpat"]
    assert '"text":"loadmess 1"' in text.replace(": ", ":")


def test_a_control_writes_the_row_that_patches_read():
    control = Control("cutoff_hz", "number", CUTOFF_HZ, 20.0, 20000.0, "Hz", "exponential")
    assert control.row([CUTOFF_HZ]) == CUTOFF
    usual = Control("gain_db", "number", 0.0, -120.0, 60.0, usual=(-60.0, 12.0), shown=False)
    row = usual.row([0.0])
    assert (row["usual"], row["shown"]) == ([-60.0, 12.0], False)
    card = {**EFFECT, "attributes": [{**row, "shown": True}]}
    (slider,) = (
        box.words for box in pd_patches(card, "fuzz")["fuzz.pd"].boxes
        if box.words[:1] == ["hsl"] and "fuzz-set-gain_db" in box.words
    )  # fmt: skip
    assert slider[3:5] == ["-60", "12"]


@pytest.mark.parametrize("usual", [(-1.0, 0.5), (0.5, 2.0), (0.5, 0.5), (0.7, 0.3)])
def test_usual_ends_beyond_the_limits_are_refused(usual):
    with pytest.raises(ValueError, match="control mix: usual must be two rising numbers within 0"):
        Control("mix", "number", 0.5, 0.0, 1.0, usual=usual)


def test_figures_say_what_the_card_knows():
    told = Controls.of("fuzz", EFFECT).figures
    assert told == (
        "44100 Hz · delay of forward 0 ms · at a buffer of 512 nn~ adds 22 ms, vschaos~ 12 ms · "
        "load of one core 2 %"
    )
    told = Controls.of("fuzz", CARDS["bare"]).figures
    assert told == "48000 Hz · at a buffer of 4096 nn~ adds 169 ms, vschaos~ 85 ms"


def test_every_inlet_of_sound_gets_the_sound():
    patch = pd_patches(CARDS["stereo"], "fuzz")["fuzz.pd"]
    (source,) = (i for i, box in enumerate(patch.boxes) if box.inner and box.inner.name == "source")
    (model,) = (i for i, box in enumerate(patch.boxes) if box.words[:1] == ["nn~"])
    assert {cord[3] for cord in patch.cords if cord[:3] == (source, 0, model)} == {0, 1}
    outer = next(patchers(patch_files("fuzz", CARDS["stereo"])["fuzz.maxpat"]))
    boxes = {entry["box"]["id"]: entry["box"].get("text", "") for entry in outer["boxes"]}
    lines = [entry["patchline"] for entry in outer["lines"]]
    inlets = {
        line["destination"][1]
        for line in lines
        if boxes[line["source"][0]] == "p source"
        and boxes[line["destination"][0]].startswith("nn~")
    }
    assert inlets == {0, 1}


def test_names_of_choices_and_words_stay_whole():
    patch = pd_patches(CARDS["effect of many settings"], "fuzz")["fuzz.pd"]
    assert {r"set shape one\ pole", r"symbol la\ la"} <= set(messages_of(patch))


def test_what_was_learnt_is_given_back_once_a_patch_has_said_what_it_shows():
    files = patch_files("fuzz", CARDS["effect at the rates of hosts"])
    assert re.search(
        r"obj \d+ \d+ loadbang;\n.* obj \d+ \d+ delay 1;\n.* obj \d+ \d+ s fuzz-set-release;",
        files["fuzz.pd"],
    )
    boxes = [
        entry["box"] for patcher in patchers(files["fuzz.maxpat"]) for entry in patcher["boxes"]
    ]
    assert {"loadmess bang", "delay 500", "set release 1"} <= {box.get("text") for box in boxes}
    assert not Control("release", "event", False).row([False]).get("at_load")


def test_figures_say_what_resampling_adds():
    told = Controls.of("fuzz", CARDS["effect at the rates of hosts"]).figures
    assert told.startswith("44100 Hz, or resampled, 1.8 ms later · delay of 0 ms · ")
