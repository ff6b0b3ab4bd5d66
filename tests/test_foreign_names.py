"""Names of others in what is exported: shown, never obeyed by a host, a patch or a terminal."""

import copy
import json
import logging
import re

import numpy as np
import pytest
import torch
from exports import export_run
from maxpat_check import check_maxpat
from pd.reader import read_patch
from test_label_export import labelled_run
from test_patches import made_card

from vschaos2.export import card as card_module
from vschaos2.families.vae import playable as playable_module
from vschaos2.families.vae.playable import PlayableVAE
from vschaos2.generation.latent_map import LatentMap, write_csv
from vschaos2.generation.map_picture import draw_map
from vschaos2.labels.ports import LabelPorts
from vschaos2.patches import patch_files
from vschaos2.patches.pd_canvas import escaped, symbol
from vschaos2.terminal import TerminalFormatter

HOSTILE = [
    "C#\x00\x1b[31m;\n#X obj 10 10 shell", "$1", "a,b", "a;b", "back\\slash", "{brace", "}", "\\",
    "two\nlines", ";", "#X connect 0 0 1 0", "\u202eright to left", "\udce9", "", " ", "$0-x\\",
    "\\;\n#N canvas 0 0 9 9 9", ", f 3",
]  # fmt: skip

LOAD = {"512": {"real_time_factor": 0.1, "slowest_ms": 1.0}}
QUIET = dict.fromkeys(("forward", "encode", "decode"), LOAD)

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def cards() -> tuple[dict, dict]:
    """A card with plain names, and one that is the same but for hostile ones."""
    plain = made_card(3, 5, 4)
    pitch = plain["labels"]["commanded"][0]
    pitch["classes"] = [f"n{i}" for i in range(12)]  # nor are those of the other notes
    hostile = copy.deepcopy(plain)
    for number, task in enumerate(hostile["labels"]["commanded"]):
        task["task"] = f"{HOSTILE[number]}{task['task']}"
        if task["classes"]:
            count = len(task["classes"])
            task["classes"] = [HOSTILE[(number + i) % len(HOSTILE)] for i in range(count)]
    for card in (plain, hostile):
        for guess, task in zip(
            card["labels"]["guessed"], card["labels"]["commanded"], strict=False
        ):
            guess["name"] = task["task"]
    return plain, hostile


CHOICES = ("hradio", "vradio", "nbx")  # long names turn a row into a column, with other comments


def parts_of(text: str) -> list[tuple[list[str], int]]:
    """Of every canvas: the objects but for choices, by class, and the number of cords."""
    return [
        (
            [b.words[0] for b in canvas.boxes if b.kind == "obj" and b.words[0] not in CHOICES],
            len(canvas.cords),
        )
        for canvas in read_patch(text).every()
    ]


def test_names_add_no_box_to_a_pd_patch_and_take_none():
    plain, hostile = (patch_files("cello", card) for card in cards())
    for name, text in hostile.items():
        if name.endswith(".pd"):
            assert parts_of(text) == parts_of(plain[name])


def test_patches_hold_no_controls_and_no_open_ends():
    _, hostile = cards()
    for name, text in patch_files("cello", hostile).items():
        assert all(c == "\n" or c.isprintable() for c in text)
        if name.endswith(".pd"):
            for line in text.split("\n")[:-1]:
                assert line.endswith(";"), line  # every line is one record
                assert re.match(r"#[NXA] ", line), line
                bare = re.sub(r"\\.", "", line[:-1])
                assert ";" not in bare and "$" not in bare and "{" not in bare, line
        else:
            assert json.loads(text)


def test_max_patches_of_hostile_names_are_sound():
    _, hostile = cards()
    channels = {"forward": (6, 5), "encode": (2, 7), "decode": (8, 1)}
    for name, text in patch_files("cello", hostile).items():
        if name.endswith(".maxpat"):
            faults = [fault for fault in check_maxpat(text, channels) if "window" not in fault]
            assert faults == []


@pytest.mark.parametrize("text", HOSTILE)
def test_pd_reads_a_name_as_one_word(text):
    from vschaos2.terminal import printable

    word = symbol(printable(text))
    assert word and len(re.split(r"(?<!\\)\s+", word)) == 1
    assert not re.search(r"(?<!\\)[;,$]", word) and not word.endswith("\\")
    assert not re.search(r"(?<!\\)[;,$]", escaped(printable(text)))


def test_hosts_and_the_card_get_printable_names(tmp_path, caplog, monkeypatch):
    for name, found in (
        ("check_file", {"": 0.0}),
        ("measure_load", QUIET),
    ):
        monkeypatch.setattr(card_module, name, lambda *_, found=found: found)
    monkeypatch.setattr(PlayableVAE, "prove", lambda *_: None)
    monkeypatch.setattr(playable_module, "measure_recovery", lambda *_: {})
    names = ["C#\x00a\x1b[31m;\n#X obj", "C#\x00b", *"ABDEFGHIJK"]
    run = labelled_run(classes={"pitch": names})
    with caplog.at_level(logging.INFO):
        path = export_run(run, tmp_path, "tiny", blocks=1)
    loaded = torch.jit.load(str(path))
    said = []
    for index in range(3):
        assert loaded.set_pitch(str(index)) == 0
        said += loaded.get_pitch()
    assert said == ["C#\\x00a\\x1b[31m;\\n#X obj", "C#\\x00b", "A"]  # no two are one to a host
    labels = [*loaded.forward_input_labels, *loaded.decode_input_labels]
    assert all(label.isprintable() for label in labels)
    card = json.loads(path.with_suffix(".json").read_text())
    assert card["labels"]["commanded"][0]["classes"][:2] == said[:2]
    for record in caplog.records:
        shown = TerminalFormatter("%(message)s").format(record)
        assert all(c == "\n" or c.isprintable() for c in shown)
    for file in tmp_path.iterdir():
        if file.suffix != ".ts":
            assert all(c == "\n" or c.isprintable() for c in file.read_text("utf-8"))


def test_ports_keep_plain_names():
    run = labelled_run()
    ports = LabelPorts.of(
        run.model.conditioning, run.model.prediction, {"pitch": ["C♯", "日本", "é"]}, False
    )
    assert ports.labels[0].classes == ("C♯", "日本", "é")


def test_maps_of_hostile_names_are_drawn_and_written(tmp_path):
    names = ["$\\frac{a$.wav", "\x1b[31m$.wav", "caf\udce9.wav", "two\nlines.wav"]
    classes = ["$x_{$", "\udce9"]
    count = 2 * len(names)
    file = np.repeat(np.arange(len(names)), 2)
    places = np.random.default_rng(0).standard_normal((count, 2))
    points = LatentMap(
        names, file, np.zeros(count), np.zeros(count), places, np.array([0.6, 0.4]),
        np.zeros((count, 4)), "pca", "$task", np.arange(count) % 2.0, classes,
    )  # fmt: skip
    draw_map(points, tmp_path / "map" / "map.png")
    write_csv(points, tmp_path / "map" / "map.csv")
    lines = (tmp_path / "map" / "map.csv").read_text("utf-8").split("\n")
    assert len(lines) == count + 2 and all(line.isprintable() for line in lines)
    assert lines[5].startswith("caf\\xe9.wav,")
