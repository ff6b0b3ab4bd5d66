# ruff: noqa: F811 (fixtures of another file)
"""vschaos~ in a real Pd with files that mean harm or came to harm: one line, and Pd goes on."""

import hashlib
import json
import os
import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from pd.hostile import Hostile, hostile_file
from pd.runner import BLOCK, Patch, play, run_pd
from test_external import compiler, library, noise  # noqa: F401

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def errors_of(lines: list[str], path: Path) -> list[str]:
    """What was said of a file, without its path."""
    said = [line.split(f"{path}: ", 1)[1] for line in lines if f"{path}: " in line]
    assert sum(str(path) in line for line in lines if line.startswith("error")) == len(said)
    return said


def test_models_that_never_return_are_left_behind(library, tmp_path):
    """One that hangs while it is loaded, one that hangs while it plays; each in the others' way."""
    good = hostile_file(tmp_path, "is good")
    patch = Patch()
    source = patch.box("noise~")
    heard = []
    for deed in ("hangs at once", "hangs", "is good"):
        box = patch.box(f"vschaos~ {hostile_file(tmp_path, deed)} forward 512")
        chain = [box, *(patch.box(text) for text in ("env~ 1024", "> 1", "change", "sel 1"))]
        patch.connect(source, box)
        for one, next_one in pairwise(chain):
            patch.connect(one, next_one)
        heard.append((box, chain[-1]))
    start = patch.box("loadbang")
    patch.send(start, 0, "; pd dsp 1")
    patch.send(start, 60000, "; pd quit")  # only if the sound below is never heard
    patch.send(heard[2][1], 500, f"load {good}", heard[1][0])
    patch.connect(heard[1][1], patch.box("print heard"))
    patch.connect(heard[1][1], patch.box("; pd quit", "msg"))
    lines, code = run_pd(patch, tmp_path, library, "-lib", "vschaos~")
    assert code == 0
    assert "heard: bang" in lines
    said = errors_of(lines, tmp_path / "hangs.ts")
    assert said == ["does not return from forward: left behind"]
    assert lines[-1] == "vschaos~: a model does not return: left behind"


SAID = {
    "throws": "forward: builtins.RuntimeError: call ?[31m",
    "throws by turns": "forward: builtins.RuntimeError: call ?[31m",
    "prints": "",
    "is nan": "forward: returns values that are no numbers: they become silence",
    "is a scalar": "forward: returns 1 values where 256 are due",
    "is a thousand": "forward: returns 256000 values where 256 are due",
    "is sparse": "forward: ",
    "is double": "",
    "takes 100 TB": "forward: can't allocate memory: models would hold more than ",
    "borrows memory": "",
    "keeps memory": "forward: can't allocate memory: models would hold more than ",
    "names a million": "cannot be loaded (it lists 1000000 names)",
}


@pytest.mark.parametrize("alone", [False, True])  # who keeps all memory leaves others none
def test_every_misdeed_costs_one_line(library, tmp_path, alone):
    patch = Patch()
    source, start = patch.box("noise~"), patch.box("loadbang")
    deeds = [deed for deed in SAID if (deed == "keeps memory") == alone]
    paths = {deed: hostile_file(tmp_path, deed) for deed in deeds}
    for path in paths.values():
        patch.connect(source, patch.box(f"vschaos~ {path} forward 512"))
    patch.send(start, 0, "; pd dsp 1")
    patch.send(start, 900, "; pd quit")  # some 150 chunks
    lines, code = run_pd(patch, tmp_path, library, "-lib", "vschaos~", "-batch")
    assert code == 0
    for deed, path in paths.items():
        said = errors_of(lines, path)
        assert len(said) == (SAID[deed] != ""), (deed, said)
        assert all(line.startswith(SAID[deed]) for line in said)
    assert len(lines) < 40  # a few of "prints" among them
    assert not any("\x1b" in line or len(line) > 400 for line in lines)


def with_weight(folder: Path, name: str, place: str, value: float) -> Path:
    """A file with one damaged value."""
    model = Hostile("is good")
    model.register_buffer("mask", torch.zeros(2))
    getattr(model, place).data[1] = value
    path = folder / f"{name}.ts"
    torch.jit.script(model).save(str(path))
    return path


def test_what_is_no_model_or_another_than_its_card_says_is_refused(library, tmp_path):
    good = hostile_file(tmp_path, "is good").read_bytes()
    at = good.index(struct.pack("<2f", 1.0, 1.0))
    flipped = good[: at + 2] + b"\x81" + good[at + 3 :]  # a weight is 1.0156
    stale = "is not the file that its card {}.json was made for: export it again, or remove the"
    damaged = "{} holds values that are no numbers: the file is damaged, export it again"
    expected: dict[Path, str] = {}
    for name, data, hashed, said in (
        ("whole", good, good, ""),
        ("flipped", flipped, good, stale.format("flipped")),
        ("unhashed", flipped, None, ""),
    ):
        path = tmp_path / f"{name}.ts"
        path.write_bytes(data)
        card = {"methods": {"sha256": "0" * 64}}
        if hashed is not None:
            card["sha256"] = hashlib.sha256(hashed).hexdigest()
        path.with_suffix(".json").write_text(json.dumps(card, indent=2))
        expected[path] = said
    for name, place, value, said in (
        ("nan_weight", "weight", np.nan, damaged.format("weight")),
        ("infinite_weight", "weight", np.inf, damaged.format("weight")),
        ("nan_buffer", "mask", np.nan, damaged.format("mask")),
        ("infinite_mask", "mask", -np.inf, ""),
    ):
        expected[with_weight(tmp_path, name, place, value)] = said
    os.mkfifo(tmp_path / "fifo.ts")
    (tmp_path / "folder.ts").mkdir()
    (tmp_path / "device.ts").symlink_to("/dev/zero")
    (tmp_path / "sparse.ts").touch()
    os.truncate(tmp_path / "sparse.ts", 9 << 30)
    expected |= {
        tmp_path / "fifo.ts": "is a FIFO, not a file",
        tmp_path / "folder.ts": "is a folder, not a file",
        tmp_path / "device.ts": "is a device or a socket, not a file",
        tmp_path / "sparse.ts": "is larger than 8 GB: no instrument is",
    }
    patch = Patch()
    start = patch.box("loadbang")
    for path in expected:
        box = patch.box(f"vschaos~ {path} forward 512")
        patch.connect(box, patch.box(f"print {path.stem}"), 1)
        patch.send(start, 10, "bang", box)
    patch.box("vschaos~ fifo forward 512")  # found beside the patch, as Pd would
    patch.send(start, 20, "; pd quit")
    lines, code = run_pd(patch, tmp_path, library, "-lib", "vschaos~", "-batch")
    assert code == 0
    assert "error: vschaos~: fifo: is a FIFO, not a file" in lines
    for path, said in expected.items():
        assert f"{path.stem}: loaded {int(not said)}" in lines
        heard = errors_of(lines, path)
        assert len(heard) == (said != ""), (path, heard)
        assert all(line.startswith(said) for line in heard), (path, heard)


@pytest.mark.parametrize("first", [0, 4096])
def test_bufsize_changes_the_delay_exactly(library, tmp_path, first):
    path = hostile_file(tmp_path, "is good")
    signals = noise()
    steps = [(0, 512), (100, 2048), (200, 0), (250, 8192)]
    messages = [(block, f"bufsize {size}") for block, size in steps]
    messages += [(300, "bufsize 1e9"), (301, "bufsize -512"), (302, "bufsize soon"), (303, "xruns")]
    box = f"vschaos~ {path} forward {first}"
    played = play(tmp_path, library, [(box, 1)], signals, messages)
    output = played.signals[0]
    assert "info: xruns 0" in played.lines
    assert len([line for line in played.lines if "no number of samples" in line]) == 3
    ends = [block * BLOCK for block, _ in steps[1:]] + [output.size]
    for (block, delay), end in zip(steps, ends, strict=True):
        settled = (block + 1) * BLOCK + delay + BLOCK  # the fade
        assert settled < end
        expected = signals[0, settled - delay : end - delay]
        np.testing.assert_array_equal(output[settled:end], expected)
