# ruff: noqa: F811 (fixtures of another file)
"""Patches of an instrument that plays by itself: laid out, and played in a real Pd."""

import json
from pathlib import Path

import numpy as np
import pytest
from exports import export_run
from maxpat_check import check_maxpat, patchers
from test_external import compiler, library  # noqa: F401
from test_patches import (
    BUFFER,
    SHAPES,
    assert_laid_out,
    made_card,
    pd_patches,
    ports,
    timeline,
)
from test_prior import run_with_prior  # noqa: F401

from vschaos2.patches import patch_files

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


def card_with_prior(axes: int, labels: int = 0, guesses: int = 0) -> dict:
    card = made_card(axes, labels, guesses)
    card["methods"]["prior"] = ports(1, 512, axes, 512)
    card["attributes"] += [
        {"name": "prior_temperature", "kind": "number", "value": 1.0, "lowest": 0.0,
         "highest": 10.0, "usual": [0.0, 2.0]},
        {"name": "prior_seed", "kind": "number", "value": 0.0, "lowest": 0.0, "highest": 65535.0,
         "usual": [0.0, 100.0]},
    ]  # fmt: skip
    return card


@pytest.mark.parametrize("axes, labels, guesses", SHAPES)
def test_pd_patches_are_laid_out(axes, labels, guesses):
    patches = pd_patches(card_with_prior(axes, labels, guesses))
    assert_laid_out(patches)
    models = [box.words for box in patches["cello.pd"].boxes if box.words[:1] == ["nn~"]]
    assert sorted(words[2] for words in models) == ["decode", "forward", "prior"]


@pytest.mark.parametrize("axes, labels, guesses", SHAPES)
def test_max_patches_are_sound(axes, labels, guesses):
    text = patch_files("cello", card_with_prior(axes, labels, guesses))["cello.maxpat"]
    channels = {
        "forward": (1 + labels, 1 + guesses),
        "encode": (1 + (labels > 1), axes + guesses),
        "decode": (axes + labels, 1),
        "prior": (1, axes),
    }
    assert check_maxpat(text, channels) == []
    texts = [box["box"].get("text", "") for each in patchers(text) for box in each["boxes"]]
    assert "nn~ cello prior 2048" in texts
    assert "by itself" in texts


def test_patches_without_a_prior_have_no_place_for_it():
    for text in patch_files("cello", made_card(4)).values():
        assert "by itself" not in text


@pytest.mark.slow
def test_the_prior_moves_decode_in_pd(library, run_with_prior, tmp_path):
    export_run(run_with_prior, tmp_path, "alone", blocks=2)
    card = json.loads((tmp_path / "alone.json").read_text())
    card["smallest_safe_buffer"] = BUFFER
    for name, text in patch_files("alone", card).items():
        (tmp_path / name).write_text(text)
    messages = [(0, "alone-decode-on 1"), (0, "alone-itself 1")]
    path: Path = tmp_path / "alone.pd"
    recorded = timeline(tmp_path, path, "alone-decode-sound", messages, library)
    still = timeline(tmp_path, path, "alone-decode-sound", messages[:1], library)
    assert np.isfinite(recorded).all()
    half = len(recorded) // 2
    # Axes at rest make a steady sound; those that move do not.
    levels = [np.abs(np.fft.rfft(part[half:].reshape(-1, 1024))) for part in (recorded, still)]
    moves, rests = (float(each.std(0).sum() / each.mean(0).sum()) for each in levels)
    assert moves > 1.3 * rests
