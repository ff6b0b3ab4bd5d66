"""Patches made for an instrument: laid out, and played in a real Pd, held against the model."""

import itertools
import json
import math
import socket
import struct
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from exports import export_run
from maxpat_check import check_maxpat, patchers
from pd.reader import Canvas, read_patch
from pd.runner import BLOCK, Patch, play, run_pd, start_pd
from test_external import compiler, hosted, library  # noqa: F401
from test_label_export import PITCHES, labelled_run

from docs import write_max_example
from vschaos2.dsp.limiter import soft_clip
from vschaos2.patches import patch_files, pd_sound
from vschaos2.patches.controls import Controls, slider_range
from vschaos2.patches.figures import host_delays
from vschaos2.patches.flow import Block, flow, stack, stagger
from vschaos2.patches.pd_canvas import PdCanvas

BUFFER, START, LENGTH = 512, 64, 16384  # samples; blocks before the file plays; samples
CHANGE = 192  # block in which something is changed
VANILLA = {
    *(
        "!=",
        "*~",
        "+",
        "+~",
        "-",
        "-~",
        "<",
        "==",
        ">=",
        "adc~",
        "array",
        "bang",
        "bng",
        "catch~",
        "clip",
        "clip~",
    ),
    *("*", "/", "==", "ctlin", "mod", "netreceive", "notein", "oscparse", "route", "savepanel"),
    *(
        "stripnote",
        "writesf~",
        "*",
        "cnv",
        "dac~",
        "dbtorms",
        "delay",
        "env~",
        "expr",
        "expr~",
        "f",
        "hradio",
        "hsl",
    ),
    *("inlet", "inlet~", "int", "line", "line~"),
    *("list", "loadbang", "makefilename", "max", "metro", "moses", "nbx", "noise~", "openpanel"),
    *("outlet~", "pack", "r", "r~", "random", "s", "s~", "samplerate~", "sel", "sig~"),
    *("snapshot~", "soundfiler", "spigot", "t", "tabplay~", "text", "tgl", "unpack", "vradio"),
    *("throw~", "vsl", "vu", "change", "poly", "vline~"),
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def ports(inlets: int, in_ratio: int, outlets: int, out_ratio: int) -> dict[str, int]:
    """A method, as a card tells it."""
    return {"inlets": inlets, "in_ratio": in_ratio, "outlets": outlets, "out_ratio": out_ratio}


def made_card(axes: int, labels: int = 0, guesses: int = 0) -> dict:
    """A card as `measure_card` leaves it: labels of every kind, as many as are asked for."""
    classes = [
        PITCHES, list(range(9)), ["trumpet", "violin", "clarinet", "piano", "glockenspiel"], None,
        [f"instrument {i}" for i in range(60)],
    ]  # fmt: skip
    words = ["louder, purer", "brighter", "subtle", "noisier, brighter", "darker"]
    tasks = ["pitch", "octave", "instrument", "brightness", "voice"]
    return {
        "sample_rate_hz": 44100,
        "host_rates_hz": [44100, 48000],
        "methods": {
            "forward": ports(1 + labels, 1, 1 + guesses, 1),
            "encode": ports(1 + (labels > 1), 1, axes + guesses, 512),
            "decode": ports(axes + labels, 512, 1, 1),
        },
        "hop": 512,
        "smallest_safe_buffer": 2048,
        "delay_ms": {"forward": 34.83, "decode": 46.44},
        "load": {
            "forward": {"2048": {"real_time_factor": 0.08}},
            "decode": {"2048": {"real_time_factor": 0.11}},
        },
        "latent": {
            "lowest": [-2.5] * axes,
            "highest": [3.25] * axes,
            "rising": [words[i % len(words)] for i in range(axes)],
            "places": [[round(0.3 * math.sin(i * j), 2) for j in range(axes)] for i in range(8)],
        },
        "labels": {
            "commanded": [
                {
                    "task": tasks[i],
                    "message": f"set {tasks[i]}",
                    "classes": classes[i],
                    "encode_inlet": 2 if i == 1 else None,
                    "guessed_in": ["forward"] if i < guesses else [],
                    "plain": 4 if i == 1 else 0,
                }
                for i in range(labels)
            ],
            "guessed": [{"name": task} for task in tasks[:guesses]],
        },
        "attributes": [
            {"name": "temperature", "kind": "number", "value": 0.0, "lowest": 0.0, "highest": 10.0,
             "usual": [0.0, 2.0]},
            {"name": "inversion", "kind": "choice", "value": "default",
             "choices": ["default", "keep_input", "random", "eco", "balanced", "live", "hq"]},
            {"name": "projection", "kind": "choice", "value": "pca",
             "choices": ["none", "pca", "ica"]},
            {"name": "gain_db", "kind": "number", "value": 0.0, "lowest": -120.0, "highest": 60.0,
             "unit": "dB", "usual": [-60.0, 12.0]},
            {"name": "limiter", "kind": "choice", "value": "decode",
             "choices": ["off", "decode", "all"], "shown": False},
            {"name": "reset", "kind": "event", "value": False},
            {"name": "latent_dims", "kind": "reading", "value": axes},
            {"name": "frozen", "kind": "switch", "value": True},
        ],
    }  # fmt: skip


def pd_patches(card: dict, model: str = "cello") -> dict[str, Canvas]:
    """The Pd patches for a card, as Pd reads them."""
    files = patch_files(model, card)
    return {name: read_patch(text) for name, text in files.items() if name.endswith(".pd")}


def assert_laid_out(patches: dict[str, Canvas]) -> None:
    """No box of a patch lies on another, and none outside its window."""
    for name, patch in patches.items():
        for canvas in patch.every():
            boxes = [box for box in canvas.boxes if not box.is_panel]
            panels = [box for box in canvas.boxes if box.is_panel]
            for group in (boxes, panels):
                for one, other in itertools.combinations(group, 2):
                    assert not one.rect.meets(other.rect), (name, canvas.name, one, other)
            for box in boxes:
                rect = box.rect
                assert rect.left >= 0 and rect.top >= 0, (name, canvas.name, box)
                assert rect.bottom <= canvas.height, (name, canvas.name, box, rect)
                if canvas.name != "edit":  # one column for every axis: it scrolls
                    assert rect.right <= canvas.width, (name, canvas.name, box, rect)


SHAPES = [(1, 0, 0), (2, 1, 1), (8, 0, 0), (16, 2, 2), (16, 3, 3), (31, 5, 4), (32, 4, 0)]


LONG = "a_model_with_a_name_that_goes_on_for_long"


@pytest.mark.parametrize("model", ["cello", LONG])
@pytest.mark.parametrize("axes, labels, guesses", SHAPES)
def test_pd_boxes_do_not_overlap_and_lie_in_the_window(axes, labels, guesses, model):
    card = made_card(axes, labels, guesses)
    if model == LONG and labels:
        card["labels"]["commanded"][0]["task"] = "what an odd name it is"
    assert_laid_out(pd_patches(card, model))


EIGHT = ["flute", "violin", "cello", "trumpet", "clarinet", "oboe", "viola", "bassoon"]


@pytest.mark.parametrize(
    "axes, labels, most",
    [(4, 0, 1280), (16, 0, 1280), (16, 2, 1280), (16, 3, 1280), (32, 0, 1366), (32, 3, 1366)],
)
def test_windows_fit_a_laptop(axes, labels, most):
    card = made_card(axes, labels, labels)
    if labels == 3:
        card["labels"]["commanded"][2]["classes"] = EIGHT
    for name, text in patch_files("my_cello", card).items():
        if name.endswith(".pd"):
            width, height = read_patch(text).width, read_patch(text).height
        else:
            width, height = json.loads(text)["patcher"]["rect"][2:]
        assert width <= most, (name, width)
        assert height <= (828 if "encode" in name else 770), (name, height)  # and a menu bar


def test_label_names_stand_whole_above_their_inlets():
    card = made_card(16, 3, 3)
    shown = {" ".join(box.words) for box in pd_patches(card)["cello.pd"].boxes}
    assert {"pitch", "octave", "instrument"} <= shown


def test_labels_are_named_once_where_no_column_is_theirs():
    card = made_card(16, 3, 3)
    words = Counter(" ".join(b.words) for b in pd_patches(card)["cello-encode-decode.pd"].boxes)
    assert [words[task] for task in ("pitch", "octave", "instrument")] == [1, 1, 1]


def test_stagger_raises_what_has_no_room():
    # The second would run into the first, the third stands behind the first, the last turns left.
    places = stagger([0, 50, 100, 150], [60, 80, 40, 90], right=200, gap=10)
    assert places == [(0, 0), (50, 1), (100, 0), (110, 2)]


def test_stack_fills_columns():
    blocks = [Block(30, height, lambda *_: None) for height in (60, 50, 30, 10)]
    assert stack(blocks, 100, gap=20) == ([(0, 0), (50, 0), (50, 60), (100, 0)], 130, 90)


def test_pd_patches_use_nothing_but_vanilla_objects_and_nn_tilde():
    for patch in pd_patches(made_card(16, 5, 4)).values():
        for canvas in patch.every():
            used = {box.words[0] for box in canvas.boxes if box.kind == "obj"}
            assert used <= VANILLA | {"nn~", "vschaos~"}, used - VANILLA


def test_a_name_that_reads_as_a_number_keeps_its_ending():
    text = patch_files("1234", made_card(4))["1234.pd"]
    models = [box.words[1] for box in read_patch(text).boxes if box.words[:1] == ["nn~"]]
    assert models == ["1234.ts", "1234.ts"]


@pytest.mark.parametrize("axes, labels, guesses", SHAPES)
def test_max_patches_are_sound(axes, labels, guesses):
    heard = int(labels > 1)
    channels = {
        "forward": (1 + labels, 1 + guesses),
        "encode": (1 + heard, axes + guesses),
        "decode": (axes + labels, 1),
    }
    for name, text in patch_files("cello", made_card(axes, labels, guesses)).items():
        if name.endswith(".maxpat"):
            assert check_maxpat(text, channels) == []
            methods = [
                box["box"]["text"].split()[1:]
                for patcher in patchers(text)
                for box in patcher["boxes"]
                if box["box"].get("text", "").startswith(("nn~", "mc.nn~"))
            ]
            first = ["encode" if "encode-" in name else "forward"] * ("voices" not in name)
            assert sorted(methods) == sorted(
                [["cello", each, "2048"] for each in (*first, "decode")]
            )


def test_checker_sees_what_is_wrong_with_a_max_patch():
    text = patch_files("cello", made_card(2))["cello.maxpat"]
    assert any("nn~ decode" in fault for fault in check_maxpat(text, {"forward": (1, 1)}))
    patch = json.loads(text)
    patch["patcher"]["lines"][0]["patchline"]["destination"][1] = 9
    patch["patcher"]["boxes"][-1]["box"]["numinlets"] += 1
    patch["patcher"]["boxes"][5]["box"]["patching_rect"][:2] = [-5.0, 3.0]
    faults = check_maxpat(json.dumps(patch))
    assert any("no inlet 9" in fault for fault in faults)
    assert any("ports" in fault for fault in faults)
    assert any("leaves the window" in fault for fault in faults)


def test_max_example_is_what_the_writer_makes():
    text = write_max_example.PATCH.read_text(encoding="utf-8")
    assert text == write_max_example.example_text(), "run python3 -m docs.write_max_example"
    assert check_maxpat(text, {"forward": (1, 1), "decode": (8, 1)}) == []
    rect = json.loads(text)["patcher"]["rect"]
    assert rect[2] <= 1366 and rect[3] <= 768


def test_max_places_are_the_presets():
    inner = list(patchers(patch_files("cello", made_card(16))["cello.maxpat"]))
    lists = [
        [entry["value"] for entry in box["box"]["coll_data"]["data"]]
        for patcher in inner
        for box in patcher["boxes"]
        if "coll_data" in box["box"]
    ]
    *_, places = lists
    expected = np.array(made_card(16)["latent"]["places"])
    np.testing.assert_allclose(places, expected, atol=1e-4)


def test_what_an_axis_does_stands_above_it_in_both_programs():
    card = made_card(16)
    words = Counter(words.split(",")[0] for words in card["latent"]["rising"])
    for name, text in patch_files("cello", card).items():
        if name.endswith(".pd"):
            boxes = read_patch(text).boxes
            shown = Counter(" ".join(box.words) for box in boxes if box.kind == "text")
        else:
            boxes = [box["box"] for box in next(patchers(text))["boxes"]]
            shown = Counter(box["text"] for box in boxes if box["maxclass"] == "comment")
        assert {word: shown[word] for word in words} == dict(words), name
        assert all(shown[str(axis)] == 1 for axis in range(1, 17)), name


def messages_of(patch: Canvas) -> list[str]:
    """What all message boxes say, and messages that [model_slot] keeps."""
    canvases = patch.every()
    return [" ".join(box.words) for each in canvases for box in each.boxes if box.kind == "msg"]


@pytest.mark.parametrize(
    "axes, labels, buffer, told",
    [
        (16, 0, 2048, {"cello.pd"}),  # forward has one inlet and one outlet
        (16, 0, 4096, set()),
        (16, 1, 2048, set()),
        (1, 0, 512, {"cello.pd", "cello-encode-decode.pd"}),
    ],
)
def test_nn_tilde_is_told_its_buffer_again_where_it_forgets_it(axes, labels, buffer, told):
    card = {**made_card(axes, labels), "smallest_safe_buffer": buffer}
    patches = pd_patches(card)
    found = {name for name, patch in patches.items() if f"bufsize {buffer}" in messages_of(patch)}
    assert found == told


def test_patches_say_to_models_only_what_nn_tilde_for_pd_knows():
    """`get` is known to vschaos~ alone: nn~ answers it with a red line."""
    known = {"set", "enable", "bufsize", "bang"}
    for patch in pd_patches(made_card(16, 5, 4)).values():
        (settings,) = (canvas for canvas in patch.every() if canvas.name == "settings")
        told = {text.split()[0] for text in messages_of(settings)}
        assert told - {"\\;", "0"} <= known  # to Pd, and first values of sliders
    for path in sorted(write_max_example.PATCH.parent.glob("*.pd")):
        for text in messages_of(read_patch(path.read_text(encoding="utf-8"))):
            assert "get " not in text, (path.name, text)


@pytest.mark.parametrize(
    "buffer, hop, delays",
    [(512, 512, (960, 960)), (4096, 512, (8128, 4096)), (512, 128, (960, 512))],
)
def test_delay_of_the_host_is_the_one_measured(buffer, hop, delays):
    assert host_delays(buffer, hop) == delays
    card = {**made_card(4), "smallest_safe_buffer": buffer, "hop": hop}
    in_nn, in_vschaos = (round(1000 * delay / 44100) for delay in delays)
    figures = Controls.of("cello", card).figures
    assert f"at a buffer of {buffer} nn~ adds {in_nn} ms, vschaos~ {in_vschaos} ms" in figures


def test_patches_without_labels_have_no_place_for_them():
    for patch in pd_patches(made_card(16)).values():
        assert "labels" not in {canvas.name for canvas in patch.every()}


def test_a_menu_offers_a_guess_only_where_decode_guesses_too():
    card = made_card(4, 2, 2)
    card["labels"]["commanded"][0]["guessed_in"] = ["forward", "decode"]
    labels = Controls.of("cello", card).labels
    assert [label.guess for label in labels] == ["guess", "heard"]
    words = Counter(" ".join(box.words) for box in pd_patches(card)["cello.pd"].boxes)
    assert words["guess"] == 1 and words["heard"] == 1


@pytest.mark.slow
def test_limiter_of_the_patches_is_that_of_the_instrument(library, tmp_path):  # noqa: F811
    canvas = PdCanvas("limited")
    begin, end = pd_sound.limiter(canvas, 20, 60)
    canvas.connect(canvas.obj(20, 20, "inlet~"), begin)
    canvas.connect(end, canvas.obj(20, 220, "outlet~"))
    (tmp_path / "limited.pd").write_text(canvas.fit().text())
    ramp = np.linspace(-6.0, 6.0, 4096, dtype=np.float32)[None]
    played = play(tmp_path, library, [("limited", 1)], ramp)
    expected = soft_clip(torch.from_numpy(ramp)).numpy()
    np.testing.assert_allclose(played.signals, expected, rtol=0, atol=2e-6)


def test_controls_know_what_can_be_guessed():
    controls = Controls.of("my cello", made_card(2, 4, 1))
    assert controls.key == "my_cello"
    assert [label.first for label in controls.labels] == [-1, 4, 0, 0]
    assert [guess.names for guess in controls.guesses] == [tuple(PITCHES)]
    assert [setting.kind for setting in controls.settings] == [
        *("number", "choice", "choice", "number", "event", "switch")
    ]


def test_presets_are_the_places_of_the_card():
    card = made_card(16, 2, 2)
    presets = np.array(Controls.of("cello", card).presets)
    np.testing.assert_array_equal(presets[:, :16], card["latent"]["places"])
    np.testing.assert_array_equal(presets[:, 16:], [[-1, -1]] * 8)


@pytest.mark.parametrize("lowest, highest", [(-3.0, 3.0), (0.5, 2.0), (0.0, 0.0), (-1e-9, 0.01)])
def test_slider_reaches_all_values_and_zero(lowest, highest):
    low, high = slider_range(lowest, highest)
    assert low <= min(0.0, lowest) and high >= max(0.0, highest)
    assert high > low


def test_flow_puts_blocks_beside_and_then_below_each_other():
    blocks = [
        Block(width, height, lambda *_: None) for width, height in ((50, 10), (40, 30), (60, 20))
    ]
    assert flow(blocks, 120, gap=20) == ([(0, 0), (70, 0), (0, 40)], 60)


def timeline(
    folder: Path, patch_path: Path, files: str, messages: list[tuple[int, str]], external: Path
) -> np.ndarray:
    """What a patch plays from the moment that Pd's sound is turned on, [T]; no line is an error.

    Args:
        folder: scratch; holds in.wav.
        patch_path: of the patch.
        files: name that its sound is sent under.
        messages: (block, text) to send.
        external: folder of the external.
    """
    block_ms = 1000.0 * BLOCK / 44100
    patch = Patch()
    patch.box(f"array define recorded {LENGTH}")
    patch.connect(patch.box(f"r~ {files}"), sink := patch.box("tabwrite~ recorded"))
    begin = patch.box("t b b b")
    patch.connect(patch.box("loadbang"), begin)
    later = patch.box("t b")
    patch.connect(begin, later)
    patch.connect(begin, patch.box("; pd dsp 1", "msg"), 1)
    patch.connect(begin, sink, 2)
    for block, text in messages:
        # Pd does what is due before the end of a block's time ahead of that block.
        patch.send(later, (block + 0.5) * block_ms if block else 0.0, f"; {text}")
    end_ms = (LENGTH / BLOCK + 2) * block_ms
    files_box = patch.box("soundfiler")
    patch.send(later, end_ms, f"write -wave -bytes 4 {folder}/out.wav recorded", files_box)
    patch.send(later, end_ms + 1.0, "; pd quit")
    flags = ("-batch", "-r", "44100", "-lib", "vschaos~", "-open", str(patch_path))
    lines, code = run_pd(patch, folder, external, *flags)
    assert code == 0
    assert not [
        line for line in lines if "error" in line or "fail" in line or "couldn't" in line
    ], lines
    recorded, _ = soundfile.read(folder / "out.wav", dtype="float32")
    return recorded


def assert_heard(recorded: np.ndarray, expected: np.ndarray, first: int = 0) -> None:
    """Equal after the block that r~ may lag behind s~, from a sample on."""
    peak = np.abs(expected[first:]).max()
    assert peak > 1e-3
    errors = []
    for lag in (0, BLOCK):
        length = len(expected) - lag
        errors.append(np.abs(recorded[first + lag :] - expected[first:length]).max())
    assert min(errors) <= 1e-6 * peak, errors


@pytest.fixture(scope="module")
def instrument(tmp_path_factory) -> Path:
    """The folder of an exported instrument with labels, its buffer as short as the host's."""
    folder = tmp_path_factory.mktemp("instrument")
    export_run(labelled_run(), folder, "played", blocks=2)
    card = json.loads((folder / "played.json").read_text())
    card["smallest_safe_buffer"] = BUFFER
    (folder / "my cello.ts").write_bytes((folder / "played.ts").read_bytes())
    for instrument in ("played", "my cello"):
        for name, text in patch_files(instrument, card).items():
            (folder / name).write_text(text)
    return folder


@pytest.fixture
def noise(tmp_path) -> np.ndarray:
    """A sound, as a file in.wav, of the length that is left after START blocks."""
    length = LENGTH - START * BLOCK
    sound = (0.2 * np.random.default_rng(0).standard_normal(length)).astype(np.float32)
    soundfile.write(tmp_path / "in.wav", sound, 44100, subtype="FLOAT")
    return np.concatenate((np.zeros(START * BLOCK, np.float32), sound))


def held(*values: tuple[int, float]) -> np.ndarray:
    """A signal that takes values from blocks on, [T]."""
    signal = np.zeros(LENGTH, np.float32)
    for block, value in values:
        signal[block * BLOCK :] = value
    return signal


PLAY_FILE = [
    (0, "{key}-loop 0"),
    (0, "{key}-source 2"),
    (START, "{key}-open symbol {folder}/in.wav"),
]


def play_file(key: str, folder: Path) -> list[tuple[int, str]]:
    return [(block, text.format(key=key, folder=folder)) for block, text in PLAY_FILE]


@pytest.mark.slow
def test_forward_in_pd_is_the_model(library, instrument, noise, tmp_path):  # noqa: F811
    messages = [
        *play_file("played", tmp_path),
        (0, "played-label-octave 3"),
        (CHANGE, "played-label-pitch 5"),
        (CHANGE, "played-label-brightness 0.5"),
    ]
    recorded = timeline(
        tmp_path, instrument / "played.pd", "played-forward-sound", messages, library
    )
    signals = np.stack(
        (noise, held((0, -1.0), (CHANGE, 5.0)), held((0, 3.0)), held((0, -1.0), (CHANGE, 0.5)))
    )
    expected = hosted(instrument / "played.ts", "forward", signals, BUFFER)[0]
    assert_heard(recorded, expected)
    unchanged = hosted(
        instrument / "played.ts",
        "forward",
        np.stack((noise, held((0, -1.0)), held((0, 3.0)), held((0, -1.0)))),
        BUFFER,
    )[0]
    assert np.abs(unchanged - expected).max() > 1e-3


@pytest.mark.slow
def test_a_name_with_a_space_plays_in_pd(library, instrument, noise, tmp_path):  # noqa: F811
    messages = [*play_file("my_cello", tmp_path), (0, "my_cello-label-octave 3")]
    path = instrument / "my cello.pd"
    recorded = timeline(tmp_path, path, "my_cello-forward-sound", messages, library)
    signals = np.stack((noise, held((0, -1.0)), held((0, 3.0)), held((0, -1.0))))
    assert_heard(recorded, hosted(instrument / "my cello.ts", "forward", signals, BUFFER)[0])


@pytest.mark.slow
def test_decode_in_pd_is_the_model(library, instrument, tmp_path):  # noqa: F811
    messages = [
        (0, "played-decode-on 1"),
        *((0, f"played-axis{axis} {value}") for axis, value in enumerate((0.75, 0, 0, 0), 1)),
        (0, "played-label-pitch 2"),
        (CHANGE, "played-axis2 -1.5"),
        (CHANGE, "played-label-octave 6"),
        (CHANGE, "played-label-pitch 9"),
    ]
    recorded = timeline(
        tmp_path, instrument / "played.pd", "played-decode-sound", messages, library
    )
    signals = np.stack(
        (
            *(held((0, 0.75)), held((CHANGE, -1.5)), held(), held()),
            *(held((0, 2.0), (CHANGE, 9.0)), held((0, 4.0), (CHANGE, 6.0)), held()),
        )
    )
    expected = hosted(instrument / "played.ts", "decode", signals, BUFFER)[0]
    assert_heard(recorded, expected, first=BUFFER + 2 * BLOCK)  # sound fades in


def printed(
    folder: Path,
    patch_path: Path,
    external: Path,
    messages: list[tuple[int, str]],
    *names: str,
    sample_rate_hz: int = 44100,
) -> list[str]:
    """What Pd prints when messages are sent to a patch before some block, and receivers listen."""
    patch = Patch()
    for name in names:
        patch.connect(patch.box(f"r {name}"), patch.box(f"print {name}"))
    start = patch.box("loadbang")
    for block, text in [(0, "pd dsp 1"), *messages, (LENGTH // BLOCK, "pd quit")]:
        patch.send(start, (block + 0.5) * 1000.0 * BLOCK / 44100, f"; {text}")
    lines, code = run_pd(
        patch,
        folder,
        external,
        "-batch",
        "-r",
        str(sample_rate_hz),
        "-lib",
        "vschaos~",
        "-open",
        str(patch_path),
    )
    assert code == 0
    return [line for line in lines if line.strip()]


@pytest.mark.slow
def test_other_patches_cannot_leave_the_range_of_a_control(library, instrument, tmp_path):  # noqa: F811
    meters = []
    for level, preset in (("1e30", -5), ("6", 0), ("0", 99)):
        messages = [(0, "played-decode-on 1"), (0, f"played-decode-level {level}")]
        messages += [(0, "played-axis1 2"), (200, f"played-preset {preset}")]
        messages.append((220, "played-store bang"))
        path = instrument / "played.pd"
        lines = printed(tmp_path, path, library, messages, "played-decode-meter")
        assert all(line.startswith("played-decode-meter: ") for line in lines), lines
        meters.append([float(line.split()[1]) for line in lines[:3]])
    assert meters[0] == meters[1] != meters[2]


def numbers(lines: list[str], name: str) -> list[float]:
    """What a receiver printed."""
    return [float(line.split(": ")[1]) for line in lines if line.startswith(f"{name}: ")]


@pytest.mark.slow
def test_a_preset_is_glided_to_and_reached(library, instrument, tmp_path):  # noqa: F811
    """From where a slider was put by hand, in a straight line, all axes at once."""
    places = json.loads((instrument / "played.json").read_text())["latent"]["places"]
    messages = [(0, "played-glide 0.2"), (30, "played-axis1 -2"), (60, "played-preset 3")]
    names = ("played-axis1-now", "played-axis2-now")
    lines = printed(tmp_path, instrument / "played.pd", library, messages, *names)
    for axis, name in enumerate(names):
        heard = numbers(lines, name)
        assert heard[-1] == pytest.approx(places[3][axis], abs=1e-4)
        glided = heard[heard.index(-2.0) :] if axis == 0 else heard
        steps = np.diff(glided)
        assert len(glided) > 4 and (np.all(steps >= 0.0) or np.all(steps <= 0.0))


@pytest.mark.slow
def test_the_walk_goes_from_stop_to_neighbour(library, instrument, tmp_path):  # noqa: F811
    """A tick moves an axis on by a part r of the rest of its way, which tells where it leads."""
    walk = json.loads((instrument / "played.json").read_text())["latent"]["walk"]
    stops = np.array(walk["stops"])
    messages = [(0, "played-walk-seconds 0.1"), (0, "played-walk 1")]
    names = [f"played-axis{axis}-now" for axis in (1, 2, 3, 4)]
    lines = printed(tmp_path, instrument / "played.pd", library, messages, *names)
    heard = np.stack([numbers(lines, name)[1:] for name in names], 1)
    towards = heard[:-1] + np.diff(heard, axis=0) / (3 * 30 / 100)
    distances = np.linalg.norm(towards[:, None] - stops, axis=2)
    assert len(heard) > 8 and distances.min(1).max() < 1e-3
    passed = [stop for stop, _ in itertools.groupby(distances.argmin(1).tolist())]
    assert len(passed) >= 3
    assert all(after in walk["ways"][stop] for stop, after in itertools.pairwise(passed))


@pytest.fixture(scope="module")
def keyboard(instrument) -> Path:
    """The patch of the same instrument, its classes of pitch in an order of their own."""
    card = json.loads((instrument / "played.json").read_text())
    (pitch,) = (row for row in card["labels"]["commanded"] if row["task"] == "pitch")
    pitch["classes"] = FROM_C
    path = instrument / "played_by_keys.pd"
    path.write_text(patch_files("played", card)["played.pd"])
    return path


FROM_C = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


@pytest.mark.slow
def test_notes_are_labels_and_level(library, keyboard, tmp_path):  # noqa: F811
    """A4 is an A of octave 5, G#4 a G# of octave 4; only the end of the last note is an end."""
    played = ["69 127", "68 64", "69 0", "68 0"]
    messages = [(20 * i, f"played-note {note}") for i, note in enumerate(played, 1)]
    names = ("played-label-pitch", "played-label-octave", "played-gate")
    lines = printed(tmp_path, keyboard, library, messages, *names)
    pitches, octaves, gates = (numbers(lines, name) for name in names)
    assert [FROM_C[int(pitch)] for pitch in pitches[-2:]] == ["A", "G#"]
    assert octaves[-2:] == [5.0, 4.0]
    assert gates == pytest.approx([1.0, 64 / 127, 0.0], abs=1e-4)


@pytest.mark.slow
def test_controllers_reach_the_ends_of_their_axes(library, keyboard, tmp_path):  # noqa: F811
    latent = json.loads((keyboard.parent / "played.json").read_text())["latent"]
    ends = list(map(slider_range, latent["lowest"], latent["highest"]))
    messages = [(10, "played-controller 127 20"), (20, "played-controller 0 21")]
    messages += [(30, "played-first-controller 7"), (40, "played-controller 127 9")]
    names = [f"played-axis{axis}" for axis in (1, 2, 3, 4)]
    lines = printed(tmp_path, keyboard, library, messages, *names)
    heard = [numbers(lines, name) for name in names]
    expected = [ends[0][1], ends[1][0], ends[2][1]]
    assert [each[-1] for each in heard[:3]] == pytest.approx(expected, abs=1e-3)
    assert heard[3] == []


@pytest.mark.slow
def test_osc_reaches_controls_and_nothing_else(library, keyboard, tmp_path):  # noqa: F811
    """Sent by a socket to Pd, which runs by the clock."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    patch = Patch()
    names = ("played-axis2", "played-label-octave", "played-open", "played-record-to")
    for name in names:
        patch.connect(patch.box(f"r {name}"), patch.box(f"print {name}"))
    start = patch.box("loadbang")
    patch.send(start, 500.0, f"; played-osc-port {port}")
    patch.send(start, 4000.0, "; pd quit")
    process = start_pd(patch, tmp_path, library, "-lib", "vschaos~", "-open", str(keyboard))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(35):
            time.sleep(0.1)
            sender.sendto(osc_message("/axis2", 1.25), ("127.0.0.1", port))
            sender.sendto(osc_message("/label-octave", 7.0), ("127.0.0.1", port))
            for name in ("/open", "/record-to"):
                sender.sendto(osc_message(name, 1.0), ("127.0.0.1", port))
    _, text = process.communicate(timeout=60)
    lines = text.splitlines()
    assert numbers(lines, "played-axis2")[-1] == 1.25
    assert numbers(lines, "played-label-octave")[-1] == 7.0
    assert not numbers(lines, "played-open") and not numbers(lines, "played-record-to")


def osc_message(address: str, value: float) -> bytes:
    """A message of one number (Open Sound Control 1.0)."""
    padded = [text + b"\0" * (4 - len(text) % 4) for text in (address.encode(), b",f")]
    return b"".join(padded) + struct.pack(">f", value)


@pytest.mark.slow
def test_what_is_recorded_is_what_is_heard(library, instrument, tmp_path):  # noqa: F811
    messages = [(0, "played-decode-on 1"), (0, "played-decode-level 0")]
    messages += [(40, f"played-record-to symbol {tmp_path}/kept.wav"), (200, "played-record 0")]
    recorded = timeline(
        tmp_path, instrument / "played.pd", "played-decode-sound", messages, library
    )
    kept, rate_hz = soundfile.read(tmp_path / "kept.wav")
    assert rate_hz == 44100 and kept.ndim == 1
    assert len(kept) == pytest.approx(160 * BLOCK, abs=4 * BLOCK)
    heard = recorded[40 * BLOCK : 40 * BLOCK + len(kept) + 8 * BLOCK]
    assert 1e-3 < np.abs(heard).max() < 0.8  # below the limiter's knee
    errors = [
        np.abs(kept - heard[lag : lag + len(kept)]).max() for lag in range(0, 8 * BLOCK, BLOCK)
    ]
    assert min(errors) < 2e-7 + 2.0**-23


@pytest.mark.slow
@pytest.mark.parametrize("name", ["played", "played-voices"])
@pytest.mark.parametrize("rate_hz", [44100, 48000, 96000])
def test_models_are_told_pd_s_rate_or_else_the_player(library, instrument, tmp_path, name, rate_hz):  # noqa: F811
    key = name.replace("-", "_") if name == "played" else "played-voices"
    receivers = (f"{key}-models", f"{key}-warning")
    lines = printed(
        tmp_path, instrument / f"{name}.pd", library, [], *receivers, sample_rate_hz=rate_hz
    )
    told = [line for line in lines if "sample_rate" in line]
    said = [line for line in lines if line.startswith(f"{key}-warning")]
    if rate_hz == 96000:
        assert told == []
        assert said == [
            rf"{key}-warning: label Pd's\ rate\ is\ another:\ set\ it\ to\ 44100\ or\ 48000\ Hz"
        ]
    else:
        assert told == [f"{key}-models: set sample_rate {rate_hz}"]
        assert said == [f"{key}-warning: label empty"]


@pytest.mark.slow
def test_a_file_of_another_rate_is_said_to_be_out_of_tune(library, instrument, tmp_path):  # noqa: F811
    sound = np.zeros(1000)
    soundfile.write(tmp_path / "fast.wav", sound, 48000)
    soundfile.write(tmp_path / "right.wav", sound, 44100)
    messages = [(10, f"played-open symbol {tmp_path}/fast.wav")]
    messages.append((20, f"played-open symbol {tmp_path}/right.wav"))
    path = instrument / "played.pd"
    lines = printed(tmp_path, path, library, messages, "played-file-warning")
    assert lines == [
        r"played-file-warning: label 48000\ Hz:\ out\ of\ tune",
        "played-file-warning: label empty",
    ]


@pytest.mark.slow
def test_both_models_at_once_stay_within_full_scale(library, instrument, noise, tmp_path):  # noqa: F811
    """What reaches the loudspeakers, taken by an abstraction in their place."""
    text = (instrument / "played.pd").read_text().replace("dac~ 1 2", "loudspeakers")
    tap = "#N canvas 0 0 450 300 10;\n#X obj 10 10 inlet~;\n#X obj 10 90 inlet~;\n"
    tap += "#X obj 10 50 s~ heard;\n#X connect 0 0 2 0;\n"
    (instrument / "loudspeakers.pd").write_text(tap)
    (instrument / "tapped.pd").write_text(text)
    messages = [*play_file("played", tmp_path), (0, "played-decode-on 1"), (0, "played-audio 1")]
    messages += [(0, f"played-{method}-level 6") for method in ("forward", "decode")]
    messages.append((0, "played-set-gain_db 12"))
    heard = timeline(tmp_path, instrument / "tapped.pd", "heard", messages, library)
    parts = [
        timeline(tmp_path, instrument / "tapped.pd", f"played-{method}-sound", messages, library)
        for method in ("forward", "decode")
    ]
    assert 0.9 < np.abs(heard).max() <= 1.0
    assert 2.0 * np.abs(sum(parts)).max() > 1.5  # before the level, which doubles it


@pytest.mark.slow
def test_edited_axes_in_pd_are_the_model(library, instrument, noise, tmp_path):  # noqa: F811
    key = "played-edit"
    messages = [
        *play_file(key, tmp_path),
        (CHANGE, f"{key}-scale1-move -0.5"),
        (CHANGE, f"{key}-offset2-move 1.25"),
        (CHANGE, f"{key}-label-octave 7"),
        (CHANGE, f"{key}-label-pitch 3"),
    ]
    path = instrument / "played-encode-decode.pd"
    recorded = timeline(tmp_path, path, f"{key}-decode-sound", messages, library)
    octave = held((0, 4.0), (CHANGE, 7.0))
    heard = hosted(instrument / "played.ts", "encode", np.stack((noise, octave)), BUFFER)
    axes = heard[:4].copy()
    axes[0] *= held((0, 1.0), (CHANGE, -0.5))
    axes[1] += held((CHANGE, 1.25))
    pitch, brightness = heard[5].copy(), heard[6].copy()  # guesses: voice, pitch, brightness
    pitch[CHANGE * BLOCK :] = 3.0
    signals = np.concatenate((axes, np.stack((pitch, octave, brightness))))
    expected = hosted(instrument / "played.ts", "decode", signals, BUFFER)[0]
    assert_heard(recorded, expected, first=2 * BUFFER + 2 * BLOCK)
