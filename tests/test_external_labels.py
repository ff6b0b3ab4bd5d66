# ruff: noqa: F811 (fixtures of another file)
"""vschaos~ in a real Pd: latents at another rate, labels that change in time, flags of nn~."""

from pathlib import Path

import numpy as np
import pytest
from exports import export_run
from pd.runner import Patch, play, run_pd
from test_external import BUFFERS, LENGTH, assert_equal, compiler, hosted, library, noise  # noqa: F401
from test_label_export import labelled_run

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The TorchScript type system"),
]


@pytest.mark.parametrize("method", ["encode", "decode"])
def test_latents_are_exact_at_48_khz(library, exported_path, tmp_path, method):
    signals = noise(1 if method == "encode" else 4)
    box, outlets = f"vschaos~ {exported_path} {method} 2048", 4 if method == "encode" else 1
    played = play(tmp_path, library, [(box, outlets)], signals, sample_rate_hz=48000)
    told = ((0, "sample_rate", 48000),)
    assert_equal(played.signals, hosted(exported_path, method, signals, 2048, told))


@pytest.fixture(scope="module")
def labelled_path(tmp_path_factory) -> Path:
    """An instrument that is told pitch and octave, and guesses the pitch."""
    tasks = {"pitch": {"dim": 12}, "octave": {"dim": 9}}
    guesses = {"pitch": {"dim": 12, "args": {"hidden_dims": 16}}}
    run = labelled_run({"conditioning": tasks, "prediction": guesses})
    return export_run(run, tmp_path_factory.mktemp("labelled"), "labelled", blocks=2)


@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize("method", ["forward", "decode"])
def test_labels_change_in_time_as_signals(library, labelled_path, tmp_path, method, buffer):
    sounds = noise(1 if method == "forward" else 4)
    times = np.arange(LENGTH)
    pitch = np.where(times % 4000 < 3000, times // 1000 % 12, -1)  # -1: the model guesses
    labels = np.stack([pitch, times // 3333 % 9]).astype(np.float32)
    signals = np.concatenate([sounds, labels])
    outlets = 2 if method == "forward" else 1
    box = f"vschaos~ {labelled_path} {method} {buffer}"
    messages = [(90, "set pitch C#"), (200, "set octave 3")]
    settings = ((90, "pitch", "C#"), (200, "octave", "3"))
    played = play(tmp_path, library, [(box, outlets)], signals, messages)
    expected = hosted(labelled_path, method, signals, buffer, settings)
    assert_equal(played.signals, expected)
    signals[len(sounds) :] = 0.0
    assert np.abs(expected - hosted(labelled_path, method, signals, buffer))[0].max() > 1e-3


@pytest.mark.parametrize("method", ["forward", "decode"])
def test_label_inlets_with_nothing_connected_are_as_good_as_you_guess(
    library, labelled_path, tmp_path, method
):
    sounds = noise(1 if method == "forward" else 4)
    outlets = 2 if method == "forward" else 1
    box = f"vschaos~ {labelled_path} {method} 512"
    played = play(tmp_path, library, [(box, outlets)], sounds, [(0, "set octave 3")])
    guess = np.concatenate([sounds, np.full((2, LENGTH), -1.0, np.float32)])
    told = np.concatenate([guess[: len(sounds)], guess[-1:], np.full((1, LENGTH), 3.0, np.float32)])
    assert_equal(played.signals, hosted(labelled_path, method, told, 512))
    expected = hosted(labelled_path, method, guess, 512, ((0, "octave", "3"),))
    assert_equal(played.signals, expected)


def test_flags_of_nn_tilde_are_refused_in_one_line(library, exported_path, tmp_path):
    patch = Patch()
    patch.box(f"nn~ -m {exported_path} forward 512")
    patch.send(patch.box("loadbang"), 0, "; pd quit")
    lines, code = run_pd(patch, tmp_path, library, "-lib", "vschaos~")
    assert code == 0
    assert (
        len([line for line in lines if line.startswith("error: vschaos~: -m: there are no")]) == 1
    )
