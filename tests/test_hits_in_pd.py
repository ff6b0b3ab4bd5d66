"""Hits in the patches that are written with them, and in a real Pd."""

# ruff: noqa: F811 (fixtures of another file)

import json

import numpy as np
import pytest
import torch
from maxpat_check import check_maxpat
from pd.runner import play
from small_hits import small_hits
from test_external import compiler, library  # noqa: F401
from test_patches import assert_laid_out, pd_patches

from vschaos2.export.write import export_playable
from vschaos2.families.foley.playable import PlayableHits
from vschaos2.patches import max_onsets, patch_files, pd_onsets

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]
BLOCK, LENGTH = 64, 128 * 64


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("struck")
    playable = PlayableHits(small_hits(), {"velocity": "made up"})
    return export_playable(playable, {}, folder, "knock", blocks=4)


@pytest.fixture(scope="module")
def card(exported) -> dict:
    return json.loads(exported.with_suffix(".json").read_text())


@pytest.mark.parametrize("name", ["knock", "a_model_with_a_name_that_goes_on_for_long"])
@pytest.mark.parametrize("classes", [0, 2, 12])
def test_patches_of_hits(card, name, classes):
    """A pad for each class, eight at most, or for soft and hard; nothing lies on anything else."""
    words = [f"kind_{number}" for number in range(classes)]
    told = {**card, "hits": {"labels": [{"name": "material", "classes": words}] if words else []}}
    inlets = 6 + bool(words)
    told["methods"] = {"hit": {**card["methods"]["hit"], "inlets": inlets}}
    attributes = [row for row in card["attributes"] if row["name"] != "material"]
    if words:
        row = {"name": "material", "kind": "choice", "value": words[0], "choices": words}
        attributes.insert(0, row)
    told["attributes"] = attributes
    patches = pd_patches(told, name)
    assert_laid_out(patches)
    text = patch_files(name, told)
    pads = text[f"{name}.pd"].count("#X obj") and text[f"{name}.pd"].count(" bng 18 ")
    assert pads == 1 + (min(classes, 8) or 3)  # and reset
    assert "nbx 8 18 1 8 0 1" in text[f"{name}.pd"]  # polyphony: from 0 to 0 a box stays at 0
    assert "nbx 8 18 0 0" not in text[f"{name}.pd"]
    assert check_maxpat(text[f"{name}.maxpat"], {"hit": (inlets, 1)}) == []
    # What a detector's patch says is heard.
    for said, ours, theirs in (
        ("vschaos-onset", text[f"{name}.pd"], pd_onsets.onset().text()),
        ("vschaos.onset", text[f"{name}.maxpat"], json.dumps(max_onsets.onset().patcher())),
    ):
        assert f"r {said}" in ours and f"s {said}" in theirs
    assert text[f"{name}.maxpat"].count('"p pad"') == (min(classes, 8) or 3)


@pytest.mark.slow
@torch.inference_mode()
def test_pd_hits_at_the_sample(library, exported, tmp_path):
    """Triggers anywhere in Pd's blocks sound in Pd as in Python, as late as the host's block."""
    x = np.zeros((7, LENGTH), np.float32)
    x[0, [100, 1333, 5000]] = 1.0
    x[1], x[2] = 0.7, 1.0
    played = play(tmp_path, library, [(f"vschaos~ {exported} hit 0", 1)], x, [])
    assert played.code == 0
    model = torch.jit.load(str(exported))
    model.get_methods()
    due = model.hit(torch.from_numpy(x)[None])[0, 0].numpy()
    assert np.abs(due).max() > 0.01
    np.testing.assert_allclose(played.signals[0], due, atol=1e-5)
