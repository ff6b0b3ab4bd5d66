# ruff: noqa: F811 (fixtures of another file)
"""The detector as a file for hosts, and the patches that make bangs of its impulses."""

import json
import re
import shutil

import numpy as np
import pytest
import soundfile
import torch
from maxpat_check import check_maxpat
from pd.reader import read_patch
from pd.runner import Patch, run_pd
from test_external import compiler, library  # noqa: F401
from test_patches import VANILLA, assert_laid_out, pd_patches

from vschaos2.errors import InputError
from vschaos2.export.checks import check_file
from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.trial import opened, played
from vschaos2.patches import patch_files, pd_onsets
from vschaos2.recognition.playable_onsets import PlayableOnsets, detector_rate

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


@pytest.fixture(scope="module")
def playable() -> PlayableOnsets:
    return PlayableOnsets(48_000)


@pytest.fixture(scope="module")
def content(playable) -> bytes:
    return playable.saved()


def test_the_file_proves_what_it_promises(content, playable):
    assert set(check_file(content, playable).values()) == {0.0}
    playable.prove(content)


def test_the_file_tells_what_the_detector_does_and_takes_settings(content, playable):
    sound = playable.example("detect", 48_000, torch.Generator().manual_seed(2))
    loaded = opened(content)
    counts = []
    for gap_ms in (20.0, 200.0):
        for module in (loaded, playable.eager):
            assert set_attribute(module, "min_gap_ms", gap_ms) == 0
            set_attribute(module, "reset", True)
        found = played(loaded, "detect", sound)
        assert torch.equal(found, played(playable.eager, "detect", sound))
        counts.append(int(found.count_nonzero()))
    assert counts[0] > counts[1] >= 3
    assert set_attribute(loaded, "threshold", 3.0) != 0


def test_rates_of_hosts_only():
    assert detector_rate({"rate": 96_000}) == 96_000
    with pytest.raises(InputError, match=r"--rate 22050: .*44100, 48000"):
        detector_rate({"rate": 22_050})
    with pytest.raises(InputError, match=r"--latent-dims: .*no run"):
        detector_rate({"latent_dims": 3})


def card(playable: PlayableOnsets) -> dict:
    return {
        "sample_rate_hz": 48_000,
        "block_samples": 1,
        "methods": {name: of._asdict() for name, of in playable.methods.items()},
        "delay_ms": {"detect": 30.0},
        "load": {"detect": {"512": {"real_time_factor": 0.03, "slowest_ms": 1.0}}},
        "smallest_safe_buffer": 512,
        "attributes": [control.row(control.values) for control in playable.eager.controls],
    }


@pytest.mark.parametrize("name", ["ear", "a_detector_with_a_name_that_goes_on_for_long"])
def test_patches_are_laid_out(playable, name):
    told = card(playable)
    assert set(patch_files(name, told)) == {f"{name}.pd", f"{name}.maxpat"}
    patches = pd_patches(told, name)
    assert_laid_out(patches)
    used = {
        box.words[0]
        for canvas in patches[f"{name}.pd"].every()
        for box in canvas.boxes
        if box.kind == "obj"
    }
    assert used <= VANILLA | {"nn~", "vschaos~", "threshold~", "fexpr~", "snapshot~", "outlet"}
    assert check_maxpat(patch_files(name, told)[f"{name}.maxpat"], {"detect": (1, 1)}) == []


def test_patches_say_the_settings(playable):
    text = patch_files("ear", card(playable))["ear.pd"]
    words = [" ".join(box.words) for canvas in read_patch(text).every() for box in canvas.boxes]
    assert "nn~ ear detect 512" in words
    assert any(re.match(r"set min_gap_ms \\?\$1", word) for word in words)
    assert "detect" in json.dumps(patch_files("ear", card(playable))["ear.maxpat"])


@pytest.mark.skipif(shutil.which("pd") is None, reason="needs Pd")
def test_impulses_are_numbers_in_pd(tmp_path):
    impulses = {130: 0.5, 700: 0.25, 1000: 0.9, 1983: 0.125}  # the last one ends a block
    patch = Patch()
    inner = pd_onsets.onset()
    sound = patch.box("tabplay~ impulses")
    patch.box("array define impulses 4096")
    inside = [f"#N canvas 0 0 400 300 {inner.name} 0", *inner.boxes, *inner.cords]
    patch.boxes.append(";\n".join([*inside, "#X restore 10 400 pd onset"]))
    patch.connect(sound, len(patch.boxes) - 1)
    patch.connect(len(patch.boxes) - 1, patch.box("print onset"))
    begin = patch.box("loadbang")
    for place, level in impulses.items():
        patch.send(begin, 1, f"; impulses {place} {level}")
    patch.send(begin, 2, "; pd dsp 1")
    patch.send(begin, 3, "bang", sound)
    patch.send(begin, 200, "; pd quit")
    lines, code = run_pd(patch, tmp_path, tmp_path)
    assert code == 0
    numbers = [float(line.split()[-1]) for line in lines if line.startswith("onset:")]
    assert numbers == list(impulses.values())


@pytest.mark.slow
def test_a_sound_in_pd_gives_numbers_in_time(library, content, playable, tmp_path):
    (tmp_path / "ear.ts").write_bytes(content)
    (tmp_path / "ear.pd").write_text(patch_files("ear", card(playable))["ear.pd"])
    places, levels = [4_800, 12_001, 14_401], [0.5, 0.05, 0.9]
    sound = np.zeros(24_000, np.float32)
    sound[places] = levels
    soundfile.write(tmp_path / "in.wav", sound, 48_000, subtype="FLOAT")
    patch = Patch()
    begin, timer = patch.box("loadbang"), patch.box("timer")
    told, both = patch.box("t b f"), patch.box("pack f f")
    patch.connect(patch.box("r ear-onset"), told)
    patch.connect(told, both, 1, 1)
    patch.connect(told, timer, 0, 1)
    patch.connect(timer, both)
    patch.connect(both, patch.box("print onset"))
    for at_ms, text in (
        (5, "; pd dsp 1"),
        (20, "; ear-source 2"),
        (20, "; ear-loop 0"),
        (30, f"; ear-open symbol {tmp_path}/in.wav"),
        (800, "; ear-play bang"),
        (1600, "; pd quit"),
    ):
        patch.send(begin, at_ms, text)
    patch.send(begin, 800, "bang", timer)
    flags = ("-batch", "-r", "48000", "-lib", "vschaos~", "-open", str(tmp_path / "ear.pd"))
    lines, code = run_pd(patch, tmp_path, library, *flags)
    assert code == 0
    rows = np.array([line.split()[1:] for line in lines if line.startswith("onset:")], float)[-3:]
    late_ms = rows[:, 0] - np.array(places) / 48.0
    assert np.abs(late_ms - (30.0 + 512 / 48.0)).max() <= 3 * 64 / 48.0
    assert np.diff(rows[:, 1]).tolist() == pytest.approx([-20.0 / 70.0, 25.1055 / 70.0], abs=1e-3)
