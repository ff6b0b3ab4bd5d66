# ruff: noqa: F811 (fixtures of another file)
"""A bridge in a real Pd, and the patches that are written with it."""

import json

import numpy as np
import pytest
import torch
from maxpat_check import check_maxpat
from pd.runner import play
from test_bridge_live import HOP, exported  # noqa: F401
from test_external import compiler, library  # noqa: F401
from test_patches import assert_laid_out, pd_patches

from vschaos2.export.nn_tilde import set_attribute
from vschaos2.patches import patch_files

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]
LENGTH, CHANGE = 64 * HOP, 40


@pytest.fixture(scope="module")
def card(exported) -> dict:
    return json.loads((exported / "flute2violin.json").read_text())


def test_its_patches_carry_latents_over_between_encode_and_decode(card):
    patches = pd_patches(card, "duo")
    assert_laid_out(patches)
    edit = patches["duo-encode-decode.pd"]
    models = [box.words[2] for box in edit.boxes if box.words[:2] == ["nn~", "duo"]]
    assert models == ["encode", "translate", "decode"]
    channels = {
        method: (told["inlets"], told["outlets"]) for method, told in card["methods"].items()
    }
    for file, text in patch_files("duo", card).items():
        if file.endswith(".maxpat"):
            assert check_maxpat(text, channels) == []
            assert ("nn~ duo translate" in text) == ("encode-decode" in file)


def test_target_and_source_are_menus_of_words(card):
    words = ["flute", "violin", "tenor_sax"]
    for name in ("source", "target"):
        card["attributes"].append(
            {"name": name, "kind": "choice", "value": words[1], "choices": words}
        )
    patches = pd_patches(card, "trio")
    assert_laid_out(patches)
    shown = {" ".join(box.words) for c in patches["trio.pd"].every() for box in c.boxes}
    assert {f"set target {word}" for word in words} <= shown


@pytest.mark.slow
@torch.inference_mode()
def test_amount_and_transpose_are_set_by_message(library, exported, tmp_path):
    """In a mode whose samples do not depend on blocks, Pd plays what Python plays."""
    path = exported / "flute2violin.ts"
    x = 0.2 * np.random.default_rng(0).standard_normal((1, LENGTH)).astype(np.float32)
    messages = [(0, "set inversion eco"), (CHANGE, "set amount 0"), (CHANGE, "set transpose 12")]
    played = play(tmp_path, library, [(f"vschaos~ {path} forward 0", 1)], x, messages)
    assert played.code == 0
    model = torch.jit.load(str(path))
    model.get_methods()
    assert set_attribute(model, "inversion", "eco") == 0
    made = []
    for start in range(0, LENGTH, HOP):
        if start == CHANGE // 2 * HOP:
            assert (
                set_attribute(model, "amount", 0.0) == set_attribute(model, "transpose", 12.0) == 0
            )
        made.append(model.forward(torch.from_numpy(x[:, start : start + HOP])[None])[0, 0])
    expected = torch.cat(made).numpy()
    late = HOP - 64  # a block is ready once it is full
    np.testing.assert_allclose(played.signals[0][late:], expected[: LENGTH - late], atol=1e-5)
    model.set_reset(True)
    unchanged = model.forward(torch.from_numpy(x)[None])[0, 0].numpy()
    assert np.abs(unchanged - expected).max() > 1e-3
