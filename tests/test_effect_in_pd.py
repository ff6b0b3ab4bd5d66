# ruff: noqa: F811 (fixtures of another file)
"""A pedal in a real Pd: in a box of its own, and in the patch that is written with it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from pd.runner import BLOCK, play
from test_external import compiler, library  # noqa: F401
from test_patches import (
    BUFFER,
    CHANGE,
    assert_heard,
    noise,  # noqa: F401
    pd_patches,
    play_file,
    timeline,
)

from vschaos2.export.nn_tilde import set_attribute
from vschaos2.export.write import export_playable
from vschaos2.families.effect.effect_model import EffectModel
from vschaos2.families.effect.knobs import Knob
from vschaos2.families.effect.playable import PlayableEffect
from vschaos2.nets.audio_recurrent import LSTM
from vschaos2.patches import patch_files

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]
RATE_HZ, LENGTH = 44_100, 8192
KNOBS = (Knob("drive", 0.0, 30.0, 12.0, "dB"), Knob("tone_hz", 200.0, 5000.0, 1000.0, "Hz"))


@pytest.fixture(scope="module")
def pedal(tmp_path_factory) -> Path:
    """An exported LSTM of chance weights with two knobs: pedal.ts and its patches."""
    folder = tmp_path_factory.mktemp("pedal")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = LSTM(1, len(KNOBS), 1, RATE_HZ, hidden_dims=6)
        for weight in net.parameters():
            torch.nn.init.normal_(weight, std=0.7)
    model = EffectModel(net, KNOBS, RATE_HZ).eval().requires_grad_(False)
    export_playable(PlayableEffect(model, {}), {}, folder, "pedal", blocks=1)
    card = json.loads((folder / "pedal.json").read_text())
    card["smallest_safe_buffer"] = BUFFER  # whatever this machine could do
    for name, text in patch_files("pedal", card).items():
        (folder / name).write_text(text)
    return folder


def due(
    path: Path,
    method: str,
    signals: np.ndarray,
    buffer: int,
    settings: tuple[tuple[int, str, object], ...] = (),
) -> np.ndarray:
    """What a host has to play, [T]: halves of its buffer through the model, a buffer late.

    Args:
        path: of the model.
        method: of the model.
        signals: [inlets, T].
        buffer: of the host, in samples; 0 for none.
        settings: (block, attribute, value).
    """
    model, chunk = torch.jit.load(str(path)), max(BLOCK, buffer // 2)
    model.get_methods()
    made, waiting = [], list(settings)
    for start in range(0, signals.shape[1], chunk):
        while waiting and waiting[0][0] * BLOCK < start + chunk:
            _, name, value = waiting.pop(0)
            assert set_attribute(model, name, value) == 0
        x = torch.from_numpy(signals[:, start : start + chunk])[None]
        with torch.inference_mode():
            made.append(getattr(model, method)(x)[0, 0].numpy())
    return np.concatenate([np.zeros(buffer, np.float32), *made])[: signals.shape[1]]


@pytest.mark.slow
@pytest.mark.parametrize("buffer", [0, 512])
def test_a_knob_is_set_by_message(library, pedal, tmp_path, buffer):
    x = 0.2 * np.random.default_rng(0).standard_normal((1, LENGTH)).astype(np.float32)
    messages = [(40, "set drive 25"), (80, "set tone_hz 3000"), (100, "set bypass 1")]
    box = f"vschaos~ {pedal / 'pedal.ts'} forward {buffer}"
    played = play(tmp_path, library, [(box, 1)], x, messages)
    assert played.code == 0
    settings = ((40, "drive", 25.0), (80, "tone_hz", 3000.0), (100, "bypass", True))
    expected = due(pedal / "pedal.ts", "forward", x, buffer, settings)
    np.testing.assert_allclose(played.signals[0], expected, atol=1e-5)
    for left_out in range(3):
        others = settings[:left_out] + settings[left_out + 1 :]
        other = due(pedal / "pedal.ts", "forward", x, buffer, others)
        assert np.abs(other - expected).max() > 1e-3


@pytest.mark.slow
@pytest.mark.parametrize("rate_hz", [48_000, 96_000])
def test_it_plays_at_the_rate_of_pd(library, pedal, tmp_path, rate_hz):
    """Told the rate by the object, it resamples inside."""
    x = 0.2 * np.random.default_rng(0).standard_normal((1, LENGTH)).astype(np.float32)
    box = f"vschaos~ {pedal / 'pedal.ts'} forward 0"
    played = play(tmp_path, library, [(box, 1)], x, [(50, "latency")], sample_rate_hz=rate_hz)
    assert played.code == 0
    model = torch.jit.load(str(pedal / "pedal.ts"))
    assert model.set_sample_rate(rate_hz) == 0
    own = int(model.get_delay()[0])
    assert own > 0
    assert f"info: latency {own} 0 {own}" in played.lines
    expected = due(pedal / "pedal.ts", "forward", x, 0, ((0, "sample_rate", rate_hz),))
    np.testing.assert_allclose(played.signals[0], expected, atol=1e-5)
    assert np.abs(due(pedal / "pedal.ts", "forward", x, 0) - expected).max() > 1e-3


@pytest.mark.slow
def test_what_comes_through_an_inlet_is_added_to_its_knob(library, pedal, tmp_path):
    x = 0.2 * np.random.default_rng(0).standard_normal(LENGTH).astype(np.float32)
    sweep = np.linspace(-5.0, 5.0, LENGTH, dtype=np.float32)
    box = f"vschaos~ {pedal / 'pedal.ts'} modulate 0"
    silent = np.zeros_like(x)
    for signals in (np.stack((x, sweep, silent)), np.stack((x, silent, 100.0 * sweep))):
        played = play(tmp_path, library, [(box, 1)], signals, [(2, "set drive 20")])
        assert played.code == 0
        settings = ((2, "drive", 20.0),)
        expected = due(pedal / "pedal.ts", "modulate", signals, 0, settings)
        np.testing.assert_allclose(played.signals[0], expected, atol=1e-5)
        unmoved = due(
            pedal / "pedal.ts", "modulate", signals * np.float32([[1], [0], [0]]), 0, settings
        )
        assert np.abs(unmoved - expected).max() > 1e-3
    # An inlet that nothing is joined to leaves its knob where it was set.
    forward = due(pedal / "pedal.ts", "forward", x[None], 0, settings)
    played = play(tmp_path, library, [(box, 1)], x[None], [(2, "set drive 20")])
    np.testing.assert_allclose(played.signals[0], forward, atol=1e-5)


@pytest.mark.slow
def test_its_patch_plays_what_python_plays(library, pedal, noise, tmp_path):
    messages = [*play_file("pedal", tmp_path), (CHANGE, "pedal-set-drive 28")]
    recorded = timeline(tmp_path, pedal / "pedal.pd", "pedal-forward-sound", messages, library)
    settings = ((CHANGE, "drive", 28.0),)
    expected = due(pedal / "pedal.ts", "forward", noise[None], BUFFER, settings)
    assert_heard(recorded, expected)


def test_its_patch_has_the_knobs_first(pedal):
    card = json.loads((pedal / "pedal.json").read_text())
    patch = pd_patches(card, "pedal")["pedal.pd"]
    places = {
        word.removeprefix("pedal-set-"): (box.x, box.y)
        for box in patch.boxes
        for word in box.words
        if word.startswith("pedal-set-") and box.kind == "obj"
    }
    ordered = sorted(places, key=places.__getitem__)
    assert ordered[:3] == ["drive", "tone_hz", "mix"]
